"""Matches that something is missing to: players who have not accepted yet, or a game server."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from matchmaker.core.events import Match


@dataclass(slots=True)
class Proposal:
    match: Match
    deadline: float
    waiting: set[str] = field(default_factory=set)
    """Players who have not accepted yet."""
    unserved: bool = False
    """Whether it waits for a game server, and for nothing else."""


class Proposals:
    """All that are open, by the ids of their tickets."""

    def __init__(self) -> None:
        self._by_ticket: dict[int, Proposal] = {}
        self._deadlines: list[tuple[float, str, Proposal]] = []
        self._unserved: dict[str, Proposal] = {}

    def open(self, match: Match, deadline: float) -> Proposal:
        proposal = Proposal(match, deadline, {player for ticket in match.tickets for player in ticket.players})
        for ticket in match.tickets:
            self._by_ticket[ticket.id] = proposal
        heapq.heappush(self._deadlines, (deadline, match.id, proposal))
        return proposal

    def await_server(self, match: Match, deadline: float) -> Proposal:
        """One that needs a game server, and nobody's consent."""
        proposal = self.open(match, deadline)
        proposal.waiting.clear()
        proposal.unserved = True
        self._unserved[match.id] = proposal
        return proposal

    def unserved(self, match_id: str) -> Proposal | None:
        """The one of that match, if it waits for a game server."""
        return self._unserved.get(match_id)

    def all_unserved(self) -> Iterator[Match]:
        return (proposal.match for proposal in self._unserved.values())

    def of(self, id: int) -> Proposal | None:
        """The proposal that a ticket is in."""
        return self._by_ticket.get(id)

    def close(self, proposal: Proposal) -> None:
        for ticket in proposal.match.tickets:
            del self._by_ticket[ticket.id]
        self._unserved.pop(proposal.match.id, None)

    def due(self, now: float) -> Iterator[Proposal]:
        """Those whose time is over; each is still open."""
        while self._deadlines and self._deadlines[0][0] <= now:
            proposal = heapq.heappop(self._deadlines)[2]
            if self._by_ticket.get(next(proposal.match.tickets).id) is proposal:
                yield proposal

    def late(self, now: float) -> bool:
        """Whether the time of any may be over."""
        return bool(self._deadlines) and self._deadlines[0][0] <= now

    def __iter__(self) -> Iterator[Proposal]:
        return iter({id(proposal): proposal for proposal in self._by_ticket.values()}.values())
