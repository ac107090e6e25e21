"""What was seen of a night, each 100 ms, and what it comes to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benches.night.traffic import Request
from benches.report import percentile

STEP_S = 0.1


@dataclass
class Point:
    """100 ms, all pushes together. `t` in s from the push; latencies in ms from due to the end; counts are a push's."""

    t: float
    p50_ms: float
    p99_ms: float
    requests: float
    errors: float
    in_flight: float
    """Requests that nobody has answered yet."""
    calls: float = 0.0
    """To the configuration service; with `retries` among them."""
    retries: float = 0.0
    misses: float = 0.0
    """Calls that the cache had nothing for."""
    loads: float = 0.0
    """Of these, what went on to Redis and upstream."""


@dataclass
class Push:
    """One push, and the quiet part before it that it is compared with. Latencies in ms.

    P50 and P99 are from due to the end: a match, or a refusal. `answer` is to the first answer, that it is queued.
    """

    quiet_p50: float
    quiet_p99: float
    quiet_answer_p99: float
    p50: float
    p99: float
    answer_p99: float
    errors: float
    """In percent of the requests."""
    quiet_errors: float
    most_in_flight: int
    first_new_s: float | None
    """From the push to the first decision by it; None if there was none in its part."""
    last_old_s: float | None
    """To the last decision by what was before, if there was a new one."""
    counted: dict[str, float]
    """What the rival's counters grew by."""


@dataclass
class Night:
    """A system's night: the requests of all parts, the times of the pushes, and counters by monotonic time."""

    requests: list[Request]
    pushes: list[float]
    part_s: float
    counters: list[list[dict[str, float]]]

    def timeline(self) -> list[Point]:
        """From one part before a push until one part after it."""
        steps = round(self.part_s / STEP_S)
        bins: dict[int, list[Request]] = {step: [] for step in range(-steps, steps)}
        for push in self.pushes:
            for request in self.requests:
                step = int((request.due - push) // STEP_S)
                if step in bins:
                    bins[step].append(request)
        points = []
        for step, found in bins.items():
            ms = [request.ms for request in found] or [0.0]
            ends = [push + (step + 1) * STEP_S for push in self.pushes]
            point = Point(
                round(step * STEP_S, 3), percentile(ms, 0.5), percentile(ms, 0.99), len(found) / len(ends),
                sum(request.state == "refused" for request in found) / len(ends),
                sum(self.in_flight(end) for end in ends) / len(ends),
            )  # fmt: skip
            for name in ("calls", "retries", "misses", "loads"):
                grown = sum(self.grown(name, end - STEP_S, end) for end in ends) / len(ends)
                setattr(point, name, grown)
            points.append(point)
        return points

    def each_push(self) -> list[Push]:
        return [self._push(at) for at in self.pushes]

    def _push(self, at: float) -> Push:
        quiet = self.part(at - self.part_s)
        after = self.part(at)
        before = max((request.generation for request in quiet if request.ended < at), default=0)
        new = [request.ended - at for request in after if request.generation > before]
        old = [request.ended - at for request in after if 0 < request.generation <= before]
        counted = {
            name: self.grown(name, at, at + self.part_s) for name in ("calls", "retries", "misses", "loads", "timeouts")
        }
        steps = [at + step * STEP_S for step in range(round(self.part_s / STEP_S))]
        return Push(
            *_percentiles(quiet), *_percentiles(after), _errors(after), _errors(quiet),
            max(self.in_flight(step) for step in steps), min(new, default=None),
            max(old, default=None) if new else None, counted,
        )  # fmt: skip

    def part(self, begin: float) -> list[Request]:
        """The requests that were due in the part that begins then."""
        return [request for request in self.requests if begin <= request.due < begin + self.part_s]

    def in_flight(self, at: float) -> int:
        return sum(request.due <= at and not 0 < (request.answered or request.ended) <= at for request in self.requests)

    def grown(self, name: str, since: float, until: float) -> float:
        """By how much a counter grew, all its processes together."""
        return sum(_at(lines, name, until) - _at(lines, name, since) for lines in self.counters)

    def content(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "timeline": [asdict(point) for point in self.timeline()],
            "pushes": [asdict(push) for push in self.each_push()],
        }


def _percentiles(requests: Sequence[Request]) -> tuple[float, float, float]:
    ms = [request.ms for request in requests]
    answers = [((request.answered or request.ended) - request.due) * 1e3 for request in requests]
    return percentile(ms, 0.5), percentile(ms, 0.99), percentile(answers, 0.99)


def _errors(requests: Iterable[Request]) -> float:
    states = [request.state for request in requests]
    return 100 * states.count("refused") / len(states)


def _at(lines: Sequence[dict[str, float]], name: str, when: float) -> float:
    """A counter as it was then, between two samples in proportion."""
    at = bisect_right(lines, when, key=lambda line: line["t"])
    if at == 0 or not lines:
        return 0.0
    before = lines[at - 1]
    if at == len(lines):
        return before.get(name, 0.0)
    after = lines[at]
    share = (when - before["t"]) / (after["t"] - before["t"])
    return before.get(name, 0.0) + share * (after.get(name, 0.0) - before.get(name, 0.0))
