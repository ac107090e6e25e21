"""`python -m matchmaker whatif`: what another configuration would have done with the players of a recorded evening."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

import configedge
from configedge import policy
from matchmaker.core.settings import BUNDLE, Settings, SettingsError, compile_settings
from matchmaker.history.eventlog import LogError, LogFile
from matchmaker.history.quality import ModeQuality, Quality
from matchmaker.history.simulation import Evening, Simulation
from matchmaker.history.whatif_chart import NoMatplotlib, draw

_State = Callable[[ModeQuality], float]


def _state(name: str) -> _State:
    return lambda mode: mode.ended[name]


_ROWS: tuple[tuple[str, _State], ...] = (
    ("tickets", lambda mode: mode.tickets),
    ("refused", lambda mode: mode.refused),
    ("assigned", _state("assigned")),
    ("expired", _state("expired")),
    ("cancelled", _state("cancelled")),
    ("rejected", _state("rejected")),
    ("returned", _state("returned")),
    ("open at the end", lambda mode: mode.left),
    ("wait P50, ms", lambda mode: mode.wait(0.5)),
    ("wait P90, ms", lambda mode: mode.wait(0.9)),
    ("wait P99, ms", lambda mode: mode.wait(0.99)),
    ("longest wait, ms", lambda mode: mode.longest),
    ("matches", lambda mode: len(mode.spreads)),
    ("spread P50, points", lambda mode: mode.spread(0.5)),
    ("spread P90, points", lambda mode: mode.spread(0.9)),
)
_ALWAYS = {"tickets", "assigned", "expired"}


def load(path: Path) -> Settings:
    """The settings in a bundle's file, checked as a node would. Raises SettingsError, OSError."""
    checked = configedge.check(path.read_bytes(), str(path), policy.find(path.resolve().parent))
    if checked.values is None:
        raise SettingsError("\n".join(str(problem) for problem in checked.problems))
    try:
        return compile_settings(checked.values)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None


def table(results: Mapping[str, Quality], base: str = "now") -> str:
    """A block for each mode, a column for each configuration; those after `base` with their difference to it."""
    blocks = []
    modes = dict.fromkeys(mode for quality in results.values() for mode in quality.modes)
    for mode in modes:
        columns = {name: quality.modes.get(mode, ModeQuality()) for name, quality in results.items()}
        rows = [[mode, *columns]]
        regions = sorted({region for quality in columns.values() for region in quality.regions})
        compared = list(columns)[list(columns).index(base) + 1 :]
        for label, measure in (*_ROWS, *((f"matches in {region}", _matches_in(region)) for region in regions)):
            values = {name: measure(quality) for name, quality in columns.items()}
            if label in _ALWAYS or any(values.values()):
                rows.append([label, *(_cell(values, name, base if name in compared else "") for name in columns)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _matches_in(region: str) -> _State:
    return lambda mode: mode.regions[region]


def _cell(values: Mapping[str, float], name: str, base: str) -> str:
    value = round(values[name])
    return f"{value:,} ({value - round(values[base]):+,})" if base else f"{value:,}"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m matchmaker whatif",
        description="Run recorded arrivals under other configurations: who would have waited how long, and met whom.",
    )
    parser.add_argument("--log", required=True, metavar="FILE", help="what the option --log has written")
    parser.add_argument(
        "--config",
        required=True,
        action="append",
        type=Path,
        metavar="FILE",
        help=f"a {BUNDLE} bundle; may be repeated",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="draw whatif.png and whatif.svg there")
    options = parser.parse_args(argv)
    try:
        configurations = {name: load(path) for name, path in zip(_names(options.config), options.config, strict=True)}
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
        return _compare(LogFile(options.log), configurations, options.out)
    except (OSError, LogError, SettingsError, NoMatplotlib) as error:
        print(f"matchmaker: {error}", file=sys.stderr)
        return 2


def _compare(log: LogFile, configurations: Mapping[str, Settings], out: Path | None) -> int:
    results: dict[str, Quality] = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        steps = {name: progress.add_task(name, total=1.0) for name in ("the log", "now", *configurations)}

        def told(name: str) -> Callable[[float], None]:
            return lambda share: progress.update(steps[name], completed=share)

        evening = Evening(log, progress=told("the log"))
        results["recorded"] = evening.recorded
        for name, settings in {"now": evening.settings, **configurations}.items():
            results[name] = Simulation(evening, settings).run(told(name))
    now = evening.settings
    commit = f", commit {now.commit[:12]}" if now.commit else ""
    print(
        f"{log.path}: {(evening.end - evening.start) / 60:.1f} minutes; `now` is generation {now.generation}{commit}\n"
    )
    print(table(results) if results["recorded"].modes else "nobody came")
    if evening.differs is not None:
        print(
            f"\nline {evening.differs} and maybe others replay in another way than recorded: `recorded` is what this "
        )
        print("version does; `python -m matchmaker replay` says more")
    if log.torn:
        print("\nthe last line of the log is torn, as after a crash; it is left out")
    if out is not None:
        files = draw(out, {name: quality for name, quality in results.items() if name != "recorded"})
        print("\n" + "\n".join(map(str, files)))
    return 0


def _names(paths: Sequence[Path]) -> list[str]:
    """What columns are called: file names, whole paths if those are not distinct."""
    names = [path.name for path in paths]
    return names if len(set(names) - {"now", "recorded", "the log"}) == len(paths) else [str(path) for path in paths]
