"""A client of the gateway stream, for asyncio: many sessions on one connection.

    async with await connect("127.0.0.1:8091") as client:
        session = client.enqueue({"mode": "duel", "players": [{"id": "ada", "rating": 1500}]})
        print((await session.result())["match_id"])

A lost connection is made again, and asks for the tickets whose ids are known; requests that are not answered yet are
sent again if they have a `key`, so that nobody is queued twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from random import Random
from typing import Any, NamedTuple, Self

import msgspec

from matchmaker.edge.frames import CLASSES, MAX_BODY_BYTES, MAX_SESSION, TO_GATEWAY, BadFrame, Framed, Kind

_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.05, 2.0
_NAMES: dict[int, str] = {
    Kind.QUEUED: "queued",
    Kind.ASSIGNED: "assigned",
    Kind.PROPOSED: "proposed",
    Kind.REQUEUED: "requeued",
}
_encode = msgspec.json.encode


class GatewayError(Exception):
    """What this module raises."""


class Unreachable(GatewayError):
    """There is no matchmaker at the address, or the connection to it was lost for good."""


class Lost(GatewayError):
    """What became of a request is not known, for the connection was lost before its ticket had an id."""


class RequestRefused(GatewayError):
    """The matchmaker does not do what was asked. `problem` is all it says; `retry_after_s` if it may be tried again."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        where = f" ({problem['field']})" if problem.get("field") else ""
        super().__init__(f"{problem.get('detail', 'refused')}{where}: {problem.get('hint', '')}")
        self.problem = problem
        self.status = int(problem.get("status", 0))
        self.retry_after_s: float | None = problem.get("retry_after_s")


class Happened(NamedTuple):
    """What a session is told. `name` is as on WebSockets: queued, proposed, requeued, assigned, expired, ..."""

    name: str
    body: dict[str, Any]


class Session:
    """One request and its ticket. Iterate over it for all it is told, or await `result()`."""

    def __init__(self, client: Client, id: int, priority: int, body: bytes, repeatable: bool) -> None:
        self.id = id
        self.ticket_id = ""
        """Known from the first answer on."""
        self._client = client
        self._priority = priority
        self._body = body
        self._repeatable = repeatable
        self._happened: asyncio.Queue[Happened | None] = asyncio.Queue()
        self._result: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        # Whoever iterates need not look at it.
        self._result.add_done_callback(lambda result: result.cancelled() or result.exception())
        self._asked: deque[asyncio.Future[dict[str, Any]]] = deque()

    @property
    def done(self) -> bool:
        return self._result.done()

    async def result(self) -> dict[str, Any]:
        """How the ticket ended: `state` is assigned, cancelled, expired, rejected or returned.

        Raises RequestRefused, Lost, Unreachable.
        """
        return await asyncio.shield(self._result)

    async def __aiter__(self) -> AsyncIterator[Happened]:
        """Ends behind the event that ended the ticket. Raises as `result` does."""
        while (happened := await self._happened.get()) is not None:
            yield happened
        self._happened.put_nowait(None)
        await self.result()

    async def cancel(self) -> dict[str, Any]:
        """The state afterwards; what ended the ticket before stays. Raises RequestRefused, Lost, Unreachable."""
        return await self._ask(Kind.CANCEL)

    async def accept(self, player: str) -> dict[str, Any]:
        """A player accepts the proposed match; the state afterwards. Raises as `cancel` does."""
        return await self._ask(Kind.ACCEPT, player=player)

    async def decline(self) -> dict[str, Any]:
        """The state afterwards. Raises as `cancel` does."""
        return await self._ask(Kind.DECLINE)

    async def get(self) -> dict[str, Any]:
        """The state now. Raises as `cancel` does."""
        return await self._ask(Kind.GET)

    async def _ask(self, kind: Kind, **about: str) -> dict[str, Any]:
        if self.ticket_id:
            about["ticket_id"] = self.ticket_id
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._client._send(kind, self.id, _encode(about) if about else b"")
        self._asked.append(answer)
        self._client._sessions[self.id] = self
        try:
            return await answer
        except RequestRefused as error:
            # It ended before it could be asked by name: how, was told already.
            if error.status != 404 or kind not in (Kind.CANCEL, Kind.GET) or not self.done:
                raise
            return await self.result()

    # What the client tells it

    def _start(self) -> None:
        """Sends what makes the matchmaker tell this session what becomes of it."""
        if self._client._wire is None:
            return
        if self.ticket_id:
            self._client._send(Kind.GET, self.id, _encode({"ticket_id": self.ticket_id}))
            self._asked.append(asyncio.get_running_loop().create_future())
            self._asked[-1].add_done_callback(self._found)
        else:
            self._client._send(self._priority, self.id, self._body)

    def _found(self, answer: asyncio.Future[dict[str, Any]]) -> None:
        """The state after a reconnect: the ticket may have ended meanwhile, or been forgotten."""
        if answer.cancelled():
            return
        if (error := answer.exception()) is None:
            told = answer.result()
            if told["state"] not in ("queued", "proposed"):
                self._end(told["state"], told)
        elif isinstance(error, RequestRefused):
            self._fail(Lost(f"the ticket {self.ticket_id} is not known any more ({error}): enqueue again"))

    def _heard(self, kind: int, body: bytes) -> None:
        told: dict[str, Any] = msgspec.json.decode(body)
        if kind == Kind.STATE:
            self.ticket_id = self.ticket_id or str(told["ticket_id"])
            self._answer(told, None)
        elif kind == Kind.REFUSED:
            error = RequestRefused(told)
            if told.get("op") == "enqueue":
                self._fail(error)
            else:
                self._answer({}, error)
        else:
            self.ticket_id = str(told["ticket_id"])
            name = _NAMES.get(kind) or str(told["state"])
            if kind in (Kind.ASSIGNED, Kind.ENDED):
                self._end(name, told)
            else:
                self._happened.put_nowait(Happened(name, told))

    def _answer(self, told: dict[str, Any], error: GatewayError | None) -> None:
        answer = self._asked.popleft()
        # One whose asker was cancelled still has its answer in the stream.
        if not answer.done():
            answer.set_exception(error) if error else answer.set_result(told)
        self._forget()

    def _end(self, name: str, told: dict[str, Any]) -> None:
        if not self.done:
            self._happened.put_nowait(Happened(name, told))
            self._happened.put_nowait(None)
            self._result.set_result(told)
            self._forget()

    def _fail(self, error: GatewayError) -> None:
        if not self.done:
            self._happened.put_nowait(None)
            self._result.set_exception(error)
            self._forget()

    def _forget(self) -> None:
        """Lets the session go when nothing more will be told to it."""
        if self.done and not self._asked:
            self._client._sessions.pop(self.id, None)

    def _disconnected(self, error: GatewayError | None) -> None:
        """The connection is gone: for good, with an error."""
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(error or Lost("the connection was lost before the answer came: ask again"))
        self._asked.clear()
        if error is not None:
            self._fail(error)
        elif not self.ticket_id and not self._repeatable:
            self._fail(Lost("the connection was lost before the ticket had an id: enqueue with a key to be safe"))
        self._forget()


class Client:
    """A connection, and its sessions. Made by `connect`."""

    def __init__(self, address: str, acks: bool, name: str, give_up_s: float) -> None:
        self.address = address
        self.going_away = False
        """The matchmaker stops: it refuses new tickets."""
        self.generation = 0
        """Counts connections."""
        self._hello = _encode({"acks": acks, "name": name})
        self._give_up_s = give_up_s
        self._sessions: dict[int, Session] = {}
        self._last = 0
        self._wire: _Wire | None = None
        self._reconnecting: asyncio.Task[None] | None = None
        self._error: GatewayError | None = None
        self._pings: deque[asyncio.Future[None]] = deque()

    def enqueue(self, request: Mapping[str, Any], priority: int = 0) -> Session:
        """Asks for a ticket: `request` as for HTTP (docs/gateway.md), `priority` 0 to 3. Does not wait.

        Raises ValueError for what does not fit a frame, Unreachable if the connection is gone for good.
        """
        body = _encode(request)
        if not 0 <= priority < CLASSES:
            raise ValueError(f"priority {priority}: there are 0 to {CLASSES - 1}")
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(f"a request of {len(body)} bytes does not fit a frame: send fewer players")
        if self._error:
            raise self._error
        session = Session(self, self._next(), priority, body, bool(request.get("key")))
        self._sessions[session.id] = session
        session._start()
        return session

    def follow(self, ticket_id: str) -> Session:
        """A session for a ticket that is there already, say from before a restart of this process.

        Its result is Lost if the ticket is not known.
        """
        if self._error:
            raise self._error
        session = Session(self, self._next(), 0, b"", False)
        session.ticket_id = ticket_id
        self._sessions[session.id] = session
        session._start()
        return session

    async def drain(self) -> None:
        """Waits while the matchmaker takes no more: call it between many enqueues. Raises Unreachable."""
        while self._error is None:
            wire = self._wire
            if wire is not None:
                await wire.writable.wait()
                if wire is self._wire:
                    return
            elif self._reconnecting is not None:
                await asyncio.wait([self._reconnecting])
        raise self._error

    async def ping(self) -> None:
        """Returns when all that was sent before has been looked at. Raises Lost, Unreachable."""
        if self._error:
            raise self._error
        pong: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._send(Kind.PING, 0)
        self._pings.append(pong)
        await pong

    async def close(self) -> None:
        """Ends the connection. Open tickets stay in the queue; their sessions here end as Unreachable."""
        self._fail(Unreachable("the client was closed: its tickets can be followed by their ids"))
        if self._reconnecting is not None:
            self._reconnecting.cancel()
        if self._wire is not None:
            self._wire.close()
            await self._wire.closed.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Inside

    def _next(self) -> int:
        while True:
            self._last = self._last % MAX_SESSION + 1
            if self._last not in self._sessions:
                return self._last

    def _send(self, kind: int, session: int, body: bytes = b"") -> None:
        if self._error:
            raise self._error
        if self._wire is None:
            raise Lost("there is no connection just now: ask again")
        self._wire.send(kind, session, body)

    async def _open(self) -> None:
        """Raises OSError."""
        loop = asyncio.get_running_loop()

        def wire() -> _Wire:
            return _Wire(self)

        if "/" in self.address:
            _, made = await loop.create_unix_connection(wire, self.address)
        else:
            host, _, port = self.address.rpartition(":")
            _, made = await loop.create_connection(wire, host.strip("[]"), int(port))
        if made.closed.is_set():
            raise ConnectionResetError("the connection was closed at once")
        made.send(Kind.HELLO, 0, self._hello)
        self._wire = made
        self.going_away = False
        self.generation += 1
        for session in list(self._sessions.values()):
            session._start()

    def _heard(self, kind: int, session: int, body: bytes) -> None:
        if session and kind != Kind.PONG:
            if (found := self._sessions.get(session)) is not None:
                found._heard(kind, body)
        elif kind == Kind.PONG:
            pong = self._pings.popleft()
            if not pong.done():
                pong.set_result(None)
        elif kind == Kind.GOING_AWAY:
            self.going_away = True
        elif kind == Kind.REFUSED:
            # Of the connection as a whole: trying again would come to the same.
            self._fail(Unreachable(f"{self.address} ended the connection: {RequestRefused(msgspec.json.decode(body))}"))

    def _lost(self, wire: _Wire) -> None:
        if wire is not self._wire:
            return
        self._wire = None
        pings, self._pings = self._pings, deque()
        for pong in pings:
            if not pong.done():
                pong.set_exception(self._error or Lost("the connection was lost before the answer came"))
        for session in list(self._sessions.values()):
            session._disconnected(self._error)
        if self._error is None:
            self._reconnecting = asyncio.get_running_loop().create_task(self._reconnect())

    async def _reconnect(self) -> None:
        loop, pause, random = asyncio.get_running_loop(), _FIRST_PAUSE_S, Random()
        until = loop.time() + self._give_up_s
        while True:
            try:
                await self._open()
                break
            except OSError as error:
                if loop.time() >= until:
                    self._fail(Unreachable(f"{self.address}: {error}: not reached again in {self._give_up_s:g} s"))
                    break
            # Not all gateways at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(_LAST_PAUSE_S, 2 * pause)
        self._reconnecting = None

    def _fail(self, error: GatewayError) -> None:
        if self._error is None:
            self._error = error
            for session in list(self._sessions.values()):
                session._disconnected(error)


class _Wire(Framed):
    def __init__(self, client: Client) -> None:
        super().__init__(TO_GATEWAY)
        self._client = client
        self.closed = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        try:
            for kind, session, body in self._splitter.feed(data, MAX_BODY_BYTES):
                self._client._heard(kind, session, body)
        except (BadFrame, msgspec.MsgspecError, LookupError) as error:
            self._client._fail(Unreachable(f"{self._client.address} does not speak the gateway stream: {error}"))
            self._transport.abort()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set()
        self.writable.set()
        self._client._lost(self)


async def connect(address: str, *, acks: bool = True, name: str = "", give_up_s: float = 30.0) -> Client:
    """Connects to `host:port`, or to the unix socket whose path (with a slash in it) `address` is.

    `acks`: whether tickets that wait are told of as `queued`; without it there is one frame a ticket. `give_up_s`: how
    long a lost connection is tried again. Raises Unreachable, ValueError for an address of another form.
    """
    if "/" not in address and not address.rpartition(":")[2].isdigit():
        raise ValueError(f"{address!r} is not an address: give HOST:PORT, or the path of a unix socket")
    client = Client(address, acks, name, give_up_s)
    try:
        await client._open()
    except OSError as error:
        raise Unreachable(f"{address}: {error}: is a matchmaker listening for gateways there?") from error
    return client
