"""The readers in Rust, C and Go in processes of their own, which take the same commands: answers.rs (an example of the
crate), answers.c and TestAnswers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.snapshot_format import Snapshot, encode
from tests.support.tools import ROOT, example

C, GO = ROOT / "clients" / "c", ROOT / "clients" / "go"
STRICT = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{C}"]
SANITIZED = [*STRICT, "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")
needs_cargo = pytest.mark.skipif(shutil.which("cargo") is None, reason="no Rust toolchain (cargo)")
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain (go)")

Command = Sequence[str | Path]


def run(command: Command, cwd: Path = ROOT) -> str:
    """What it prints."""
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compile_c(binary: Path, source: Path, flags: Sequence[str] = SANITIZED) -> Path:
    run(["cc", *flags, "-o", binary, source])
    return binary


def c_answers(folder: Path) -> Command:
    return [compile_c(folder / "answers", Path(__file__).with_name("answers.c"))]


def rust_answers(folder: Path) -> Command:
    return [example("answers")]


def go_answers(folder: Path) -> Command:
    run(["go", "test", "-c", "-o", folder / "answers", "."], GO)
    return [folder / "answers", "-test.run=TestAnswers$"]


class Answers:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def lines(self, command: str) -> Iterator[str]:
        """Up to an empty one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        while line := self._process.stdout.readline().removesuffix("\n"):
            yield line

    def ask(self, command: str) -> str:
        return next(self.lines(command), "")


@contextmanager
def answering(command: Command, directory: Path | None = None) -> Iterator[Answers]:
    """A program that answers about `directory`. At the end it must have come to no harm."""
    arguments = [*command, directory] if directory else command
    environment = os.environ | {"CONFIGEDGE_ANSWER": str(directory)}
    process = subprocess.Popen(
        arguments, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield Answers(process)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0, errors
    finally:
        process.kill()
        process.communicate()


def replace(path: Path, content: bytes) -> None:
    """To those who have mapped the file it stays as it was."""
    temporary = path.with_name(".tmp-replace")
    temporary.write_bytes(content)
    temporary.chmod(0o444)
    temporary.rename(path)


def announce(directory: Path, generation: int) -> None:
    """In the page that readers have mapped."""
    with (directory / "current").open("r+b", buffering=0) as page:
        page.seek(64)
        page.write(generation.to_bytes(8, "little"))


def publish(directory: Path, generation: int, value: int, instance: int = 7) -> None:
    """Another generation for readers that are attached already."""
    replace(directory / f"g-{generation:016x}", encode(Snapshot(generation, instance, values={"v": value})))
    announce(directory, generation)
