"""The matchmaker's gateway with a wait in front of each request: for its configuration."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import cast

from benches.veltrix.client import Unavailable
from matchmaker.edge.frames import CLASSES, TO_SERVER, BadFrame, Kind, Splitter, encode_frame
from matchmaker.edge.gateway import Gateway

Ask = Callable[[], Awaitable[None]]
"""Brings the configuration of one request. Raises Unavailable."""


async def listen(gateway: Gateway, ask: Ask, limit: Callable[[], int], path: str) -> None:
    """Lets a gateway listen on a unix socket, each request behind an `ask`. Raises OSError.

    `limit` is how many bytes a request may have.
    """
    loop = asyncio.get_running_loop()
    gateway.listens(await loop.create_unix_server(lambda: _Asking(gateway.connection(), ask, limit), path), path)


class _Asking(asyncio.Protocol):
    """Stands before a connection of the gateway, and passes each frame on when its time has come.

    So the stream is taken apart twice, which costs some microseconds a request beside the hundreds of the asking.
    """

    def __init__(self, behind: asyncio.Protocol, ask: Ask, limit: Callable[[], int]) -> None:
        self._behind = behind
        self._ask = ask
        self._limit = limit
        self._splitter = Splitter(TO_SERVER)
        self._requests: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are not of asyncio's class.
        self._transport = cast(asyncio.Transport, transport)
        self._behind.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        try:
            for kind, session, body in self._splitter.feed(data, self._limit()):
                frame = encode_frame(kind, session, body)
                if kind < CLASSES and session:
                    request = asyncio.create_task(self._request(session, frame))
                    self._requests.add(request)
                    request.add_done_callback(self._requests.discard)
                else:
                    self._behind.data_received(frame)
        except BadFrame:
            self._transport.abort()

    async def _request(self, session: int, frame: bytes) -> None:
        try:
            await self._ask()
        except Unavailable as error:
            told = {"status": 503, "title": "No configuration", "detail": str(error), "op": "enqueue"}
            if not self._transport.is_closing():
                refusal = json.dumps({**told, "retry_after_s": 1}).encode()
                self._transport.write(encode_frame(Kind.REFUSED, session, refusal))
        else:
            self._behind.data_received(frame)

    def eof_received(self) -> bool | None:
        return self._behind.eof_received()

    def pause_writing(self) -> None:
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        self._behind.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        self._behind.connection_lost(error)
