"""How often one client may ask: so many at once, and so many a second for as long as it goes on."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

_MOST = 10_000


class TooOften(Exception):
    """The client asks more often than it may."""

    def __init__(self, what: str, limit: float, wait_s: float) -> None:
        self.retry_after_s = max(1, math.ceil(wait_s))
        super().__init__(f"more than {limit:g} {what} a second; slow down, and try again in {self.retry_after_s} s")


class Rates:
    """Buckets by client; a second's worth may come at once. Thread-safe. `clock` gives seconds that never go back."""

    def __init__(
        self, writes: float = 200.0, reads: float = 2_000.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = {True: ("writes", writes), False: ("reads", reads)}
        self._clock = clock
        self._lock = Lock()
        self._left: OrderedDict[tuple[str, bool], tuple[float, float]] = OrderedDict()

    def take(self, subject: str, is_write: bool) -> None:
        """Counts one request. Raises TooOften."""
        what, limit = self._limits[is_write]
        if limit <= 0:
            return
        with self._lock:
            now = self._clock()
            left, at = self._left.pop((subject, is_write), (limit, now))
            left = min(limit, left + (now - at) * limit)
            allowed = left >= 1
            self._left[subject, is_write] = (left - 1 if allowed else left, now)
            if len(self._left) > _MOST:
                self._left.popitem(last=False)
        if not allowed:
            raise TooOften(what, limit, (1 - left) / limit)
