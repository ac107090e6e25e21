"""What the engine says has happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from matchmaker.core.refused import Refused
from matchmaker.core.search import Teams
from matchmaker.core.ticket import State, Ticket


class Match(msgspec.Struct, frozen=True):
    """One record assigns all its tickets. `generation` and `commit` are the configuration it was decided under."""

    id: str
    region: str
    mode: str
    teams: Teams
    decided_at: float
    generation: int
    commit: str
    roles: Mapping[str, str] = {}
    """What each player plays, in modes with roles."""
    backfill: str = ""
    """The running match that the tickets join, if they were asked for by one; its other players are not in `teams`."""
    server: str = ""
    """The address of its game server, if such are allocated."""

    @property
    def tickets(self) -> Iterator[Ticket]:
        return (ticket for team in self.teams for ticket in team)

    @property
    def spread(self) -> float:
        """Rating points between the highest and the lowest ticket."""
        ratings = [ticket.rating for ticket in self.tickets]
        return max(ratings) - min(ratings)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A match that its players are asked to accept until `deadline`."""

    match: Match
    deadline: float


@dataclass(frozen=True, slots=True)
class Unserved:
    """A match is decided and needs a game server: `Engine.serve` until `deadline`, or its tickets go back."""

    match: Match
    deadline: float


@dataclass(frozen=True, slots=True)
class Requeued:
    """A ticket is back in the queue with its age, because a proposed match did not come about."""

    ticket: Ticket
    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A ticket left the queue without a match."""

    ticket: Ticket
    state: State
    reason: str


Event = Match | Proposed | Unserved | Requeued | Ended


@dataclass(frozen=True, slots=True)
class Queued:
    """In a fleet: the log has the ticket. `deduplicated`: one of its players waited already, in this one."""

    ticket: Ticket
    deduplicated: bool = False


@dataclass(frozen=True, slots=True)
class Denied:
    """In a fleet: the ticket was not taken, and is none."""

    ticket: Ticket
    error: Refused
