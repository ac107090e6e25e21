"""The edges: HTTP beside uvicorn with the same handlers, and as many real player sockets as the machine can hold.

HTTP: closed loop, one core for the server and another for its clients, the servers in turn. Sockets: N WebSockets on
edge processes, which speak frames over a unix socket to one owner that matches, with the standing tickets of
`benches.matchmaker`; arrivals are open-loop Poisson, and a latency counts from the moment a request was due until its
assignment was read from the player's own socket. Everything, load included, on this one machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benches.edge import closed, sockets
from benches.match import settings as bench
from benches.match.server import Server, running
from benches.report import Row, Skipped, finish, options, spread
from configedge.cli import example
from configedge.cli.processes import Service, memory_directory, stop_all
from configedge.testing import Publisher
from matchmaker.load.plan import Load
from matchmaker.load.players import PARTIES, Played, Population
from matchmaker.load.tally import Tally

HTTP_BAR = 2.0
CONNECTIONS = 64
WANTED = 400_000
RATES = {12_500.0: 190.0, 20_000.0: 220.0}
"""Enqueues a second, and the bar of their P99 in ms."""
# 20 pools, as in the prototype that the bar comes from.
MODES = bench.HOT_MODES[:2]
WARM_S = 2.0
SERVER_CORE, LOAD_CORE = 0, 1
# What is due within it is sent together, and answers are read as seldom: it is part of every latency.
NAP_S = 0.004
# Tickets that find no match end by themselves, 30 s after they came; it is over when all have.
PATIENCE_S = 60.0


@dataclass
class Rival:
    service: Service
    url: str


@contextmanager
def servers(root: Path, snapshots: Path) -> Iterator[dict[str, Rival]]:
    """The edge and its rivals, all with the same configuration."""
    values = example.document()["spec"]["values"]
    # Nothing is to be refused for load: a refusal costs less than a ticket, and the slower server would refuse more.
    values["limits"] |= {"target_lag_ms": 1000, "max_queued_total": 4_000_000, "max_queued_per_pool": 4_000_000}
    Publisher(snapshots).publish({"matchmaking": values}, "ab" * 20)
    commands = {
        "edge": ["matchmaker", "--port", "0"],
        "asgi": ["benches.edge.rival", "asgi"],
        "starlette": ["benches.edge.rival", "starlette"],
    }
    found: dict[str, Rival] = {}
    try:
        for name, arguments in commands.items():
            command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", *arguments, "--config", str(snapshots)]
            service = Service(name, command, root / f"{name}.log")
            found[name] = Rival(service, "")
            found[name].url = service.ready()["url"]
        yield found
    finally:
        stop_all([rival.service for rival in found.values()])


def http(root: Path, snapshots: Path, seconds: float, rounds: int) -> list[Row]:
    told = {"enqueue": "POST a ticket, duels", "ask": "GET a ticket"}
    rivals = {"asgi": "the same handlers, bare ASGI, uvicorn", "starlette": "the same handlers, Starlette, uvicorn"}
    rows = []
    with servers(root, snapshots) as found:
        for what, name in told.items():
            runs: dict[str, list[closed.Run]] = {server: [] for server in found}
            for seed in range(rounds):
                # In turn, and each first as often: what else the machine does meets them alike.
                order = [*found][seed % 3 :] + [*found][: seed % 3]
                for server in order:
                    one = found[server]
                    pid = one.service.process.pid
                    run = closed.measure(one.url, pid, what, CONNECTIONS, seconds, seed, LOAD_CORE)
                    if run.wrong:
                        raise SystemExit(
                            f"{server}: {len(run.wrong)} answers were not as they should be: {run.wrong[0]}"
                        )
                    runs[server].append(run)
            rows += _compared(name, runs, rivals)
    return rows


def _compared(name: str, runs: dict[str, list[closed.Run]], rivals: dict[str, str]) -> list[Row]:
    mine = runs["edge"]
    rows = [
        _row(f"HTTP, {name}: requests", [run.answered / run.seconds for run in mine], "/s"),
        _row("  P99", [run.latency_us.percentile(0.99) / 1000 for run in mine], "ms"),
        _row("  process time", [1e6 * run.cpu_s / run.answered for run in mine], "us"),
    ]
    for rival, told in rivals.items():
        pairs = list(zip(mine, runs[rival], strict=True))
        speeds = [(a.answered / a.seconds) / (b.answered / b.seconds) for a, b in pairs]
        costs = [(b.cpu_s / b.answered) / (a.cpu_s / a.answered) for a, b in pairs]
        value, low, high = spread(speeds)
        rows.append(
            Row(
                "  times as many", value, "x", low, high, rival=told, ratio=value,
                bar=f">= {HTTP_BAR:g} x", ok=value >= HTTP_BAR,
            )
        )  # fmt: skip
        value, low, high = spread(costs)
        rows.append(Row("  for so much of its process time", value, "x", low, high, rival=told, ratio=value))
    return rows


def population() -> Population:
    played = tuple(Played(mode, 1.0, PARTIES) for mode in MODES)
    return Population(played, dict.fromkeys(bench.regions(), 1.0), 1500, bench.DEVIATION, bench.TOP - 1, bench.MEASURED)


@contextmanager
def edges(root: Path, snapshots: Path, owner: str, processes: int) -> Iterator[tuple[str, list[int]]]:
    """The URL of the edge processes, and their ids."""
    command = [sys.executable, "-m", "matchmaker", "edge", "--config", str(snapshots), "--owner", owner]
    service = Service("edge", [*command, "--port", "0", "--processes", str(processes)], root / "edge.log")
    try:
        ready = service.ready()
        yield ready["url"], ready["pids"]
    finally:
        stop_all([service])


def crowded(root: Path, snapshots: Path, arguments: argparse.Namespace, seconds: float) -> list[Row]:
    number = sockets.most(arguments.sockets)
    processes = sockets.edges_for(number)
    with (
        running(root, snapshots, arguments.standing, SERVER_CORE) as owner,
        edges(root, snapshots, owner.address, processes) as (url, pids),
    ):
        # All share all cores, as on a machine where nobody has dealt them out.
        os.sched_setaffinity(owner.service.process.pid, range(os.cpu_count() or 1))
        user, system = sockets.pss(pids), sockets.kernel()
        with sockets.crowd(url, number) as crowd:
            took = crowd.open()
            rows = [
                Row("WebSockets open at a time", number, "", bar=f">= {WANTED:,}", ok=number >= WANTED),
                Row("  edge processes", processes, ""),
                Row("  opened in", took, "s"),
                Row("  edge memory of an idle one", (sockets.pss(pids) - user) / number, "B"),
                Row("  kernel memory of an idle one, both ends", (sockets.kernel() - system) / number, "B"),
            ]
            for rate in arguments.rates:
                rows += _load(crowd, owner, pids, rate, seconds)
            return rows


def _load(crowd: sockets.Crowd, owner: Server, pids: list[int], rate: float, seconds: float) -> list[Row]:
    load = Load(
        "", rate=rate, seconds=seconds + WARM_S, connections=crowd.sockets, seed=int(rate) // 2500,
        population=population(), warm_s=WARM_S, patience_s=PATIENCE_S, nap_s=NAP_S,
    )  # fmt: skip

    def look() -> list[float]:
        return [owner.cpu_s(), sockets.cores(pids), sockets.cores(crowd.pids), sockets.busy_s()]

    tally, (mine, edge, players, busy) = crowd.drive(load, look)
    p50, p99, p999 = (micros / 1000 for micros in tally.latency_us.percentiles((0.5, 0.99, 0.999)))
    bar = RATES.get(rate)
    limit = {"bar": f"<= {bar:g} ms", "ok": p99 <= bar} if bar is not None and crowd.sockets >= WANTED else {}
    return [
        Row(f"{rate:,.0f} enqueues/s over all of them: P99", p99, "ms", **limit),  # type: ignore[arg-type]
        Row("  P50", p50, "ms"),
        Row("  P99.9", p999, "ms"),
        Row("  of 1 core, the owner", 100 * mine, "%"),
        Row("  of 1 core, the edges", 100 * edge, "%"),
        Row("  of 1 core, the players", 100 * players, "%"),
        Row("  of 1 core, something else", 100 * max(0.0, busy - mine - edge - players), "%"),
        *_counts(tally),
        Row("  the generators' own lateness, P99", tally.late_us.percentile(0.99) / 1000, "ms"),
    ]


def _counts(tally: Tally) -> list[Row]:
    counts = tally.counts
    double, lost = counts["double"] + counts["mistold"], counts["lost"] + counts["error"]
    if tally.errors:
        print(f"said: {dict(tally.errors.most_common(3))}", file=sys.stderr)
    return [
        Row("  sent", counts["sent"], ""),
        Row("  assigned", counts["assigned"], ""),
        Row("  expired, for the load was over", counts["expired"], ""),
        Row("  refused", counts["refused"], ""),
        Row("  double", double, "", bar="0", ok=not double),
        Row("  lost", lost, "", bar="0", ok=not lost),
    ]


def _row(name: str, values: list[float], unit: str) -> Row:
    if len(values) < 2:
        return Row(name, values[0], unit)
    value, low, high = spread(values)
    return Row(name, value, unit, low, high)


def note(arguments: argparse.Namespace, seconds: float, rounds: int) -> str:
    pools = len(MODES) * len(bench.regions())
    per_pool = ", ".join(f"{rate / pools:,.0f}" for rate in arguments.rates)
    return (
        f"HTTP: {rounds} rounds of {seconds:g} s, {CONNECTIONS} connections, the next request when one is answered.\n"
        f"Sockets: {seconds:g} s after {WARM_S:g} s of warm-up; {arguments.standing:,} tickets standing. 5v5 of\n"
        f"parties of 1 to 5 in {pools} pools, so {per_pool} arrivals a second each; windows and ratings as in\n"
        f"benches.matchmaker. Players look at their sockets every {1000 * NAP_S:g} ms, which is part of each latency.\n"
        "Lost: sent, and not answered a minute after the end. Memory of edges is PSS less what they\n"
        "had before; of the kernel SUnreclaim, both ends of the connection together."
    )


def main() -> int:
    parser = options(__doc__ or "")
    parser.add_argument("--only", choices=["http", "sockets"], help="one part of it")
    parser.add_argument("--sockets", type=int, default=WANTED, help="at most [default: %(default)s]")
    parser.add_argument("--standing", type=int, default=bench.STANDING, help="tickets [default: %(default)s]")
    parser.add_argument("--rates", type=float, nargs="+", default=[*RATES], help="enqueues/s [default: %(default)s]")
    arguments = parser.parse_args()
    seconds, rounds = (2.0, 3) if arguments.quick else (8.0, 9)
    if arguments.quick:
        arguments.sockets, arguments.standing = min(arguments.sockets, 20_000), min(arguments.standing, 20_000)
    rows: list[Row] = []
    skipped = []
    if (os.cpu_count() or 1) < 2:
        skipped.append(Skipped("all", "the servers and their load need a core each"))
        return finish("edges", rows, arguments, "", skipped)
    with (
        tempfile.TemporaryDirectory(prefix="configedge-bench-") as root,
        tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as memory,
    ):
        os.chmod(memory, 0o755)
        if arguments.only != "sockets":
            rows += http(Path(root), Path(memory) / "http", seconds, rounds)
        if arguments.only != "http":
            rows += crowded(Path(root), Path(memory) / "sockets", arguments, seconds)
    return finish("edges", rows, arguments, note(arguments, seconds, rounds), skipped)


if __name__ == "__main__":
    raise SystemExit(main())
