"""A ticket: one player or party that waits for a match, in one or several modes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from matchmaker.core.bucket import Bucket
    from matchmaker.core.pool import Pool


class State(Enum):
    """Queued and proposed tickets are open; whichever of the others comes first is final."""

    SENT = "sent"
    """In a fleet, at an edge: on its way to the log."""
    QUEUED = "queued"
    PROPOSED = "proposed"
    """In a match whose players have not all accepted yet."""
    ASSIGNED = "assigned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    """The configuration has no place for it any more, or one of its players did not accept a match."""
    RETURNED = "returned"
    """Given back by a matchmaker that stops; it may be sent elsewhere with its age."""

    @property
    def open(self) -> bool:
        return self is State.QUEUED or self is State.PROPOSED or self is State.SENT


@dataclass(frozen=True, slots=True)
class Player:
    """`rating` is in the points of the mode's window; `rtts_ms` maps regions to measured round-trip times in ms."""

    id: str
    rating: float
    rtts_ms: dict[str, float]
    roles: tuple[str, ...] = ()
    """What the player is willing to play, in modes with roles; none means any."""
    avoid: tuple[str, ...] = ()
    """Players whom this one must not meet."""


@dataclass(slots=True)
class More:
    """What few tickets have. One without any of it has no such record."""

    priority: int = 0
    roles: tuple[tuple[str, ...], ...] = ()
    """Of each player, in the order of the ticket's players; empty if none of them named any."""
    avoid: frozenset[str] = frozenset()
    deadline: float | None = None
    """When it ends without a match, if that is before the mode's own limit."""
    places: tuple[Bucket, ...] = ()
    """Where it waits beside its first place: other modes, and other regions it was merged into."""
    modes: tuple[str, ...] = ()
    """All modes it would play, if more than one."""


class Ticket(msgspec.Struct, eq=False, gc=False):
    """One entry of a queue. Written by engine and pool only.

    A queued ticket is in `bucket`, and in the places of `more`. Afterwards `bucket` is where it was last. A ticket that
    goes back into the queue does so as another object with the same id, so that what is left of it in a lane can be
    told from what was put in again.

    The garbage collector does not follow it (`gc=False`: 16 bytes less, and nothing to walk through when 400,000 wait):
    whoever makes a ring of references through a ticket breaks it when the ticket ends.
    """

    id: int
    who: str | tuple[str, ...]
    """The player, or the players of a party: one string where one is enough, for there are many of them."""
    rating: float
    """The mean over the party, kept as it was when it came."""
    enqueued_at: float
    size: int = 1
    """Players; counted from `who`."""
    state: State = State.QUEUED
    regions: tuple[str, ...] = ()
    """Other regions all of its players could play in, best first."""
    more: More | None = None
    sink: Any = None
    """Of the caller: who is told what became of it."""
    bucket: Bucket = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if type(self.who) is not str:
            self.size = len(self.who)

    @property
    def pool(self) -> Pool:
        """Where it waits, or was last."""
        return self.bucket.pool

    @property
    def players(self) -> tuple[str, ...]:
        return (self.who,) if isinstance(self.who, str) else self.who

    @property
    def mode(self) -> str:
        return self.pool.mode

    @property
    def region(self) -> str:
        return self.pool.region

    @property
    def priority(self) -> int:
        return self.more.priority if self.more else 0

    def again(self) -> Ticket:
        """The same ticket, to be put into a queue once more: id, age and all, but no places."""
        other = Ticket(self.id, self.who, self.rating, self.enqueued_at)
        other.regions, other.sink, other.bucket = self.regions, self.sink, self.bucket
        if self.more:
            more = self.more
            other.more = More(more.priority, more.roles, more.avoid, more.deadline, (), more.modes)
        return other

    def __repr__(self) -> str:
        place = f"{self.pool.mode}@{self.pool.region}" if self.bucket else "nowhere"
        return f"<Ticket {self.id:x} {place} x{self.size} {self.rating:.0f} {self.state.value}>"
