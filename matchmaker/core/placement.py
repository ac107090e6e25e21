"""Where a ticket is to wait."""

from __future__ import annotations

import msgspec


class Placement(msgspec.Struct, frozen=True, gc=False):
    region: str
    score_ms: float
    """0 if the region was not chosen by round-trip times."""
    reason: str
    others: tuple[str, ...] = ()
    """Other open regions within the limit for every player, best first. Equal tuples are one object, mostly."""
