"""What is busy how much, by the utilisation law: what comes in a second, times what one costs, by what there is."""

from __future__ import annotations

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


def busy(load: Load) -> dict[str, float]:
    """Share of each resource that is in use; above 1 it is too small, and what waits for it grows without end."""
    servers = c.API_SERVERS.value
    fetched = load.bundle if load.bundle > INLINE_MOST else 0
    beats = load.nodes * load.clusters * (1 / c.HEARTBEAT_S.value + load.applied_per_s)
    return {
        "watches: API server cores": api_cores(load) / (servers * c.API_CORES.value),
        "watches: API server network": bytes_per_s(load) / (servers * c.BANDWIDTH.value),
        "watches: API server memory": load.nodes * c.WATCH_MEMORY.value / (servers * c.API_MEMORY.value),
        "artifacts: source-controller network": load.nodes * load.applied_per_s * fetched / c.BANDWIDTH.value,
        HEARTBEATS: beats * c.HEARTBEAT_CPU.value / c.CONTROL_CORES.value,
    }


def most_nodes(load: Load) -> dict[str, float]:
    """For each resource, the nodes of a cluster at which it is busy all the time; those that are not used are left out.

    All of it is proportional to the nodes.
    """
    one = busy(replace(load, nodes=1))
    return {name: 1 / share for name, share in one.items() if share > 0}


def first(load: Load) -> tuple[str, float]:
    """On the way of a value: what is busiest, and how much."""
    shares = {name: share for name, share in busy(load).items() if name != HEARTBEATS}
    name = max(shares, key=lambda one: shares[one])
    return name, shares[name]
