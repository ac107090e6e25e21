"""When Python's garbage collector may run.

Tickets and requests end by reference counting. What the collector is there for is rings of references, which failed
requests leave now and then, and it finds them by walking through all that lives: with 400,000 tickets that is a pause
of some 100 ms, and by default one comes each time the number of objects has grown by a quarter.
So the young are looked through as ever, if less often, and all objects only now and then.
"""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE = 20_000, 50
_NEVER = 1_000_000_000
_FEW = 20_000
"""Open tickets that a full collection may stop for: some milliseconds."""
_SOON_S, _LATE_S = 60.0, 3600.0


class Collector:
    """`step` is to be called now and then; it may stop everything for as long as a full collection takes."""

    def __init__(self, now: float) -> None:
        # What is there now lives as long as the process: it need not be looked at again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
        self._last = now

    def step(self, open_tickets: int, now: float) -> None:
        """Collects everything once a minute while few tickets are open, and once an hour however many there are."""
        waited = now - self._last
        if waited < _SOON_S or (open_tickets > _FEW and waited < _LATE_S):
            return
        gc.collect()
        self._last = now
