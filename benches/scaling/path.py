"""A change on its way: push, Receiver, Flux, API servers, and each node of each cluster."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import simpy

from benches.scaling import constants as c
from benches.scaling.station import Controller, Station, Steps

INLINE_MOST = 64 * c.KIB
"""Larger bundles are fetched by nodes from source-controller; the event only says that there is a newer one."""


@dataclass(frozen=True)
class Fleet:
    """`nodes` in each of the clusters, which are `round_trips_s` away from Git host and control plane."""

    nodes: int
    round_trips_s: Sequence[float]
    bundle: int
    """Bytes of the document that changes."""


@dataclass
class Cluster:
    """What happened in one cluster. `seen[revision][node]` is when the node served the revision, in s."""

    nodes: int
    cpus: list[Station]
    networks: list[Station]
    artifacts: Station
    seen: dict[int, list[float]] = field(default_factory=dict)


class Model:
    """Pushes at given times, and what follows. All that varies comes from `seed`."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.env = simpy.Environment()
        self.fleet = fleet
        self.pushed: list[float] = []
        """When the request of each push began."""
        self._rng = random.Random(seed)
        self.clusters = [self._cluster() for _ in fleet.round_trips_s]
        self._sources = [self._flux(*one) for one in zip(self.clusters, fleet.round_trips_s, strict=True)]

    def run(self, times: Sequence[float], until: float | None = None) -> None:
        """Ends when nothing is left to do, or at that time."""
        self.env.process(self._pushes(times))
        self.env.run(until)

    def latencies(self, cluster: Cluster) -> list[list[float]]:
        """For each push and each node: from the push until the node serves it, or a newer one."""
        best, found = [float("inf")] * cluster.nodes, []
        for revision in reversed(range(len(self.pushed))):
            if revision in cluster.seen:
                best = [min(pair) for pair in zip(best, cluster.seen[revision], strict=True)]
            found.append([at - self.pushed[revision] for at in best])
        return found[::-1]

    def _cluster(self) -> Cluster:
        servers = range(int(c.API_SERVERS.value))
        return Cluster(
            self.fleet.nodes,
            [Station(self.env, int(c.API_CORES.value)) for _ in servers],
            [Station(self.env, 1) for _ in servers],
            Station(self.env, 1),
        )

    def _pushes(self, times: Sequence[float]) -> Steps:
        for revision, at in enumerate(times):
            yield self.env.timeout(at - self.env.now)
            self.pushed.append(at)
            self.env.process(self._push(revision))

    def _push(self, revision: int) -> Steps:
        yield self.env.timeout(c.COMMIT.sample(self._rng))
        for source, trip in zip(self._sources, self.fleet.round_trips_s, strict=True):
            self.env.process(self._hint(source, trip, revision))

    def _hint(self, source: Controller, trip: float, revision: int) -> Steps:
        yield self.env.timeout(c.HINT.sample(self._rng) + trip / 2)
        source.offer(revision)

    def _flux(self, cluster: Cluster, trip: float) -> Controller:
        def apply(revision: int) -> Steps:
            yield self.env.timeout(c.APPLY.sample(self._rng))
            self.env.process(self._fan_out(cluster, revision))

        def fetch(revision: int) -> Steps:
            yield self.env.timeout(c.FETCH.sample(self._rng) + c.FETCH_TRIPS.value * trip)
            kustomize.offer(revision)

        kustomize = Controller(self.env, apply)
        return Controller(self.env, fetch)

    def _fan_out(self, cluster: Cluster, revision: int) -> Steps:
        """Each API server tells its watchers; in which order they come to a core is by chance."""
        yield self.env.timeout(c.NETWORK.sample(self._rng))
        seen = cluster.seen[revision] = [0.0] * cluster.nodes
        order = list(range(cluster.nodes))
        self._rng.shuffle(order)
        for node in order:
            self.env.process(self._tell(cluster, node, seen))

    def _tell(self, cluster: Cluster, node: int, seen: list[float]) -> Steps:
        server = node % len(cluster.cpus)
        size = event_bytes(self.fleet.bundle)
        yield from cluster.cpus[server].serve(event_cpu(self.fleet.bundle))
        yield from cluster.networks[server].serve(size / c.BANDWIDTH.value)
        # Nothing else waits for the node, so that its steps are one.
        yield self.env.timeout(c.NETWORK.sample(self._rng) + c.SYNC_QUIET.value)
        if self.fleet.bundle > INLINE_MOST:
            yield self.env.timeout(self._rng.uniform(0, c.SYNC_SPREAD.value))
            yield from cluster.artifacts.serve(self.fleet.bundle / c.BANDWIDTH.value)
            yield self.env.timeout(2 * c.NETWORK.sample(self._rng))
        yield self.env.timeout(c.SPOOL.sample(self._rng) + c.RELAY.sample(self._rng))
        seen[node] = self.env.now


def event_bytes(bundle: int) -> float:
    """Of one watch event."""
    return c.EVENT_BYTES.value + (bundle if bundle <= INLINE_MOST else 0)


def event_cpu(bundle: int) -> float:
    """Core-seconds of the API server for one watch event to one watcher."""
    return c.EVENT_CPU.value + c.EVENT_CPU_BYTE.value * event_bytes(bundle)
