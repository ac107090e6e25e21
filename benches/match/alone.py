"""The engine alone, in process: what a ticket costs and takes, and how long it waits."""

from __future__ import annotations

import gc
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benches.match import settings as bench
from matchmaker.core.engine import Engine
from matchmaker.core.events import Event, Match
from matchmaker.core.placement import Placement
from matchmaker.core.settings import compile_settings
from matchmaker.core.ticket import Ticket
from matchmaker.load.arrivals import poisson
from matchmaker.load.histogram import Histogram

_WARM_S = 1.0
_PREPARED = 10_000


@dataclass
class Run:
    """At one rate: a ticket's process time in us, waits in ms, spreads in points."""

    rate: float
    us: float
    p50_ms: float
    p99_ms: float
    spread_p50: float
    longest_ms: float
    """Of all that were matched or wait still: nobody is passed over for longer."""
    behind_s: float


@dataclass
class Found:
    bytes_a_ticket: float
    runs: list[Run] = field(default_factory=list)


def measure(tickets: int, rates: list[float], seconds: float, rounds: int, core: int) -> Found:
    """Meant for a process of its own."""
    os.sched_setaffinity(0, {core})
    engine = Engine(compile_settings(bench.values()))
    places = {region: Placement(region, 0.0, "bench") for region in bench.regions()}
    gc.collect()
    before = _rss()
    for number, (player, region, mode, rating) in enumerate(bench.standing(tickets)):
        now = time.monotonic()
        engine.enqueue(Ticket(number << 32, player, rating, now), (mode,), places[region], now)
    gc.collect()
    found = Found((_rss() - before) / tickets)
    if len(engine) != tickets:
        raise SystemExit(f"{len(engine)} of {tickets} tickets are standing; the others were matched")
    # What stands there is not to be looked at again.
    gc.freeze()
    first = tickets
    for seed in range(rounds):
        for rate in rates:
            run, first = _run(engine, places, rate, seconds, seed, first)
            found.runs.append(run)
    return found


def _run(
    engine: Engine, places: dict[str, Placement], rate: float, seconds: float, seed: int, first: int
) -> tuple[Run, int]:
    """With tickets numbered from `first` on; gives the next free number too."""
    random = Random(seed)
    players = bench.population()
    sizes, weights = zip(*players.played[0].parties.items(), strict=True)
    drawn = [
        (
            random.choices(sizes, weights)[0],
            min(max(random.gauss(players.rating, players.deviation), 0.0), players.highest),
            (random.choice(bench.HOT_MODES),),
            random.choice(list(places.values())),
        )
        for _ in range(_PREPARED)
    ]
    arrivals = list(poisson(rate, seconds + _WARM_S, random))
    waits, spreads = Histogram(), Histogram()
    due_of: dict[int, float] = {}
    sweep = bench.SWEEP_MS / 1000
    clock = time.monotonic
    started = clock() + 0.01
    warm = started + _WARM_S
    next_tick, at, cpu = started + sweep, 0, time.process_time()

    def tell(events: list[Event], now: float) -> None:
        for event in events:
            if isinstance(event, Match):
                for ticket in event.tickets:
                    if (due := due_of.pop(ticket.id, 0.0)) >= warm:
                        waits.record(int((now - due) * 1e6))
                spreads.record(int(event.spread))

    while at < len(arrivals):
        now = clock()
        if now >= next_tick:
            tell(engine.tick(now), clock())
            while engine.behind(now):
                tell(engine.tick(now), clock())
            next_tick += sweep
        due = started + arrivals[at]
        if due > now:
            time.sleep(min(due, next_tick) - now if min(due, next_tick) > now else 0)
            continue
        while due <= now:
            size, rating, modes, place = drawn[at % _PREPARED]
            name, id = (first + at) * 8, (first + at) << 32
            who = f"{name:08x}" if size == 1 else tuple([f"{name + k:08x}" for k in range(size)])
            due_of[id] = due
            if events := engine.enqueue(Ticket(id, who, rating, now), modes, place, now):
                tell(events, clock())
            at += 1
            if at == len(arrivals):
                break
            due = started + arrivals[at]
    ended = clock()
    cpu = time.process_time() - cpu
    oldest = min(due_of.values(), default=ended)
    for id in list(due_of):
        engine.cancel(id, ended)
    p50, p99 = waits.percentiles((0.5, 0.99))
    longest = max(waits.highest / 1000, (ended - oldest) * 1000)
    run = Run(
        rate, cpu / len(arrivals) * 1e6, p50 / 1000, p99 / 1000, spreads.percentile(0.5), longest,
        ended - started - arrivals[-1],
    )  # fmt: skip
    return run, first + len(arrivals)


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
