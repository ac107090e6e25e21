"""A fleet without Kubernetes: every node asks one Git host, on its own clock or when the control plane hints."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import simpy

from benches.scaling import constants as c
from benches.scaling.station import Station, Steps
from configedge.control.tips import FETCHES_S, MAX_WAITING


@dataclass(frozen=True)
class Pull:
    """`nodes` that look every `interval_s`, a tenth more or less, but for those that wait for a hint.

    Each of so many control planes hints the nodes that it has room for. Those fetch within a time that it tells them,
    each at a moment of its own, so that the Git host gets no more than FETCHES_S a second by one control plane.
    """

    nodes: int
    interval_s: float
    control_planes: int = 0

    @property
    def hinted(self) -> int:
        return min(self.nodes, self.control_planes * MAX_WAITING)

    @property
    def spread_s(self) -> float:
        return self.hinted / max(1, self.control_planes) / FETCHES_S


@dataclass
class Outcome:
    latencies: list[float] = field(default_factory=list)
    """From the reply to a push until each node serves it, in s."""
    requests_per_s: float = 0.0
    """At the Git host, from the push until the last node serves it."""
    git_busy: float = 0.0
    """Share of its cores, in that time."""
    longest: int = 0
    """The most requests that waited there."""


def run(pull: Pull, seed: int) -> Outcome:
    """One push, seen by each node."""
    return _Host(pull, seed).run()


class _Host:
    def __init__(self, pull: Pull, seed: int) -> None:
        self._pull = pull
        self._rng = random.Random(seed)
        self._env = simpy.Environment()
        self._git = Station(self._env, int(c.GIT_CORES.value))
        self._control = Station(self._env, max(1, pull.control_planes) * int(c.CONTROL_CORES.value))
        # Polling nodes have looked for a while, so that their queue is what it will be.
        polling = pull.nodes - pull.hinted
        self._pushed_at = 2 * max(pull.interval_s, polling * c.LOOK_CPU.value / c.GIT_CORES.value) if polling else 0.0
        self._all_served = self._env.event()
        self._out = Outcome()

    def run(self) -> Outcome:
        for number in range(self._pull.nodes):
            self._env.process(self._hinted() if number < self._pull.hinted else self._polling())
        if self._pushed_at:
            self._env.run(self._pushed_at)
        looks, busy_s = self._git.arrived, self._git.busy_s
        self._env.run(self._all_served)
        seconds = max(self._out.latencies)
        self._out.git_busy = (self._git.busy_s - busy_s) / (seconds * c.GIT_CORES.value)
        self._out.requests_per_s = (self._git.arrived - looks) / seconds
        self._out.longest = self._git.longest
        return self._out

    def _polling(self) -> Steps:
        yield self._env.timeout(self._rng.uniform(0, self._pull.interval_s))
        has_it = False
        while True:
            yield from self._git.serve(c.LOOK_CPU.value)
            if self._env.now >= self._pushed_at and not has_it:
                has_it = True
                yield from self._fetch()
            yield self._env.timeout(self._pull.interval_s * self._rng.uniform(0.9, 1.1))

    def _hinted(self) -> Steps:
        yield self._env.timeout(self._pushed_at)
        yield from self._control.serve(c.HINT_CPU.value)
        yield self._env.timeout(self._rng.uniform(0, self._pull.spread_s))
        yield from self._git.serve(c.LOOK_CPU.value)
        yield from self._fetch()

    def _fetch(self) -> Steps:
        yield from self._git.serve(c.PACK_CPU.value)
        self._env.process(self._publish())

    def _publish(self) -> Steps:
        yield self._env.timeout(c.SPOOL.sample(self._rng) + c.RELAY.sample(self._rng))
        self._out.latencies.append(self._env.now - self._pushed_at)
        if len(self._out.latencies) == self._pull.nodes:
            self._all_served.succeed()
