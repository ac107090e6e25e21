"""The gateway stream: many sessions on one connection, the fast path. docs/gateway.md is normative."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from matchmaker.core.events import Denied, Event, Match, Proposed, Queued, Requeued
from matchmaker.core.refused import Busy, Refused
from matchmaker.core.ticket import State, Ticket
from matchmaker.edge.frames import CLASSES, TO_SERVER, BadFrame, Framed, Kind
from matchmaker.edge.operations import About, Accept, Get, Hello
from matchmaker.overload import Turns
from matchmaker.request import Enqueue, Malformed, parse, parse_enqueue, problem
from matchmaker.service import Service

log = logging.getLogger(__name__)

UNREAD_LIMIT_BYTES = 64 << 20
"""A connection that leaves more than this unread is closed."""
# Some milliseconds of work: sweeps, other connections and other edges get their turn in between.
_FRAMES_A_TURN = 200
# A read of as much has emptied a socket that was full, or nearly.
_FULL_BYTES: Final = 64 << 10
# Different times to come back, of those refused in one turn.
_SPREAD: Final = 16
# How long the other side may take to read why its stream ends.
_LINGER_S: Final = 5.0
_SESSION: Final = 0xFFFF_FFFF
# Looking a member up in an enumeration takes as long as sending it.
_ASSIGNED: Final = int(Kind.ASSIGNED)
_REFUSED: Final = int(Kind.REFUSED)
_QUEUED: Final = State.QUEUED

_encode: Final = msgspec.json.encode


_OPERATIONS: dict[int, tuple[str, type[About]]] = {
    Kind.CANCEL: ("cancel", About),
    Kind.ACCEPT: ("accept", Accept),
    Kind.DECLINE: ("decline", About),
    Kind.GET: ("get", Get),
}


async def serve(
    service: Service, host: str = "127.0.0.1", port: int = 0, *, path: str = "", sock: socket.socket | None = None
) -> Gateway:
    """Listens on `host` and `port` (0: any), on a unix socket at `path`, or on `sock`, which listens already.

    Raises OSError with what to do if that cannot be.
    """
    gateway = Gateway(service)
    loop = asyncio.get_running_loop()
    where = path or f"{host}:{port}"
    try:
        if sock is not None:
            server = await loop.create_server(gateway.connection, sock=sock)
        elif path:
            await _refuse_to_replace(path)
            server = await loop.create_unix_server(gateway.connection, path)
        else:
            server = await loop.create_server(gateway.connection, host, port, backlog=1024)
    except OSError as error:
        why = error.strerror or error
        raise OSError(f"cannot listen for gateways on {where}: {why}: choose another address") from error
    gateway.listens(server, path)
    return gateway


async def _refuse_to_replace(path: str) -> None:
    """asyncio replaces a socket that is there already: right for one left over, wrong for one that is served."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return
    writer.close()
    raise OSError("another process listens there")


class Gateway:
    """The listening side: all connections of gateways."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._server: asyncio.Server | None = None
        self._path = ""
        self._gone = asyncio.Event()
        self.turns = Turns(asyncio.get_running_loop().call_soon)
        self.closed = False
        self.connections: set[Connection] = set()

    def connection(self) -> Connection:
        return Connection(self._service, self)

    def listens(self, server: asyncio.Server, path: str) -> None:
        self._server, self._path = server, path

    @property
    def address(self) -> str:
        """`host:port`, or the path of the unix socket: what `matchmaker.client.connect` takes."""
        if self._path or self._server is None or not self._server.sockets:
            return self._path
        name = self._server.sockets[0].getsockname()
        return name if isinstance(name, str) else f"{name[0]}:{name[1]}"

    def go_away(self) -> None:
        """Tells all gateways that no more tickets are taken here. Call it before `Service.drain`."""
        for connection in self.connections:
            connection.go_away()

    def close(self) -> None:
        """Listens no more, and ends each connection behind what it was sent."""
        if self._server is not None and not self.closed:
            self._server.close()
            if self._path:
                with contextlib.suppress(OSError):
                    os.unlink(self._path)
        self.closed = True
        for connection in list(self.connections):
            connection.end()
        if not self.connections:
            self._gone.set()

    async def wait_closed(self) -> None:
        """Until all connections have ended, after `close`; those that do not read are cut off."""
        await self._gone.wait()

    def lost(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if self.closed and not self.connections:
            self._gone.set()


class Connection(Framed):
    """One gateway.

    A ticket's id ends with its session, so that one sink does for all tickets. Only sessions that follow a ticket
    which another session, connection or edge took are noted in `_followed`.
    """

    __slots__ = (
        "_acks",
        "_asking",
        "_closed",
        "_ended",
        "_followed",
        "_frames",
        "_gateway",
        "_more",
        "_open",
        "_service",
        "_since",
        "_sink",
        "_unread",
        "_working",
        "name",
    )

    def __init__(self, service: Service, gateway: Gateway) -> None:
        super().__init__(TO_SERVER)
        self._service = service
        self._gateway = gateway
        self._sink = self._tell
        self._open: dict[int, int] = {}
        """The open ticket of each session that has one."""
        self._followed: dict[int, list[int]] = {}
        """Sessions by ticket, for tickets that are not told to the session in their id alone."""
        self._asking = 0
        """The session whose request is being looked at: its ticket may be matched before its id is known here."""
        self._frames: Iterator[tuple[int, int, bytes]] = iter(())
        """What came and was not handled yet; while `_working` there is more than fits into a turn of the loop."""
        self._since = 0.0
        """Since when what is handled may have waited to be read."""
        self._more = False
        self._working = False
        self._unread = False
        self._acks = True
        self._ended = False
        self._closed = False
        self.name = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._gateway.connections.add(self)
        if self._service.draining:
            self.go_away()
        if self._gateway.closed:
            self.end()

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        since = self._gateway.turns.since(time.monotonic())
        self._since = min(since, self._since) if self._more else since
        # More than that was ready to be sent, so the rest of it has waited as long.
        self._more = len(data) >= _FULL_BYTES
        self._frames = self._splitter.feed(data, self._service.settings.max_body_bytes())
        self._work()

    def _work(self) -> None:
        """Handles some of the frames that came, and leaves the rest for the next turn of the loop."""
        if self._ended:
            return
        below = self._service.refuses_below(self._since)
        left = _FRAMES_A_TURN
        late: list[int] = []
        try:
            for kind, session, body in self._frames:
                if kind < below and session:
                    late.append(session)
                elif kind < CLASSES and session:
                    self._enqueue(kind, session, body)
                else:
                    self._other(kind, session, body)
                left -= 1
                if not left:
                    break
        except BadFrame as error:
            self._refuse_early(late)
            self._give_up(str(error))
            return
        self._refuse_early(late)
        self._asking = 0
        if not left:
            if not self._working:
                self._working = True
                self._transport.pause_reading()
            self._loop.call_soon(self._work)
        elif self._working:
            self._working = False
            self._read_on()

    def _read_on(self) -> None:
        if not (self._working or self._unread or self._transport.is_closing()):
            self._transport.resume_reading()

    def _enqueue(self, priority: int, session: int, body: bytes) -> None:
        service = self._service
        self._asking = session
        try:
            request = parse_enqueue(body)
            request.priority = priority
            if session in self._open:
                self._check_same(session, request)
            # Not part of the request: with a key it may be sent again from elsewhere.
            address, request.address = request.address, ""
            ticket, known = service.enqueue(request, self._sink, session, address)
        except Refused as error:
            self._refuse(session, "enqueue", problem(error))
            return
        except Exception:
            self._broken(session, "enqueue")
            return
        state = ticket.state
        if known:
            if state.open:
                self._follow(session, ticket)
                self.send(Kind.QUEUED, session, _encode({**service.describe(ticket.id), "deduplicated": True}))
        elif state is _QUEUED:
            self._open[session] = ticket.id
            if self._acks:
                self.send(Kind.QUEUED, session, _encode(service.describe(ticket.id)))
        elif state is State.PROPOSED or state is State.SENT:
            self._open[session] = ticket.id

    def _tell(self, ticket: Ticket, event: Event | Queued | Denied) -> None:
        """The sink of all tickets."""
        if self._closed:
            return
        if type(event) is Match:
            kind, final = _ASSIGNED, True
        elif isinstance(event, Proposed):
            kind, final = Kind.PROPOSED, False
        elif isinstance(event, Requeued):
            kind, final = Kind.REQUEUED, False
        elif isinstance(event, Queued):
            if not (self._acks or event.deduplicated):
                return
            kind, final = Kind.QUEUED, False
        elif isinstance(event, Denied):
            kind, final = Kind.REFUSED, True
        else:
            kind, final = Kind.ENDED, True
        id = ticket.id
        session = id & _SESSION
        body = self._service.message(ticket, event)
        if self._followed and id in self._followed:
            for session in self._followed.pop(id) if final else self._followed[id]:
                if final:
                    del self._open[session]
                self.send(kind, session, body)
            return
        if self._open.get(session) != id:
            # New, or found by its idempotency key.
            session = self._asking
        elif final:
            del self._open[session]
        self.send(kind, session, body)

    def _follow(self, session: int, ticket: Ticket) -> None:
        """Lets a session without a ticket be told of one that was there before."""
        id, service = ticket.id, self._service
        # However many sessions follow it, this connection is told once; and lost ones need not be told any more.
        for sink in ticket.sink if isinstance(ticket.sink, tuple) else (ticket.sink,):
            told = getattr(sink, "__self__", None)
            if told is self or (isinstance(told, Connection) and told._closed):
                service.unlisten(id, sink)
        service.listen(ticket, self._sink)
        if self._open.get(session) == id:
            return
        if session != id & _SESSION or id in self._followed:
            own = id & _SESSION
            first = [own] if self._open.get(own) == id else []
            self._followed.setdefault(id, first).append(session)
        self._open[session] = id

    def _check_same(self, session: int, request: Enqueue) -> None:
        """A session that has a ticket may only ask for that one again."""
        ticket = self._service.engine.tickets.get(self._open[session])
        if ticket is None or set(ticket.players) != {player.id for player in request.players}:
            raise Refused("the session has an open ticket", "", "cancel that first, or use another session")

    # What is not an enqueue

    def _other(self, kind: int, session: int, body: bytes) -> None:
        if kind == Kind.PING:
            self.send(Kind.PONG, session, body)
        elif kind == Kind.HELLO and not session:
            try:
                hello = parse(Hello, body or b"{}")
            except Malformed as error:
                raise BadFrame(f"hello: {error}") from None
            self._acks, self.name = hello.acks, hello.name
        elif kind == Kind.HELLO or not session:
            raise BadFrame("session 0 is that of the connection: it says hello, and all tickets have another one")
        else:
            self._operate(kind, session, body)

    def _operate(self, kind: int, session: int, body: bytes) -> None:
        service = self._service
        op, form = _OPERATIONS[kind]
        try:
            about = parse(form, body or b"{}")
            id = service.find(about.ticket_id) if about.ticket_id else self._open[session]
            if kind == Kind.CANCEL:
                service.cancel(id)
            elif kind == Kind.ACCEPT:
                service.accept(id, about.player)
            elif kind == Kind.DECLINE:
                service.decline(id)
            elif about.follow and session not in self._open and (ticket := service.engine.tickets.get(id)) is not None:
                self._follow(session, ticket)
            if (later := service.later(id)) is not None:
                later.add_done_callback(lambda done: self._answered(done, session, op, id))
                return
            self.send(Kind.STATE, session, _encode(service.describe(id)))
        except Refused as error:
            self._refuse(session, op, problem(error))
        except KeyError:
            self._refuse(session, op, _UNKNOWN)
        except Exception:
            self._broken(session, op)

    def _answered(self, done: asyncio.Future[None], session: int, op: str, id: int) -> None:
        """In a fleet, what an operation came to is known when the log says so."""
        if self._closed:
            return
        try:
            done.result()
            self.send(Kind.STATE, session, _encode(self._service.describe(id)))
        except Refused as error:
            self._refuse(session, op, problem(error))
        except KeyError:
            if self._open.get(session) == id and self._service.engine.tickets.get(id) is None:
                del self._open[session]
                self._followed.pop(id, None)
            self._refuse(session, op, _UNKNOWN)

    # Refusals

    def _refuse(self, session: int, op: str, told: dict[str, Any]) -> None:
        self.send(Kind.REFUSED, session, _encode({**told, "op": op}))

    def _refuse_early(self, sessions: list[int]) -> None:
        """Costs no decoding, and hardly any encoding: this is for when there is no time."""
        if not sessions:
            return
        service = self._service
        service.counts["shed"] += len(sessions)
        known = _STOPPING if service.draining else _LATE
        # Few times to come back are enough to keep them from all coming at once.
        bodies = [known + b'"retry_after_s":%.2f}' % service.retry_after_s() for _ in sessions[:_SPREAD]]
        for at, session in enumerate(sessions):
            self.send(_REFUSED, session, bodies[at % _SPREAD])

    def _broken(self, session: int, op: str) -> None:
        """A fault of ours: one session is told, and the others of the connection go on."""
        log.exception("gateway %r: %s on session %s failed", self.name, op, session)
        self._refuse(session, op, _FAULT)

    def _give_up(self, why: str) -> None:
        """Ends a stream that cannot be understood any more."""
        log.warning("gateway %r: %s", self.name, why)
        self._refuse(0, "", problem(Malformed(why, "", "connect again; docs/gateway.md has the form of a frame")))
        self.end()

    # The connection

    def go_away(self) -> None:
        self.send(Kind.GOING_AWAY, 0, b'{"detail":"the matchmaker is stopping: send new tickets to another one"}')

    def end(self) -> None:
        """Closes behind what was sent. What still comes in is thrown away, for closing at once would reset the stream
        before the other side has read its end."""
        if self._ended:
            return
        self.flush()
        self._closed = self._ended = True
        if self._transport.is_closing():
            return
        self._transport.resume_reading()
        self._transport.write_eof()
        self._loop.call_later(_LINGER_S, self._transport.abort)

    def flush(self) -> None:
        if self._ended:
            self._out.clear()
            return
        super().flush()
        if self._transport.get_write_buffer_size() > UNREAD_LIMIT_BYTES and not self._transport.is_closing():
            log.warning("gateway %r does not read: closed", self.name)
            self._transport.abort()

    def pause_writing(self) -> None:
        # Who does not read its answers may not ask either.
        if not self._ended:
            self._unread = True
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._unread = False
        self._read_on()

    def eof_received(self) -> None:
        self.flush()

    def connection_lost(self, error: Exception | None) -> None:
        """Tickets stay in the queue; whoever asks for them by id is told."""
        self._closed = self._ended = True
        self._open.clear()
        self._followed.clear()
        self._out.clear()
        self._gateway.lost(self)


def _early(detail: str) -> bytes:
    told = {**problem(Busy(detail)), "op": "enqueue"}
    del told["retry_after_s"]
    return _encode(told)[:-1] + b","


_STOPPING: Final = _early("the matchmaker is stopping")
_LATE: Final = _early("requests wait too long; those of this priority are refused for now")
_UNKNOWN: Final = {
    "type": "about:blank",
    "title": "No such ticket",
    "status": 404,
    "detail": "no such ticket, or none that waits for this",
    "field": "ticket_id",
    "hint": "name an open ticket, or one that ended a moment ago; without a name the session's own open one is meant",
}
_FAULT: Final = {
    "type": "about:blank",
    "title": "Fault of the matchmaker",
    "status": 500,
    "detail": "the request met a fault of the matchmaker, which has logged it",
    "field": "",
    "hint": "ask for the state of the ticket before you send it again",
}
