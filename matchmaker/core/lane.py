"""The tickets of one party size in one bucket, in the order in which they are served."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from operator import attrgetter
from typing import Final

from matchmaker.core.ticket import State, Ticket

_QUEUED: Final = State.QUEUED
_since: Final = attrgetter("enqueued_at")


class Lane:
    """First come, first served.

    A ticket that leaves is not taken out, for that would cost as much as the lane is long: its entry is dead by the
    ticket's state, and goes when it is met, or when most entries are dead.
    """

    __slots__ = ("_entries", "_from", "_live")

    def __init__(self) -> None:
        self._entries: list[Ticket] = []
        self._from = 0
        self._live = 0

    def add(self, ticket: Ticket) -> None:
        entries = self._entries
        self._live += 1
        if not entries or entries[-1].enqueued_at <= ticket.enqueued_at:
            entries.append(ticket)
            return
        # One that has waited elsewhere keeps its age.
        entries.insert(bisect_right(entries, ticket.enqueued_at, self._from, key=_since), ticket)

    def left(self, ticket: Ticket) -> None:
        """One of the lane is queued no more."""
        self._live -= 1
        if not self._live:
            self._entries.clear()
            self._from = 0
        elif len(self._entries) > 2 * self._live + 32:
            self._entries = [entry for entry in self._entries[self._from :] if entry.state is _QUEUED]
            self._from = 0

    def head(self) -> Ticket | None:
        """The oldest."""
        entries, at = self._entries, self._from
        while at < len(entries):
            if entries[at].state is _QUEUED:
                self._from = at
                return entries[at]
            at += 1
        self._from = 0
        entries.clear()
        return None

    def next(self) -> Ticket | None:
        """The next to be served; here that is the oldest."""
        return self.head()

    def first(self, number: int) -> list[Ticket]:
        """The oldest, up to a number."""
        head = self.head()
        if head is None or number == 1:
            return [head] if head else []
        found = []
        for at in range(self._from, len(self._entries)):
            entry = self._entries[at]
            if entry.state is _QUEUED:
                found.append(entry)
                if len(found) == number:
                    break
        return found

    def __iter__(self) -> Iterator[Ticket]:
        """All, oldest first."""
        # Compiled, a generator expression would be a list of all of them first.
        for entry in islice(self._entries, self._from, None):
            if entry.state is _QUEUED:
                yield entry


class PriorityLane:
    """Higher classes first, but the oldest ticket is passed over by no more than `fair_skip` younger ones of those.

    Where several lanes are served together, all of them are told who was.
    """

    __slots__ = ("_classes", "_skipped", "fair_skip")

    def __init__(self, fair_skip: int) -> None:
        self._classes: dict[int, Lane] = {}
        self.fair_skip = fair_skip
        self._skipped = 0

    def add(self, ticket: Ticket) -> None:
        lane = self._classes.get(ticket.priority)
        if lane is None:
            self._classes[ticket.priority] = lane = Lane()
            self._classes = dict(sorted(self._classes.items(), reverse=True))
        lane.add(ticket)

    def left(self, ticket: Ticket) -> None:
        self._classes[ticket.priority].left(ticket)

    def served(self, ticket: Ticket, here: bool) -> None:
        """A ticket, that was in this lane or in one beside it, has got a match."""
        oldest = self.head()
        if oldest is None or (here and oldest.enqueued_at >= ticket.enqueued_at):
            self._skipped = 0
        elif oldest.priority < ticket.priority and oldest.enqueued_at < ticket.enqueued_at:
            self._skipped += 1

    def owed(self) -> Ticket | None:
        """Who must be the next, having been passed over often enough."""
        return self.head() if self._skipped >= self.fair_skip else None

    def head(self) -> Ticket | None:
        oldest: Ticket | None = None
        for lane in self._classes.values():
            ticket = lane.head()
            if ticket and (oldest is None or ticket.enqueued_at < oldest.enqueued_at):
                oldest = ticket
        return oldest

    def next(self) -> Ticket | None:
        if owed := self.owed():
            return owed
        for lane in self._classes.values():
            if ticket := lane.head():
                return ticket
        return None

    def first(self, number: int) -> list[Ticket]:
        """The oldest, up to a number."""
        found = [ticket for lane in self._classes.values() for ticket in lane.first(number)]
        found.sort(key=_since)
        return found[:number]

    def __iter__(self) -> Iterator[Ticket]:
        """All, in the order they are served, but for fairness."""
        for lane in self._classes.values():
            yield from lane
