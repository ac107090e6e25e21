"""Places in running matches: a game server asks for players, and tickets go there before they go anywhere else."""

from __future__ import annotations

from dataclasses import dataclass

from matchmaker.ticket import Ticket


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
