"""Tickets that stand for those of a partition's engine, and what became of them as events of this process."""

from __future__ import annotations

from collections.abc import Mapping

from matchmaker.core.elsewhere import elsewhere
from matchmaker.core.events import Ended, Match
from matchmaker.core.refused import Busy, Conflict, Refused, TooMany
from matchmaker.core.ticket import State, Ticket
from matchmaker.fleet import steps
from matchmaker.fleet.steps import Gone, Made


def put(ticket: Ticket, region: str, mode: str, state: State) -> None:
    ticket.bucket = elsewhere(region, mode)
    ticket.state = state


def event_of(outcome: Made | Gone, mine: Mapping[str, Ticket], shift: float) -> Match | Ended:
    """An outcome as an event of this process; tickets of others have no id. Times less `shift` are of its clock."""
    if isinstance(outcome, Made):
        return match_of(outcome, mine, State.ASSIGNED, shift)
    ticket = mine[outcome.name]
    put(ticket, outcome.region, outcome.mode, State(outcome.state))
    return Ended(ticket, ticket.state, outcome.reason)


def match_of(made: Made, mine: Mapping[str, Ticket], state: State, shift: float) -> Match:
    place = elsewhere(made.region, made.mode)
    teams = []
    for team in made.teams:
        seats = []
        for seat in team:
            ticket = mine.get(seat.name) or Ticket(0, seat.who, 0.0, 0.0)
            ticket.who, ticket.rating, ticket.enqueued_at = seat.who, seat.rating, seat.since - shift
            ticket.bucket, ticket.state = place, state
            seats.append(ticket)
        teams.append(tuple(seats))
    return Match(
        made.id, made.region, made.mode, tuple(teams), made.at - shift, made.generation, made.commit,
        made.roles, made.backfill, made.server,
    )  # fmt: skip


def refusal(denied: steps.Denied) -> Refused:
    """As the owner raised it."""
    if denied.status == 409:
        return Conflict()
    if denied.status in (429, 503):
        return (TooMany if denied.status == 429 else Busy)(denied.detail, denied.retry_after_s)
    return Refused(denied.detail, denied.field, denied.hint)
