"""The forms of what HTTP edges take and answer, as /openapi.json tells them. Times are in the unit that their names end
with, ratings in points."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from matchmaker.request import Id, Name


class BackfillIn(msgspec.Struct, forbid_unknown_fields=True):
    """A running match asks for players."""

    region: Name
    mode: Name
    seats: Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=100)]], msgspec.Meta(min_length=1, max_length=64)]
    """Free places of each team."""
    rating: float
    points: Annotated[float, msgspec.Meta(ge=0)] = 500.0
    """How far from `rating` those who join may be."""
    within_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 60.0
    avoid: Annotated[list[Id], msgspec.Meta(max_length=200)] = []
    roles: Annotated[list[dict[Name, Annotated[int, msgspec.Meta(ge=0, le=100)]]], msgspec.Meta(max_length=64)] = []
    """In modes with roles, the free places of each team by role."""


class Accept(msgspec.Struct, forbid_unknown_fields=True):
    """A player accepts the proposed match."""

    player: Id


class Open(msgspec.Struct, omit_defaults=True):
    """A ticket that waits, or whose players are asked to accept a match."""

    ticket_id: str
    state: Literal["queued", "proposed"]
    mode: str
    region: str
    waited_ms: float
    deduplicated: bool = False
    """The player waited already; this is that ticket."""


class Proposal(msgspec.Struct, omit_defaults=True):
    """A match that players are asked to accept."""

    ticket_id: str
    state: Literal["proposed"]
    accept_within_s: float
    match_id: str
    mode: str
    region: str
    teams: list[list[str]]
    generation: int
    commit: str
    roles: dict[str, str] = {}
    backfill_id: str = ""
    deduplicated: bool = False


class Assigned(msgspec.Struct, omit_defaults=True):
    """A ticket that has its match."""

    ticket_id: str
    state: Literal["assigned"]
    reason: str
    waited_ms: float
    match_id: str
    mode: str
    region: str
    teams: list[list[str]]
    """The players of each team."""
    generation: int
    """Of the configuration that decided it; `commit` is where that is in Git."""
    commit: str
    decided_at: float
    """Unix time, in s."""
    decided_monotonic_ns: int
    roles: dict[str, str] = {}
    """Who plays what, in modes with roles."""
    server: str = ""
    """The address of the game server, if such are allocated."""
    backfill_id: str = ""
    """The running match's request that it fills, if it does."""
    deduplicated: bool = False


class Ended(msgspec.Struct, omit_defaults=True):
    """A ticket that ended without a match."""

    ticket_id: str
    state: Literal["cancelled", "expired", "rejected", "returned"]
    mode: str
    region: str
    reason: str
    age_token: str = ""
    """Of a returned ticket: sent along with the request to another matchmaker, it keeps the ticket's age."""
    deduplicated: bool = False


class Server(msgspec.Struct):
    """A game server of the static pool."""

    server: str


class Queue(msgspec.Struct):
    """One of the queues that a ticket waits in."""

    region: str
    mode: str
    why: str
    window_points: float
    widens_in_s: float | None
    widens_to_points: float | None
    players_needed: int
    players_within: int
    players_missing: int
    parties_within: dict[str, int]
    refused_within: dict[str, int]
    older_within: int
    players_in_queue: int
    expires_in_s: float


class Estimate(msgspec.Struct):
    """How long others waited lately, in s."""

    p50: float
    p90: float


class Explained(msgspec.Struct):
    """Why an open ticket still waits."""

    ticket_id: str
    state: Literal["queued", "proposed"]
    mode: str
    region: str
    waited_ms: float
    why: str
    queues: list[Queue]
    estimate_s: Estimate | None


class Joined(msgspec.Struct, omit_defaults=True):
    """Players who go to a running match."""

    match_id: str
    mode: str
    region: str
    teams: list[list[str]]
    generation: int
    commit: str
    decided_at: float
    decided_monotonic_ns: int
    roles: dict[str, str] = {}
    backfill_id: str = ""


class BackfillOut(msgspec.Struct, omit_defaults=True):
    """A running match's request, and who joined at once."""

    backfill_id: str
    seats: list[int]
    joined: list[Joined]
    roles: list[dict[str, int]] = []


class Withdrawn(msgspec.Struct, omit_defaults=True):
    """A running match's request that is no more, with the seats that were still free."""

    backfill_id: str
    seats: list[int]
    roles: list[dict[str, int]] = []


class Stats(msgspec.Struct):
    """The matchmaker as it is now; pools and their oldest tickets are by `region/mode`."""

    generation: int
    commit: str
    queued: int
    pools: dict[str, int]
    oldest_s: dict[str, float]
    counts: dict[str, int]
    decisions_by_generation: dict[str, int]
    settings_refused: int
    settings_error: str
    lag_ms: float
    refused_below_priority: int
    allocation: dict[str, Any]
    """Game servers: docs/allocation.md."""
    compiled: bool
    """Whether it runs as compiled modules, and not interpreted."""
    uptime_s: float
    fleet: dict[str, Any] = {}
    """Of a member of a fleet: docs/fleet.md."""


class Health(msgspec.Struct):
    """The process answers."""

    ok: bool
    config: str
    """What the reader of the configuration says of itself."""


class Ready(msgspec.Struct):
    """Whether tickets are taken here."""

    ready: bool


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    field: str = ""
    """What in the request is to blame, if one thing is."""
    hint: str = ""
    """What to do."""
    retry_after_s: float | None = None
    """When to try again, not earlier; the header Retry-After has it in whole seconds."""
    op: str = ""
    """What was refused, where the matchmaker is in another process."""


class OpenApi(msgspec.Struct):
    """This description."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
