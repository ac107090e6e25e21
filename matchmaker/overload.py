"""When there is more to do than can be done: who is refused, and when to come back.

Lag is how long a request waits before it is looked at. A queue in front of a server that keeps up drains now and then,
so what counts is the least lag of each interval (as in CoDel, RFC 8289): if even that is beyond the target, classes of
priority are refused one after the other, the lowest first, until it is not.
"""

from __future__ import annotations

from random import Random

INTERVAL_S = 0.1
CLASSES = 4


class LagController:
    """Refuses while the engine cannot keep up. `admits(priority)` costs an attribute and a comparison."""

    def __init__(self) -> None:
        self.refused_below = 0
        """Priorities below this one are refused now; 0: none is."""
        self.lag_s = 0.0
        """The least of the last interval."""
        self._least = float("inf")
        self._until = 0.0

    def observe(self, lag_s: float, target_s: float, now: float) -> None:
        """Takes how late something was that was due."""
        if lag_s < self._least:
            self._least = lag_s
        if now < self._until:
            return
        self.lag_s, self._least = self._least, float("inf")
        self._until = now + INTERVAL_S
        if self.lag_s > target_s:
            self.refused_below = min(CLASSES, self.refused_below + 1)
        elif self.refused_below:
            self.refused_below -= 1

    def admits(self, priority: int) -> bool:
        return priority >= self.refused_below


class Pace:
    """How quickly tickets leave the queue: what a refused player is told to wait."""

    def __init__(self, seed: int = 1) -> None:
        self._rate = 0.0
        self._counted = 0
        self._since: float | None = None
        self._random = Random(seed)

    def left(self, tickets: int, now: float) -> None:
        self._counted += tickets
        if self._since is None:
            self._since = now
        elif now - self._since >= 1.0:
            rate = self._counted / (now - self._since)
            self._rate = rate if not self._rate else 0.7 * self._rate + 0.3 * rate
            self._counted, self._since = 0, now

    def retry_after_s(self, backlog: int, least_s: float) -> float:
        """Backlog / drain rate, between `least_s` and 60 s, spread by up to a half so that not all return at once."""
        wait = backlog / self._rate if self._rate else least_s
        return round(min(60.0, max(least_s, wait)) * self._random.uniform(1.0, 1.5), 2)
