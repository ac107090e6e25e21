"""Runs the measured processes, one after another, and reads what they print."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from benches.adopt import CONTROL, load

WORKERS = 4
TIMEOUT_S = 60


@dataclass
class Costs:
    """What one client costs, a figure a run."""

    import_ms: list[float] = field(default_factory=list)
    setup_ms: list[float] = field(default_factory=list)
    threads: list[float] = field(default_factory=list)
    private_mib: list[float] = field(default_factory=list)
    pss_mib: list[float] = field(default_factory=list)
    read_ns: dict[str, list[float]] = field(default_factory=dict)

    def add_import(self, name: str) -> None:
        [[ms]] = _figures("import_ms", name)
        self.import_ms.append(ms)

    def add_adoption(self, name: str, directory: str, loop_s: float) -> None:
        (setup_ms, threads, private_mib), reads = _figures("adopt", name, directory, loop_s)
        self.setup_ms.append(setup_ms)
        self.threads.append(threads)
        self.private_mib.append(private_mib)
        for read, ns in zip(load(name).READS, reads, strict=True):
            self.read_ns.setdefault(read, []).append(ns)

    def add_share(self, name: str, directory: str, control_mib: float) -> None:
        """Proportional set size of a worker, less that of a worker of the control."""
        self.pss_mib.append(_share(name, directory) - control_mib)


def control_mib() -> float:
    return _share(CONTROL, "")


def _share(name: str, directory: str) -> float:
    [[mib]] = _figures("share", name, directory, WORKERS)
    return mib


def command(function: str, *arguments: Any) -> list[str]:
    """A fresh interpreter that runs a function of `process`."""
    call = f"{function}({', '.join(map(repr, arguments))})"
    return [sys.executable, "-W", "ignore", "-c", f"from benches.adopt import process; process.{call}"]


def _figures(function: str, *arguments: Any) -> list[list[float]]:
    done = subprocess.run(command(function, *arguments), capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise SystemExit(f"{function}{arguments} failed:\n{done.stderr}")
    return [[float(figure) for figure in line.split()] for line in done.stdout.splitlines()]
