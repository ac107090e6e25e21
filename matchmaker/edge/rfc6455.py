"""Frames of WebSockets, RFC 6455. No I/O. Masks are put on and taken off by the C of the package `websockets`.

Its own protocol object is not used here: it costs some 11 KB a connection, and several times the work a message. The
tests speak to this side with it.
"""

from __future__ import annotations

import struct
from enum import IntEnum

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

MAX_CONTROL_BYTES = 125
_u16, _u64 = struct.Struct(">H"), struct.Struct(">Q")


class Op(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


_OPS = frozenset(int(op) for op in Op)
# Plain numbers: these are looked at for each frame.
_CONTINUATION, _CONTROL = int(Op.CONTINUATION), int(Op.CLOSE)


class Close(IntEnum):
    """Why a connection ends."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL = 1002
    UNSUPPORTED = 1003
    NOT_UTF8 = 1007
    TOO_LONG = 1009
    TRY_AGAIN = 1013


class Violation(Exception):
    """Nothing behind this can be understood; `code` is to be told."""

    def __init__(self, code: Close, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.before: list[tuple[int, bytes]] = []
        """Messages that came whole before it."""


def frame(op: int, payload: bytes, mask: bytes = b"") -> bytes:
    """One whole message. Clients must `mask` with 4 bytes."""
    length, bit = len(payload), 0x80 if mask else 0
    if mask:
        payload = mask + apply_mask(payload, mask)
    if length < 126:
        return bytes((0x80 | op, bit | length)) + payload
    if length < 0x1_0000:
        return bytes((0x80 | op, bit | 126)) + _u16.pack(length) + payload
    return bytes((0x80 | op, bit | 127)) + _u64.pack(length) + payload


class Frames:
    """Makes messages of a stream of bytes, however it is cut; between two messages it keeps nothing."""

    __slots__ = ("_masked", "_op", "_parts", "_rest", "_size")

    def __init__(self, masked: bool = True) -> None:
        """`masked`: what comes must be, as it must from clients; else it must not be."""
        self._masked = masked
        self._rest = b""
        self._op = 0
        self._parts: list[bytes] | None = None
        self._size = 0

    def feed(self, data: bytes, limit: int) -> list[tuple[int, bytes]]:
        """(op, payload) of each message that is whole now, of up to `limit` bytes, and of control frames among them.

        Raises Violation, after which no more may be fed.
        """
        if self._rest:
            data = self._rest + data
        found: list[tuple[int, bytes]] = []
        at, end = 0, len(data)
        try:
            while end - at >= 2:
                first, length = data[at], data[at + 1] & 0x7F
                if (data[at + 1] >= 0x80) is not self._masked:
                    raise Violation(Close.PROTOCOL, "a frame must be masked" if self._masked else "a frame is masked")
                start = at + 2
                if length == 126:
                    if end - start < 2:
                        break
                    length, start = _u16.unpack_from(data, start)[0], start + 2
                elif length == 127:
                    if end - start < 8:
                        break
                    length, start = _u64.unpack_from(data, start)[0], start + 8
                op, final = first & 0x0F, first >= 0x80
                self._check(first, op, length, final, limit)
                if self._masked:
                    start += 4
                if end - start < length:
                    break
                payload = data[start : start + length]
                if self._masked:
                    payload = apply_mask(payload, data[start - 4 : start])
                at = start + length
                if op >= _CONTROL or (final and op):
                    found.append((op, payload))
                else:
                    self._gather(op, payload, final, found)
        except Violation as wrong:
            wrong.before = found
            raise
        self._rest = data[at:] if at < end else b""
        return found

    def _check(self, first: int, op: int, length: int, final: bool, limit: int) -> None:
        if first & 0x70 or op not in _OPS:
            raise Violation(Close.PROTOCOL, "reserved bits or a reserved opcode")
        if op >= _CONTROL:
            if length > MAX_CONTROL_BYTES or not final:
                raise Violation(Close.PROTOCOL, "a control frame that is long or in parts")
        elif (op == _CONTINUATION) is (self._parts is None):
            raise Violation(Close.PROTOCOL, "a message in parts, out of order")
        elif self._size + length > limit:
            raise Violation(Close.TOO_LONG, f"more than {limit} bytes: limits.max_body_bytes is the limit")

    def _gather(self, op: int, payload: bytes, final: bool, found: list[tuple[int, bytes]]) -> None:
        if self._parts is None:
            self._parts, self._op = [], op
        # Empty parts without end take no memory.
        if payload:
            self._parts.append(payload)
        self._size += len(payload)
        if final:
            found.append((self._op, b"".join(self._parts)))
            self._parts, self._size = None, 0
