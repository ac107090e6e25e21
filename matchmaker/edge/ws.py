"""WebSocket: many tickets on one connection.

To the server: {"op": "enqueue", "ref": any, "mode": ..., "players": [...]}, and {"op": "cancel" | "decline" | "get",
"ref": any, "ticket_id": ...}, {"op": "accept", ..., "player": ...}.
From it: {"event": "queued" | "error" | "state", "ref": ..., ...} at once, and {"event": "proposed" | "requeued" |
"assigned" | "expired" | "cancelled" | "rejected" | "returned", "ref": ..., ...} when that happens. A closed connection
leaves its tickets in the queue; ask by id.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from matchmaker.core.events import Event, Match, Proposed, Requeued
from matchmaker.core.refused import Refused
from matchmaker.core.ticket import Ticket
from matchmaker.request import Enqueue, Malformed, malformed, problem
from matchmaker.service import Service, Sink

# Messages that a connection may leave unread before it is closed.
_BACKLOG = 100_000
_OPERATIONS = "enqueue, cancel, accept, decline, get"


async def websocket(ws: WebSocket) -> None:
    service: Service = ws.app.state.service
    await ws.accept()
    connection = _Connection(service, ws.client.host if ws.client else "")
    sender = asyncio.create_task(connection.send_to(ws))
    try:
        while not sender.done():
            connection.handle(await ws.receive_text())
    except (WebSocketDisconnect, KeyError, RuntimeError):
        pass
    finally:
        sender.cancel()
        connection.close()


def event_name(event: Event) -> str:
    """What an event of a ticket is called on streams."""
    if isinstance(event, Match):
        return "assigned"
    if isinstance(event, Proposed):
        return "proposed"
    return "requeued" if isinstance(event, Requeued) else event.state.value


class _Connection:
    def __init__(self, service: Service, address: str) -> None:
        self._service = service
        self._address = address
        self._out: asyncio.Queue[bytes] = asyncio.Queue(_BACKLOG)
        self._open: dict[int, Sink] = {}

    def handle(self, text: str) -> None:
        ref: Any = None
        try:
            if len(text) > self._service.settings.max_body_bytes():
                raise Malformed("the message is too long", "", "send less: limits.max_body_bytes is the limit")
            try:
                request = msgspec.json.decode(text)
            except msgspec.MsgspecError as error:
                raise malformed(error) from None
            if not isinstance(request, dict):
                raise Malformed(f"a JSON {type(request).__name__}, and an object is wanted", "", "send one JSON object")
            ref, op = request.pop("ref", None), request.pop("op", None)
            if op == "enqueue":
                self._enqueue(ref, request)
            else:
                self._other(ref, op, request)
        except Refused as error:
            self._put({"event": "error", "ref": ref, **problem(error)})
        except KeyError:
            told = {"status": 404, "detail": "no such ticket, or none that waits for this", "field": "ticket_id"}
            self._put({"event": "error", "ref": ref, **told})

    def _enqueue(self, ref: Any, request: dict[str, Any]) -> None:
        try:
            wanted = msgspec.convert(request, Enqueue)
        except msgspec.ValidationError as error:
            raise malformed(error) from None
        if not wanted.mode and not wanted.modes:
            raise Malformed("no mode", "mode", "send the mode to play, or several as modes")
        prefix = b'{"ref":' + msgspec.json.encode(ref) + b',"event":"'

        def tell(ticket: Ticket, event: Event) -> None:
            if not isinstance(event, Proposed | Requeued):
                self._open.pop(ticket.id, None)
            message = self._service.message(ticket, event)
            self._send(prefix + event_name(event).encode() + b'",' + message[1:])

        ticket, known = self._service.enqueue(wanted, tell, address=self._address)
        if ticket.state.open:
            self._open[ticket.id] = tell
            told = {"event": "queued", "ref": ref, **self._service.describe(ticket.id)}
            self._put({**told, "deduplicated": True} if known else told)

    def _other(self, ref: Any, op: Any, request: dict[str, Any]) -> None:
        service = self._service
        if op not in ("cancel", "accept", "decline", "get"):
            raise Malformed(f"{op!r} is not an operation", "op", f"use one of {_OPERATIONS}")
        id = service.find(str(request.get("ticket_id")))
        if op == "cancel":
            service.cancel(id)
        elif op == "accept":
            service.accept(id, str(request.get("player")))
        elif op == "decline":
            service.decline(id)
        self._put({"event": "state", "ref": ref, **service.describe(id)})

    def _put(self, message: dict[str, Any]) -> None:
        self._send(msgspec.json.encode(message))

    def _send(self, message: bytes) -> None:
        try:
            self._out.put_nowait(message)
        except asyncio.QueueFull:
            # A reader this slow is gone; its tickets can be asked for by id.
            self.close()

    async def send_to(self, ws: WebSocket) -> None:
        while True:
            await ws.send_text((await self._out.get()).decode())

    def close(self) -> None:
        for id, sink in self._open.items():
            self._service.unlisten(id, sink)
        self._open.clear()
