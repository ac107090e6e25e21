"""What is busy how much, by the utilisation law: what comes in a second, times what one costs, by what there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benches.scaling import constants as c
from benches.scaling.path import INLINE_MOST, event_bytes, event_cpu

HEARTBEATS = "heartbeats: control plane"
"""For the operators' view; nothing on the way of a value waits for them."""


@dataclass(frozen=True)
class Load:
    nodes: int
    """Of one cluster."""
    clusters: int
    bundle: int
    """Bytes of the document that changes."""
    changes_per_s: float

    @property
    def applied_per_s(self) -> float:
        """Flux works on one revision at a time, and skips those that a newer one has replaced."""
        return min(self.changes_per_s, 1 / max(c.FETCH.median, c.APPLY.median))


def events_per_s(load: Load) -> float:
    """Watch events of a cluster, bookmarks among them."""
    return load.nodes * (load.applied_per_s + 1 / c.BOOKMARK_S.value)


def bytes_per_s(load: Load) -> float:
    """Of a cluster's watch events."""
    changes = load.applied_per_s * event_bytes(load.bundle)
    return load.nodes * (changes + c.EVENT_BYTES.value / c.BOOKMARK_S.value)


def api_cores(load: Load) -> float:
    """Cores that watching takes, of all API servers of a cluster."""
    changes = load.applied_per_s * event_cpu(load.bundle)
    return load.nodes * (changes + event_cpu(0) / c.BOOKMARK_S.value + c.WATCH_CPU.value / c.WATCH_S.value)


def heartbeat_s(nodes: int) -> float:
    """Between two heartbeats of each of so many nodes, as the control plane tells them."""
    return min(max(c.HEARTBEAT_S.value, nodes / c.HEARTBEATS.value), c.HEARTBEAT_MOST_S.value)


def heartbeats_per_s(nodes: int, changes_per_s: float) -> float:
    """Of all nodes of a control plane, at most: as they are told, and after changes.

    In a large fleet a node tells of a change no sooner after a heartbeat than `gap_s`: 0.9 times what was added to its
    interval.
    """
    every_s = heartbeat_s(nodes)
    gap_s = 0.9 * (every_s - c.HEARTBEAT_S.value)
    each = 1 / every_s + changes_per_s
    return nodes * (min(each, 1 / gap_s) if gap_s > 0 else each)


def busy(load: Load) -> dict[str, float]:
    """Share of each resource that is in use; above 1 it is too small, and what waits for it grows without end."""
    servers = c.API_SERVERS.value
    fetched = load.bundle if load.bundle > INLINE_MOST else 0
    beats = heartbeats_per_s(load.nodes * load.clusters, load.applied_per_s)
    return {
        "watches: API server cores": api_cores(load) / (servers * c.API_CORES.value),
        "watches: API server network": bytes_per_s(load) / (servers * c.BANDWIDTH.value),
        "watches: API server memory": load.nodes * c.WATCH_MEMORY.value / (servers * c.API_MEMORY.value),
        "artifacts: source-controller network": load.nodes * load.applied_per_s * fetched / c.BANDWIDTH.value,
        HEARTBEATS: beats * c.HEARTBEAT_CPU.value / c.CONTROL_CORES.value,
    }


def most_nodes(load: Load) -> dict[str, float]:
    """For each resource, the nodes of a cluster at which it is busy all the time; those that are not used are left out.

    All of it is proportional to the nodes, but for heartbeats.
    """
    one = busy(replace(load, nodes=1))
    most = {name: 1 / share for name, share in one.items() if share > 0}
    return most | {HEARTBEATS: float(_most_that_report(load))}


def _most_that_report(load: Load) -> int:
    """The first size at which they are too many: a larger fleet can be less work, since it is told to report less."""
    high = next(nodes for nodes in _sizes() if busy(replace(load, nodes=nodes))[HEARTBEATS] > 1)
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if busy(replace(load, nodes=middle))[HEARTBEATS] > 1 else (middle, high)
    return low


def _sizes() -> Iterator[int]:
    """Larger by a twentieth each."""
    nodes = 1
    while True:
        yield nodes
        nodes += nodes // 20 + 1


def first(load: Load) -> tuple[str, float]:
    """On the way of a value: what is busiest, and how much."""
    shares = {name: share for name, share in busy(load).items() if name != HEARTBEATS}
    name = max(shares, key=lambda one: shares[one])
    return name, shares[name]
