"""The C reader, compiled here, against snapshots by our writer and by a hostile one."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configedge.testing import Publisher
from tests.format.test_format import SEED, serve
from tests.support.snapshot_format import HEADER, Snapshot, encode, seal

SOURCE = Path(__file__).resolve().parents[2] / "clients" / "c" / "get.c"
pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binary = tmp_path_factory.mktemp("c") / "get"
    strict = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
    subprocess.run(["cc", *strict, "-o", str(binary), str(SOURCE)], check=True)
    return binary


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "run"


def get(program: Path, directory: Path, *keys: str) -> list[str]:
    done = subprocess.run([program, directory, *keys], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_type_is_read(program: Path, directory: Path) -> None:
    values: dict[str, Any] = {"i": -5, "b": True, "f": 0.1, "s": "é", "n": None, "big": 2**70, "list": [1, {"x": "y"}]}
    Publisher(directory).publish({"m": values})
    keys = [f"m.{name}" for name in values]
    assert get(program, directory, *keys, "m.nothing") == [
        "int -5", "bool true", "float 0.10000000000000001", "str é", "null ", f"big {2**70}",
        f"json {json.dumps(values['list'])}", "missing",
    ]  # fmt: skip


def test_thousands_of_keys_are_found(program: Path, directory: Path) -> None:
    Publisher(directory).publish({"m": {f"key_{i}": i for i in range(3000)}})
    keys = [f"m.key_{i}" for i in range(3000)]
    for start in range(0, 3000, 1000):
        assert get(program, directory, *keys[start : start + 1000]) == [f"int {i}" for i in range(start, start + 1000)]


@pytest.fixture
def running(program: Path, directory: Path) -> Iterator[tuple[Publisher, Any]]:
    publisher = Publisher(directory)
    publisher.publish({"m": {"v": 0}})
    process = subprocess.Popen(
        [program, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )

    def ask(key: str) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{key}\n")
        return process.stdout.readline().strip()

    yield publisher, ask
    process.communicate("", timeout=10)
    assert process.returncode == 0


def test_each_publish_is_read_by_the_next_call(running: tuple[Publisher, Any]) -> None:
    publisher, ask = running
    for value in range(200):
        publisher.publish({"m": {"v": value, "pad": "x" * (value * 37 % 5000)}})
        assert ask("m.v") == f"int {value}"


def test_what_is_refused_leaves_the_last_good(running: tuple[Publisher, Any], directory: Path) -> None:
    publisher, ask = running
    assert ask("m.v") == "int 0"
    publisher.publish({"m": {"v": 1}})
    newest = max(directory.glob("g-*"))
    content = bytearray(newest.read_bytes())
    content[200] ^= 1
    newest.unlink()
    newest.write_bytes(content)
    newest.chmod(0o444)
    assert ask("m.v") == "int 0"


def test_hostile_snapshots_with_a_right_checksum_are_never_read_beyond(program: Path, directory: Path) -> None:
    """Under AddressSanitizer: one byte altered at a time, the checksum put right."""
    for at in [*range(48, 96), *range(128, len(SEED), 5)]:
        for byte in (0x00, 0x7F, 0xFF):
            damaged = bytearray(SEED)
            damaged[at] = byte
            file = seal(bytes(damaged))
            if HEADER.unpack(file[:128])[5] != 3:
                continue
            serve(directory, file)
            done = subprocess.run([program, directory, "a", "a.b", "d", "e", "f"], capture_output=True, timeout=20)
            assert done.returncode in (0, 2), done.stderr.decode(errors="replace")


def test_what_must_not_be_trusted_is_not_opened(program: Path, directory: Path) -> None:
    def refused() -> str:
        done = subprocess.run([program, directory, "a"], capture_output=True, text=True, timeout=20)
        assert done.returncode == 2
        return done.stderr

    assert "No such file" in refused()
    serve(directory, encode(Snapshot(1, values={"a": 1})))
    assert get(program, directory, "a") == ["int 1"]
    directory.chmod(0o777)
    assert "not permitted" in refused()
