"""From a push until every local reader can read it."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benches.headline.watchers import table
from benches.night import ours
from benches.night.runs import values
from benches.propagation import relay_status
from benches.veltrix import redis
from configedge.cli.processes import Service
from matchmaker.core.settings import BUNDLE

READERS = (1, 10, 100)
_BETWEEN_S, _PATIENCE_S = 0.05, 30.0
# The example's own is 2, and the first push has to be a change.
_FIRST = 3


@dataclass
class Found:
    """In ms, a value a push."""

    all_ms: dict[int, list[float]] = field(default_factory=dict)
    """By the number of readers: until the last one could read it."""
    last_hop_ms: dict[int, list[float]] = field(default_factory=dict)
    """Of that, from the begin of the relay's publish on."""
    request_ms: list[float] = field(default_factory=list)
    commit_ms: list[float] = field(default_factory=list)


def of_configedge(pushes: int, show: Callable[[str], None]) -> Found:
    """By REST: a durable commit, export, relay, snapshot. Raises ProcessError."""
    found = Found()
    with (
        tempfile.TemporaryDirectory(prefix="configedge-bench-") as root,
        ours.running(Path(root), matchmakers=False) as running,
    ):
        snapshots = running.nodes[0].snapshots
        for readers in READERS:
            show(f"push -> visible, ConfigEdge, {readers} readers")
            all_ms, hops = [], []
            with watching("configedge", str(snapshots), readers, Path(root)) as seen:
                for number in range(_FIRST, _FIRST + pushes + 1):
                    began = time.time_ns()
                    commit = running.push({"limits": {"retry_after_s": number}})
                    until = last(seen, number)
                    all_ms.append((until - began) / 1e6)
                    timings = relay_status(snapshots, commit)["timings"]
                    # Publishing wakes the readers, and is over when some of them have read already.
                    hops.append((until - timings["published_at_ns"]) / 1e6 + timings["publish_us"] / 1e3)
                    time.sleep(_BETWEEN_S)
                # The next ones begin with another value, so that each push is a change.
                running.push({"limits": {"retry_after_s": 1}})
            found.all_ms[readers], found.last_hop_ms[readers] = all_ms[1:], hops[1:]
        found.request_ms, found.commit_ms = running.request_ms[1:], running.commit_ms[1:]
    return found


def of_redis(pushes: int, show: Callable[[str], None]) -> Found:
    """By the script: written and published in one step, nothing on disk. Raises Missing, ImportError, ProcessError."""
    found = Found()
    with tempfile.TemporaryDirectory(prefix="configedge-bench-") as root, redis.running(Path(root)) as server:
        for readers in READERS:
            show(f"push -> visible, Redis, {readers} readers")
            all_ms = []
            with watching("redis", str(server.port), readers, Path(root)) as seen:
                for number in range(_FIRST, _FIRST + pushes + 1):
                    changed = values(1.0)
                    changed["limits"]["retry_after_s"] = number
                    began = time.time_ns()
                    redis.push(server.client, BUNDLE, changed)
                    all_ms.append((last(seen, number) - began) / 1e6)
                    time.sleep(_BETWEEN_S)
            found.all_ms[readers] = all_ms[1:]
    return found


@contextmanager
def watching(way: str, at: str, readers: int, root: Path) -> Iterator[Callable[[int], list[int]]]:
    file = root / f"seen-{readers}"
    seen = table(file, readers)
    command = [sys.executable, "-m", "benches.headline.watchers", way, at, str(readers), str(file)]
    service = Service("readers", command, root / "readers.log")
    try:
        service.ready()
        last(seen, 0)
        # All of them wait; this is for them to be asleep.
        time.sleep(_BETWEEN_S)
        yield seen
    finally:
        service.stop()


def last(seen: Callable[[int], list[int]], number: int) -> int:
    """When the last reader could read that push, in ns since the epoch; push 0 is that it waits for the others."""
    deadline = time.monotonic() + _PATIENCE_S
    while not all(times := seen(number)):
        if time.monotonic() > deadline:
            raise SystemExit(f"push {number} reached {sum(map(bool, times))} of {len(times)} readers only")
        # Not too often: the readers need the processor.
        time.sleep(0.002)
    return max(times)
