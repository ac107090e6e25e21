"""What edges ask of a partition: an entry of its `in` is a MessagePack array of calls, applied one after the other.

`name` is a ticket's id as its player knows it. `ref` is of the edge's choosing; the answer bears it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from matchmaker.core.ticket import More, Ticket
from matchmaker.history.records import BackfillPart


class Join(msgspec.Struct, array_like=True, tag="join", omit_defaults=True, kw_only=True, gc=False):
    """A ticket. It waits from when the log took it, less `waited_s` that it waited before, elsewhere."""

    name: str
    who: str | tuple[str, ...]
    rating: float
    modes: tuple[str, ...]
    region: str
    others: tuple[str, ...] = ()
    priority: int = 0
    roles: tuple[tuple[str, ...], ...] = ()
    avoid: tuple[str, ...] = ()
    max_wait_s: float | None = None
    waited_s: float = 0.0
    digest: bytes = b""
    """Of the request, if it came with an idempotency key, by which it has its name; else empty."""

    def ticket(self, id: int, now: float) -> Ticket:
        ticket = Ticket(id, self.who, self.rating, now - self.waited_s)
        deadline = None if self.max_wait_s is None else ticket.enqueued_at + self.max_wait_s
        if self.priority or self.roles or self.avoid or deadline is not None:
            ticket.more = More(self.priority, self.roles, frozenset(self.avoid), deadline)
        ticket.sink = self.name
        return ticket


class Leave(msgspec.Struct, array_like=True, tag="leave", gc=False):
    """Answered by Done or Nothing."""

    name: str
    ref: str
    reason: str


class Accept(msgspec.Struct, array_like=True, tag="accept", gc=False):
    """Answered by Done or Nothing."""

    name: str
    ref: str
    player: str


class Decline(msgspec.Struct, array_like=True, tag="decline", gc=False):
    """Answered by Done or Nothing."""

    name: str
    ref: str


class Look(msgspec.Struct, array_like=True, tag="look", gc=False):
    """Answered by Open or Nothing."""

    name: str
    ref: str


class Ask(msgspec.Struct, array_like=True, tag="ask", gc=False):
    """A running match asks for players. The deadline is in seconds from now on. Answered by Done or Denied."""

    ref: str
    backfill: BackfillPart


class Withdraw(msgspec.Struct, array_like=True, tag="withdraw", gc=False):
    """Answered by Seats or Nothing."""

    ref: str
    id: str


class Stock(msgspec.Struct, array_like=True, tag="stock", gc=False):
    """A game server was allocated, for the first match there that needs one. Not answered."""

    region: str
    mode: str
    server: str


class Free(msgspec.Struct, array_like=True, tag="free", gc=False):
    """A game server is free again. Not answered."""

    server: str


Call = Join | Leave | Accept | Decline | Look | Ask | Withdraw | Stock | Free

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[list[Call]] = msgspec.msgpack.Decoder(list[Call])


class BadCalls(Exception):
    """An entry of `in` is not of this form: the log is of another program, or of a newer version."""


def encode(calls: Sequence[Call]) -> bytes:
    return _encoder.encode(calls)


def decode(payload: bytes) -> list[Call]:
    """Raises BadCalls."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadCalls(f"an entry of in cannot be read ({error}); was it written by a newer version?") from error
