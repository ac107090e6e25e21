"""What a Shadow counts, for Prometheus."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from configedge.shadow import Shadow


class _Metrics(Collector):
    """Looked up at each scrape, so that a read of the service costs nothing for it. Does not keep the Shadow alive."""

    def __init__(self, shadow: Shadow) -> None:
        self._owner = weakref.ref(shadow)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        name = "configedge_shadow"
        reads = CounterMetricFamily(f"{name}_reads", "Reads that were compared, by outcome.", labels=["outcome"])
        by_key = CounterMetricFamily(f"{name}_mismatches", "Mismatches by key.", labels=["key"])
        dropped = CounterMetricFamily(f"{name}_dropped", "Sampled reads that were not compared.")
        waiting = GaugeMetricFamily(f"{name}_queue", "Sampled reads that wait to be compared.")
        if (shadow := self._owner()) is not None:
            for outcome, count in shadow.counts.items():
                reads.add_metric([outcome], count)
            for key, count in list(shadow.mismatches.items()):
                by_key.add_metric([key], count)
            dropped.add_metric([], shadow.dropped)
            waiting.add_metric([], shadow.waiting)
        yield from (reads, by_key, dropped, waiting)

    # A registry asks it for names that are taken.
    describe = collect


def register(shadow: Shadow, registry: CollectorRegistry | None) -> None:
    """Raises ValueError if the registry has a Shadow already."""
    (registry or REGISTRY).register(_Metrics(shadow))
