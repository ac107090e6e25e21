"""The matchmaker in another process, over one gateway stream: the backend of edge processes. docs/gateway.md.

Tickets belong to the owner. When the stream is lost it is made again, and asks for every open ticket by its id, so
players are told what became of theirs. Who has had no answer yet is told to ask again: a player waits once, and a
request with a key is answered once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from random import Random

import msgspec

from matchmaker.core.refused import Busy
from matchmaker.edge.backend import FINAL, Watcher, by_address, state_of, ticket_of
from matchmaker.edge.frames import MAX_BODY_BYTES, MAX_SESSION, TO_GATEWAY, BadFrame, Framed, Kind
from matchmaker.live import LiveSettings
from matchmaker.request import Enqueue, Malformed, problem

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.05, 2.0
_OPEN = ("queued", "proposed")
# Plain numbers: these are looked at for each frame.
_REFUSED, _STATE = int(Kind.REFUSED), int(Kind.STATE)
_encode = msgspec.json.encode


class _Session:
    """One ticket, as far as it is known here."""

    __slots__ = ("id", "quiet", "ticket_id", "watchers")

    def __init__(self, id: int, watchers: tuple[Watcher, ...], ticket_id: str = "") -> None:
        self.id = id
        self.ticket_id = ticket_id
        self.watchers = watchers
        self.quiet = bool(ticket_id)
        """Its watchers know already that the ticket is open."""

    def tell(self, kind: int, body: bytes) -> None:
        for watcher in self.watchers:
            watcher.heard(kind, body)


class Upstream:
    """A `Backend`. `address` is HOST:PORT, or the path of a unix socket, with a slash in it.

    Without `acks` tickets that wait are not told of as `QUEUED`, as docs/gateway.md has it: half the frames.
    """

    def __init__(self, address: str, settings: LiveSettings, name: str = "edge", acks: bool = True) -> None:
        self.address = address
        self.max_body_bytes = settings.max_body_bytes
        self.going_away = False
        """The owner stops: it refuses new tickets."""
        self.connected = asyncio.Event()
        self._settings = settings
        self._hello = _encode({"acks": acks, "name": name})
        self._wire: _Wire | None = None
        self._lost_wire = asyncio.Event()
        self._sessions: dict[int, _Session] = {}
        self._by_ticket: dict[str, _Session] = {}
        self._asked: dict[int, Watcher] = {}
        """Sessions that have no ticket: one question each."""
        self._last = 0
        self._random = Random()

    @property
    def ready(self) -> bool:
        return self._wire is not None and not self.going_away

    def max_long_poll_s(self) -> float:
        return self._settings.current().limits.max_long_poll_s

    def enqueue(self, request: Enqueue, watcher: Watcher, *, watch: bool, address: Callable[[], str]) -> None:
        wire = self._ready_wire()
        request.address = address()[:64] if by_address(self._settings) else ""
        body = _encode(request)
        self._fits(body)
        watchers: tuple[Watcher, ...] = (watcher,) if watch else (_Once(watcher),)
        session = _Session(self._next(), watchers)
        self._sessions[session.id] = session
        wire.send(request.priority, session.id, body)

    def operate(self, kind: Kind, id: str, watcher: Watcher, player: str = "") -> None:
        wire = self._ready_wire()
        about: dict[str, object] = {"ticket_id": _named(id)}
        if kind == Kind.ACCEPT:
            about["player"] = player
        elif kind == Kind.GET:
            about["follow"] = False
        body = _encode(about)
        self._fits(body)
        number = self._next()
        self._asked[number] = watcher
        wire.send(kind, number, body)

    def follow(self, id: str, watcher: Watcher) -> None:
        if (session := self._by_ticket.get(id)) is not None:
            session.watchers = (*session.watchers, watcher)
            return
        wire = self._ready_wire()
        session = _Session(self._next(), (watcher,), _named(id))
        self._sessions[session.id] = self._by_ticket[id] = session
        wire.send(Kind.GET, session.id, _encode({"ticket_id": id}))

    def leave(self, id: str, watcher: Watcher) -> None:
        if (session := self._by_ticket.get(id)) is not None:
            session.watchers = tuple(other for other in session.watchers if other is not watcher)

    # The stream

    async def run(self) -> None:
        """Keeps the stream, until cancelled."""
        pause = _FIRST_PAUSE_S
        told = False
        while True:
            try:
                await self._open()
            except OSError as error:
                if not told:
                    log.warning("no matchmaker at %s: %s; players are told to come back", self.address, error)
                    told = True
                # Not all edges at once.
                await asyncio.sleep(pause * self._random.uniform(0.5, 1.0))
                pause = min(_LAST_PAUSE_S, 2 * pause)
                continue
            pause, told = _FIRST_PAUSE_S, False
            log.info("connected to the matchmaker at %s", self.address)
            await self._lost_wire.wait()
            log.warning("the stream to the matchmaker at %s was lost", self.address)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._lost_wire.clear()

        def made() -> _Wire:
            return _Wire(self)

        if "/" in self.address:
            _, wire = await loop.create_unix_connection(made, self.address)
        else:
            host, _, port = self.address.rpartition(":")
            _, wire = await loop.create_connection(made, host.strip("[]"), int(port))
        if self._lost_wire.is_set():
            raise ConnectionResetError("the connection was closed at once")
        wire.send(Kind.HELLO, 0, self._hello)
        self._wire, self.going_away = wire, False
        self.connected.set()
        for session in self._sessions.values():
            wire.send(Kind.GET, session.id, _encode({"ticket_id": session.ticket_id}))

    def heard(self, kind: int, number: int, body: bytes) -> None:
        """A frame from the owner."""
        session = self._sessions.get(number)
        if session is not None:
            self._heard_of(session, kind, body)
        elif (watcher := self._asked.pop(number, None)) is not None:
            watcher.heard(kind, body)
        elif kind == Kind.GOING_AWAY:
            self.going_away = True
        elif kind == Kind.REFUSED and not number:
            log.error("the matchmaker ends the stream: %s", body.decode(errors="replace"))

    def _heard_of(self, session: _Session, kind: int, body: bytes) -> None:
        if kind in FINAL:
            self._forget(session)
        elif kind == _REFUSED:
            self._forget(session)
            if session.ticket_id:
                # It was asked for after the stream was lost, or by who wants to follow it.
                kind, body = Kind.ENDED, _gone(session.ticket_id)
        elif kind == _STATE:
            if state_of(body) in _OPEN:
                kind, quiet, session.quiet = Kind.QUEUED, session.quiet, True
                if quiet:
                    return
            else:
                self._forget(session)
                kind = Kind.ASSIGNED if state_of(body) == "assigned" else Kind.ENDED
        elif not session.ticket_id:
            session.ticket_id = id = ticket_of(body)
            session.quiet = True
            self._by_ticket[id] = session
        session.tell(kind, body)

    def _forget(self, session: _Session) -> None:
        del self._sessions[session.id]
        if self._by_ticket.get(session.ticket_id) is session:
            del self._by_ticket[session.ticket_id]

    def lost(self, wire: _Wire) -> None:
        """Tells everybody who waits for an answer or a match."""
        if self._wire is wire:
            self._wire = None
            self.connected.clear()
        self._lost_wire.set()
        asked, self._asked = self._asked, {}
        for watcher in asked.values():
            watcher.heard(Kind.REFUSED, self._unreachable())
        for session in list(self._sessions.values()):
            if session.ticket_id:
                if not session.quiet:
                    # It was told before, and nothing has come since.
                    continue
                session.quiet = False
                told = b'{"ticket_id":"' + session.ticket_id.encode() + b'",' + self._unreachable()[1:]
                session.tell(Kind.GOING_AWAY, told)
            else:
                self._forget(session)
                session.tell(Kind.REFUSED, self._unreachable())

    def _fits(self, body: bytes) -> None:
        """The owner would end the stream for one that does not, and it is that of all players here."""
        if len(body) > (limit := self.max_body_bytes()):
            raise Malformed(f"more than {limit} bytes", "", "send less: limits.max_body_bytes is the limit")

    def _ready_wire(self) -> _Wire:
        if self._wire is None:
            raise self._busy()
        if self._wire.full:
            raise Busy("the matchmaker does not keep up", self._retry_s())
        return self._wire

    def _busy(self) -> Busy:
        return Busy("the matchmaker cannot be reached just now; tickets that wait there are kept", self._retry_s())

    def _unreachable(self) -> bytes:
        return _encode(problem(self._busy()))

    def _retry_s(self) -> float:
        """Spread, so that not all come back at once."""
        return round(max(1, self._settings.retry_after_s()) * self._random.uniform(1.0, 1.5), 2)

    def _next(self) -> int:
        while True:
            self._last = self._last % MAX_SESSION + 1
            if self._last not in self._sessions and self._last not in self._asked:
                return self._last


class _Once:
    """Tells of the first answer alone."""

    __slots__ = ("_watcher",)

    def __init__(self, watcher: Watcher) -> None:
        self._watcher: Watcher | None = watcher

    def heard(self, kind: int, body: bytes) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.heard(kind, body)


class _Wire(Framed):
    __slots__ = ("_upstream", "full")

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(TO_GATEWAY)
        self._upstream = upstream
        self.full = False
        """More is unread at the owner than should be."""

    def data_received(self, data: bytes) -> None:
        heard = self._upstream.heard
        try:
            for kind, session, body in self._splitter.feed(data, MAX_BODY_BYTES):
                heard(kind, session, body)
        except (BadFrame, ValueError, msgspec.MsgspecError) as error:
            log.error("%s does not speak the gateway stream: %s", self._upstream.address, error)
            self._transport.abort()

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False

    def connection_lost(self, error: Exception | None) -> None:
        self._upstream.lost(self)


def _named(id: str) -> str:
    """Raises KeyError for what can be no ticket's id: the owner would call the question malformed."""
    if not 0 < len(id) <= 64:
        raise KeyError(id)
    return id


def _gone(id: str) -> bytes:
    """Of a ticket that the owner does not know after the stream was lost."""
    reason = "the matchmaker does not know this ticket any more: ask anew"
    told = {"ticket_id": id, "state": "returned", "mode": "", "region": "", "reason": reason}
    return _encode(told)
