"""Players on WebSockets: many tickets on each of a few connections."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from matchmaker.load.arrivals import poisson
from matchmaker.load.plan import Load
from matchmaker.load.players import Players
from matchmaker.load.report import REPORT_S
from matchmaker.load.tally import ENDINGS, Tally, Tell, Told

_CANCELLED_WITHIN_S = 2.0


@dataclass(slots=True)
class _Open:
    """A request that has had no answer yet."""

    due: float
    player: str
    ticket_id: str = ""


class _Drive:
    def __init__(self, load: Load, tally: Tally) -> None:
        self.tally = tally
        self.open: dict[int, _Open] = {}
        self.leaving = False

    async def receive(self, connection: ClientConnection) -> None:
        async for text in connection:
            message = msgspec.json.decode(text)
            if message["event"] == "queued":
                if (waiting := self.open.get(message["ref"])) is not None:
                    waiting.ticket_id = message["ticket_id"]
            elif message["event"] not in ("proposed", "requeued", "state"):
                self.ended(message)

    def ended(self, message: dict[str, Any]) -> None:
        tally, event = self.tally, message["event"]
        waiting = self.open.pop(message["ref"], None)
        if event == "error":
            if waiting is not None:
                tally.refused(str(message.get("detail")), message.get("retry_after_s") is not None)
            # Else it is of a request to cancel what has ended by itself.
        elif waiting is None:
            tally.counts["double"] += 1
        elif event == "assigned":
            if (told := tally.known(message["match_id"])) is None:
                tally.match(told := msgspec.convert(message, Told))
            tally.assigned(waiting.player, told, waiting.due, time.monotonic())
        elif not (self.leaving and event == "cancelled"):
            tally.counts[event if event in ENDINGS else "error"] += 1


async def run(load: Load, tell: Tell, started: float | None = None) -> Tally:
    """Drives a load from `started` on (monotonic s). Raises OSError if the server cannot be reached."""
    url = load.target.replace("http", "ws", 1) + "/v1/ws"
    tally = Tally(load.lane)
    drive = _Drive(load, tally)
    connections = [await connect(url, compression=None, max_size=2**20) for _ in range(load.connections)]
    tasks = [asyncio.create_task(drive.receive(connection)) for connection in connections]
    tasks.append(asyncio.create_task(_report(tally, tell)))
    try:
        await _send(load, connections, drive, started if started is not None else time.monotonic())
        await asyncio.sleep(load.patience_s)
        tally.counts["unanswered"] = len(drive.open)
        await _cancel(connections, drive)
        tally.counts["lost"] += len(drive.open)
    finally:
        for task in tasks:
            task.cancel()
        for connection in connections:
            await connection.close()
    return tally


async def _send(load: Load, connections: list[ClientConnection], drive: _Drive, begin: float) -> None:
    players = Players(load.population, load.seed, load.lane)
    tally = drive.tally
    tally.warm_until = begin + load.warm_s
    arrivals = poisson(load.rate, load.seconds, Random(f"{load.seed}/{load.lane}/arrivals"))
    for ref, offset in enumerate(arrivals):
        due = begin + offset
        if (pause := due - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        request, player = players.request()
        tally.counts["sent"] += 1
        tally.late_us.record(max(0, int((time.monotonic() - due) * 1e6)))
        drive.open[ref] = _Open(due, player)
        message = msgspec.json.encode({"op": "enqueue", "ref": ref, **request})
        try:
            await connections[ref % len(connections)].send(message.decode())
        except ConnectionClosed as error:
            del drive.open[ref]
            tally.counts["lost"] += 1
            tally.errors[f"a WebSocket was closed: {error}"] += 1


async def _cancel(connections: list[ClientConnection], drive: _Drive) -> None:
    """Takes back what is open: each is answered, or it was lost before."""
    drive.leaving = True
    for ref, waiting in list(drive.open.items()):
        message = {"op": "cancel", "ref": ref, "ticket_id": waiting.ticket_id}
        try:
            await connections[ref % len(connections)].send(msgspec.json.encode(message).decode())
        except ConnectionClosed:
            return
    until = time.monotonic() + _CANCELLED_WITHIN_S
    while drive.open and time.monotonic() < until:
        await asyncio.sleep(0.01)


async def _report(tally: Tally, tell: Tell) -> None:
    while True:
        await asyncio.sleep(REPORT_S)
        tell(tally.window())
