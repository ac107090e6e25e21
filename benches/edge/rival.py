"""The matchmaker's HTTP handlers under uvicorn: `python -m benches.edge.rival asgi|starlette --config DIR`.

`asgi` is a bare ASGI application, with nothing between uvicorn and the handlers; `starlette` routes with Starlette,
as the matchmaker itself did before it had an edge of its own. Both with uvloop and httptools, and without access log.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

import configedge
from matchmaker.edge.backend import Local
from matchmaker.edge.edge import Edge
from matchmaker.edge.exchange import Exchange
from matchmaker.edge.http import listener
from matchmaker.edge.openapi import describe
from matchmaker.edge.routes import TABLE, Routes, dispatch
from matchmaker.live import LiveSettings
from matchmaker.service import Service

Message = MutableMapping[str, Any]


class _Carrier:
    """Keeps the answer until it is there."""

    def __init__(self, host: str) -> None:
        self._host = host
        self.told: tuple[int, bytes, bytes, Mapping[str, str]] | None = None
        self.later: asyncio.Future[None] | None = None

    def reply(self, status: int, body: bytes, media: bytes, headers: Mapping[str, str]) -> None:
        self.told = status, body, media, headers
        if self.later is not None and not self.later.done():
            self.later.set_result(None)

    def address(self) -> str:
        return self._host

    async def answer(self) -> tuple[int, bytes, bytes, Mapping[str, str]]:
        if self.told is None:
            self.later = asyncio.get_running_loop().create_future()
            await self.later
        assert self.told is not None
        return self.told


def asgi(edge: Edge) -> Any:
    async def app(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        carrier = _Carrier(scope["client"][0])
        key = next((value for name, value in scope["headers"] if name == b"idempotency-key"), b"")
        exchange = Exchange(edge.backend, carrier, scope["query_string"], body, key.decode("latin-1"))
        dispatch(edge, scope["method"], scope["path"], exchange)
        status, body, media, more_headers = await carrier.answer()
        headers = [(b"content-type", media), (b"content-length", b"%d" % len(body))]
        headers += [(name.lower().encode(), value.encode()) for name, value in more_headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def starlette(edge: Edge) -> Any:
    async def endpoint(request: Request) -> Response:
        carrier = _Carrier(request.client.host if request.client else "")
        key = request.headers.get("idempotency-key", "")
        exchange = Exchange(edge.backend, carrier, request.url.query.encode(), await request.body(), key)
        dispatch(edge, request.method, request.url.path, exchange)
        status, body, media, headers = await carrier.answer()
        return Response(body, status, dict(headers), media.decode())

    return Starlette(routes=[StarletteRoute(route.path, endpoint, methods=[route.method]) for route in TABLE])


async def _serve(kind: str, settings: LiveSettings, listening: socket.socket) -> None:
    service = Service(settings)
    edge = Edge(Local(service), settings, Routes(TABLE), describe(TABLE), service)
    app = {"asgi": asgi, "starlette": starlette}[kind](edge)
    config = uvicorn.Config(app, http="httptools", ws="none", access_log=False, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    sweep = asyncio.create_task(service.run())
    gc.collect()
    gc.freeze()
    host, port = listening.getsockname()[:2]
    print(json.dumps({"event": "ready", "url": f"http://{host}:{port}"}), flush=True)
    await server.serve(sockets=[listening])
    sweep.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["asgi", "starlette"])
    parser.add_argument("--config", required=True)
    arguments = parser.parse_args()
    import uvloop

    settings = LiveSettings(configedge.open(arguments.config, wait=10))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(arguments.kind, settings, listener("127.0.0.1", 0)))


if __name__ == "__main__":
    main()
