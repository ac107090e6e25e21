"""An API server comes back, and all that watched it come at once: connect, list, watch."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from benches.scaling import constants as c
from benches.scaling.station import Station, Steps


@dataclass(frozen=True)
class Level:
    """A priority level of the API server, as one user's requests see it."""

    name: str
    seats: int
    waiting: int
    """Requests that may wait; beyond them the answer is 429."""


DEFAULT = Level("workload-low", int(c.SEATS.value), int(c.HAND.value * c.QUEUE.value))


@dataclass(frozen=True)
class Retry:
    """How a client tries again: after `least_s`, twice as long each time, `most_s` at most.

    Each wait is drawn evenly from the part between `low` and `high` of that; if both are 1, all clients wait the same.
    One that `honours` a 429 waits as long as the answer says, and longer if its own wait is longer.
    """

    name: str
    least_s: float
    most_s: float
    low: float
    high: float
    honours: bool = False

    def wait_s(self, failures: int, rng: random.Random, told_s: int = 0) -> float:
        longest = min(self.most_s, self.least_s * 2.0 ** min(failures, 30))
        own = longest * rng.uniform(self.low, self.high)
        return max(own, told_s) if self.honours else own


SYNC = Retry("sync kube", c.SYNC_LEAST.value, c.SYNC_MOST.value, c.SYNC_JITTER.value, 1.0)
LOCKSTEP = Retry("sync kube without jitter", SYNC.least_s, SYNC.most_s, 1.0, 1.0)
KUBE_RS = Retry("kube-rs with its defaults", c.KUBE_LEAST.value, c.KUBE_MOST.value, 1.0, 2.0, honours=True)


@dataclass(frozen=True)
class Restart:
    """`clients` of one API server, which is gone from 0 s until `down_s`; each lists `listed` bytes."""

    clients: int
    listed: int
    down_s: float
    retry: Retry
    level: Level = DEFAULT


@dataclass
class Outcome:
    """Times are in s from when the server was back."""

    watching_at: list[float] = field(default_factory=list)
    requests: int = 0
    rejected: int = 0
    timed_out: int = 0
    """Requests that waited too long for a seat: for the server, or for the client."""
    longest_queue: int = 0
    """Requests in the queues of the priority level."""
    longest_accept: int = 0
    """Connections and requests that waited for a core before anything was known of them."""
    retry_after_s: int = 1
    """The most that a 429 asked a client to wait."""
    cpu_s: float = 0.0


class Dropped:
    """What a 429 says in Retry-After: doubled while much is refused, a second less when little is.

    By the seconds of the server's clock, as k8s.io/apiserver 0.36 does it (dropped_requests_tracker.go).
    """

    def __init__(self) -> None:
        self.retry_after_s = 1
        self._second = -1
        self._raised_at = 0
        self._dropped: Counter[int] = Counter()

    def drop(self, now: float) -> int:
        """Counts a request that is refused, and gives what its answer says."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._adjust(second)
        self._dropped[second] += 1
        return self.retry_after_s

    def _adjust(self, second: int) -> None:
        recent = sum(self._dropped[past] for past in range(second - self.retry_after_s, second))
        if second - self._raised_at >= self.retry_after_s and recent >= 3 * self.retry_after_s:
            self.retry_after_s = min(2 * self.retry_after_s, int(c.RETRY_AFTER_MOST.value))
            self._raised_at = second
        elif recent < self.retry_after_s and self.retry_after_s > 1:
            self.retry_after_s -= 1


def run(restart: Restart, seed: int) -> Outcome:
    """Until each client watches again."""
    return _Server(restart, seed).run()


class _Server:
    def __init__(self, restart: Restart, seed: int) -> None:
        self._restart = restart
        self._rng = random.Random(seed)
        self._env = simpy.Environment()
        self._cores = Station(self._env, int(c.API_CORES.value))
        self._network = Station(self._env, 1)
        self._seats = simpy.Container(self._env, restart.level.seats, init=restart.level.seats)
        self._dropped = Dropped()
        self._before = 0
        self._out = Outcome()

    def run(self) -> Outcome:
        for _ in range(self._restart.clients):
            self._env.process(self._client())
        self._env.run()
        self._out.cpu_s = self._cores.busy_s
        return self._out

    def _client(self) -> Steps:
        failures = 0
        retry, back = self._restart.retry, self._restart.down_s
        while self._env.now < back:
            yield self._env.timeout(retry.wait_s(failures, self._rng))
            failures += 1
        yield from self._core(c.CONNECT_CPU.value)
        listed = self._restart.listed
        for seats, cpu, size in (
            (list_seats(listed, self._restart.level.seats), c.LIST_CPU.value + listed * c.LIST_CPU_BYTE.value, listed),
            (1, c.WATCH_CPU.value, 0),
        ):
            failures = 0
            while told_s := (yield from self._request(seats, cpu, size)):
                yield self._env.timeout(retry.wait_s(failures, self._rng, told_s))
                failures += 1
        self._out.watching_at.append(self._env.now - back)

    def _request(self, seats: int, cpu: float, size: int) -> Generator[simpy.Event, Any, int]:
        """0 if it was served; else Retry-After, in s."""
        self._out.requests += 1
        turn = self._seats.get(seats)
        if not turn.triggered:
            waiting = len(self._seats.get_queue)
            if waiting > self._restart.level.waiting:
                turn.cancel()
                return (yield from self._refuse())
            self._out.longest_queue = max(self._out.longest_queue, waiting)
            yield turn | self._env.timeout(min(c.WAIT_S.value, c.SYNC_ANSWER.value))
            if not turn.triggered:
                turn.cancel()
                self._out.timed_out += 1
                return (yield from self._refuse())
        yield from self._cores.serve(cpu)
        if size:
            yield from self._network.serve(size / c.BANDWIDTH.value)
        yield self._seats.put(seats)
        return 0

    def _refuse(self) -> Generator[simpy.Event, Any, int]:
        self._out.rejected += 1
        told_s = self._dropped.drop(self._env.now)
        self._out.retry_after_s = max(self._out.retry_after_s, told_s)
        yield from self._core(c.REJECT_CPU.value)
        return told_s

    def _core(self, seconds: float) -> Steps:
        """Work without a seat; nothing limits how much of it there is."""
        self._before += 1
        self._out.longest_accept = max(self._out.longest_accept, self._before)
        yield from self._cores.serve(seconds)
        self._before -= 1


def list_seats(listed: int, nominal: int) -> int:
    """Seats of a list from the watch cache, by its bytes; a level gives one request 15 % of its seats at most."""
    most = max(1, int(min(0.15 * nominal, nominal / c.HAND.value)))
    counted = min(listed, c.LIST_BYTES_COUNTED.value)
    return min(most, max(1, math.ceil(counted / c.BYTES_PER_SEAT.value)))
