"""What a node says of itself to a control plane: read from its snapshot directory, sent over HTTP again and again."""

from __future__ import annotations

import json
import logging
import random
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import configedge
from configedge.bundle import BundleError
from configedge.control.fleet import INTERVAL_S, MAX_PROBLEMS, STATES, Heartbeat
from configedge.sync.server import Server, SyncError, one_line

log = logging.getLogger(__name__)

PATH: Final = "/v1/fleet/heartbeats"

LEAST_S: Final = 1.0
"""Seconds between heartbeats at least, whatever a control plane says; and at most."""
MOST_S: Final = 600.0

_BACKOFF_S = 60.0
# Publishes that come quicker than this are told as one.
_GAP_S = 0.2
_JITTER = (0.9, 1.1)
# Longest wait in one piece: how late a snapshot directory that was not there is noticed.
_SLICE_S = 0.5
# The relay's own heartbeat comes once a second.
_SILENT_S = 5.0
# How long after a publish, or a refusal, the relay may need to write its status.
_STATUS_S = 0.2
# What it writes there while it says in the snapshot directory that this may be behind.
_STALE = ("degraded", "held")
_MAX_STATUS = 16 << 20
_VERSION = re.compile(r"[A-Za-z0-9.+_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """What a node calls itself. Raises SyncError."""

    node: str
    environment: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        try:
            Heartbeat.read(_heartbeat(self, 0, "", "empty", (), 0.0, "").body(), 0.0)
        except BundleError as error:
            raise SyncError("; ".join(f"--{p.key}: {p.message}; {p.hint}" for p in error.problems)) from None
        except UnicodeError:
            raise SyncError("--node, --environment and --region are plain ASCII; give other names") from None


class Node:
    """The snapshot directory of a node, looked at from outside."""

    def __init__(self, out: Path, names: Names) -> None:
        self._out = out
        self._names = names
        self._reader: configedge.Reader | None = None

    def look(self) -> Heartbeat:
        """What it serves now, and what its relay says of that."""
        reader, why = self._open()
        if reader is None:
            status = self._status(0)
            return _heartbeat(self._names, 0, "", "empty", (why, *_problems(status)), 0.0, _version(status))
        health, snapshot = reader.health(), reader.snapshot()
        # One that ended does not say.
        stale = None if health.relay_state == "stopped" else health.relay_state == "stale"
        status = self._status(snapshot.generation, stale)
        # Built is what is known of a snapshot alone; it is published within milliseconds.
        published_at = _published_at(status, snapshot.generation) or snapshot.created_at
        problems, state = _problems(status), status.get("state")
        if health.relay_silent_for > _SILENT_S:
            state, problems = "silent", [f"the relay is silent for {health.relay_silent_for:.0f} s", *problems]
        elif state not in STATES:
            state = "degraded" if health.relay_state == "stale" else "ok"
        version = _version(status)
        return _heartbeat(self._names, snapshot.generation, snapshot.commit, state, problems, published_at, version)

    def wait(self, generation: int, seconds: float) -> None:
        """Sleeps for so long, or until it serves another generation."""
        reader, _ = self._open()
        if reader is None:
            time.sleep(seconds)
        else:
            reader.wait(generation, seconds)

    def generation(self) -> int:
        """The generation that it serves now, 0 if none."""
        return self._reader.generation if self._reader is not None else 0

    def stale(self) -> bool:
        """Whether its relay refuses something now, or is held."""
        reader, _ = self._open()
        return reader is not None and reader.health().relay_state == "stale"

    def _open(self) -> tuple[configedge.Reader | None, str]:
        if self._reader is None:
            try:
                self._reader = configedge.open(self._out)
            except configedge.OpenError as error:
                return None, str(error)
        return self._reader, ""

    def _status(self, generation: int, stale: bool | None = None) -> dict[str, Any]:
        """What the relay says; it may still be about to say it of this generation, and of what it refuses.

        Empty if it says nothing.
        """
        deadline = time.monotonic() + _STATUS_S
        while True:
            status = self._read_status()
            current = status.get("generation", 0) == generation and stale in (None, status.get("state") in _STALE)
            if current or time.monotonic() > deadline or not status:
                return status
            time.sleep(0.01)

    def _read_status(self) -> dict[str, Any]:
        try:
            with (self._out / "status.json").open("rb") as file:
                status = json.loads(file.read(_MAX_STATUS))
        except (OSError, ValueError, RecursionError):
            return {}
        return status if isinstance(status, dict) else {}


class Reporter:
    """Sends a node's heartbeats as often as the control plane says, and when its generation changes or refusals come
    or go.

    One that does not say gets them every `interval` seconds; in either case give or take a tenth. As a context manager
    it does so in a thread of its own, whatever happens. After an error, which is said once, it waits longer and longer,
    up to a minute.
    """

    def __init__(self, node: Node, server: Server, interval: float) -> None:
        self._node = node
        self._server = server
        self._interval = interval
        self._pause_s = interval
        # Also of a change nothing is told sooner after a heartbeat.
        self._gap_s = _GAP_S
        # The generation, and whether the relay refused something.
        self._told = (0, False)
        self._failures = 0
        self._problem: str | None = "nothing is reported yet"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name="report", daemon=True)

    def once(self) -> None:
        """Sends one heartbeat. Raises SyncError."""
        # Before the look: what comes meanwhile is told once more, and not missed.
        stale = self._node.stale()
        heartbeat = self._node.look()
        self._told = (heartbeat.generation, stale)
        next_s = wanted(self._server.post(PATH, heartbeat.body()))
        self._pause_s = self._interval if next_s is None else next_s
        # What all nodes have in one moment is not told in one, where that is more than the control plane can take.
        self._gap_s = _GAP_S if next_s is None else max(_GAP_S, _JITTER[0] * (next_s - INTERVAL_S))

    def run(self) -> None:
        """Works until `stop`."""
        while not self._stopping.is_set():
            if self._try():
                self._stopping.wait(self._gap_s)
                self._sleep(self._pause_s * random.uniform(*_JITTER) - self._gap_s)
            else:
                # A control plane that comes back is not to be met by all nodes at once.
                longest = min(max(_BACKOFF_S, self._pause_s), self._pause_s * 2 ** min(self._failures, 10))
                self._stopping.wait(longest * random.uniform(0.5, 1.0))

    def stop(self) -> None:
        self._stopping.set()

    def _try(self) -> bool:
        try:
            self.once()
        except Exception as error:
            self._failures += 1
            problem = str(error) if isinstance(error, SyncError) else f"{type(error).__name__}; this is a defect"
            # Said once, however often it is tried.
            if problem != self._problem:
                log.error("not reported, services read on: %s", problem)
            self._problem = problem
            return False
        if self._problem is not None:
            log.info("reporting to %s", self._server.address)
        self._failures, self._problem = 0, None
        return True

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stopping.is_set() and (self._node.generation(), self._node.stale()) == self._told:
            if (left := deadline - time.monotonic()) <= 0:
                return
            self._node.wait(self._told[0], min(left, _SLICE_S))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        # A control plane that hangs must not hold up the end of the process.
        self._thread.join(timeout=1.0)


def wanted(answer: Mapping[str, Any]) -> float | None:
    """After how many seconds a control plane wants the next heartbeat, within reason; None if it does not say."""
    next_s = answer.get("next_s")
    # What is no number at all, as JSON of Python's kind can have it, is not above 0 either.
    if isinstance(next_s, bool) or not isinstance(next_s, int | float) or not next_s > 0:
        return None
    return float(min(max(next_s, LEAST_S), MOST_S))


def _heartbeat(
    names: Names,
    generation: int,
    commit: str,
    state: str,
    problems: Sequence[str],
    published_at: float,
    version: str,
) -> Heartbeat:
    return Heartbeat(
        names.node,
        names.environment,
        names.region,
        generation,
        commit,
        state,
        tuple(one_line(text) for text in problems[:MAX_PROBLEMS]),
        published_at,
        time.time(),
        version,
    )


def _problems(status: dict[str, Any]) -> list[str]:
    """Where something is wrong and of which kind. The relay's own words stay on the node: they can hold a value."""
    found: list[str] = []
    bundles = status.get("bundles")
    for part in (status, *(bundles if isinstance(bundles, list) else ())):
        problems = part.get("problems") if isinstance(part, dict) else None
        for problem in problems if isinstance(problems, list) else ():
            if isinstance(problem, dict):
                place = ":".join(str(problem[name]) for name in ("file", "line") if problem.get(name))
                words = (place, str(problem.get("key") or ""), str(problem.get("code") or "refused"))
                found.append(": ".join(word for word in words if word))
    return found


def _published_at(status: dict[str, Any], generation: int) -> float:
    """When the relay made this generation readable, 0 if it does not say."""
    timings = status.get("timings")
    at = timings.get("published_at_ns") if isinstance(timings, dict) else None
    return at / 1e9 if status.get("generation") == generation and isinstance(at, int) else 0.0


def _version(status: dict[str, Any]) -> str:
    version = status.get("version")
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else configedge.__version__
