"""The tickets of one range of ratings in one queue."""

from __future__ import annotations

import math
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from matchmaker.core.lane import Lane, PriorityLane
from matchmaker.core.ticket import Ticket

if TYPE_CHECKING:
    from matchmaker.core.pool import Pool

AnyLane = Lane | PriorityLane

by_age: Final = attrgetter("enqueued_at", "id")


class Bucket:
    """`counts[s]` parties of s players are queued, `players` in all; those of one size are in a lane."""

    __slots__ = (
        "alarm", "counts", "deaf", "index", "lanes", "level", "missing", "players", "pool", "since", "sizes"
    )  # fmt: skip

    def __init__(self, pool: Pool, index: int, largest: int) -> None:
        self.pool = pool
        self.index = index
        self.lanes: list[AnyLane | None] = [None] * (largest + 1)
        self.counts = [0] * (largest + 1)
        self.sizes = 0
        """Bit s: there are parties of s players."""
        self.players = 0
        self.since = 0.0
        """Since when its oldest ticket was waiting when that was last looked at: never later than it is now."""
        self.level = 0
        """Which level of the rules that ticket had reached then."""
        self.alarm = math.inf
        """When to look again; infinite: nobody is in it, or it is being looked at."""
        self.missing = 0
        """How many players must come before trying again can help."""
        self.deaf = 0
        """Bit s: one party more of s players cannot help."""

    def heads(self) -> list[Ticket]:
        """The oldest of each size, oldest first."""
        sizes, lanes = self.sizes, self.lanes
        found = []
        while sizes:
            size = sizes.bit_length() - 1
            sizes ^= 1 << size
            if head := lanes[size].head():  # type: ignore[union-attr]
                found.append(head)
        if len(found) > 1:
            found.sort(key=by_age)
        return found

    def first(self, number: int) -> list[Ticket]:
        """The oldest, up to a number."""
        found = [ticket for lane in self.lanes if lane is not None for ticket in lane.first(number)]
        found.sort(key=by_age)
        return found[:number]

    def __iter__(self) -> Iterator[Ticket]:
        for lane in self.lanes:
            if lane is not None:
                yield from lane
