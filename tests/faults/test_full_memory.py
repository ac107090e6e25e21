"""A tmpfs without room: the writer says so, readers go on, and nobody is killed by SIGBUS."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import configedge
from configedge.testing import Publisher

ROOM = 512 << 10

READER = """
import sys, configedge
cfg = configedge.open(sys.argv[1])
print("ready", flush=True)
last = 0
while True:
    snap = cfg.snapshot()
    values = {snap[key] for key in snap.keys("m.k")}
    assert len(values) == 1 and max(values) >= last, (values, last)
    last = max(values)
"""


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A small tmpfs."""
    directory = tmp_path / "memory"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=755", "tmpfs", str(directory)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


def values(number: int, pad: int) -> dict[str, dict[str, object]]:
    return {"m": {**{f"k{at}": number for at in range(50)}, "pad": ["x" * 1000] * (pad // 1000)}}


def test_a_full_tmpfs_costs_a_publish_and_nothing_else(memory: Path) -> None:
    publisher = Publisher(memory / "run")
    publisher.publish(values(1, 20_000))
    reader = subprocess.Popen([sys.executable, "-c", READER, memory / "run"], stdout=-1, stderr=-1, text=True)
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        cfg = configedge.open(memory / "run")
        refused = 0
        for number in range(2, 60):
            # Every third one is too large for what is left.
            try:
                publisher.publish(values(number, 400_000 if number % 3 == 0 else 30_000))
                assert cfg["m.k0"] == number
            except OSError as error:
                refused += 1
                assert "No space left" in str(error)
                assert "the last good snapshot is still served" in str(error)
                assert cfg["m.k0"] == number - 1
            time.sleep(0.002)
        assert refused > 5
        assert reader.poll() is None, reader.communicate()[1]
        assert [file.name for file in (memory / "run").iterdir() if file.name.startswith(".tmp-")] == []
    finally:
        reader.kill()
        reader.communicate()


def test_a_writer_that_comes_when_there_is_no_room_says_so(memory: Path) -> None:
    with open(memory / "ballast", "wb", buffering=0) as ballast, pytest.raises(OSError, match="No space left"):
        while True:
            ballast.write(b"x" * 4096)
    with pytest.raises(OSError, match="No space left"):
        Publisher(memory / "run")
    (memory / "ballast").unlink()
    Publisher(memory / "run").publish(values(1, 1000))
    assert configedge.open(memory / "run")["m.k0"] == 1
