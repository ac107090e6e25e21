"""One load on a running server, and what came of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from benches.match import settings as bench
from benches.match.server import Server, settle
from matchmaker.load.plan import Load
from matchmaker.load.processes import drive_in
from matchmaker.load.tally import Tally, Window

GATEWAYS = 32
WARM_S = 1.0
_FLIP_S = 0.1
LOAD_CORE = 1


@dataclass
class Run:
    """At one rate. Percentiles in ms, from due to assigned; rates a second, of the time that was not warm-up."""

    rate: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    assigned: float
    sent: float
    cpu: float
    """Cores that the server was busy on."""
    others: float
    """Of the server's core, what went to something else: a figure is worth little if that is much."""
    late_p99_ms: float
    """How late the generator sent: what it adds to the percentiles by itself."""
    counts: Counter[str]
    tally: Tally


def run(server: Server, rate: float, seconds: float, seed: int) -> Run:
    load = Load(
        server.address, True, rate, seconds + WARM_S, GATEWAYS, seed=seed, population=bench.population(), warm_s=WARM_S
    )
    seen: list[tuple[float, float, float, Counter[str]]] = []

    def tell(window: Window) -> None:
        seen.append((window.at, server.cpu_s(), server.core_s(), window.counts))

    tally = drive_in([load], tell, lambda: None, [LOAD_CORE])
    settle()
    # The quarters of a second from the end of the warm-up until the last request.
    last = seen[-1][-1]["sent"]
    busy = [one for at, one in enumerate(seen) if at + 1 >= WARM_S / 0.25 and one[-1]["sent"] < last]
    (began, cpu, core, counts), (ended, cpu_after, core_after, counts_after) = busy[0], busy[-1]
    span = ended - began
    p50, p99, p999 = (micros / 1000 for micros in tally.latency_us.percentiles((0.5, 0.99, 0.999)))
    used = (cpu_after - cpu) / span
    return Run(
        rate, p50, p99, p999,
        (counts_after["assigned"] - counts["assigned"]) / span, (counts_after["sent"] - counts["sent"]) / span,
        used, max(0.0, (core_after - core) / span - used),
        tally.late_us.percentile(0.99) / 1000, tally.counts, tally,
    )  # fmt: skip


@dataclass
class Flipped:
    run: Run
    flips: int
    stale_ms: float
    """How long after another generation was published a match was decided under the one before, at most."""
    early: int
    """Generations that decided a match before they were published."""


def run_flipping(server: Server, rate: float, seconds: float, seed: int) -> Flipped:
    """The same load while the configuration changes every 100 ms."""
    flipper = _Flipper(server)
    with flipper:
        done = run(server, rate, seconds, seed)
    stale, early = 0.0, 0
    published = flipper.published
    for generation, seen in done.tally.generations.items():
        begun = published.get(generation)
        if begun is not None and seen.first_ns < begun[0]:
            early += 1
        if (after := published.get(generation + 1)) is not None:
            stale = max(stale, (seen.last_ns - after[1]) / 1e6)
    return Flipped(done, len(published), stale, early)


class _Flipper(threading.Thread):
    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._publisher = server.publisher
        self._stop_it = threading.Event()
        self.published: dict[int, tuple[int, int]] = {}
        """When the publishing of a generation began and was over, in monotonic ns."""

    def run(self) -> None:
        both: list[dict[str, Any]] = [bench.values(changed=True), bench.values()]
        due, number = time.monotonic(), 0
        # An even number of flips leaves things as they were.
        while not (self._stop_it.wait(max(0.0, due - time.monotonic())) and number % 2 == 0):
            began = time.monotonic_ns()
            generation = self._publisher.publish({"matchmaking": both[number % 2]}, f"{number:040x}")
            self.published[generation] = began, time.monotonic_ns()
            number += 1
            due += _FLIP_S

    def __enter__(self) -> _Flipper:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_it.set()
        self.join()
