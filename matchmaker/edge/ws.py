"""WebSocket: many tickets on one connection. docs/matchmaker.md has the messages.

A closed connection leaves its tickets in the queue; a new one asks with `get` and the ticket's id, and is told all
that follows.
"""

from __future__ import annotations

import asyncio
import binascii
import logging
from base64 import b64decode

import msgspec
from websockets.utils import accept_key

from matchmaker.core.refused import Refused
from matchmaker.edge.backend import FINAL, state_of, ticket_of
from matchmaker.edge.edge import LINGER_S, Edge, address_of
from matchmaker.edge.exchange import HINT, UNASKED, UNKNOWN, failure
from matchmaker.edge.frames import Kind
from matchmaker.edge.parser import BadRequest, Request
from matchmaker.edge.rfc6455 import Close, Frames, Op, Violation, frame
from matchmaker.request import Enqueue, Malformed, malformed, problem

log = logging.getLogger(__name__)

MAX_REF_BYTES = 128
# More unread than this, and the reader is gone; its tickets can be asked for by id.
_UNREAD_LIMIT_BYTES = 4 << 20
# Of one connection; then others get their turn.
_MESSAGES_A_TURN = 50
# Plain numbers: these are looked at for each message.
_TEXT, _QUEUED = int(Op.TEXT), int(Kind.QUEUED)
_OPERATIONS = {"cancel": Kind.CANCEL, "accept": Kind.ACCEPT, "decline": Kind.DECLINE, "get": Kind.GET}
_NAMES: dict[int, bytes] = {
    Kind.QUEUED: b"queued",
    Kind.PROPOSED: b"proposed",
    Kind.REQUEUED: b"requeued",
    Kind.ASSIGNED: b"assigned",
    Kind.STATE: b"state",
    Kind.REFUSED: b"error",
    Kind.GOING_AWAY: b"going_away",
}
_encode = msgspec.json.encode


class _Named(msgspec.Struct, gc=False):
    ref: msgspec.Raw = msgspec.Raw(b"null")
    """Given back with whatever is told about it."""


class _Asked(_Named, gc=False):
    """What messages beside enqueues have."""

    op: str = ""
    ticket_id: str = ""
    player: str = ""


class _Enqueue(Enqueue, gc=False):
    """An enqueue as it comes: what does not belong to the request is taken out, and not sent on."""

    op: str | msgspec.UnsetType = msgspec.UNSET
    ref: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_named = msgspec.json.Decoder(_Named).decode
_asked = msgspec.json.Decoder(_Asked).decode
_enqueue = msgspec.json.Decoder(_Enqueue).decode


def handshake(request: Request) -> bytes | BadRequest:
    """The headers that answer a request for a WebSocket, or why there is none."""
    headers = request.headers
    if request.method != b"GET":
        return BadRequest(405, "a WebSocket is asked for with GET", "use GET")
    if headers.get(b"sec-websocket-version", b"") != b"13":
        return BadRequest(426, "not version 13 of WebSocket", "speak version 13, RFC 6455")
    key = headers.get(b"sec-websocket-key", b"")
    try:
        good = len(b64decode(key, validate=True)) == 16
    except binascii.Error:
        good = False
    if not good:
        return BadRequest(400, "Sec-WebSocket-Key is not 16 bytes in base64", "send one, RFC 6455")
    accept = accept_key(key.decode())
    return f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()


class WebSocket(asyncio.Protocol):
    """The connection, once it is one. An idle one is this object, a `Frames` and the transport."""

    __slots__ = ("_acks", "_edge", "_ends", "_forwarded", "_frames", "_silent", "_tickets", "_transport", "backend")

    def __init__(self, edge: Edge, transport: asyncio.Transport, forwarded: bytes, acks: bool) -> None:
        """Without `acks` tickets that wait are not told of as `queued`, unless they waited before."""
        self._edge = edge
        self._transport = transport
        self._acks = acks
        self.backend = edge.backend if acks else edge.quiet
        self._forwarded = forwarded
        self._frames = Frames()
        self._tickets: dict[str, _Ticket] | None = None
        """Open ones, by id."""
        self._ends = False
        self._silent = 0
        """How often in a row nothing had come when that was looked at."""
        edge.websockets.add(self)

    def data_received(self, data: bytes) -> None:
        if self._ends:
            return
        self._silent = 0
        end = None
        try:
            messages = self._frames.feed(data, self.backend.max_body_bytes())
        except Violation as wrong:
            messages, end = wrong.before, wrong
        self._work(messages, 0, end)

    def _work(self, messages: list[tuple[int, bytes]], begin: int, wrong: Violation | None) -> None:
        """Answers some of the messages that came, and leaves the rest for the next turn of the loop."""
        edge = self._edge
        for op, payload in messages[begin : begin + _MESSAGES_A_TURN]:
            if self._ends:
                return
            if op == _TEXT:
                edge.messages += 1
                self._message(payload)
            elif op == Op.PING:
                self._transport.write(frame(Op.PONG, payload))
            elif op == Op.CLOSE:
                self._end(payload[:2] if len(payload) >= 2 else b"")
            elif op == Op.BINARY:
                self.close(Close.UNSUPPORTED, "send text")
        begin += _MESSAGES_A_TURN
        if self._ends or self._transport.is_closing():
            return
        if begin < len(messages):
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._work, messages, begin, wrong)
        elif wrong is not None:
            self.close(wrong.code, str(wrong))
        elif begin > _MESSAGES_A_TURN:
            self._transport.resume_reading()

    def _message(self, text: bytes) -> None:
        if not (text.isascii() or _is_utf8(text)):
            self.close(Close.NOT_UTF8, "not UTF-8")
            return
        ref, op = b"null", ""
        try:
            try:
                asked = _asked(text)
                # A view of the message otherwise, which would live as long as the ticket.
                ref, op = bytes(asked.ref), asked.op
                if len(ref) > MAX_REF_BYTES:
                    ref = b"null"
                    raise Malformed(f"more than {MAX_REF_BYTES} bytes", "ref", "send a shorter ref")
                if op == "enqueue":
                    self._enqueue(text, ref)
                    return
            except msgspec.MsgspecError as error:
                ref = _ref(text)
                raise malformed(error) from None
            if (kind := _OPERATIONS.get(op)) is None:
                known = ", ".join(("enqueue", *_OPERATIONS))
                raise Malformed(f"{op!r} is not an operation", "op", f"use one of {known}")
            self._operate(kind, asked, ref)
        except Refused as error:
            self.send(b'{"ref":' + ref + b',"event":"error",' + _encode(problem(error))[1:])
        except KeyError:
            told = failure(404, UNASKED if op in ("accept", "decline") else UNKNOWN, HINT)
            self.send(b'{"ref":' + ref + b',"event":"error",' + told[1:])
        except Exception:
            log.exception("a message %s failed", op)
            told = failure(500, "this met a fault of the matchmaker, which has logged it", "ask for the ticket's state")
            self.send(b'{"ref":' + ref + b',"event":"error",' + told[1:])

    def _enqueue(self, text: bytes, ref: bytes) -> None:
        request = _enqueue(text)
        request.op = request.ref = msgspec.UNSET
        if not request.mode and not request.modes:
            raise Malformed("no mode", "mode", "send the mode to play, or several as modes")
        self.backend.enqueue(request, _Ticket(self, ref), watch=True, address=self.address)

    def address(self) -> str:
        return address_of(self._transport, self._forwarded)

    def _operate(self, kind: Kind, asked: _Asked, ref: bytes) -> None:
        backend, id = self.backend, asked.ticket_id
        backend.operate(kind, id, _Answer(self, ref, kind is Kind.GET), asked.player)

    # What is told

    def send(self, message: bytes) -> None:
        transport = self._transport
        if self._ends or transport.is_closing():
            return
        transport.write(frame(_TEXT, message))
        if transport.get_write_buffer_size() > _UNREAD_LIMIT_BYTES:
            log.warning("a WebSocket does not read: closed")
            transport.abort()

    def follow(self, id: str, ref: bytes) -> None:
        """From now on this connection is told of a ticket that is open, if it is not already."""
        if self._tickets is not None and id in self._tickets:
            return
        ticket = _Ticket(self, ref)
        self.has(id, ticket)
        try:
            self.backend.follow(id, ticket)
        except (Refused, KeyError) as error:
            # The matchmaker has just gone, or forgotten it.
            self.let_go(id)
            told = problem(error) if isinstance(error, Refused) else {"status": 404, "detail": UNKNOWN}
            self.send(b'{"ref":' + ref + b',"event":"error",' + _encode(told)[1:])

    def has(self, id: str, ticket: _Ticket) -> None:
        ticket.id = id
        if self._tickets is None:
            self._tickets = {}
        self._tickets[id] = ticket

    def let_go(self, id: str) -> None:
        if self._tickets is not None:
            self._tickets.pop(id, None)
            if not self._tickets:
                self._tickets = None

    # The end

    def close(self, code: Close, why: str = "") -> None:
        self._end(code.to_bytes(2, "big") + why.encode()[:120])

    def _end(self, payload: bytes) -> None:
        """Closes behind what was sent; what still comes in is thrown away."""
        if self._ends:
            return
        self._ends = True
        self._leave()
        if self._transport.is_closing():
            return
        self._transport.write(frame(Op.CLOSE, payload))
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)

    def _leave(self) -> None:
        tickets, self._tickets = self._tickets, None
        for id, ticket in (tickets or {}).items():
            self.backend.leave(id, ticket)

    @property
    def closed(self) -> bool:
        return self._ends

    def connection_lost(self, error: Exception | None) -> None:
        self._ends = True
        self._leave()
        self._edge.lost(self)

    def overdue(self, now: float) -> None:
        """Asks a peer that says nothing whether it is there, and cuts it off if it does not answer."""
        self._silent += 1
        if self._silent == 2 and not self._transport.is_closing() and not self._ends:
            self._transport.write(frame(Op.PING, b""))
        elif self._silent > 2:
            self._transport.abort()

    def stop(self) -> None:
        self.close(Close.GOING_AWAY, "this server is stopping: connect again, and ask for tickets by their ids")

    def abort(self) -> None:
        self._transport.abort()


class _Ticket:
    """One open ticket of a connection: what becomes of it is told under the `ref` of who asked."""

    __slots__ = ("_connection", "_ref", "id")

    def __init__(self, connection: WebSocket, ref: bytes) -> None:
        self._connection = connection
        self._ref = ref
        self.id = ""

    def heard(self, kind: int, body: bytes) -> None:
        connection = self._connection
        if connection.closed:
            if kind == _QUEUED:
                connection.backend.leave(ticket_of(body), self)
            return
        if kind in (Kind.QUEUED, Kind.PROPOSED, Kind.REQUEUED):
            if not self.id:
                connection.has(ticket_of(body), self)
                if kind == _QUEUED and not connection._acks and b'"deduplicated":true' not in body:
                    return
        elif kind in FINAL and self.id:
            connection.let_go(self.id)
        name = _NAMES.get(kind) or state_of(body).encode()
        connection.send(b'{"ref":' + self._ref + b',"event":"' + name + b'",' + body[1:])


class _Answer:
    """Who asked about a ticket; with `follow` the connection is told of it from now on, if it is open."""

    __slots__ = ("_connection", "_follow", "_ref")

    def __init__(self, connection: WebSocket, ref: bytes, follow: bool) -> None:
        self._connection = connection
        self._ref = ref
        self._follow = follow

    def heard(self, kind: int, body: bytes) -> None:
        connection = self._connection
        if connection.closed:
            return
        connection.send(b'{"ref":' + self._ref + b',"event":"' + _NAMES[kind] + b'",' + body[1:])
        if self._follow and kind == Kind.STATE and state_of(body) in ("queued", "proposed"):
            connection.follow(ticket_of(body), self._ref)


def _ref(text: bytes) -> bytes:
    """That of a message in which something else is wrong."""
    try:
        ref = bytes(_named(text).ref)
    except msgspec.MsgspecError:
        return b"null"
    return ref if len(ref) <= MAX_REF_BYTES else b"null"


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
