"""The lines of an event log: a header, then a line for each call to the engine.

Times are seconds of the engine's clock, exact to the last bit. `sum` is the digest of what a call came to, empty if it
came to nothing; see `matchmaker.history.outline`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from matchmaker.core.backfill import Backfill
from matchmaker.core.events import Match
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import More, Ticket

FORMAT = 1

Names = Callable[[str], str]
"""What a player is called in the log."""


class TicketPart(msgspec.Struct, omit_defaults=True, kw_only=True):
    id: int
    who: str | tuple[str, ...]
    rating: float
    priority: int = 0
    roles: tuple[tuple[str, ...], ...] = ()
    avoid: tuple[str, ...] = ()
    deadline: float | None = None

    def ticket(self, since: float) -> Ticket:
        """The ticket as it comes to the engine."""
        ticket = Ticket(self.id, self.who, self.rating, since)
        if self.priority or self.roles or self.avoid or self.deadline is not None:
            ticket.more = More(self.priority, self.roles, frozenset(self.avoid), self.deadline)
        return ticket


class Enqueue(TicketPart, tag="enqueue", tag_field="call", omit_defaults=True, kw_only=True):
    at: float
    since: float | None = None
    """When it began to wait, if that was not `at`."""
    modes: tuple[str, ...]
    region: str
    others: tuple[str, ...] = ()
    why: str = ""
    """The placement's reason, unless that is round-trip times."""
    rtts: tuple[dict[str, float], ...] = ()
    """Of each player, in ms by region."""
    sum: str = ""


class Cancel(msgspec.Struct, tag="cancel", tag_field="call", omit_defaults=True):
    at: float
    id: int
    reason: str
    sum: str = ""


class Accept(msgspec.Struct, tag="accept", tag_field="call", omit_defaults=True):
    at: float
    id: int
    player: str
    sum: str = ""


class Decline(msgspec.Struct, tag="decline", tag_field="call", omit_defaults=True):
    at: float
    id: int
    sum: str = ""


class BackfillPart(msgspec.Struct, omit_defaults=True):
    id: str
    region: str
    mode: str
    seats: tuple[int, ...]
    rating: float
    points: float
    deadline: float
    avoid: tuple[str, ...] = ()
    players: tuple[str, ...] = ()
    """Who was sent there already."""
    roles: tuple[dict[str, int], ...] = ()

    @classmethod
    def of(cls, backfill: Backfill, names: Names) -> BackfillPart:
        b = backfill
        avoid, players = (tuple(sorted(map(names, those))) for those in (b.avoid, b.players))
        return cls(
            b.id,
            b.region,
            b.mode,
            tuple(b.seats),
            b.rating,
            b.points,
            b.deadline,
            avoid,
            players,
            tuple(map(dict, b.roles)),
        )

    def backfill(self) -> Backfill:
        return Backfill(
            self.id,
            self.region,
            self.mode,
            list(self.seats),
            self.rating,
            self.points,
            self.deadline,
            frozenset(self.avoid),
            frozenset(self.players),
            [dict(places) for places in self.roles],
        )


class Ask(msgspec.Struct, tag="ask", tag_field="call", omit_defaults=True):
    at: float
    backfill: BackfillPart
    sum: str = ""


class Withdraw(msgspec.Struct, tag="withdraw_backfill", tag_field="call", omit_defaults=True):
    id: str
    sum: str = ""


class Tick(msgspec.Struct, tag="tick", tag_field="call", omit_defaults=True):
    """Only of ticks for which something was due."""

    at: float
    sum: str = ""


class Apply(msgspec.Struct, tag="apply", tag_field="call", omit_defaults=True):
    at: float
    settings: Settings
    sum: str = ""


class Serve(msgspec.Struct, tag="serve", tag_field="call", omit_defaults=True):
    at: float
    match: str
    server: str
    sum: str = ""


class GiveBack(msgspec.Struct, tag="give_back", tag_field="call", omit_defaults=True):
    reason: str
    sum: str = ""


Record = Enqueue | Cancel | Accept | Decline | Ask | Withdraw | Tick | Apply | Serve | GiveBack


class OpenTicket(TicketPart, omit_defaults=True, kw_only=True):
    """`places` are regions and modes: where it waits, first place first; or where it was, if it is in a proposal."""

    since: float
    regions: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...]


class OpenProposal(msgspec.Struct, omit_defaults=True):
    id: str
    region: str
    mode: str
    teams: tuple[tuple[int, ...], ...]
    decided_at: float
    generation: int
    commit: str
    deadline: float
    waiting: tuple[str, ...]
    roles: dict[str, str] = {}
    unserved: bool = False
    """Waits for a game server."""

    def match(self, tickets: Mapping[int, Ticket]) -> Match:
        teams = tuple(tuple(tickets[id] for id in team) for team in self.teams)
        return Match(
            self.id, self.region, self.mode, teams, self.decided_at, self.generation, self.commit, dict(self.roles)
        )


class OpenState(msgspec.Struct, omit_defaults=True):
    """What an engine holds at one moment, in the order in which it is put back."""

    at: float
    matches: int
    """Made so far; the next one has the number after that."""
    tickets: tuple[OpenTicket, ...] = ()
    proposals: tuple[OpenProposal, ...] = ()
    backfills: tuple[BackfillPart, ...] = ()


class Header(msgspec.Struct, tag="header", tag_field="call", kw_only=True):
    format: int
    software: str
    """The version that wrote it."""
    engine: str
    """Begins the ids of its matches."""
    unix_s: float
    clock_s: float
    """The engine's clock when the time was `unix_s`; both are of when the file was begun."""
    hashed_ids: bool
    settings: Settings
    state: OpenState | None = None
    """What was open when the file was begun; None for a new engine."""


def decoder() -> msgspec.json.Decoder[Header | Record]:
    kinds: Any = Header | Record
    return msgspec.json.Decoder(kinds)
