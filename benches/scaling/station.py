"""Queues of the model: so many equal servers behind one line, and a controller that works for the newest order only."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from heapq import heapreplace
from typing import Any

import simpy

Steps = Generator[simpy.Event, Any, None]
"""What a process of the model yields: the events that it waits for."""


class Station:
    """Jobs are served in the order in which they come, each by one of `servers`. Counts what it does.

    When a job comes it is known when it will be done, so that it is one event. `simpy.Resource` needs four, and most of
    what a model of 50,000 nodes does is this.
    """

    def __init__(self, env: simpy.Environment, servers: int) -> None:
        self._env = env
        self._free_at = [0.0] * servers
        self._begin_at: deque[float] = deque()
        self.arrived = 0
        self.served = 0
        self.busy_s = 0.0
        """Of all servers together."""
        self.longest = 0
        """The most jobs that waited at the same time."""

    def serve(self, seconds: float) -> Steps:
        """Waits for a free server, and `seconds` for the work."""
        now = self._env.now
        begin = max(now, self._free_at[0])
        heapreplace(self._free_at, begin + seconds)
        self.arrived += 1
        self._count_waiting(now, begin)
        yield self._env.timeout(begin + seconds - now)
        self.busy_s += seconds
        self.served += 1

    def _count_waiting(self, now: float, begin: float) -> None:
        while self._begin_at and self._begin_at[0] <= now:
            self._begin_at.popleft()
        if begin > now:
            self._begin_at.append(begin)
        self.longest = max(self.longest, len(self._begin_at))

    def utilisation(self, seconds: float) -> float:
        """Share of that time in which a server was busy, 1 is all of them."""
        return self.busy_s / (seconds * len(self._free_at))


class Controller:
    """Works on one revision at a time. Those that come meanwhile are one: it goes on with the newest of them.

    So do Flux's controllers: the work queue holds the name of an object, not its revisions.
    """

    def __init__(self, env: simpy.Environment, work: Callable[[int], Steps]) -> None:
        self._env = env
        self._work = work
        self._newest = -1
        self._done = -1
        self._busy = False
        self.runs = 0

    def offer(self, revision: int) -> None:
        self._newest = max(self._newest, revision)
        if not self._busy:
            self._busy = True
            self._env.process(self._run())

    def _run(self) -> Steps:
        while self._done < self._newest:
            revision = self._newest
            yield from self._work(revision)
            self._done = revision
            self.runs += 1
        self._busy = False
