"""Frames of the gateway stream, the same for both sides; docs/gateway.md is normative.

A frame is a header of 8 bytes, little endian (u24 length of the body, u8 kind, u32 session), and the body.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, cast

from mypy_extensions import mypyc_attr

HEADER_BYTES: Final = 8
MAX_BODY_BYTES: Final = 0xFF_FFFF
MAX_SESSION: Final = 0xFFFF_FFFF
CLASSES: Final = 4
"""The kinds below this are enqueues: the kind is the class of priority."""
_HIGH_WATER_BYTES: Final = 1 << 20

# Length and kind are one word: one unpack a frame, and no slice for three bytes.
_unpack: Final = struct.Struct("<II").unpack_from
_pack: Final = struct.Struct("<II").pack


class Kind(IntEnum):
    """What a frame is, beside the enqueues; the second half goes from the server to the gateway."""

    CANCEL = 16
    ACCEPT = 17
    DECLINE = 18
    GET = 19
    HELLO = 32
    PING = 33

    QUEUED = 64
    ASSIGNED = 65
    PROPOSED = 66
    REQUEUED = 67
    ENDED = 68
    REFUSED = 69
    STATE = 70
    PONG = 71
    GOING_AWAY = 72


TO_SERVER: Final = frozenset({*range(CLASSES), *(int(kind) for kind in Kind if kind < Kind.QUEUED)})
TO_GATEWAY: Final = frozenset(int(kind) for kind in Kind if kind >= Kind.QUEUED)


class BadFrame(Exception):
    """A header that cannot be: nothing behind it can be understood."""


def encode_frame(kind: int, session: int, body: bytes = b"") -> bytes:
    """One frame. Raises ValueError for a body of more than 16 MiB - 1 or a session that is no u32."""
    if len(body) > MAX_BODY_BYTES or not 0 <= session <= MAX_SESSION:
        raise ValueError(
            f"a body of {len(body)} bytes for session {session} does not fit the header of a frame; check both"
        )
    return _pack(len(body) | kind << 24, session) + body


class Splitter:
    """Makes frames of a stream of bytes, however it is cut. Copies each byte a fixed number of times."""

    __slots__ = ("_kinds", "_missing", "_parts")

    def __init__(self, kinds: frozenset[int]) -> None:
        """`kinds` are those that may come."""
        self._kinds = kinds
        self._parts: list[bytes] = []
        self._missing = 0

    def feed(self, data: bytes, limit: int) -> Iterator[tuple[int, int, bytes]]:
        """(kind, session, body) of each frame that is whole now; take all of them before you feed more.

        Raises BadFrame, after the frames before it, for a kind that is not known or a body longer than `limit`.
        """
        if self._parts:
            self._parts.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._parts)
            self._parts = []
        kinds, size, at, missing = self._kinds, len(data), 0, HEADER_BYTES
        while size - at >= HEADER_BYTES:
            word, session = _unpack(data, at)
            kind, length = word >> 24, word & MAX_BODY_BYTES
            if kind not in kinds:
                raise BadFrame(
                    f"{kind} is not a kind of frame that may come here; see docs/gateway.md for those that may"
                )
            if length > limit:
                raise BadFrame(f"a body of {length} bytes; at most {limit} are taken (limits.max_body_bytes)")
            end = at + HEADER_BYTES + length
            if end > size:
                missing = HEADER_BYTES + length
                break
            yield kind, session, data[at + HEADER_BYTES : end]
            at = end
        if at < size:
            self._parts = [data[at:]]
            self._missing = missing - (size - at)


@mypyc_attr(allow_interpreted_subclasses=True)
class Framed(asyncio.Protocol):
    """One end of a stream of frames: gathers what is sent, and writes it once a turn of the loop."""

    __slots__ = ("_loop", "_out", "_splitter", "_transport")

    def __init__(self, kinds: frozenset[int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._splitter = Splitter(kinds)
        self._out: list[bytes] = []
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)

    def send(self, kind: int, session: int, body: bytes = b"") -> None:
        out = self._out
        if not out:
            self._loop.call_soon(self.flush)
        out.append(_pack(len(body) | kind << 24, session))
        out.append(body)

    def flush(self) -> None:
        """Writes what was gathered."""
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            if not self._transport.is_closing():
                self._transport.write(data)
