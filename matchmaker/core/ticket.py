"""A ticket: one player or party that waits for a match, in one or several modes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import mypyc_attr

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


_QUEUED: Final = State.QUEUED


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


@mypyc_attr(acyclic=True)
class Ticket:
    """One entry of a queue. Written by engine and pool only.

    A queued ticket is in `bucket`, and in the places of `more`. Afterwards `bucket` is where it was last. A ticket that
    goes back into the queue does so as another object with the same id, so that what is left of it in a lane can be
    told from what was put in again.

    Compiled, it is 104 bytes with its numbers inside, and the garbage collector does not follow it (`acyclic`), so that
    there is nothing to walk through when 400,000 wait. Whoever makes a ring of references through a ticket breaks it
    when the ticket ends.
    """

    __slots__ = ("bucket", "enqueued_at", "id", "more", "rating", "regions", "sink", "size", "state", "who")

    def __init__(self, id: int, who: str | tuple[str, ...], rating: float, enqueued_at: float) -> None:
        self.id = id
        self.who = who
        """The player, or the players of a party: one string where one is enough, for there are many of them."""
        self.rating = rating
        """The mean over the party, kept as it was when it came."""
        self.enqueued_at = enqueued_at
        self.size = 1 if isinstance(who, str) else len(who)
        """Players."""
        self.state = _QUEUED
        self.regions: tuple[str, ...] = ()
        """Other regions all of its players could play in, best first."""
        self.more: More | None = None
        self.sink: Any = None
        """Of the caller: who is told what became of it."""
        self.bucket: Bucket = None  # type: ignore[assignment]

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
