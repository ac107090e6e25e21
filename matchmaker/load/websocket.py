"""Players on WebSockets: a few with many tickets each, or as many as there are descriptors."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

from matchmaker.edge.rfc6455 import Frames, Op, Violation, frame
from matchmaker.load.arrivals import poisson
from matchmaker.load.plan import Load
from matchmaker.load.players import Players
from matchmaker.load.report import REPORT_S
from matchmaker.load.tally import ENDINGS, Tally, Tell, Told

_RING = 2_000
# Requests sent before answers get their turn again.
_BATCH = 100
_CANCELLED_WITHIN_S = 10.0
_OPENED_AT_ONCE = 64
_MOST_BYTES = 1 << 20
_ANSWERED_WITHIN_S = 60.0
# Linux: the port is chosen when it is known where to, so that one port serves several servers.
_IP_BIND_ADDRESS_NO_PORT = 24


class _Heard(msgspec.Struct, gc=False):
    """What is looked at of each message."""

    event: str
    ref: int | None = None
    ticket_id: str = ""
    match_id: str = ""
    detail: str = ""
    retry_after_s: float | None = None


_heard = msgspec.json.Decoder(_Heard).decode
_told = msgspec.json.Decoder(Told).decode


class _Open:
    """A request that has had no final answer yet."""

    __slots__ = ("due", "player", "ticket_id", "via")

    def __init__(self, due: float, player: str, via: _WebSocket) -> None:
        self.due = due
        self.player = player
        self.via = via
        self.ticket_id = ""


class _Drive:
    def __init__(self, load: Load, tally: Tally) -> None:
        self.tally = tally
        self.open: dict[int, _Open] = {}
        self.leaving = False
        self.random = Random(f"{load.seed}/{load.lane}/masks")

    def heard(self, text: bytes) -> None:
        message = _heard(text)
        event, ref = message.event, message.ref
        waiting = self.open.get(ref) if ref is not None else None
        if event == "assigned":
            self._assigned(message, waiting, text)
        elif event == "queued":
            if waiting is not None:
                waiting.ticket_id = message.ticket_id
                if self.leaving:
                    waiting.via.ask(ref, {"op": "cancel", "ticket_id": message.ticket_id})
        elif event in ("proposed", "requeued", "state", "going_away"):
            return
        elif event == "error":
            if waiting is not None:
                self.tally.refused(message.detail, message.retry_after_s is not None)
            # Else it is of a request to cancel what has ended by itself.
        elif waiting is None:
            self.tally.counts["double"] += 1
        elif not (self.leaving and event == "cancelled"):
            self.tally.counts[event if event in ENDINGS else "error"] += 1
        if waiting is not None and event != "queued":
            del self.open[cast(int, ref)]

    def _assigned(self, message: _Heard, waiting: _Open | None, text: bytes) -> None:
        tally = self.tally
        if waiting is None:
            tally.counts["double"] += 1
            return
        if (told := tally.known(message.match_id)) is None:
            tally.match(told := _told(text))
        tally.assigned(waiting.player, told, waiting.due, time.monotonic())

    def failed(self, why: str) -> None:
        self.tally.counts["error"] += 1
        self.tally.errors[why] += 1


class _WebSocket(asyncio.Protocol):
    """One connection; `opened` is done when the server has agreed to it."""

    __slots__ = ("_drive", "_frames", "_head", "_transport", "closing", "opened")

    def __init__(self, drive: _Drive, head: bytes) -> None:
        self._drive = drive
        self._head: bytes | None = head
        self._frames = Frames(masked=False)
        self._transport: asyncio.Transport
        self.opened: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self.closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        head, self._head = self._head, b""
        self._transport.write(head or b"")

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            data = self._head + data
            answer, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._head = answer
                return
            self._head = None
            opened, self.opened = self.opened, None
            if opened is not None and not opened.done():
                if answer.startswith(b"HTTP/1.1 101 "):
                    opened.set_result(None)
                else:
                    opened.set_exception(ConnectionRefusedError(answer.partition(b"\r")[0].decode(errors="replace")))
                    return
        try:
            for op, payload in self._frames.feed(data, _MOST_BYTES):
                if op == Op.TEXT:
                    self._drive.heard(payload)
                elif op == Op.PING:
                    self._send(Op.PONG, payload)
                elif op == Op.CLOSE and not self.closing:
                    self._drive.failed(f"a WebSocket was closed: {payload[2:].decode(errors='replace')}")
                    self.close()
        except (Violation, msgspec.MsgspecError) as error:
            self._drive.failed(f"not a WebSocket of a matchmaker: {error}")
            self._transport.abort()

    def send(self, message: bytes) -> bool:
        """False if the connection is gone."""
        if self.closing or self._transport.is_closing():
            return False
        self._send(Op.TEXT, message)
        return True

    def ask(self, ref: int | None, message: dict[str, Any]) -> None:
        self.send(msgspec.json.encode({**message, "ref": ref}))

    def _send(self, op: Op, payload: bytes) -> None:
        self._transport.write(frame(op, payload, self._drive.random.getrandbits(32).to_bytes(4, "big")))

    def connection_lost(self, error: Exception | None) -> None:
        if self.opened is not None and not self.opened.done():
            self.opened.set_exception(ConnectionResetError(str(error or "closed before it was open")))
        elif not self.closing:
            self._drive.failed(f"a WebSocket was lost: {error or 'closed'}")
        self.closing = True

    def close(self) -> None:
        self.closing = True
        self._transport.abort()


async def run(load: Load, tell: Tell, started: float | None = None) -> Tally:
    """Drives a load from `started` on (monotonic s). Raises OSError if the server cannot be reached."""
    async with Sockets(load) as sockets:
        return await sockets.prepare(load)(tell, started)


class Sockets:
    """The open WebSockets of one process, for one load or for several, one after the other."""

    def __init__(self, load: Load) -> None:
        """Of `load` it counts where to, how many, and from which addresses."""
        self._load = load
        self._drive = _Drive(load, Tally(load.lane))
        self.connections: list[_WebSocket] = []

    async def __aenter__(self) -> Sockets:
        left = iter(range(self._load.connections))
        parts = urlsplit(self._load.target)
        head = _handshake(parts.netloc, self._load.acks)

        async def some() -> None:
            for number in left:
                self.connections.append(
                    await _connect(self._load, number, parts.hostname, parts.port, self._drive, head)
                )

        tasks = [asyncio.create_task(some()) for _ in range(min(_OPENED_AT_ONCE, self._load.connections))]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        await asyncio.sleep(0)

    def close(self) -> None:
        for connection in self.connections:
            connection.close()

    def prepare(self, load: Load) -> Callable[[Tell, float | None], Awaitable[Tally]]:
        """One load over them, counted anew: call what it gives, with when to begin (monotonic s). Making the requests
        takes a while, and is done here."""
        players = Players(load.population, load.seed, load.lane)
        ring = players.ring(_RING)
        # Whoever has been idle longest is next; but not in the order in which they connected.
        Random(f"{load.seed}/{load.lane}/order").shuffle(self.connections)
        gc.collect()
        gc.freeze()

        async def drive(tell: Tell, started: float | None) -> Tally:
            return await self._run(load, players, ring, tell, started if started is not None else time.monotonic())

        return drive

    async def _run(
        self, load: Load, players: Players, ring: list[tuple[bytes, int]], tell: Tell, begin: float
    ) -> Tally:
        drive = self._drive
        tally = drive.tally = Tally(load.lane)
        drive.leaving, drive.open = False, {}
        gc.disable()
        reporter = asyncio.create_task(_report(tally, tell))
        try:
            await self._send(load, players, ring, begin)
            await _until(lambda: not drive.open, load.patience_s)
            if self._load.acks:
                tally.counts["unanswered"] = len(drive.open)
                self._take_back()
                await _until(lambda: not drive.open, _CANCELLED_WITHIN_S)
            tally.counts["lost"] += len(drive.open)
        finally:
            gc.enable()
            reporter.cancel()
        return tally

    async def _send(self, load: Load, players: Players, ring: list[tuple[bytes, int]], begin: float) -> None:
        drive, tally, clock = self._drive, self._drive.tally, time.monotonic
        random = Random(f"{load.seed}/{load.lane}/arrivals")
        priorities = random.choices(range(len(load.priorities)), load.priorities, k=_RING)
        connections, opened, counts, late = self.connections, drive.open, tally.counts, tally.late_us
        number_of = len(connections)
        begin = max(begin, now := clock())
        tally.warm_until = begin + load.warm_s
        for ref, offset in enumerate(poisson(load.rate, load.seconds, random)):
            due = begin + offset
            if ref % _BATCH == 0 and due <= now:
                # Late: answers get their turn all the same.
                await asyncio.sleep(0)
                now = clock()
            while due > now:
                await _nap(due - now, load.nap_s)
                now = clock()
            at = ref % _RING
            template, size = ring[at]
            first = players.take(size)
            body = template % (first if size == 1 else tuple(range(first, first + size)))
            if priority := priorities[at]:
                body = body[:-1] + b',"priority":%d}' % priority
            message = b'{"op":"enqueue","ref":%d,' % ref + body[1:]
            via = connections[ref % number_of]
            opened[ref] = _Open(due, f"{first:08x}", via)
            if via.send(message):
                counts["sent"] += 1
            else:
                del opened[ref]
                counts["unsent"] += 1
            if ref % 8 == 0:
                late.record(max(0, int((now - due) * 1e6)))

    def _take_back(self) -> None:
        """Takes back what is open: each is answered, or it was lost before. One that was not told of yet is taken back
        when it is."""
        drive = self._drive
        drive.leaving = True
        for ref, waiting in list(drive.open.items()):
            if waiting.ticket_id:
                waiting.via.ask(ref, {"op": "cancel", "ticket_id": waiting.ticket_id})


async def _connect(
    load: Load, number: int, host: str | None, port: int | None, drive: _Drive, head: bytes
) -> _WebSocket:
    """Raises OSError."""
    loop = asyncio.get_running_loop()
    where = (host or "127.0.0.1", port or 80)
    sock = None
    if load.sources:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((load.sources[number % len(load.sources)], 0))
        await loop.sock_connect(sock, where)
        made: tuple[Any, Any] = await loop.create_connection(lambda: _WebSocket(drive, head), sock=sock)
    else:
        made = await loop.create_connection(lambda: _WebSocket(drive, head), *where)
    connection = cast(_WebSocket, made[1])
    if (opened := connection.opened) is not None:
        await asyncio.wait_for(opened, _ANSWERED_WITHIN_S)
    return connection


def _handshake(host: str, acks: bool) -> bytes:
    key = b64encode(os.urandom(16)).decode()
    return (
        f"GET /v1/ws?acks={str(acks).lower()} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


async def _nap(seconds: float, least: float) -> None:
    """Long naps leave the loop alone too, so that what comes in meanwhile is read together."""
    if least > 0.001:
        time.sleep(least)
        await asyncio.sleep(0)
    else:
        await asyncio.sleep(max(least, seconds))


async def _until(done: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        await asyncio.sleep(0.02)


async def _report(tally: Tally, tell: Tell) -> None:
    while True:
        await asyncio.sleep(REPORT_S)
        tell(tally.window())
