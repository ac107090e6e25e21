"""WebSocket: many tickets on one connection.

To the server: {"op": "enqueue", "ref": any, "mode": ..., "players": [...]}
or {"op": "cancel", "ref": any, "ticket_id": ...}.
From it: {"event": "queued" | "error", "ref": ..., ...} at once, and {"event": "assigned" | "expired" | "cancelled" |
"rejected", "ref": ..., ...} when the ticket ends. A closed connection leaves its tickets in the queue; ask by id.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from matchmaker.edge.request import Malformed, parse_enqueue, parse_json, problem
from matchmaker.engine import Refused
from matchmaker.service import Listener, Service

# Messages that a connection may leave unread before it is closed.
_BACKLOG = 100_000


async def websocket(ws: WebSocket) -> None:
    service: Service = ws.app.state.service
    await ws.accept()
    connection = _Connection(service)
    sender = asyncio.create_task(connection.send_to(ws))
    try:
        while not sender.done():
            connection.handle(await ws.receive_text())
    except (WebSocketDisconnect, KeyError, RuntimeError):
        pass
    finally:
        sender.cancel()
        connection.close()


class _Connection:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_BACKLOG)
        self._open: dict[str, Listener] = {}

    def handle(self, text: str) -> None:
        ref: Any = None
        try:
            if len(text) > self._service.settings.max_body_bytes():
                raise Malformed("the message is too long", "", "send less: limits.max_body_bytes is the limit")
            request = parse_json(text)
            ref, op = request.pop("ref", None), request.pop("op", None)
            if op == "enqueue":
                self._enqueue(ref, request)
            elif op == "cancel":
                self._put({"event": "state", "ref": ref, **self._service.cancel(str(request.get("ticket_id")))})
            else:
                raise Malformed(f"{op!r} is not an operation", "op", "use enqueue or cancel")
        except Refused as error:
            self._put({"event": "error", "ref": ref, **problem(error)})
        except KeyError:
            self._put({"event": "error", "ref": ref, "status": 404, "detail": "no such ticket", "field": "ticket_id"})

    def _enqueue(self, ref: Any, request: dict[str, Any]) -> None:
        mode, players = parse_enqueue(request)

        def ended(result: dict[str, Any]) -> None:
            self._open.pop(result["ticket_id"], None)
            self._put({"event": result["state"], "ref": ref, **result})

        state = self._service.enqueue(mode, players, ended)
        if state["state"] == "queued":
            self._open[state["ticket_id"]] = ended
            self._put({"event": "queued", "ref": ref, **state})

    def _put(self, message: dict[str, Any]) -> None:
        try:
            self._out.put_nowait(message)
        except asyncio.QueueFull:
            # A reader this slow is gone; its tickets can be asked for by id.
            self.close()

    async def send_to(self, ws: WebSocket) -> None:
        while True:
            message = await self._out.get()
            await ws.send_text(orjson.dumps(message).decode())

    def close(self) -> None:
        for id, listener in self._open.items():
            self._service.unlisten(id, listener)
        self._open.clear()
