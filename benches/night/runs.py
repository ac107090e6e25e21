"""The same night for each system: steady players, and now and then a push that coincides with a stall upstream."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benches.night import ours
from benches.night.timeline import Night
from benches.night.traffic import Generator, Traffic
from benches.veltrix import SCRIPT_MS, Overlay, system
from benches.veltrix.process import SAMPLE_S, samples
from configedge.cli import example

CONFIGEDGE = "ConfigEdge"
# A region where none of the players live: a push of its weight is a real one that leaves their waits as they are.
REGION = "ap-southeast-2"
_READY_S = 0.6

VELTRIX = (
    Overlay(),
    Overlay("fix 1: TTL of 300 s, no flush", ttl_s=300, flush=False),
    Overlay("fix 2: a replica on each node, timers of 60 s", ttl_s=60, flush=False, replica=True),
    Overlay("fix 3: three instances on one channel", instances=3),
    Overlay("what it never had: stale answers", stale=True),
)


@dataclass(frozen=True)
class Plan:
    rate: float
    part_s: float
    stall_s: float
    pushes: int


@dataclass
class Subject:
    """A system that is ready for the night."""

    gateway: str
    push: Callable[[int], object]
    """The push of that number, with nothing else amiss."""
    strike: Callable[[int, float], None]
    """The push of that number, and a stall of so many seconds: in the order that is worse for the system."""
    counters: list[Path] = field(default_factory=list)


def values(weight: float, region: str = REGION) -> dict[str, Any]:
    """The example bundle with another weight of a region."""
    made: dict[str, Any] = copy.deepcopy(example.document()["spec"]["values"])
    made["regions"][region]["weight"] = weight
    return made


def weight_of(number: int) -> float:
    return 1.1 if number % 2 else 1.2


@contextmanager
def veltrix(overlay: Overlay) -> Iterator[Subject]:
    """Raises Missing, ImportError, ProcessError."""
    with (
        tempfile.TemporaryDirectory(prefix="configedge-bench-") as root,
        system.running(Path(root), [overlay], values(1.0)) as rival,
    ):

        def push(number: int, work_ms: float = 0.0) -> None:
            rival.push(values(weight_of(number)), work_ms)

        def strike(number: int, stall_s: float) -> None:
            rival.stall(stall_s)
            push(number, SCRIPT_MS)

        node = rival.nodes[0]
        yield Subject(node.gateway, push, strike, [node.calls, *node.caches])


@contextmanager
def configedge() -> Iterator[Subject]:
    """Raises ProcessError."""
    with tempfile.TemporaryDirectory(prefix="configedge-bench-") as root, ours.running(Path(root)) as running:

        def push(number: int) -> None:
            running.push({"regions": {REGION: {"weight": weight_of(number)}}})

        def strike(number: int, stall_s: float) -> None:
            push(number)
            # Before, there would be no push: it comes from there.
            running.stall(stall_s)

        yield Subject(running.nodes[0].gateway, push, strike)


def night(subject: Subject, plan: Plan, generator: Generator, tick: Callable[[], None]) -> Night:
    """One part to warm up, then a quiet part and one that begins with a push, in turn. `tick` is called meanwhile."""
    begin = time.monotonic() + _READY_S
    done = generator.start(Traffic(subject.gateway, plan.rate, plan.part_s, 1 + 2 * plan.pushes, begin))
    pushes = [begin + (2 + 2 * number) * plan.part_s for number in range(plan.pushes)]
    for number, at in enumerate(pushes):
        while (left := at - time.monotonic()) > 0:
            time.sleep(min(left, 1.0))
            tick()
        subject.strike(number, plan.stall_s)
    requests = done.result()
    # What the counters say of the end is written by then.
    time.sleep(2 * SAMPLE_S)
    return Night(requests, pushes, plan.part_s, [samples(file) for file in subject.counters])
