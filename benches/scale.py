"""10,000 nodes in each of five clusters, on paper: how a change travels, what a restart does, and what is busy first.

A model (benches/scaling) of the path of deploy/: control plane, Receiver, Flux, API servers, `configedge sync kube` and
a relay on each node; and of the path without Kubernetes, `configedge sync git`. Its constants are measured where we
have what is measured; docs/scale.md has them with their sources. It is deterministic: the same seed, the same figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benches import chart
from benches.report import Row, Skipped, finish, options, percentile
from benches.scaling import capacity, charts, herd, path, pull
from benches.scaling import constants as c
from benches.scaling.capacity import Load
from benches.scaling.herd import Level, Restart
from benches.scaling.pull import Pull
from configedge.control.tips import MAX_WAITING

SEED = 2026
CLUSTERS = 5
APART_S = 20.0
"""Between two pushes, so that one is through before the next."""
P50_BAR_S, P95_BAR_S, HINT_BAR_S = 2.0, 5.0, 0.5
LISTED = 256 * c.KIB
DOWN_S = 10.0
# docs/scale.md has the manifest: 20 shares of 265, one queue.
ROOMY = Level("a priority level of its own", 46, 10_000)
RATES = {"1 an hour": 1 / 3600, "1 a minute": 1 / 60, "1 in 10 s": 0.1, "as fast as Flux goes": 10.0}
SIZES = {"4 KiB": 4 * c.KIB, "64 KiB": 64 * c.KIB, "1 MiB": c.MIB}


@dataclass(frozen=True)
class Length:
    """How much is simulated."""

    nodes: int
    """Of a cluster."""
    pushes: int
    pushes_five: int
    herd: tuple[int, ...]
    """Clients that come back, beside all nodes of a cluster."""
    pull: tuple[int, ...]
    most_nodes: int
    """The search for the largest fleet within the bar ends here."""


FULL = Length(
    10_000, 12, 4, (500, 1_000, 2_000, 5_000), (20, 100, 300, 1_000, 3_000, 10_000, 50_000), 50_000
)  # fmt: skip
QUICK = Length(2_000, 2, 1, (500,), (20, 1_000), 10_000)


@dataclass
class Found:
    changes: dict[str, list[float]] = field(default_factory=dict)
    """From a push until a node serves it, in s."""
    cores: tuple[float, float] = (0.0, 0.0)
    """Core-seconds of the API servers for one change: simulated, and by the utilisation law."""
    within: dict[str, int] = field(default_factory=dict)
    """Nodes of a cluster that have a change of that size within the bar."""
    restarts: dict[str, herd.Outcome] = field(default_factory=dict)
    sizes: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Clients, and s until the last of them watches again."""
    pulls: dict[str, dict[int, pull.Outcome]] = field(default_factory=dict)


Step = tuple[str, Callable[[], None]]


def steps(found: Found, length: Length) -> Iterator[Step]:
    """What is simulated, one after the other, each with what it is called."""
    for name, fleet, pushes in _fleets(length):
        yield name, partial(_change, found, name, fleet, pushes)
    for name in SIZES:
        yield f"how many nodes, {name}", partial(_within, found, name, length)
    for name, restart in _restarts(length.nodes).items():
        yield name, partial(_restart, found, name, restart)
    for retry in (herd.SYNC, herd.LOCKSTEP, herd.KUBE_RS):
        for clients in length.herd:
            yield f"{clients:,} come back, {retry.name}", partial(_size, found, Restart(clients, LISTED, DOWN_S, retry))
    for name, ways in _pulls(length).items():
        for one in ways:
            yield f"{one.nodes:,} pull, {name}", partial(_pull, found, name, one)


def _fleets(length: Length) -> Iterator[tuple[str, path.Fleet, int]]:
    near, all_of_them = c.ROUND_TRIPS_S[:1], c.ROUND_TRIPS_S[:CLUSTERS]
    nodes, size = length.nodes, SIZES["64 KiB"]
    yield "one node, 64 KiB", path.Fleet(1, near, size), 30 * length.pushes
    yield f"{nodes:,} nodes, 4 KiB", path.Fleet(nodes, near, SIZES["4 KiB"]), length.pushes
    yield f"{nodes:,} nodes, 64 KiB", path.Fleet(nodes, near, size), length.pushes
    yield f"{nodes:,} nodes, 1 MiB", path.Fleet(nodes, near, SIZES["1 MiB"]), length.pushes_five
    yield f"{CLUSTERS} x {nodes:,} nodes, 64 KiB", path.Fleet(nodes, all_of_them, size), length.pushes_five


def _change(found: Found, name: str, fleet: path.Fleet, pushes: int) -> None:
    model = path.Model(fleet, SEED)
    model.run([APART_S * number for number in range(pushes)])
    found.changes[name] = [late for cluster in model.clusters for one in model.latencies(cluster) for late in one]
    if fleet.bundle == SIZES["64 KiB"] and fleet.nodes > 1 and len(fleet.round_trips_s) == 1:
        used = sum(station.busy_s for station in model.clusters[0].cpus) / pushes
        found.cores = used, fleet.nodes * path.event_cpu(fleet.bundle)


def _within(found: Found, name: str, length: Length) -> None:
    found.within[name] = _most(SIZES[name], length)


def _most(bundle: int, length: Length) -> int:
    """The most nodes of a cluster of which 95 % have a change within the bar, to 5 %."""

    def late(nodes: int) -> bool:
        model = path.Model(path.Fleet(nodes, c.ROUND_TRIPS_S[:1], bundle), SEED)
        model.run([0.0])
        return percentile(model.latencies(model.clusters[0])[0], 0.95) > P95_BAR_S

    if not late(length.most_nodes):
        return length.most_nodes
    low, high = 1, length.most_nodes
    while high - low > 0.05 * low:
        middle = (low + high) // 2
        low, high = (low, middle) if late(middle) else (middle, high)
    return low


def _restarts(nodes: int) -> dict[str, Restart]:
    everybody = Restart(nodes, LISTED, DOWN_S, herd.SYNC)
    found = {retry.name: replace(everybody, retry=retry) for retry in (herd.SYNC, herd.LOCKSTEP, herd.KUBE_RS)}
    for retry in (herd.SYNC, herd.LOCKSTEP):
        found[f"{retry.name}, {ROOMY.name}"] = replace(everybody, retry=retry, level=ROOMY)
    found[f"{herd.SYNC.name}, bundles of 16 KiB"] = replace(everybody, listed=16 * c.KIB)
    third = nodes // int(c.API_SERVERS.value)
    found[f"{herd.SYNC.name}, one server of {c.API_SERVERS.value:g}"] = replace(everybody, clients=third)
    return found


def _restart(found: Found, name: str, restart: Restart) -> None:
    found.restarts[name] = herd.run(restart, SEED)
    if name == restart.retry.name:
        _add_size(found, restart, found.restarts[name])


def _size(found: Found, restart: Restart) -> None:
    _add_size(found, restart, herd.run(restart, SEED))


def _add_size(found: Found, restart: Restart, out: herd.Outcome) -> None:
    points = found.sizes.setdefault(restart.retry.name, [])
    points.append((restart.clients, max(out.watching_at)))
    points.sort()


def _pulls(length: Length) -> dict[str, list[Pull]]:
    planes = -(-max(length.pull) // MAX_WAITING)
    return {
        "a look each 1 s": [Pull(nodes, c.POLL_S.value) for nodes in length.pull],
        "a look each 30 s": [Pull(nodes, 30.0) for nodes in length.pull],
        "hints of one control plane": [Pull(nodes, c.POLL_S.value, 1) for nodes in length.pull],
        f"hints of {planes} control planes": [Pull(nodes, c.POLL_S.value, planes) for nodes in length.pull],
    }


def _pull(found: Found, name: str, one: Pull) -> None:
    found.pulls.setdefault(name, {})[one.nodes] = pull.run(one, SEED)


def rows(found: Found, nodes: int) -> list[Row]:
    """All of it, in the order of the questions."""
    return [*change_rows(found), *watch_rows(found, nodes), *limit_rows(), *restart_rows(found), *pull_rows(found)]


def change_rows(found: Found) -> list[Row]:
    rows = []
    for name, late in found.changes.items():
        middle, low, high = (percentile(late, share) for share in (0.5, 0.1, 0.9))
        p95, many = percentile(late, 0.95), name.endswith("nodes, 64 KiB") and " x " not in name
        rows += [
            Row(f"push to served: {name}", middle, "s", low, high, **_bar(middle, P50_BAR_S, many)),
            Row("  p95", p95, "s", **_bar(p95, P95_BAR_S, many)),
            Row("  p99", percentile(late, 0.99), "s"),
            Row("  the last node", max(late), "s"),
        ]
    for name, nodes in found.within.items():
        rows.append(Row(f"nodes that have {name} within {P95_BAR_S:g} s (p95)", nodes, ""))
    return rows


def _bar(value: float, bar: float, holds: bool = True) -> dict[str, Any]:
    return {"bar": f"<= {bar:g} s", "ok": value <= bar} if holds else {}


def watch_rows(found: Found, nodes: int) -> list[Row]:
    simulated, law = found.cores
    rows = [
        Row("one change, 64 KiB: all API servers", simulated, "core-s", rival="utilisation law", ratio=simulated / law)
    ]
    for size, bundle in SIZES.items():
        for rate, each_s in RATES.items():
            load = Load(nodes, CLUSTERS, bundle, each_s)
            rows += [
                Row(f"watching, {size}, {rate}: events", capacity.events_per_s(load), "1/s"),
                Row("  bytes", capacity.bytes_per_s(load) / 1e6, "MB/s"),
                Row("  cores of all API servers", capacity.api_cores(load), ""),
                Row("  busiest on the way: {}".format(*capacity.first(load)), 100 * capacity.first(load)[1], "%"),
            ]
    return rows


def limit_rows() -> list[Row]:
    """How many nodes a cluster can have until something is busy all the time."""
    return [
        Row(f"{size}, {rate}: {name}", nodes, "nodes")
        for size, rate in (("64 KiB", "1 a minute"), ("1 MiB", "1 a minute"), ("64 KiB", "as fast as Flux goes"))
        for name, nodes in limits(size, rate).items()
    ]


def limits(size: str, rate: str) -> dict[str, float]:
    most = capacity.most_nodes(Load(1, CLUSTERS, SIZES[size], RATES[rate]))
    return dict(sorted(most.items(), key=lambda one: one[1]))


def restart_rows(found: Found) -> list[Row]:
    rows = []
    for name, out in found.restarts.items():
        middle, low, high = (percentile(out.watching_at, share) for share in (0.5, 0.1, 0.9))
        rows += [
            Row(f"{len(out.watching_at):,} come back, {name}", middle, "s", low, high),
            Row("  p99", percentile(out.watching_at, 0.99), "s"),
            Row("  the last", max(out.watching_at), "s"),
            Row("  most that wait before a seat", out.longest_accept, ""),
            Row("  most in the queues of the priority level", out.longest_queue, ""),
            Row("  answers 429", out.rejected, ""),
            Row("  Retry-After, most", out.retry_after_s, "s"),
        ]
    return rows


def pull_rows(found: Found) -> list[Row]:
    rows = []
    for name, outcomes in found.pulls.items():
        for nodes, out in outcomes.items():
            p99 = percentile(out.latencies, 0.99)
            hinted = _bar(p99, HINT_BAR_S, nodes == 20 and name.startswith("hint"))
            rows += [
                Row(f"{nodes:,} nodes, {name}: reply to served, p99", p99, "s", **hinted),
                Row("  requests at the Git host", out.requests_per_s, "1/s"),
                Row("  its cores", 100 * out.git_busy, "%"),
            ]
    return rows


def draw(file: Path, found: Found, nodes: int) -> str:
    """Charts beside the JSON; why there are none, if so."""
    stem = file.with_suffix("")

    def beside(name: str) -> Path:
        return stem.with_name(f"{stem.name}-{name}")

    try:
        changes = {name: late for name, late in found.changes.items() if "4 KiB" not in name or "64" in name}
        charts.shares(beside("propagation"), "From a push until a node serves it", changes, "s from the push")
        back = {name: out.watching_at for name, out in found.restarts.items() if "bundles" not in name}
        title = f"{nodes:,} nodes come back after the API server was away for {DOWN_S:g} s"
        charts.shares(beside("herd"), title, back, "s from when it was back")
        charts.curves(
            beside("restart"), f"Until the last node watches again, after {DOWN_S:g} s without an API server",
            [(found.sizes, "nodes", "s from when the API server was back", None)],
        )  # fmt: skip
        _draw_watch(beside("watch"), nodes)
        _draw_pull(beside("pull"), found)
        chart.bars(
            beside("limits"), "Nodes of a cluster until it is all used",
            list(limits("64 KiB", "1 a minute").items()), "nodes", log=True,
        )  # fmt: skip
    except ImportError as error:
        return f"{error}: pip install matplotlib"
    return ""


def _draw_watch(path: Path, nodes: int) -> None:
    each_s = [1 / 3600 * 2**step for step in range(13)]
    cores, bandwidth = {}, {}
    for name, bundle in SIZES.items():
        loads = [Load(nodes, CLUSTERS, bundle, rate) for rate in each_s]
        cores[name] = [(60 * load.changes_per_s, capacity.api_cores(load)) for load in loads]
        bandwidth[name] = [(60 * load.changes_per_s, capacity.bytes_per_s(load) / 1e6) for load in loads]
    servers = c.API_SERVERS.value
    charts.curves(
        path,
        f"What {nodes:,} watchers of a cluster cost its API servers; dashed: all that there is",
        [
            (cores, "changes a minute", "cores", servers * c.API_CORES.value),
            (bandwidth, "changes a minute", "MB/s", servers * c.BANDWIDTH.value / 1e6),
        ],
    )


def _draw_pull(path: Path, found: Found) -> None:
    late = {
        name: [(float(nodes), percentile(out.latencies, 0.99)) for nodes, out in outcomes.items()]
        for name, outcomes in found.pulls.items()
    }
    asked = {
        name: [(float(nodes), out.requests_per_s) for nodes, out in outcomes.items()]
        for name, outcomes in found.pulls.items()
    }
    most = c.GIT_CORES.value / c.LOOK_CPU.value
    charts.curves(
        path,
        "Without Kubernetes: nodes that ask one Git host",
        [
            (late, "nodes", "s from the reply to served, p99", None),
            (asked, "nodes", "requests/s at the Git host (dashed: its most)", most),
        ],
    )


NOTE = (
    f"A model, seed {SEED}; its constants and what it leaves out: docs/scale.md. Pushes are {APART_S:g} s apart. A"
    f" cluster has {c.API_SERVERS.value:g} API servers of\n{c.API_CORES.value:g} cores and 10 Gbit/s; after the restart"
    f" all come to one of them, and each lists {LISTED // c.KIB} KiB. The Git host has {c.GIT_CORES.value:g} cores."
)


def main() -> int:
    arguments: argparse.Namespace = options(__doc__ or "").parse_args()
    found, length = Found(), QUICK if arguments.quick else FULL
    todo = list(steps(found, length))
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(todo))
        for name, step in todo:
            progress.update(task, description=name)
            step()
            progress.advance(task)
    skipped = []
    if arguments.json and (why := draw(arguments.json, found, length.nodes)):
        skipped.append(Skipped("charts", why))
    return finish("scale", rows(found, length.nodes), arguments, NOTE, skipped)


if __name__ == "__main__":
    raise SystemExit(main())
