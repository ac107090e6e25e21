"""How well tickets were served: how long they waited, and how far apart those are who met."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable

from matchmaker.core.events import Ended, Event, Match
from matchmaker.core.ticket import Ticket


class ModeQuality:
    """Of one mode. Waits are in ms, spreads in rating points."""

    def __init__(self) -> None:
        self.tickets = 0
        self.refused = 0
        self.ended: Counter[str] = Counter()
        """Tickets by their last state."""
        self.left = 0
        """Still open at the end."""
        self.waits = array("d")
        """Of each assigned ticket."""
        self.spreads = array("d")
        """Of each match between the highest and the lowest ticket."""
        self.regions: Counter[str] = Counter()
        """Matches by region."""
        self.longest = 0.0
        """The longest that any ticket waited, whatever became of it."""

    def wait(self, share: float) -> float:
        return rank(self.waits, share)

    def spread(self, share: float) -> float:
        return rank(self.spreads, share)


class Quality:
    """Counts a ticket, with its wait, in the mode it asked for first; a match in its own."""

    def __init__(self) -> None:
        self.modes: dict[str, ModeQuality] = {}

    def mode(self, name: str) -> ModeQuality:
        quality = self.modes.get(name)
        if quality is None:
            quality = self.modes[name] = ModeQuality()
        return quality

    def came(self, mode: str, refused: bool) -> None:
        quality = self.mode(mode)
        quality.tickets += 1
        quality.refused += refused

    def take(self, events: Iterable[Event], now: float) -> None:
        for event in events:
            if isinstance(event, Match):
                mode = self.mode(event.mode)
                mode.spreads.append(event.spread)
                mode.regions[event.region] += 1
                for ticket in event.tickets:
                    quality = self._ended(ticket, now)
                    quality.waits.append((now - ticket.enqueued_at) * 1000)
            elif isinstance(event, Ended):
                self._ended(event.ticket, now)

    def finish(self, tickets: Iterable[Ticket], now: float) -> Quality:
        """Counts those that are open still; and puts the figures in order."""
        for ticket in tickets:
            quality = self.mode(first_mode(ticket))
            quality.left += 1
            quality.longest = max(quality.longest, (now - ticket.enqueued_at) * 1000)
        for quality in self.modes.values():
            quality.waits = array("d", sorted(quality.waits))
            quality.spreads = array("d", sorted(quality.spreads))
        return self

    def _ended(self, ticket: Ticket, now: float) -> ModeQuality:
        quality = self.mode(first_mode(ticket))
        quality.ended[ticket.state.value] += 1
        quality.longest = max(quality.longest, (now - ticket.enqueued_at) * 1000)
        return quality


def first_mode(ticket: Ticket) -> str:
    """The mode a ticket asked for first."""
    return ticket.more.modes[0] if ticket.more and ticket.more.modes else ticket.mode


def rank(ordered: array[float], share: float) -> float:
    """The least value that so large a share are not above; 0 if there are none."""
    return ordered[max(0, min(len(ordered) - 1, -int(-len(ordered) * share // 1) - 1))] if ordered else 0.0
