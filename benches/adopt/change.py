"""When workers see a change, measured from outside: who reported which value first, and how long after the change."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from benches.adopt.lookout import RECORD
from benches.adopt.source import Source

START_S = 20


@dataclass
class Changes:
    """What the workers made of the changes.

    `ms`: for each change that all saw, from its completion to the read of the last worker that returned it; 0 if that
    came before the writing call was back. `seen`: workers that saw the last change made, which is the first one that
    some worker did not see in time.
    """

    ms: list[float] = field(default_factory=list)
    workers: int = 0
    seen: int = 0

    @property
    def complete(self) -> bool:
        return self.seen == self.workers


class Sightings:
    """Reports of lookouts, by way of a named pipe."""

    def __init__(self, fifo: Path) -> None:
        os.mkfifo(fifo)
        self.fifo = str(fifo)
        # Open for both, so that the pipe has a reader and a writer from the start.
        self._pipe = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)

    def first(self, value: float, workers: int, give_up_s: float) -> dict[int, int]:
        """When each process first reported `value` or a later one; returns once so many processes did, or in time."""
        seen: dict[int, int] = {}
        deadline = time.monotonic() + give_up_s
        while len(seen) < workers and (left := deadline - time.monotonic()) > 0:
            if select.select([self._pipe], [], [], left)[0]:
                for pid, at, read in RECORD.iter_unpack(os.read(self._pipe, RECORD.size * 100)):
                    if read >= value:
                        seen.setdefault(pid, at)
        return seen

    def close(self) -> None:
        os.close(self._pipe)
        os.unlink(self.fifo)


class Group:
    """A process and all that it starts, ended together."""

    def __init__(self, command: Sequence[str], log: Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def make_changes(
    source: Source,
    sightings: Sightings,
    group: Group,
    workers: int,
    changes: int,
    pause_s: float,
    give_up_s: float,
) -> Changes:
    """Changes the value, waits for all workers to see it, and again, at random moments of their intervals."""
    ready = sightings.first(source.value, workers, START_S)
    if len(ready) < workers:
        raise SystemExit(f"{len(ready)} of {workers} workers started:\n{group.log.read_text()}")
    result = Changes(workers=workers)
    for _ in range(changes):
        time.sleep(random.uniform(0.2, 1) * pause_s)
        done = source.change()
        seen = sightings.first(source.value, workers, give_up_s)
        result.seen = len(ready.keys() & seen.keys())
        if not result.complete:
            break
        result.ms.append(max(0.0, (max(seen.values()) - done) / 1e6))
    return result
