"""What a call to the engine came to, in few bytes: two calls came to the same if their digests are equal."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from matchmaker.core.backfill import Backfill
from matchmaker.core.events import Ended, Event, Match, Proposed, Unserved
from matchmaker.history.records import Names

Outcome = Sequence[Event] | Backfill | Exception | None
_encode = msgspec.json.encode


def digest(outcome: Outcome, names: Names = str) -> str:
    """64 bits in hex; empty if there is nothing to tell."""
    if not outcome:
        return ""
    return blake2b(_encode(outline(outcome, names)), digest_size=8).hexdigest()


def outline(outcome: Outcome, names: Names = str) -> list[Any]:
    """All that is told of an outcome, as plain lists; a list for each event."""
    if isinstance(outcome, Exception):
        return [["raised", type(outcome).__name__, str(outcome)]]
    if isinstance(outcome, Backfill):
        return [["withdrawn", outcome.id, list(outcome.seats)]]
    return [_event(event, names) for event in outcome or ()]


def _event(event: Event, names: Names) -> list[Any]:
    if isinstance(event, Match):
        return ["match", *_match(event, names)]
    if isinstance(event, Proposed):
        return ["proposed", event.deadline, *_match(event.match, names)]
    if isinstance(event, Unserved):
        return ["unserved", event.deadline, event.match.id]
    if isinstance(event, Ended):
        return [event.state.value, event.ticket.id, event.reason]
    return ["requeued", event.ticket.id, event.reason]


def _match(match: Match, names: Names) -> list[Any]:
    teams = [[ticket.id for ticket in team] for team in match.teams]
    roles = {names(player): role for player, role in match.roles.items()} if match.roles else {}
    m = match
    told = [m.id, m.region, m.mode, teams, m.decided_at, m.generation, m.commit, roles, m.backfill]
    return [*told, m.server] if m.server else told
