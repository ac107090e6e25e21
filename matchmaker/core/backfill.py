"""Places in running matches: a game server asks for players, and tickets go there before they go anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from matchmaker.core.refused import Refused
from matchmaker.core.search import roles_of
from matchmaker.core.settings import Mode
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
    roles: list[dict[str, int]] = field(default_factory=list)
    """In modes with roles, the free places of each team by role."""

    @property
    def free(self) -> int:
        return sum(self.seats)

    def fault(self, mode: Mode) -> Refused | None:
        """Why a mode has no such places; None if it has."""
        if not self.free or min(self.seats) < 0:
            return Refused("no free seats", "seats", "give the free places of each team")
        if not (self.roles or mode.roles):
            return None
        if not mode.roles:
            return Refused(f"{self.mode} has no roles", "roles", "leave it out")
        if len(self.roles) != len(self.seats):
            return Refused(
                f"{self.mode} has roles: {len(self.seats)} teams have free places, {len(self.roles)} have them by role",
                "roles",
                "give the free places of each team by role",
            )
        for team, (places, seats) in enumerate(zip(self.roles, self.seats, strict=True)):
            if unknown := sorted(places.keys() - mode.roles.keys()):
                known = ", ".join(sorted(mode.roles))
                return Refused(f"{unknown[0]} is no role in {self.mode}", f"roles.{team}", f"use: {known}")
            if min(places.values(), default=0) < 0 or sum(places.values()) != seats:
                return Refused(
                    f"{seats} free places, and {sum(places.values())} by role", f"roles.{team}", "give as many"
                )
        return None

    def team_for(self, ticket: Ticket) -> int | None:
        """The team a ticket would join: of those with a place for all of it the one with the most free places.

        None if it cannot join.
        """
        if abs(ticket.rating - self.rating) > self.points or not self.avoid.isdisjoint(ticket.players):
            return None
        if ticket.more is not None and not ticket.more.avoid.isdisjoint(self.players):
            return None
        seats = self.seats
        most = max(range(len(seats)), key=lambda team: (seats[team], -team))
        if seats[most] < ticket.size:
            return None
        if not self.roles:
            return most
        teams = sorted(range(len(seats)), key=lambda team: (-seats[team], team))
        return next((team for team in teams if roles_of((ticket,), self.roles[team])), None)

    def take(self, ticket: Ticket, team: int) -> dict[str, str]:
        """A ticket joins a team. Gives what its players play, in modes with roles."""
        played: dict[str, str] = {}
        if self.roles:
            free = self.roles[team]
            played = roles_of((ticket,), free) or {}
            for role in played.values():
                free[role] -= 1
        self.seats[team] -= ticket.size
        self.players |= set(ticket.players)
        if ticket.more is not None:
            self.avoid |= ticket.more.avoid
        return played


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
