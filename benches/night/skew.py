"""For how long two nodes decide by different weights after a push."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import configedge
from benches.night import ours
from benches.night.runs import values
from benches.night.traffic import Generator, Request, Traffic
from benches.veltrix import Overlay, system
from configedge.watch import Change

# What the operator does that night: players of this region are to go elsewhere.
REGION, WEIGHT = "eu-west-1", 3.0
RATE = 100.0
# Until the nodes run, at about; players come before and after; and how long after a timer's end the push comes.
_START_S, _PLAYED_S, _MARGIN_S, _BETWEEN_S = 8.0, 1.0, 0.1, 0.1
_BEFORE_S = _PLAYED_S + 0.5


@dataclass
class Skew:
    """Of one push. Times in s from the push."""

    first_new_s: list[float]
    """By node: the first decision by the new weights."""
    last_old_s: list[float]
    wrong: int
    """Players sent to the region by old weights, after some node decided by the new ones."""

    @property
    def seconds(self) -> float:
        return max(0.0, max(self.last_old_s) - min(self.first_new_s))


def replicas(generator: Generator, timer_s: float, apart_s: float) -> Skew:
    """Two nodes of Veltrix with a replica each, whose timers end so far apart. Raises Missing, ProcessError.

    The push comes right after the second node's timer has ended: the worst moment, and no rare one.
    """
    ends = time.monotonic() + min(_START_S, timer_s)
    overlays = [
        Overlay(ttl_s=timer_s, flush=False, replica=True, phase_s=phase) for phase in (ends + timer_s - apart_s, ends)
    ]

    def next_end() -> float:
        now = time.monotonic() + _BEFORE_S
        return now + (ends - now) % timer_s + _MARGIN_S

    return _veltrix(generator, overlays, next_end, timer_s)


def flushed(generator: Generator) -> Skew:
    """Two nodes of Veltrix as it was. Raises Missing, ProcessError."""
    return _veltrix(generator, [Overlay(), Overlay()], _soon, 0.0)


def _veltrix(generator: Generator, overlays: list[Overlay], when: Callable[[], float], timer_s: float) -> Skew:
    with (
        tempfile.TemporaryDirectory(prefix="configedge-bench-") as root,
        system.running(Path(root), overlays, values(1.0)) as rival,
    ):
        gateways = [node.gateway for node in rival.nodes]
        return _play(generator, gateways, lambda: rival.push(values(WEIGHT, REGION)), when(), timer_s)


def matchmakers(generator: Generator) -> Skew:
    """Two nodes of ConfigEdge. Raises ProcessError."""
    with tempfile.TemporaryDirectory(prefix="configedge-bench-") as root, ours.running(Path(root), 2) as running:
        gateways = [node.gateway for node in running.nodes]
        change = {"regions": {REGION: {"weight": WEIGHT}}}
        return _play(generator, gateways, lambda: running.push(change), _soon(), 0.0)


def _soon() -> float:
    return time.monotonic() + _BEFORE_S


def _play(generator: Generator, gateways: list[str], push: Callable[[], object], at: float, wait_s: float) -> Skew:
    """Plays on all nodes from a while before the push at a monotonic time until a while after all have it."""
    seconds = _PLAYED_S + wait_s + _PLAYED_S
    loads = [
        generator.start(Traffic(gateway, RATE, seconds, 1, at - _PLAYED_S, seed=node))
        for node, gateway in enumerate(gateways)
    ]
    time.sleep(max(0.0, at - time.monotonic()))
    began = time.monotonic()
    push()
    return _seen([load.result() for load in loads], began)


def _seen(nodes: list[list[Request]], pushed: float) -> Skew:
    new, old, decided = [], [], []
    for number, requests in enumerate(nodes):
        before = max(request.generation for request in requests if request.ended < pushed)
        matched = [request for request in requests if request.state == "assigned"]
        new.append(min([request.ended for request in matched if request.generation > before], default=0.0) - pushed)
        old.append(max(request.ended for request in matched if request.generation <= before) - pushed)
        decided += [request for request in matched if request.generation <= before]
        if new[-1] < 0:
            raise SystemExit(f"node {number} never decided by the push: the bench waits too short")
    since = min(new) + pushed
    return Skew(new, old, sum(one.region == REGION and one.ended > since for one in decided))


def readers(nodes: int, pushes: int) -> list[tuple[float, float]]:
    """For each push: ms until the first of so many nodes read it, and until the last one. Raises ProcessError."""
    seen: list[dict[str, int]] = [{} for _ in range(nodes)]
    with ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="configedge-bench-"))
        running = stack.enter_context(ours.running(Path(root), nodes, matchmakers=False))
        for node, commits in zip(running.nodes, seen, strict=True):
            watch = stack.enter_context(configedge.open(node.snapshots, wait=20).watch("matchmaking"))
            threading.Thread(target=_follow, args=(watch, commits), daemon=True).start()
        found = []
        for number in range(pushes + 1):
            time.sleep(_BETWEEN_S)
            began = time.monotonic_ns()
            commit = running.push({"regions": {REGION: {"weight": 1.0 + 0.01 * (number + 1)}}})
            ours.until(f"commit {commit} on all nodes", lambda wanted=commit: all(wanted in one for one in seen))
            times = [(one[commit] - began) / 1e6 for one in seen]
            found.append((min(times), max(times)))
    # The first one finds all that is started cold.
    return found[1:]


def _follow(watch: Iterable[Change], commits: dict[str, int]) -> None:
    for change in watch:
        commits[change.commit] = time.monotonic_ns()
