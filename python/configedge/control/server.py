"""Serving the application until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Callable, Iterator, Mapping

import uvicorn

from configedge.control.edge import Edge
from configedge.control.protocol import Protocol, most_connections

# How long requests under way may take to finish. A commit takes milliseconds.
_GRACE_S = 1


def serve(app: Edge, listening: socket.socket, ready: Mapping[str, str]) -> None:
    """Prints `ready` as a line of JSON on stdout once requests are taken. Returns after SIGTERM or SIGINT."""
    Protocol.most = most_connections()
    config = uvicorn.Config(
        app,
        http=Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_S,
    )
    asyncio.run(_Server(config, ready, app.service.events.close).serve(sockets=[listening]))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Mapping[str, str], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(json.dumps(self._ready), flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again after the shutdown, and that would be the exit code.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        # Watchers never end by themselves.
        self._on_stop()
        self.should_exit = True
