"""One face for all benches: options, rows, the table, the JSON, the bars."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One measured thing. `value` is a median, `low` and `high` are the 10th and the 90th percentile.

    `ratio` is the median of paired ratios to the rival, measured in turn; it is not the ratio of two medians.
    """

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    rival: str = ""
    ratio: float | None = None
    bar: str = ""
    ok: bool | None = None


def options(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a first look")
    parser.add_argument("--json", type=Path, help="write the rows there too")
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    return parser


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, 10th and 90th percentile."""
    return statistics.median(values), percentile(values, 0.1), percentile(values, 0.9)


def machine() -> dict[str, str | int | None]:
    cpu = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(), "python": implementation}


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def finish(bench: str, rows: Sequence[Row], arguments: argparse.Namespace, note: str = "") -> int:
    """Shows and saves the rows; gives the exit code."""
    where = machine()
    table = Table(title=f"{bench}: {where['cpu']}, {where['cores']} cores, {where['python']}", title_justify="left")
    for heading in ("", "median", "p10", "p90", "unit", "x rival", "rival", "bar", ""):
        right = heading in {"median", "p10", "p90", "x rival"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for row in rows:
        figures = [_short(row.value), _short(row.low), _short(row.high)]
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = "" if row.ok is None else "[green]ok[/]" if row.ok else "[red]missed[/]"
        table.add_row(row.name, *figures, row.unit, ratio, row.rival, row.bar, verdict)
    Console(width=max(120, Console().width)).print(table)
    if note:
        print(note)
    if arguments.json:
        content = {"bench": bench, "machine": where, "rows": [asdict(row) for row in rows]}
        arguments.json.write_text(json.dumps(content, indent=2) + "\n")
    missed = [row.name for row in rows if row.ok is False]
    if missed and arguments.check:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
        return 1
    return 0


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
