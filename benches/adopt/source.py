"""Changes a client's value, from a process of its own, so that no measured process shares pages with the writer."""

from __future__ import annotations

import subprocess
import sys
import time
from types import TracebackType
from typing import IO, Self

from benches.adopt import FIRST, load


class Source:
    """The writing process, as the bench holds it. The value is FIRST until it is changed."""

    def __init__(self, name: str, directory: str) -> None:
        code = f"from benches.adopt import source; source.serve({name!r}, {directory!r})"
        command = [sys.executable, "-W", "ignore", "-c", code]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.value = FIRST - 1
        self.change()

    def change(self) -> int:
        """Makes the value one greater; gives when that was complete, on CLOCK_MONOTONIC in ns."""
        self.value += 1
        _pipe(self._process.stdin).write(f"{self.value}\n")
        _pipe(self._process.stdin).flush()
        return int(_pipe(self._process.stdout).readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _pipe(self._process.stdin).close()
        self._process.wait(10)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def serve(name: str, directory: str) -> None:
    """The writing process: a number a line in, the time at which it was written out."""
    write = load(name).source(directory)
    for line in sys.stdin:
        write(float(line))
        print(time.monotonic_ns(), flush=True)
