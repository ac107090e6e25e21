"""Places in running matches: a game server asks for players, and tickets go there before they go anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matchmaker.core.ticket import Ticket


@dataclass(slots=True)
class Backfill:
    """`seats` are the free places of each team; tickets whose rating is up to `points` from `rating` may take them."""

    id: str
    region: str
    mode: str
    seats: list[int]
    rating: float
    points: float
    deadline: float
    avoid: frozenset[str] = frozenset()
    """Players who must not be sent there."""
    players: frozenset[str] = frozenset()
    """Who plays there, as far as is known; those who are sent are added. Nobody who avoids one of them is sent."""

    @property
    def free(self) -> int:
        return sum(self.seats)

    def team_for(self, ticket: Ticket) -> int | None:
        """The team a ticket would join: the one with the most free places; None if it cannot join."""
        if abs(ticket.rating - self.rating) > self.points or not self.avoid.isdisjoint(ticket.players):
            return None
        if ticket.more is not None and not ticket.more.avoid.isdisjoint(self.players):
            return None
        most = max(range(len(self.seats)), key=lambda team: (self.seats[team], -team))
        return most if self.seats[most] >= ticket.size else None

    def take(self, ticket: Ticket, team: int) -> None:
        """A ticket joins a team."""
        self.seats[team] -= ticket.size
        self.players |= set(ticket.players)
        if ticket.more is not None:
            self.avoid |= ticket.more.avoid


class Backfills:
    """All open requests, by region and mode. Empty, it is false."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, str], dict[str, Backfill]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_place)

    def __iter__(self) -> Iterator[Backfill]:
        return (backfill for there in list(self._by_place.values()) for backfill in list(there.values()))

    def put(self, backfill: Backfill) -> None:
        self._by_place.setdefault((backfill.region, backfill.mode), {})[backfill.id] = backfill

    def pop(self, id: str) -> Backfill | None:
        """Takes one out; None if there is none of that id."""
        for key, there in self._by_place.items():
            if backfill := there.pop(id, None):
                if not there:
                    del self._by_place[key]
                return backfill
        return None

    def seat(self, ticket: Ticket, region: str, mode: str, now: float) -> tuple[Backfill, int] | None:
        """The first request there that the ticket may join, and the team."""
        for backfill in self._by_place.get((region, mode), {}).values():
            if backfill.deadline > now and (team := backfill.team_for(ticket)) is not None:
                return backfill, team
        return None

    def expire(self, now: float) -> None:
        for backfill in self:
            if backfill.deadline <= now:
                self.pop(backfill.id)
