"""What a partition's engine did: a record of `out` is one step, in MessagePack.

A step is what the engine was given beside the entries of `in` (settings, and the time), and all that it said. Whoever
gives an engine the same comes to the same, which a replay checks, byte by byte. Times are in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from matchmaker.core.settings import Settings


class Seat(msgspec.Struct, array_like=True, gc=False):
    """A ticket in a match."""

    name: str
    who: str | tuple[str, ...]
    rating: float
    since: float


class Made(msgspec.Struct, array_like=True, tag="match", omit_defaults=True, gc=False):
    """A match; it ends its tickets. Generation and commit are those it was decided under."""

    id: str
    region: str
    mode: str
    teams: tuple[tuple[Seat, ...], ...]
    at: float
    generation: int
    commit: str
    roles: Mapping[str, str] = {}
    backfill: str = ""
    server: str = ""


class Offered(msgspec.Struct, array_like=True, tag="proposed", gc=False):
    """A match that its players are asked to accept until `deadline`."""

    match: Made
    deadline: float


class Back(msgspec.Struct, array_like=True, tag="requeued", gc=False):
    """A proposed match did not come about, and this ticket is back in the queue."""

    name: str
    region: str
    mode: str
    reason: str


class Gone(msgspec.Struct, array_like=True, tag="ended", gc=False):
    """A ticket ended without a match."""

    name: str
    region: str
    mode: str
    state: str
    reason: str


class Open(msgspec.Struct, array_like=True, tag="open", gc=False):
    """An answer: the ticket is open. Also to a Join whose player waits already, or whose key is known: then with the
    ticket that there is, and `ref` is the name that was asked for."""

    ref: str
    name: str
    who: str | tuple[str, ...]
    rating: float
    since: float
    region: str
    mode: str
    state: str


class Done(msgspec.Struct, array_like=True, tag="done", gc=False):
    """An answer: it was done."""

    ref: str


class Nothing(msgspec.Struct, array_like=True, tag="nothing", gc=False):
    """An answer: there is nothing that it could be done to; what ended it was first."""

    ref: str


class Denied(msgspec.Struct, array_like=True, tag="denied", gc=False):
    """An answer: it is refused, with the fields of a problem document."""

    ref: str
    status: int
    detail: str
    field: str
    hint: str
    retry_after_s: float | None = None


class Seats(msgspec.Struct, array_like=True, tag="seats", gc=False):
    """An answer: the free seats of a backfill that ends, team by team."""

    ref: str
    seats: tuple[int, ...]


Said = Made | Offered | Back | Gone | Open | Done | Nothing | Denied | Seats


class Step(msgspec.Struct, array_like=True, gc=False):
    """`ticks` is how often the engine was told the time, after the entries of `in` and after the settings."""

    at: float
    settings: Settings | None
    ticks: int
    said: list[Said]


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Step] = msgspec.msgpack.Decoder(Step)


class BadStep(Exception):
    """A record is not of this form: the log is of another program, or of a newer version."""


def encode(step: Step) -> bytes:
    return _encoder.encode(step)


def decode(payload: bytes) -> Step:
    """Raises BadStep."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadStep(f"a step cannot be read ({error}); was it written by a newer version?") from error
