"""When there is more to do than can be done: who is refused, and when to come back.

Lag is how long a request waits before it is looked at. A queue in front of a server that keeps up drains now and then,
so what tells is the least lag of each interval (as in CoDel, RFC 8289). When even that is beyond the target, requests
are refused whose own lag is: those of the lowest priority from the target on, each class above from twice the lag on.
So as much is admitted as can be done within the target, and the rest costs next to nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from random import Random
from typing import Final

from mypy_extensions import mypyc_attr

INTERVAL_S: Final = 0.1
CLASSES: Final = 4
# A loop that waits for longer than this before something comes had nothing to do.
_IDLE_S: Final = 0.0002


@mypyc_attr(allow_interpreted_subclasses=True)
class LagController:
    """Refuses while the engine cannot keep up. `admits(priority)` costs an attribute and a comparison."""

    def __init__(self) -> None:
        self.refused_below = 0
        """Priorities below this one are refused now; 0: none is."""
        self.lag_s = 0.0
        """The least of the last interval."""
        self.shedding = False
        """Whether requests that have waited for too long are refused."""
        self.behind_s = 0.0
        """How late the queues are, which is lag of all requests: whoever is admitted waits behind that."""
        self._least = math.inf
        self._longest = 0.0
        self._until = 0.0
        self._refused = False

    def read(self, lag_s: float, target_s: float) -> None:
        """Takes how long the requests that come next have waited, and decides about them."""
        lag_s = max(lag_s, self.behind_s)
        if lag_s > self._longest:
            self._longest = lag_s
        if self.shedding and lag_s > target_s:
            self.refused_below = min(CLASSES, 1 + int(math.log2(lag_s / target_s)))
            self._refused = True
        else:
            self.refused_below = 0

    def observe(self, lag_s: float, target_s: float, now: float) -> None:
        """Takes how late something was that was due; called every few milliseconds, whether anything is read or not."""
        lag_s, self._longest = max(lag_s, self._longest, self.behind_s), 0.0
        if lag_s < self._least:
            self._least = lag_s
        if now >= self._until:
            self.lag_s, self._least = self._least, math.inf
            self._until = now + INTERVAL_S
            # It goes on until a whole interval has passed without need.
            self.shedding = self.lag_s > target_s or (self.shedding and self._refused)
            self._refused = False
        self.read(lag_s, target_s)
        self._longest = 0.0

    def admits(self, priority: int) -> bool:
        return priority >= self.refused_below


class Turns:
    """Since when what is read now may have been waiting: since the loop last looked, unless it was idle until now."""

    def __init__(self, call_soon: Callable[[Callable[[], None]], object]) -> None:
        """`call_soon` calls back before the loop looks for something to read again."""
        self._call_soon = call_soon
        self._began = 0.0
        self._before = 0.0
        self._over = -math.inf
        self._within = False

    def since(self, now: float) -> float:
        """To be asked whenever something has been read."""
        if not self._within:
            self._within = True
            self._call_soon(self._end)
            self._before = now if now - self._over > _IDLE_S else self._began
            self._began = now
        return self._before

    def _end(self) -> None:
        self._within = False
        self._over = time.monotonic()


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
