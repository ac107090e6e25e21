"""What a process used, as the kernel counts it, and how busy the machine is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def cpu_s(pid: int) -> float:
    """Processor time of all its threads so far, in s, exact to the scheduler's clock. Raises OSError if it is gone."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        # A thread may end meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def all_cpu_s(pids: Iterable[int]) -> float:
    return sum(cpu_s(pid) for pid in pids)


def pss_kib(pid: int) -> float:
    """Its proportional share of memory, in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return next(float(line.split()[1]) for line in lines if line.startswith("Pss:"))


def busy() -> str:
    """A line for a bench's note, to be asked for before it begins."""
    return (
        f"When this began, the machine's load average was {os.getloadavg()[0]:.1f}: beyond some tenths it is busy with "
        "something else,\nwhich shows in waits and refusals, in the quiet ones too."
    )
