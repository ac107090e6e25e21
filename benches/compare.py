"""The headline table: what configuration costs a service by ConfigEdge and by what it replaces, in one run.

The rival is Veltrix (benches/veltrix), and beside it other ways to have the same bundle at hand (benches/ways): Redis
asked directly, Redis' client-side cache, an etcd watch, a file that is polled. The same matchmaker and the same players
for all. Where a row has a figure of the origin, that is what the system that ConfigEdge replaced, or was to be, was
said to do: a reference, measured elsewhere.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benches.chart import bars
from benches.headline import node, pushes, reads, requests, sources, visible
from benches.headline.proc import busy
from benches.night import runs
from benches.night.timeline import Push
from benches.peers import Missing
from benches.report import Row, Skipped, finish, options, percentile, spread
from benches.veltrix import Overlay
from benches.ways import NAMES

OFFERED = 150_000.0
REDIS_BAR, GRPC_BAR, CPU_BAR = 1_000.0, 5_000.0, 0.63
OURS, RIVAL = "configedge", "veltrix"
_BARS = {"redis": REDIS_BAR, RIVAL: GRPC_BAR}
_READ_BARS = {"Redis GET, TCP loopback": REDIS_BAR, "gRPC unary, TCP loopback": GRPC_BAR}


@dataclass(frozen=True)
class Length:
    rounds: int
    reads: int
    offered_s: float
    loaded_s: float
    pushes: int
    storm: int
    starts: int
    seconds: float
    """About so long it all takes."""


FULL = Length(4, 15, 2.0, 4.0, 30, 100, 10, 480)
QUICK = Length(1, 3, 0.5, 1.0, 3, 10, 2, 50)
QUICK_WAYS = (RIVAL, "redis", OURS)


@dataclass
class Table:
    rows: list[Row] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    request_ns: list[tuple[str, float]] = field(default_factory=list)
    """For the charts: by way, of one request."""
    cpu_us: list[tuple[str, float]] = field(default_factory=list)

    def add(self, name: str, values: list[float], unit: str, **more: Any) -> None:
        value, low, high = spread(values)
        row = Row(name, value, unit, low, high) if len(values) > 1 else Row(name, value, unit)
        self.rows.append(replace(row, **more))


def ratio(values: list[float], rivals: list[float]) -> float:
    """The median of pairs."""
    return statistics.median(a / b for a, b in zip(values, rivals, strict=True))


def at_least(value: float, bar: float) -> dict[str, Any]:
    return {"bar": f">= {bar:,.0f} x", "ok": value >= bar}


def read_rows(table: Table, length: Length, quick: bool) -> None:
    found, skipped = reads.python(length.reads)
    table.skipped += skipped
    ours = [mine for pairs in found.values() for mine, _ in pairs]
    if ours:
        table.add("one read, Python: cfg[key]", ours, "ns", bar="(origin: 50 ns)")
    for rival, pairs in found.items():
        _rival(table, f"  {rival}", pairs, "cfg[key]", _READ_BARS.get(rival))
    if quick:
        table.skipped.append(Skipped("one read, Rust and Go", "left out by --quick: it compiles"))
        return
    more, skipped = reads.others(max(3, length.reads // 3))
    table.skipped += skipped
    for language, pairs in more.items():
        table.add(f"one read, {language}", [mine for mine, _ in pairs], "ns", bar="(origin: 50 ns)")
        _rival(table, "  GET by redis-benchmark, a client in C", pairs, language, REDIS_BAR)


def _rival(table: Table, name: str, pairs: list[tuple[float, float]], ours: str, bar: float | None) -> None:
    slower = statistics.median(theirs / mine for mine, theirs in pairs)
    told = at_least(slower, bar) if bar else {}
    table.add(name, [theirs for _, theirs in pairs], "ns", rival=ours, ratio=slower, **told)


def request_rows(table: Table, length: Length, quick: bool, show: Callable[[str], None]) -> None:
    show("servers")
    ways = QUICK_WAYS if quick else tuple(NAMES)
    if left_out := [told for way, told in NAMES.items() if way not in ways]:
        table.skipped.append(Skipped("configuration of a request", f"left out by --quick: {', '.join(left_out)}"))
    with sources.running(ways) as there:
        table.skipped += there.skipped
        found = requests.customers(there, length.rounds, OFFERED, length.offered_s, show)
        loaded = requests.matchmakers(there, length.rounds, length.loaded_s, show)
    ours = found[OURS]
    for way, figures in found.items():
        more: dict[str, Any] = {}
        if way != OURS:
            slower = ratio(figures["ns"], ours["ns"])
            more = {"rival": NAMES[OURS], "ratio": slower}
            more |= at_least(slower, _BARS[way]) if way in _BARS else {}
        table.add(f"configuration of one request: {NAMES[way]}", figures["ns"], "ns", **more)
        table.request_ns.append((NAMES[way], statistics.median(figures["ns"])))
    for way, figures in found.items():
        table.add(f"{OFFERED:,.0f} requests/s offered: {NAMES[way]}, served", figures["served"], "/s")
        more = {}
        if way != OURS:
            more = {"rival": f"{NAMES[OURS]}, more by", "ratio": ratio(ours["per_core"], figures["per_core"])}
        table.add("  a second and core, servers counted", figures["per_core"], "/s", **more)
    _cpu_rows(table, loaded)


def _cpu_rows(table: Table, loaded: requests.Figures) -> None:
    mine = loaded[OURS]
    for way, figures in loaded.items():
        more: dict[str, Any] = {}
        if way != OURS:
            more = {"rival": NAMES[OURS], "ratio": ratio(figures["own"], mine["own"])}
        table.add(f"processor time of a matchmaker's request: {NAMES[way]}", figures["own"], "us", **more)
        table.add("  with its servers", figures["all"], "us")
        table.cpu_us.append((NAMES[way], statistics.median(figures["own"])))
    if RIVAL in loaded:
        less = ratio(mine["own"], loaded[RIVAL]["own"])
        told = {"bar": f"<= {CPU_BAR} x (origin: 37 % less)", "ok": less <= CPU_BAR}
        table.add(f"{NAMES[OURS]} against {NAMES[RIVAL]}", mine["own"], "us", rival=NAMES[RIVAL], ratio=less, **told)


def visible_rows(table: Table, length: Length, show: Callable[[str], None]) -> None:
    ours, theirs = visible.of_configedge(length.pushes, show), None
    try:
        theirs = visible.of_redis(length.pushes, show)
    except (ImportError, Missing) as lack:
        table.skipped.append(Skipped("push -> visible, Redis", str(lack)))
    for readers in visible.READERS:
        more: dict[str, Any] = {}
        if theirs:
            slower = ratio(ours.all_ms[readers], theirs.all_ms[readers])
            more = {"rival": "Redis, pub/sub and read", "ratio": slower}
        table.add(
            f"push -> visible to all of {readers} readers", ours.all_ms[readers], "ms", bar="(origin: 15 s)", **more
        )
        table.add("  of it, from the publish on the node", ours.last_hop_ms[readers], "ms")
        if theirs:
            table.add("  Redis, nothing on disk", theirs.all_ms[readers], "ms")
    table.add("  the commit in Git, on disk", ours.commit_ms, "ms", bar="(origin: 5 ms)")
    worst = percentile(ours.request_ms, 0.99)
    table.add("  the whole request", ours.request_ms, "ms")
    table.add("  the whole request, P99", [worst], "ms", bar="(origin: 17 ms worst)")


def storm_rows(table: Table, length: Length, show: Callable[[str], None]) -> None:
    systems: dict[str, Callable[[], AbstractContextManager[runs.Subject]]] = {
        "ConfigEdge": runs.configedge,
        "Veltrix": partial(runs.veltrix, Overlay()),
    }
    for name, system in systems.items():
        seen: list[Push] = []
        try:
            for _ in range(min(2, length.rounds)):
                show(f"{length.storm} pushes, {name}")
                seen.append(pushes.pushed(system(), requests.RATE, length.storm))
        except (ImportError, Missing) as lack:
            table.skipped.append(Skipped(f"{length.storm} pushes, {name}", str(lack)))
            continue
        calm = {"rival": "itself, quiet"}
        matched = ratio([one.p99 for one in seen], [one.quiet_p99 for one in seen])
        answered = ratio([one.answer_p99 for one in seen], [one.quiet_answer_p99 for one in seen])
        origin = {"bar": "(origin: < 220 ms)"} if name == "ConfigEdge" else {"bar": "(origin: 700 ms in the outage)"}
        told = f"{length.storm} pushes, 100 ms apart, {name}: matchmaker's P99"
        table.add(told, [one.p99 for one in seen], "ms", ratio=matched, **calm, **origin)
        table.add("  P99 until the first answer", [one.answer_p99 for one in seen], "ms", ratio=answered, **calm)
        table.add("  refused", [one.errors for one in seen], "%")


def node_rows(table: Table, length: Length, show: Callable[[str], None]) -> None:
    show("a node of ConfigEdge")
    settle, looks = (1.0, 3) if length is QUICK else (12.0, 10)
    ours, theirs = node.of_configedge(settle, looks, length.starts), None
    try:
        show("a node of Veltrix")
        theirs = node.of_veltrix(1.0, looks, length.starts)
    except (ImportError, Missing) as lack:
        table.skipped.append(Skipped("a node of Veltrix", str(lack)))
    for told, unit, origin, key in (
        (f"memory of a node: the relay, {node.KEYS:,} keys, PSS", "KiB", "(origin: 1.2 MB)", "memory_kib"),
        (f"start of a node: the relay, {node.KEYS:,} keys", "ms", "(origin: 8 ms)", "start_ms"),
    ):
        mine, others = getattr(ours, key), getattr(theirs, key, None)
        table.add(told, mine, unit, bar=origin)
        if others:
            more = {"rival": "the relay", "ratio": ratio(others, mine)}
            table.add("  Veltrix: a Redis replica and the configuration service", others, unit, **more)


def draw(arguments: argparse.Namespace, table: Table) -> None:
    """Charts beside the JSON."""
    stem = arguments.json.with_suffix("")
    charts = {
        "request": ("What the configuration of one request costs", table.request_ns, "ns", True),
        "cpu": (f"Processor time of a matchmaker's request, {requests.RATE:g}/s", table.cpu_us, "us", False),
    }
    for name, (title, rows, unit, log) in charts.items():
        ordered = sorted(rows, key=lambda row: row[1])
        try:
            bars(stem.with_name(f"{stem.name}-{name}"), title, ordered, unit, highlight=NAMES[OURS].__eq__, log=log)
        except ImportError as error:
            table.skipped.append(Skipped("charts", f"{error}: pip install matplotlib"))


def note(length: Length) -> str:
    return (
        "A ratio is the median of pairs measured in turn: how many times as much as the rival's a row's value is. The\n"
        "configuration of one request is four values of the bundle, as the way has them at hand, after what it asks\n"
        "first: of gRPC and Redis whether the version is still the same, the cheapest question there is. Offered: one\n"
        f"process, {OFFERED:,.0f} requests a second, at most 64 of them waiting; matchmakers: {requests.RATE:g}/s; "
        f"{length.rounds} rounds.\nProcessor time is the scheduler's count of the process. Visible: from the request's "
        "first byte until the last reader\nprocess could read it; Redis writes to memory only, ours is a commit on "
        f"disk; {length.pushes} pushes each. Memory and start of Veltrix:\na replica that holds nothing else. Figures "
        'of the origin are what was told of it, measured elsewhere; its "0 blocking" has no row, for a read takes no\n'
        "lock and waits for nothing: `python -m benches.relay` has the tail of reads while snapshots are published."
    )


def main() -> int:
    arguments = options(__doc__ or "").parse_args()
    # So that SIGTERM unwinds, and all that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    length, machine = QUICK if arguments.quick else FULL, busy()
    table = Table()
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task, began = progress.add_task("one read", total=length.seconds), time.monotonic()

        def show(what: str) -> None:
            progress.update(task, description=what, completed=time.monotonic() - began)

        read_rows(table, length, arguments.quick)
        request_rows(table, length, arguments.quick, show)
        visible_rows(table, length, show)
        storm_rows(table, length, show)
        node_rows(table, length, show)
    if arguments.json:
        draw(arguments, table)
    return finish("compare", table.rows, arguments, f"{note(length)}\n{machine}", table.skipped)


if __name__ == "__main__":
    raise SystemExit(main())
