"""What the control plane counts, for Prometheus. Every set of labels is bounded, whatever callers send."""

from __future__ import annotations

import logging
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from configedge.control.fairness import Limit, Waiting

log = logging.getLogger(__name__)

Queue = Literal["write", "try"]

_NAMESPACE = "configedge_control"
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"})
_CODE = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}", re.ASCII)
_OTHER = "other"
# Routes and problem codes are few; policies bring codes of their own, and these may be many.
_MOST_ROUTES = 200
_MOST_REASONS = 100

COMMIT_BUCKETS: Final = (0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.017, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where gauges come from: asked at each scrape, so they have to be quick. None: the process has no such part.

    One that raises leaves its gauge out and is logged once.
    """

    fleet: Callable[[], Mapping[str, Any]] | None = None
    """As `fleet.summary` gives it."""
    repository_ok: Callable[[], bool] | None = None
    loose_objects: Callable[[], int] | None = None
    audit_entries: Callable[[], int] | None = None
    proposals_open: Callable[[], int] | None = None
    subscribers: Callable[[], int] | None = None
    """Those that watch by SSE."""
    waiting_nodes: Callable[[], int] | None = None
    """Those that wait to be told of a newer commit."""
    queues: Callable[[], Mapping[Queue, Waiting]] | None = None
    """What waits for its turn, by queue."""
    receiver_hints: Callable[[], Mapping[str, int]] | None = None
    """What became of the hints to the Flux Receiver: `told`, `failed`."""


class Metrics:
    """The metrics of one application, in a registry of its own. Safe to call from any thread."""

    def __init__(self, version: str, sources: Sources = Sources()) -> None:
        self._registry = CollectorRegistry()
        self._routes: set[str] = set()
        self._reasons: set[str] = set()

        def histogram(name: str, said: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(name, said, labels, _NAMESPACE, registry=self._registry, buckets=buckets)

        def counter(name: str, said: str, *labels: str) -> Counter:
            return Counter(name, said, labels, _NAMESPACE, registry=self._registry)

        self._commits = histogram("commit_seconds", "Time to make a commit, until it is on disk.", COMMIT_BUCKETS)
        self._requests = histogram(
            "request_seconds", "Time to answer a request.", REQUEST_BUCKETS, "method", "route", "status"
        )
        self._rejected = counter("rejected", "Requests that were refused, by the code of the problem.", "reason")
        self._retries = counter("retries", "Attempts to commit that were made again, as the branch had moved.")
        self._conflicts = counter("conflicts", "Writes that were refused, as the bundle had changed since.")
        self._queued = histogram(
            "queue_wait_seconds", "Time that a write, or a trial of one, waited for its turn.", REQUEST_BUCKETS, "queue"
        )
        self._crowded = counter(
            "queue_refused",
            "Those that were refused, as too many of the subject, or in total, waited.",
            "queue",
            "limit",
        )
        self._registry.register(_Gauges(version, sources))
        ProcessCollector(registry=self._registry)

    def commit(self, seconds: float) -> None:
        """A commit was made."""
        self._commits.observe(seconds)

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """A request was answered. `route` is the template, as in `/v1/bundles/{namespace}/{name}`; None if none."""
        self._requests.labels(
            method if method in _METHODS else _OTHER,
            _bounded(route, self._routes, _MOST_ROUTES) if route is not None else "none",
            f"{status // 100}xx" if 100 <= status < 600 else _OTHER,
        ).observe(seconds)

    def rejected(self, code: str) -> None:
        """A request was refused with a problem of this code."""
        self._rejected.labels(_bounded(code, self._reasons, _MOST_REASONS) if _CODE.fullmatch(code) else _OTHER).inc()

    def retried(self, times: int = 1) -> None:
        """A commit had to be tried again."""
        self._retries.inc(times)

    def conflicted(self) -> None:
        """A write was based on what is no longer there."""
        self._conflicts.inc()

    def queued(self, queue: Queue, seconds: float) -> None:
        """Something got its turn after so long."""
        self._queued.labels(queue).observe(seconds)

    def crowded(self, queue: Queue, limit: Limit) -> None:
        """Something was not let wait."""
        self._crowded.labels(queue, limit).inc()

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The text of a scrape and its content type: OpenMetrics if the Accept header asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Gauges(Collector):
    """What is looked at only when somebody asks."""

    def __init__(self, version: str, sources: Sources) -> None:
        self._build = {"version": version, "python": platform.python_version()}
        self._sources = sources
        self._silent: set[str] = set()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        # Without it the registry would ask the sources now.
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        build = GaugeMetricFamily(f"{_NAMESPACE}_build_info", "What runs here.", labels=tuple(self._build))
        build.add_metric(tuple(self._build.values()), 1)
        yield build
        fleet = self._ask("fleet")
        if fleet is not None:
            nodes = GaugeMetricFamily(
                f"{_NAMESPACE}_fleet_nodes",
                "Nodes that serve all of the tip (ready), do not (behind), are silent (lost).",
                labels=("state",),
            )
            for state in ("ready", "behind", "lost"):
                nodes.add_metric((state,), fleet[state])
            yield nodes
            if fleet["worst_lag_s"] is not None:
                yield _gauge(
                    "fleet_worst_lag_seconds", "How long the worst node is without the tip.", fleet["worst_lag_s"]
                )
        for name, source, said in (
            ("repository_ok", "repository_ok", "Whether the repository can be read and written (1) or not (0)."),
            ("loose_objects", "loose_objects", "Objects in the repository that are not packed."),
            ("proposals_open", "proposals_open", "Changes that wait for approval."),
            ("sse_subscribers", "subscribers", "Clients that watch for changes."),
            ("waiting_nodes", "waiting_nodes", "Nodes that wait to be told of a newer commit."),
        ):
            value = self._ask(source)
            if value is not None:
                yield _gauge(name, said, value)
        yield from self._waiting()
        entries = self._ask("audit_entries")
        if entries is not None:
            yield CounterMetricFamily(f"{_NAMESPACE}_audit_entries", "Entries in the audit.", entries)
        hints = self._ask("receiver_hints")
        if hints is not None:
            told = CounterMetricFamily(
                f"{_NAMESPACE}_receiver_hints",
                "Commits that the Flux Receiver was told of (told), or could not be (failed).",
                labels=("outcome",),
            )
            for outcome in ("told", "failed"):
                told.add_metric((outcome,), hints[outcome])
            yield told

    def _waiting(self) -> Iterator[GaugeMetricFamily]:
        queues = self._ask("queues")
        if queues is None:
            return
        for name, of, said in (
            ("queue_waiting", "work", "Writes, and trials of some, that wait for their turn."),
            ("queue_subjects", "subjects", "Whose those are: how many subjects take turns."),
        ):
            gauge = GaugeMetricFamily(f"{_NAMESPACE}_{name}", said, labels=("queue",))
            for queue, waiting in queues.items():
                gauge.add_metric((queue,), getattr(waiting, of))
            yield gauge

    def _ask(self, name: str) -> Any:
        source = getattr(self._sources, name)
        if source is None:
            return None
        try:
            value = source()
        except Exception as error:
            if name not in self._silent:
                log.warning("the metric %s is left out: %s", name, error)
            self._silent.add(name)
            return None
        self._silent.discard(name)
        return value


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_NAMESPACE}_{name}", said, value)


def _bounded(label: str, seen: set[str], most: int) -> str:
    """The label, or a common one for those that come when there are many already."""
    if label not in seen:
        if len(seen) >= most:
            return _OTHER
        seen.add(label)
    return label
