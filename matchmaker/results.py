"""What became of tickets, in the shapes of the API, and for how long that can be asked."""

from __future__ import annotations

from collections import deque
from typing import Any

from matchmaker.core.events import Ended, Match
from matchmaker.core.ticket import Ticket

Outcome = Match | Ended


class Finished:
    """Outcomes by ticket id, kept for a time. All tickets of a match share its one record."""

    def __init__(self) -> None:
        self._outcomes: dict[int, Outcome] = {}
        self._ages: deque[tuple[float, list[int]]] = deque()

    def __len__(self) -> int:
        return len(self._outcomes)

    def add(self, ids: list[int], outcome: Outcome, now: float) -> None:
        outcomes = self._outcomes
        for id in ids:
            outcomes[id] = outcome
        # One entry for what ends within a tenth of a second.
        if not self._ages or now - self._ages[-1][0] > 0.1:
            self._ages.append((now, []))
        self._ages[-1][1].extend(ids)

    def get(self, id: int) -> Outcome | None:
        return self._outcomes.get(id)

    def forget(self, before: float) -> None:
        while self._ages and self._ages[0][0] < before:
            for id in self._ages.popleft()[1]:
                self._outcomes.pop(id, None)


def state_of(name: str, ticket: Ticket, now: float) -> dict[str, Any]:
    """An open ticket. `name` is its id as others know it."""
    return {
        "ticket_id": name,
        "state": ticket.state.value,
        "mode": ticket.mode,
        "region": ticket.region,
        "waited_ms": round((now - ticket.enqueued_at) * 1000, 3),
    }


def match_part(match: Match, clock_offset: float) -> dict[str, Any]:
    """What all tickets of a match are told alike. `clock_offset` + engine time is Unix time, in s."""
    told: dict[str, Any] = {
        "match_id": match.id,
        "mode": match.mode,
        "region": match.region,
        "teams": [[player for ticket in team for player in ticket.players] for team in match.teams],
        "generation": match.generation,
        "commit": match.commit,
        "decided_at": match.decided_at + clock_offset,
        "decided_monotonic_ns": round(match.decided_at * 1e9),
    }
    if match.roles:
        told["roles"] = dict(match.roles)
    if match.server:
        told["server"] = match.server
    if match.backfill:
        told["backfill_id"] = match.backfill
    return told


def ticket_part(name: str, ticket: Ticket, match: Match) -> dict[str, Any]:
    """What one ticket of a match is told beside that."""
    return {
        "ticket_id": name,
        "state": "assigned",
        "reason": match.id,
        "waited_ms": round((match.decided_at - ticket.enqueued_at) * 1000, 3),
    }


def outcome_of(name: str, id: int, outcome: Outcome, clock_offset: float) -> dict[str, Any]:
    """A ticket that ended, by its id."""
    if isinstance(outcome, Match):
        ticket = next(ticket for ticket in outcome.tickets if ticket.id == id)
        return {**ticket_part(name, ticket, outcome), **match_part(outcome, clock_offset)}
    ticket = outcome.ticket
    return {
        "ticket_id": name,
        "state": outcome.state.value,
        "mode": ticket.mode,
        "region": ticket.region,
        "reason": outcome.reason,
    }
