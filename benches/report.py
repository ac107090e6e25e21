"""One face for all benches: options, rows, the table, the JSON, the bars."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
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
    python: str = ""
    """The interpreter it was measured with, if that is not this one."""


@dataclass(frozen=True)
class Skipped:
    """What was not measured, and why."""

    name: str
    reason: str
    python: str = ""


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
    models = (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name"))
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    return {
        "cpu": next(models, platform.machine()),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": implementation,
        "build": _build(),
    }


def _build() -> str:
    """How this interpreter was built, as far as it says so: Debian profiles its own without an option for it."""
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    known = {"PGO": "--enable-optimizations", "LTO": "--with-lto"}
    told = [name if option in options else f"no {name}" for name, option in known.items()]
    # What is so, not Py_ENABLE_SHARED: a build may give both, and its program use either.
    shared = any("libpython" in line for line in _lines("/proc/self/maps"))
    return f"{' and '.join(told)} in CONFIG_ARGS, {'shared' if shared else 'static'}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def finish(
    bench: str, rows: Sequence[Row], arguments: argparse.Namespace, note: str = "", skipped: Sequence[Skipped] = ()
) -> int:
    """Shows the rows, a table an interpreter, and saves them; gives the exit code."""
    where = machine()
    here = f"{where['python']}, {where['build']}"
    rows = [replace(row, python=row.python or here) for row in rows]
    skipped = [replace(one, python=one.python or here) for one in skipped]
    for python in dict.fromkeys(row.python for row in rows):
        title = f"{bench}: {where['cpu']}, {where['cores']} cores, {python}"
        table = _table(title, [row for row in rows if row.python == python])
        # As wide as it has to be: a figure that is cut off is no figure.
        Console(width=max(Console(width=1000).measure(table).maximum, len(title))).print(table)
        for one in skipped:
            if one.python == python:
                print(f"skipped {one.name}: {one.reason}")
    if note:
        print(note)
    if arguments.json:
        content = {"bench": bench, "machine": where, "rows": [asdict(row) for row in rows]}
        content["skipped"] = [asdict(one) for one in skipped]
        arguments.json.write_text(json.dumps(content, indent=2) + "\n")
    missed = [row for row in rows if row.ok is False]
    if missed and arguments.check:
        told = [row.name if row.python == here else f"{row.name} ({row.python})" for row in missed]
        print(f"missed: {', '.join(told)}", file=sys.stderr)
        return 1
    return 0


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "median", "p10", "p90", "unit", "x rival", "rival", "bar", ""):
        right = heading in {"median", "p10", "p90", "x rival"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for row in rows:
        figures = [_short(row.value), _short(row.low), _short(row.high)]
        ratio = "" if row.ratio is None else f"{row.ratio:,.2f}" if row.ratio < 100 else f"{row.ratio:,.0f}"
        verdict = "" if row.ok is None else "[green]ok[/]" if row.ok else "[red]missed[/]"
        table.add_row(escape(row.name), *figures, row.unit, ratio, escape(row.rival), row.bar, verdict)
    return table


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
