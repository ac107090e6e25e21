"""The mirror at work: the control plane's commits, one by one, and again from where it was."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from configedge.bundle import BundlePath
from configedge.cli.client import Client, ClientError, Refused, url
from configedge.cli.events import Event, follow
from configedge.migrate.harvest import SourceError
from configedge.migrate.map import LegacyMap
from configedge.migrate.mirror import Applied, Mirror

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 15.0


class Metrics:
    """What a mirror counts, for Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "configedge_mirror"
        self.commits = Counter("commits", "Commits that are in Redis.", namespace=name, registry=registry)
        self.writes = Counter("writes", "Keys and hash fields written.", namespace=name, registry=registry)
        self.deletes = Counter("deletes", "Keys and hash fields deleted.", namespace=name, registry=registry)
        self.foreign = Counter(
            "foreign_changes", "Values that somebody else had changed in Redis.", namespace=name, registry=registry
        )
        self.failures = Counter(
            "failures", "Times that a commit could not be written.", namespace=name, registry=registry
        )
        self.problems = Gauge(
            "problems", "What the last commits left unwritten: see the log.", namespace=name, registry=registry
        )
        self.last = Gauge(
            "last_commit_lag_seconds",
            "From the last commit, whose time is in whole seconds, to Redis.",
            namespace=name,
            registry=registry,
        )
        waits = Gauge("lag_seconds", "How long a commit waits; 0: none does.", namespace=name, registry=registry)
        self._waiting_since = 0.0
        waits.set_function(self._lag)

    def waiting(self, since: float) -> None:
        """A commit of that time (Unix seconds) is to be written; 0: none is."""
        self._waiting_since = since

    def _lag(self) -> float:
        return max(0.0, time.time() - self._waiting_since) if self._waiting_since else 0.0


class Follower:
    """Writes what commits say of the map's bundles, for nodes of one environment and region (`layer`)."""

    def __init__(
        self,
        client: Client,
        mirror: Mirror,
        legacy: LegacyMap,
        environment: str | None,
        region: str | None,
        metrics: Metrics,
        told: Callable[[Applied, float, float], None],
    ) -> None:
        self._client = client
        self._mirror = mirror
        self._bundles = legacy.bundles()
        self._asked = {"environment": environment, "region": region}
        self._metrics = metrics
        self._told = told
        self._last = ""

    def once(self, dry_run: bool = False) -> Applied:
        """Makes Redis say what the newest commit says. Raises SourceError and ClientError."""
        newest = next(self._client.items("/v1/history", most=1), None)
        if newest is None:
            raise SourceError("the control plane has no commit yet; import first")
        return self._sync(newest["commit"], float(newest["time"]), dry_run)

    def run(self) -> None:
        """Goes on until the process ends. Raises ClientError if the control plane cannot be watched at all."""
        self._last = self._until_done(0.0, self._mirror.state).commit
        for event in follow(self._client, _lost, since=self._last):
            if event.kind in ("hello", "reset"):
                self._until_done(0.0, partial(self._sync, event.data["commit"], time.time()))
            elif event.kind == "commit":
                at = float(event.data["time"])
                self._until_done(at, partial(self._commit, event, at))

    def _commit(self, event: Event, at: float) -> Applied:
        if self._mirror.state().commit != self._last:
            # Somebody emptied that Redis, or it came back as it was before.
            return self._sync(event.commit, at)
        begun = time.monotonic()
        changed = {(one["namespace"], one["name"]) for one in event.data["changes"]}
        bundles = [path for path in self._bundles if (path.namespace, path.name) in changed]
        values, unknown = self._values(bundles, event.commit)
        return self._done(self._mirror.apply(event.commit, at, values), begun, at, unknown)

    def _sync(self, commit: str, at: float, dry_run: bool = False) -> Applied:
        begun = time.monotonic()
        values, unknown = self._values(self._bundles, commit)
        applied = self._mirror.apply(commit, at, values, whole=True, dry_run=dry_run)
        return applied if dry_run else self._done(applied, begun, at, unknown)

    def _done(self, applied: Applied, begun: float, at: float, unknown: list[str]) -> Applied:
        applied.problems += unknown
        self._last = applied.commit
        lag = max(0.0, time.time() - at)
        self._metrics.commits.inc()
        self._metrics.writes.inc(len(applied.written))
        self._metrics.deletes.inc(len(applied.deleted))
        self._metrics.foreign.inc(len(applied.foreign))
        self._metrics.problems.set(len(applied.problems))
        self._metrics.last.set(lag)
        self._told(applied, time.monotonic() - begun, lag)
        return applied

    def _values(self, bundles: Iterable[BundlePath], commit: str) -> tuple[dict[BundlePath, dict[str, Any]], list[str]]:
        """What nodes get of each; and which were never there: a wrong control plane must not empty Redis."""
        values, unknown = dict[BundlePath, dict[str, Any]](), list[str]()
        for path in bundles:
            found = self._client.maybe(f"{url(path)}/effective", at=commit, **self._asked)
            if found is not None:
                values[path] = found["values"]
            elif (history := self._client.maybe(f"{url(path)}/history", limit=1)) and history["items"]:
                # It was there, so it is deleted.
                values[path] = {}
            else:
                unknown.append(
                    f"there is no {path}, and never was at this control plane: its keys are left as they are"
                )
        return values, unknown

    def _until_done(self, at: float, work: Callable[[], Any]) -> Any:
        """Its result; while Redis or the control plane is away it is tried again."""
        failures = 0
        self._metrics.waiting(at)
        while True:
            try:
                done = work()
            except (SourceError, ClientError) as error:
                if isinstance(error, Refused) and error.status < 500 and error.status != 429:
                    raise
                failures += 1
                self._metrics.failures.inc()
                if failures == 1:
                    log.error("%s; trying again", error)
                time.sleep(random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**failures))
                continue
            if failures:
                log.info("it works again")
            self._metrics.waiting(0.0)
            return done


def _lost(why: str | None) -> None:
    if why is None:
        log.info("connected to the control plane again")
    else:
        log.warning("the connection to the control plane is lost (%s); trying again", why)
