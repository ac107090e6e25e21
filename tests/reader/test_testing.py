"""Configuration in one line, for the unit tests of services."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

import configedge


def test_a_reader_in_one_line_that_can_be_changed() -> None:
    cfg = configedge.testing.reader({"matchmaking": {"max_ping_ms": 80}})
    limit = cfg.handle("matchmaking.max_ping_ms")
    assert (cfg["matchmaking.max_ping_ms"], limit(), cfg.generation) == (80, 80, 1)
    cfg.publish({"matchmaking": {"max_ping_ms": 90}}, "ab" * 20)
    assert (cfg["matchmaking.max_ping_ms"], limit(), cfg.commit) == (90, 90, "ab" * 20)
    assert isinstance(cfg, configedge.Reader)
    assert cfg.health().ok


def test_its_directory_goes_when_it_goes() -> None:
    cfg = configedge.testing.reader({"m": {"a": 1}})
    directory = Path(cfg.path)
    assert directory.is_dir()
    handle = cfg.handle("m.a")
    del cfg
    gc.collect()
    assert directory.is_dir()
    assert handle() == 1
    del handle
    gc.collect()
    assert not directory.exists()


def test_what_cannot_be_published_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(Path("/dev/shm").glob("configedge-test-*")) if Path("/dev/shm").is_dir() else set()
    with pytest.raises(TypeError):
        configedge.testing.reader({"m": {"a": object()}})
    after = set(Path("/dev/shm").glob("configedge-test-*")) if Path("/dev/shm").is_dir() else set()
    assert after <= before


def test_secrets_are_marked(tmp_path: Path) -> None:
    configedge.testing.publish(
        tmp_path / "run", {"m": {"db": {"password": "x", "host": "y"}}}, secrets=["m.db.password"]
    )
    snap = configedge.open(tmp_path / "run").snapshot()
    assert {key for key in snap if snap.is_secret(key)} == {"m", "m.db", "m.db.password"}


def test_a_forked_child_leaves_the_directory_to_its_parent() -> None:
    script = (
        "import os, sys, configedge\n"
        "cfg = configedge.testing.reader({'m': {'a': 1}})\n"
        "if os.fork() == 0: sys.exit()\n"
        "os.wait()\n"
        "assert os.path.isdir(cfg.path)\n"
        "print(cfg.path)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path(done.stdout.strip()).exists()


def test_a_dict_inside_itself_is_refused() -> None:
    endless: dict[str, object] = {}
    endless["a"] = endless
    with pytest.raises(ValueError, match="a key has 1 to 256 bytes"):
        configedge.testing.reader({"m": endless})
