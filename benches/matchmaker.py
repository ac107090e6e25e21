"""The Treasure Hunt Engine with 400,000 tickets standing that cannot be matched: alone, and from end to end.

Alone: the engine in process. End to end: a real `python -m matchmaker` on core 0, the shipped load generator on core 1,
32 framed gateway streams over a unix socket. Arrivals are open-loop Poisson, and a latency counts from the moment a
request was due until its assignment was read. The floor is a server that sends each frame back, in the same run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from benches.chart import bars
from benches.match import alone, echo, served
from benches.match import settings as bench
from benches.match.server import Server, running
from benches.report import Row, Skipped, finish, options, spread
from configedge.cli.processes import memory_directory
from matchmaker import service
from matchmaker.load import plot

RATES = (10_000.0, 25_000.0, 50_000.0)
FLIP_RATE = 25_000.0
# What a tenfold load is ten times of, and is compared with: so that one core can send ten times as much on time.
CARRIED_RATE = 10_000.0
SERVER_CORE = 0
P99_BAR_MS = 188.0
BYTES_BAR = 250.0
FLIP_BAR = 1.2
OVERLOAD_BAR = 1.3
GOODPUT_BAR = 0.9


def in_process(arguments: argparse.Namespace, seconds: float, rounds: int) -> list[Row]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(alone.measure, arguments.standing, [*RATES], seconds, rounds, SERVER_CORE).result()
    rows = [
        Row(
            "engine alone, a queued ticket", found.bytes_a_ticket, "B",
            bar=f"<= {BYTES_BAR:.0f} B", ok=found.bytes_a_ticket <= BYTES_BAR,
        )
    ]  # fmt: skip
    for rate in RATES:
        runs = [run for run in found.runs if run.rate == rate]
        told = f"engine alone, {rate:,.0f}/s"
        rows += [
            _row(f"{told}: process time a ticket", [run.us for run in runs], "us"),
            _row("  wait P50", [run.p50_ms for run in runs], "ms"),
            _row("  wait P99", [run.p99_ms for run in runs], "ms"),
            _row("  longest wait", [run.longest_ms for run in runs], "ms"),
            _row("  rating spread of a match, P50", [run.spread_p50 for run in runs], "points"),
            _row("  behind at the end", [run.behind_s * 1000 for run in runs], "ms"),
        ]
    return rows


def end_to_end(runs: dict[float, list[served.Run]], floor: list[float]) -> list[Row]:
    rows = []
    for rate, some in runs.items():
        p99 = _row(f"end to end, {rate:,.0f}/s: P99", [run.p99_ms for run in some], "ms")
        bar = {"bar": f"<= {P99_BAR_MS:.0f} ms", "ok": p99.value <= P99_BAR_MS} if rate == max(RATES) else {}
        rows += [
            _barred(p99, bar),
            _row("  P50", [run.p50_ms for run in some], "ms"),
            _row("  P99.9", [run.p999_ms for run in some], "ms"),
            _row("  assigned", [run.assigned for run in some], "/s"),
            _row("  of its core, the server", [run.cpu * 100 for run in some], "%"),
            _row("  of its core, something else", [run.others * 100 for run in some], "%"),
            *_counts(some),
            _row("  the generator's own lateness, P99", [run.late_p99_ms for run in some], "ms"),
        ]
    most = max(statistics.median(run.assigned for run in some) for some in runs.values())
    ratio = most / statistics.median(floor)
    rows.append(Row("end to end, most assigned of all rates", most, "/s", rival="echo floor", ratio=ratio))
    rows.append(_row("  echo floor: the same frames sent back", floor, "/s"))
    return rows


def flips(server: Server, seconds: float, rounds: int) -> list[Row]:
    still, flipping = [], []
    for seed in range(rounds):
        still.append(served.run(server, FLIP_RATE, seconds, seed))
        flipping.append(served.run_flipping(server, FLIP_RATE, seconds, seed))
    runs = [one.run for one in flipping]
    ratio = statistics.median(b.p99_ms / a.p99_ms for a, b in zip(still, runs, strict=True))
    stale = _row("  decided under a generation after the next was published", [one.stale_ms for one in flipping], "ms")
    early = sum(one.early for one in flipping)
    live = stale.value <= _stale_bar() and not early
    return [
        _barred(
            _row(f"a flip every 100 ms, {FLIP_RATE:,.0f}/s: P99", [run.p99_ms for run in runs], "ms"),
            {"rival": "no flips", "ratio": ratio, "bar": f"<= {FLIP_BAR} x", "ok": ratio <= FLIP_BAR},
        ),
        _row("  P99 without flips", [run.p99_ms for run in still], "ms"),
        _row("  flips", [float(one.flips) for one in flipping], ""),
        *_counts(runs),
        _barred(stale, {"bar": f"<= {_stale_bar():.0f} ms", "ok": live}),
        Row("  generations that decided before they were published", early, "", bar="0", ok=early == 0),
    ]


def overload(server: Server, seconds: float, rounds: int) -> list[Row]:
    carried, beyond = [], []
    for seed in range(rounds):
        carried.append(served.run(server, CARRIED_RATE, seconds, seed))
        beyond.append(served.run(server, 10 * CARRIED_RATE, seconds, seed))
    pairs = list(zip(carried, beyond, strict=True))
    slower = statistics.median(b.p99_ms / a.p99_ms for a, b in pairs)
    goodput = statistics.median(b.assigned / a.assigned for a, b in pairs)
    untold = sum(run.counts["refused_untold"] for run in beyond)
    told = f"{CARRIED_RATE:,.0f}/s"
    name = f"overload, {10 * CARRIED_RATE:,.0f}/s asked for: P99 of the admitted"
    return [
        _barred(
            _row(name, [b.p99_ms for b in beyond], "ms"),
            {"rival": told, "ratio": slower, "bar": f"<= {OVERLOAD_BAR} x", "ok": slower <= OVERLOAD_BAR},
        ),
        _barred(
            _row("  goodput: assigned", [b.assigned for b in beyond], "/s"),
            {"rival": told, "ratio": goodput, "bar": f">= {GOODPUT_BAR} x", "ok": goodput >= GOODPUT_BAR},
        ),
        _row("  really sent", [b.sent for b in beyond], "/s"),
        _row("  refused", [100 * b.counts["refused"] / max(1, b.counts["sent"]) for b in beyond], "%"),
        Row("  refused without a time to come back", untold, "", bar="0", ok=not untold),
        *[row for row in _counts(beyond) if "refused" not in row.name],
        _row("  the generator's own lateness, P99", [b.late_p99_ms for b in beyond], "ms"),
    ]  # fmt: skip


def _counts(runs: list[served.Run]) -> list[Row]:
    """Of all rounds together."""
    refused = sum(run.counts["refused"] for run in runs)
    double = sum(run.counts["double"] + run.counts["mistold"] for run in runs)
    lost = sum(run.counts["lost"] + run.counts["error"] for run in runs)
    return [
        Row("  refused", refused, ""),
        Row("  double", double, "", bar="0", ok=not double),
        Row("  lost", lost, "", bar="0", ok=not lost),
    ]


def _stale_bar() -> float:
    """A sweep goes by the settings that were read before it began, and is as long as the lag that is allowed."""
    limits = bench.values()["limits"]
    return float(limits["sweep_ms"] + limits.get("target_lag_ms", 20))


def _row(name: str, values: list[float], unit: str) -> Row:
    value, low, high = spread(values)
    return Row(name, value, unit, low, high) if len(values) > 1 else Row(name, value, unit)


def _barred(row: Row, more: dict[str, Any]) -> Row:
    return replace(row, **more)


def draw(file: Path, runs: dict[float, list[served.Run]]) -> str:
    """Charts beside the JSON; why there are none, if so."""
    percentiles = [
        (f"{rate:,.0f}/s {name}", statistics.median(getattr(run, key) for run in some))
        for rate, some in runs.items()
        for name, key in (("P50", "p50_ms"), ("P99", "p99_ms"), ("P99.9", "p999_ms"))
    ]
    title = f"From due to assigned, {bench.STANDING:,} tickets standing, one core"
    try:
        bars(file, title, percentiles, "ms", highlight=lambda name: name.endswith("P99"))
        latency = runs[max(runs)][-1].tally.latency_us
        plot.draw(file.with_suffix(""), f"{max(runs):,.0f}/s: {title}", [], latency)
    except (ImportError, plot.NoMatplotlib) as error:
        return f"{error}: pip install matplotlib"
    return ""


def note(seconds: float, rounds: int) -> str:
    pools = len(bench.HOT_MODES) * len(bench.regions())
    per_pool = ", ".join(f"{rate / pools:,.0f}" for rate in RATES)
    steps = ", ".join(f"{after} ms: {reach}" for after, reach in bench.STEPS)
    how = "interpreted: run it in build/compiled (make bench) for what wheels have"
    return (
        f"The matchmaker is {'compiled' if not service.__file__.endswith('.py') else how}.\n"
        f"{rounds} rounds of {seconds:g} s after {served.WARM_S:g} s of warm-up. Matches are 5v5 of parties of 1 to 5\n"
        f"(70, 15, 8, 3, 4 %); {pools} pools, so {per_pool} arrivals a second each. Ratings are normal, around 1500\n"
        f"with a deviation of {bench.DEVIATION}. Windows, in buckets of {bench.WIDTH} points to each side, after\n"
        f"{steps}. Standing tickets: {bench.NEED - 1} of the {bench.NEED} players of\n"
        "a match in each bucket of 20 more pools; ids are 8 characters. Requests are JSON with round-trip times to\n"
        f"{bench.MEASURED} regions; a sweep is due every {bench.SWEEP_MS} ms. Percentiles are of a round, and at most\n"
        "1/128 too high. Double: a second answer to a ticket, or a player in two matches. Lost: sent, and neither\n"
        "answered nor known to the server at the end."
    )


def main() -> int:
    parser = options(__doc__ or "")
    parser.add_argument("--standing", type=int, default=bench.STANDING, help="tickets [default: %(default)s]")
    parser.add_argument("--only", choices=["alone", "served", "flips", "overload"], help="one part of it")
    arguments = parser.parse_args()
    seconds, rounds = (2.0, 1) if arguments.quick else (8.0, 3)
    only = arguments.only
    rows = in_process(arguments, seconds, rounds) if only in (None, "alone") else []
    skipped = []
    if (os.cpu_count() or 1) < 2:
        skipped.append(Skipped("end to end", "the server and its load need a core each"))
    elif only != "alone":
        with (
            tempfile.TemporaryDirectory(prefix="configedge-bench-") as root,
            tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as memory,
        ):
            os.chmod(memory, 0o755)
            with running(Path(root), Path(memory) / "snapshots", arguments.standing, SERVER_CORE) as server:
                rows.append(Row("end to end, a queued ticket in the server", server.bytes_a_ticket, "B"))
                if only in (None, "served"):
                    runs: dict[float, list[served.Run]] = {rate: [] for rate in RATES}
                    floor = []
                    for seed in range(rounds):
                        for rate in RATES:
                            runs[rate].append(served.run(server, rate, seconds, seed))
                        floor.append(echo.measure(Path(root), seconds, SERVER_CORE, served.LOAD_CORE))
                    rows += end_to_end(runs, floor)
                    if arguments.json and (why := draw(arguments.json, runs)):
                        skipped.append(Skipped("charts", why))
                if only in (None, "flips"):
                    rows += flips(server, seconds, rounds)
                if only in (None, "overload"):
                    rows += overload(server, seconds, rounds)
    return finish("matchmaker", rows, arguments, note(seconds, rounds), skipped)


if __name__ == "__main__":
    raise SystemExit(main())
