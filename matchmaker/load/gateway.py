"""Players through game gateways: many sessions on each of a few framed streams."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import deque
from random import Random
from typing import Any

import msgspec

from matchmaker.edge.frames import MAX_BODY_BYTES, TO_GATEWAY, BadFrame, Framed, Kind
from matchmaker.load.arrivals import poisson
from matchmaker.load.plan import Load
from matchmaker.load.players import Players
from matchmaker.load.report import REPORT_S
from matchmaker.load.tally import ENDINGS, Tally, Tell, Told

_RING = 10_000
# Requests sent before answers get their turn again.
_BATCH = 500
# What is due within a millisecond is sent together: more wake-ups would cost the generator more than they tell.
_PAUSE_S = 0.001
# Of so many requests, one's lateness is counted: it is the same for all that are sent at a time.
_LATE_EVERY = 8
_CANCELLED_WITHIN_S = 5.0
_MATCH = b'"match_id":"'
_decode = msgspec.json.Decoder(Told).decode
_NOT_FINAL = frozenset({Kind.QUEUED, Kind.REQUEUED, Kind.PROPOSED})
# Plain numbers: these are looked at for each frame.
_ASSIGNED, _REFUSED = int(Kind.ASSIGNED), int(Kind.REFUSED)


class Gateway(Framed):
    """One stream. A session has at most one ticket open; those that have none are used in turn, longest idle first."""

    def __init__(self, name: str, sessions: int, tally: Tally) -> None:
        super().__init__(TO_GATEWAY)
        self._name = name
        self._tally = tally
        self._due = [0.0] * (sessions + 1)
        """When the open ticket of each session was due; 0: it has none."""
        self._player = [0] * (sessions + 1)
        self.free = deque(range(1, sessions + 1))
        self._leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.send(Kind.HELLO, 0, msgspec.json.encode({"acks": False, "name": self._name}))

    def enqueue(self, priority: int, body: bytes, player: int, due: float) -> bool:
        """False if all sessions have a ticket open."""
        if not self.free:
            return False
        session = self.free.popleft()
        self._due[session] = due
        self._player[session] = player
        self.send(priority, session, body)
        return True

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        tally, due_of, free = self._tally, self._due, self.free
        try:
            for kind, session, body in self._splitter.feed(data, MAX_BODY_BYTES):
                if kind == _ASSIGNED:
                    if not (due := due_of[session]):
                        tally.counts["double"] += 1
                        continue
                    due_of[session] = 0.0
                    free.append(session)
                    at = body.index(_MATCH) + len(_MATCH)
                    match = body[at : body.index(b'"', at)].decode()
                    if (told := tally.known(match)) is None:
                        tally.match(told := _decode(body))
                    tally.assigned(f"{self._player[session]:08x}", told, due, now)
                elif kind == _REFUSED and due_of[session] and not self._leaving:
                    due_of[session] = 0.0
                    free.append(session)
                    self._refused(body)
                elif kind not in _NOT_FINAL:
                    self._other(kind, session, body)
        except (BadFrame, IndexError, ValueError, msgspec.MsgspecError) as error:
            # Not what docs/gateway.md says: a session that never was, or a body of another form.
            tally.errors[f"not a gateway stream: {error}"] += 1
            tally.counts["error"] += 1
            self._transport.abort()

    def open(self) -> int:
        """How many tickets have had no answer."""
        return len(self._due) - 1 - len(self.free)

    def cancel_all(self) -> int:
        """Takes back what is open, and gives how many that were. Each is answered, or it was lost before."""
        self._leaving = True
        waiting = [session for session, due in enumerate(self._due) if due]
        for session in waiting:
            self.send(Kind.CANCEL, session)
        return len(waiting)

    def _refused(self, body: bytes) -> None:
        told_when = b'"retry_after_s":' in body and b'"retry_after_s":null' not in body
        # Reasons are read of the first ones, and of those that are as they should not be.
        read = self._tally.counts["refused"] < 20 or not told_when
        self._tally.refused(str(msgspec.json.decode(body).get("detail")) if read else "", told_when)

    def _other(self, kind: int, session: int, body: bytes) -> None:
        counts = self._tally.counts
        if kind in (Kind.STATE, Kind.GOING_AWAY, Kind.PONG):
            return
        if kind == Kind.REFUSED and b'"op":"cancel"' in body:
            # It ended by itself just before; that is in the stream already, or it was lost.
            return
        if kind == Kind.REFUSED and not session:
            counts["error"] += 1
            self._tally.errors[str(msgspec.json.decode(body).get("detail"))] += 1
            return
        if not self._due[session]:
            counts["double"] += 1
            return
        if kind == Kind.REFUSED:
            self._refused(body)
        else:
            state = msgspec.json.decode(body)["state"]
            if not (self._leaving and state == "cancelled"):
                counts[state if state in ENDINGS else "error"] += 1
        self._due[session] = 0.0
        self.free.append(session)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._leaving:
            self._tally.counts["error"] += 1
            self._tally.errors[f"{self._name}: the stream ended: {error or 'closed by the matchmaker'}"] += 1

    def close(self) -> None:
        self._leaving = True
        self.flush()
        self._transport.close()


async def run(load: Load, tell: Tell, started: float | None = None) -> Tally:
    """Drives a framed load from `started` on (monotonic s). Raises OSError if the streams cannot be opened."""
    tally = Tally(load.lane)
    gateways = [await _open(load, number, tally) for number in range(load.connections)]
    begin = started if started is not None else time.monotonic()
    # Requests make no cycles, and the collector's pauses would be told as the server's.
    gc.collect()
    gc.freeze()
    gc.disable()
    reporter = asyncio.create_task(_report(tally, tell))
    try:
        await _send(load, gateways, tally, begin)
        await _until_answered(gateways, load.patience_s)
        tally.counts["unanswered"] = sum([gateway.cancel_all() for gateway in gateways])
        await _until_answered(gateways, _CANCELLED_WITHIN_S)
        tally.counts["lost"] += sum(gateway.open() for gateway in gateways)
    finally:
        gc.enable()
        reporter.cancel()
        for gateway in gateways:
            gateway.close()
    return tally


async def _open(load: Load, number: int, tally: Tally) -> Gateway:
    loop = asyncio.get_running_loop()

    def made() -> Gateway:
        return Gateway(f"load-{load.lane}-{number}", load.sessions, tally)

    gateway: Any
    if "/" in load.target:
        _, gateway = await loop.create_unix_connection(made, load.target)
    else:
        host, _, port = load.target.rpartition(":")
        _, gateway = await loop.create_connection(made, host.strip("[]"), int(port))
    assert isinstance(gateway, Gateway)
    return gateway


async def _send(load: Load, gateways: list[Gateway], tally: Tally, begin: float) -> None:
    players = Players(load.population, load.seed, load.lane)
    # Bodies are made before they are due; what is left to do is to put in the players.
    ring = players.ring(_RING)
    random = Random(f"{load.seed}/{load.lane}/arrivals")
    priorities = random.choices(range(len(load.priorities)), load.priorities, k=_RING)
    spread = [gateways[at % len(gateways)] for at in random.sample(range(_RING), _RING)]
    clock, late, counts = time.monotonic, tally.late_us, tally.counts
    sent = unsent = 0
    # Making all that took time.
    begin = max(begin, now := clock())
    tally.warm_until = begin + load.warm_s
    for number, offset in enumerate(poisson(load.rate, load.seconds, random)):
        due = begin + offset
        if number % _BATCH == 0 or due > now:
            counts["sent"], counts["unsent"] = sent, unsent
            now = clock()
            if due <= now:
                await asyncio.sleep(0)
            while due > now:
                await asyncio.sleep(max(_PAUSE_S, due - now))
                now = clock()
        at = number % _RING
        template, size = ring[at]
        first = players.take(size)
        body = template % (first if size == 1 else tuple(range(first, first + size)))
        if spread[at].enqueue(priorities[at], body, first, due):
            sent += 1
            if number % _LATE_EVERY == 0:
                late.record(int((now - due) * 1e6))
        else:
            unsent += 1
    counts["sent"], counts["unsent"] = sent, unsent


async def _until_answered(gateways: list[Gateway], seconds: float) -> None:
    until = time.monotonic() + seconds
    while any(gateway.open() for gateway in gateways) and time.monotonic() < until:
        await asyncio.sleep(0.02)


async def _report(tally: Tally, tell: Tell) -> None:
    while True:
        await asyncio.sleep(REPORT_S)
        tell(tally.window())
