"""What a worker does to tell when it sees a change: reads, over and over, and reports each new value."""

from __future__ import annotations

import os
import struct
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Between two reads of a worker, in seconds.
POLL_S = 0.001
# Process id, CLOCK_MONOTONIC in ns (the same clock in all processes), value. Small enough for a pipe to keep it whole.
RECORD = struct.Struct("=iqd")


class Lookout:
    """Watches one value for one process; reports to the named pipe at `fifo`."""

    def __init__(self, read: Callable[[], float], fifo: str) -> None:
        self._read, self._last = read, float("nan")
        self._pid, self._pipe = os.getpid(), os.open(fifo, os.O_WRONLY)

    def look(self) -> None:
        value = self._read()
        if value != self._last:
            self._last = value
            os.write(self._pipe, RECORD.pack(self._pid, time.monotonic_ns(), value))

    def run(self) -> None:
        """Looks until the process that made this one is gone."""
        parent = os.getppid()
        while os.getppid() == parent:
            self.look()
            time.sleep(POLL_S)
