"""The night that ConfigEdge exists for, replayed: a push that coincides with a stall upstream, while players go on.

Real matchmakers serve the same players at a rate that Veltrix (benches/veltrix) carries when it is quiet. Then comes
a push, and at the same time the capacity service, from which Veltrix puts its answers together, answers nobody; the
script that writes and publishes holds Redis for 47 ms, and Redis is near its memory limit. Once with Veltrix as it
was, once with each of its three fixes, and with the answer that would have helped; and with ConfigEdge, whose control
plane is frozen right after the commit, for as long. Then the other half of the story: two nodes whose replicas have
timers that end 45 s apart, and how far nodes of ConfigEdge are apart.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benches.headline.proc import busy
from benches.night import charts, runs, skew
from benches.night.runs import CONFIGEDGE, VELTRIX, Plan
from benches.night.timeline import Night, Push
from benches.night.traffic import Generator
from benches.peers import Missing
from benches.report import Row, Skipped, finish, options, spread

RATE = 500.0
RISE_BAR, OURS_BAR = 3.0, 1.05
REPLICAS = "Veltrix, fix 2"
NODES = 8


@dataclass(frozen=True)
class Length:
    """How long the bench takes."""

    plan: Plan
    ours: Plan
    """More pushes for the bar that is a few percent."""
    overlays: tuple[int, ...]
    timer_s: float
    apart_s: float
    pushes: int

    def seconds(self) -> float:
        """About so many."""
        parts = (2 + 2 * self.plan.pushes) * self.plan.part_s * len(self.overlays)
        return parts + (2 + 2 * self.ours.pushes) * self.ours.part_s + 2 * self.timer_s + 40


FULL = Length(Plan(RATE, 5.0, 2.0, 3), Plan(RATE, 5.0, 2.0, 8), tuple(range(len(VELTRIX))), 60.0, 45.0, 20)
QUICK = Length(Plan(RATE, 1.5, 1.2, 1), Plan(RATE, 1.5, 1.2, 1), (0, 1), 2.0, 1.5, 5)


@dataclass
class Found:
    nights: dict[str, Night] = field(default_factory=dict)
    skews: dict[str, skew.Skew] = field(default_factory=dict)
    readers: list[tuple[float, float]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def measure(length: Length, show: Callable[[str], None]) -> Found:
    """All of it, in turn. `show` is told now and then what is under way."""
    found, generator = Found(), Generator(2)
    try:
        for overlay in [VELTRIX[number] for number in length.overlays]:
            with _or_skipped(overlay.name, found.skipped):
                show(overlay.name)
                with runs.veltrix(overlay) as subject:
                    night = runs.night(subject, length.plan, generator, partial(show, overlay.name))
                found.nights[overlay.name] = night
        show(CONFIGEDGE)
        with runs.configedge() as subject:
            found.nights[CONFIGEDGE] = runs.night(subject, length.ours, generator, partial(show, CONFIGEDGE))
        with _or_skipped("skew of Veltrix", found.skipped):
            show(f"two nodes of {REPLICAS}")
            found.skews[REPLICAS] = skew.replicas(generator, length.timer_s, length.apart_s)
            show("two nodes of Veltrix as it was")
            if length is FULL:
                found.skews[VELTRIX[0].name] = skew.flushed(generator)
        show(f"two nodes of {CONFIGEDGE}")
        found.skews[CONFIGEDGE] = skew.matchmakers(generator)
        show(f"{NODES} nodes of {CONFIGEDGE}")
        found.readers = skew.readers(NODES, length.pushes)
    finally:
        generator.close()
    return found


@contextmanager
def _or_skipped(name: str, skipped: list[Skipped]) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        skipped.append(Skipped(name, f"{error}: pip install grpcio redis[hiredis]"))
    except Missing as lack:
        skipped.append(Skipped(name, str(lack)))


def night_rows(name: str, night: Night) -> list[Row]:
    pushes, ours = night.each_push(), name == CONFIGEDGE
    ratio = statistics.median(push.p99 / push.quiet_p99 for push in pushes)
    answers = statistics.median(push.answer_p99 / push.quiet_answer_p99 for push in pushes)
    errors = max(push.errors for push in pushes)
    bar: dict[str, Any] = {}
    if ours:
        bar = {"bar": f"<= {OURS_BAR} x", "ok": ratio <= OURS_BAR}
    elif name == VELTRIX[0].name:
        bar = {"bar": f">= {RISE_BAR:g} x", "ok": ratio >= RISE_BAR}
    rows = [
        _row(f"{name}: P99", [push.p99 for push in pushes], "ms", rival="itself, quiet", ratio=ratio, **bar),
        _row("  P99, quiet", [push.quiet_p99 for push in pushes], "ms"),
        _row(
            "  P99 until the first answer", [push.answer_p99 for push in pushes], "ms",
            rival="itself, quiet", ratio=answers,
        ),
        _row("  requests refused", [push.errors for push in pushes], "%", **_zero(ours, errors)),
        _row("  requests refused, quiet", [push.quiet_errors for push in pushes], "%"),
        _row("  in flight, most", [float(push.most_in_flight) for push in pushes], ""),
    ]  # fmt: skip
    if not ours:
        for counter, told in {"retries": "calls repeated", "misses": "cache misses", "loads": "loads"}.items():
            rows.append(_row(f"  {told}, a push", [push.counted[counter] for push in pushes], ""))
    return [*rows, _visible(pushes, night.part_s)]


def _zero(ours: bool, errors: float) -> dict[str, Any]:
    return {"bar": "0", "ok": errors == 0} if ours else {}


def _visible(pushes: list[Push], part_s: float) -> Row:
    seen = [push.first_new_s for push in pushes if push.first_new_s is not None]
    if not seen:
        return Row("  no decision by the push within", part_s, "s")
    return _row("  until the first decision by the push", seen, "s")


def skew_rows(found: Found) -> list[Row]:
    """Of the two nodes, and of the readers."""
    rows = []
    for name, one in found.skews.items():
        rows += [
            Row(f"two nodes decide differently for: {name}", one.seconds, "s"),
            Row("  players sent to the wrong region meanwhile", one.wrong, ""),
            Row("  from the push until both decide by it", max(one.first_new_s), "s"),
        ]
    apart = [last - first for first, last in found.readers]
    theirs = found.skews.get(REPLICAS)
    ratio = theirs.seconds * 1e3 / statistics.median(apart) if theirs else None
    versus = {"rival": f"{REPLICAS}, faster" if theirs else "", "ratio": ratio}
    return [
        *rows,
        _row(f"{CONFIGEDGE}, {NODES} nodes: from the first reader to the last", apart, "ms", **versus),
        _row("  from the push until the last one", [last for _, last in found.readers], "ms"),
    ]


def _row(name: str, values: list[float], unit: str, **more: Any) -> Row:
    value, low, high = spread(values)
    return Row(name, value, unit, low, high, **more) if len(values) > 1 else Row(name, value, unit, **more)


def draw(file: Path, found: Found, length: Length) -> str:
    """Charts beside the JSON; why there are none, if so."""
    title = (
        f"A push at 0 s, and what is upstream stalls for {length.plan.stall_s:g} s (shaded). {RATE:g} requests/s; mean "
        f"of {length.plan.pushes} pushes, of {length.ours.pushes} for {CONFIGEDGE}"
    )
    nights = {name: night.timeline() for name, night in found.nights.items()}
    stem = file.with_suffix("")
    try:
        charts.timelines(stem.with_name(f"{stem.name}-timeline"), title, nights, length.plan.stall_s)
        charts.skews(stem.with_name(f"{stem.name}-skew"), "How long a node decides by old weights", found.skews)
    except ImportError as error:
        return f"{error}: pip install matplotlib"
    return ""


def note(length: Length) -> str:
    plan = length.plan
    return (
        f"{RATE:g} duels/s of the example bundle, open loop, the same players in each part of {plan.part_s:g} s. A row "
        f"is of the parts that\nbegin with a push ({plan.pushes} each, {length.ours.pushes} of {CONFIGEDGE}); its ratio"
        f" is the median over each push and the quiet part before.\nLatency is from due to matched, or to refused: a "
        f"refusal after three tries of 250 ms counts as what it took. The stall\nlasts {plan.stall_s:g} s. The push is "
        f"of {runs.REGION}'s weight, where no player lives, so that it changes nobody's wait. Skew: the\nweight of "
        f"{skew.REGION}, {skew.RATE:g} duels/s a node; the timers of the replicas are {length.timer_s:g} s, and end "
        f"{length.apart_s:g} s apart."
    )


def main() -> int:
    arguments: argparse.Namespace = options(__doc__ or "").parse_args()
    # So that SIGTERM unwinds, and all that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    length, machine = QUICK if arguments.quick else FULL, busy()
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task, began = progress.add_task("starting", total=length.seconds()), time.monotonic()

        def show(what: str) -> None:
            progress.update(task, description=what, completed=time.monotonic() - began)

        found = measure(length, show)
    rows = [row for name, night in found.nights.items() for row in night_rows(name, night)] + skew_rows(found)
    if arguments.json and (why := draw(arguments.json, found, length)):
        found.skipped.append(Skipped("charts", why))
    code = finish("incident", rows, arguments, f"{note(length)}\n{machine}", found.skipped)
    if arguments.json:
        content = json.loads(arguments.json.read_text())
        content["nights"] = {name: night.content() for name, night in found.nights.items()}
        arguments.json.write_text(json.dumps(content, indent=2) + "\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
