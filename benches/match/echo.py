"""The floor: what the same frames on the same transport cost when nothing is done with them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import time
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from benches.match import settings as bench
from matchmaker.edge.frames import TO_SERVER, Framed, Kind, encode_frame
from matchmaker.load.players import Players

_GATEWAYS = 32
_BURST = 100


class Echo(Framed):
    """Sends each frame's body back, split and gathered as the real edge does."""

    def __init__(self) -> None:
        super().__init__(TO_SERVER)

    def data_received(self, data: bytes) -> None:
        send = self.send
        for _, session, body in self._splitter.feed(data, 1 << 16):
            send(Kind.ASSIGNED, session, body)


def measure(root: Path, seconds: float, server_core: int, load_core: int) -> float:
    """Frames a second that are answered: 32 streams, each with up to 100 under way."""
    address = str(root / "echo.sock")
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=_serve, args=(address, server_core), daemon=True)
    server.start()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {load_core})
    try:
        return uvloop.run(_flood(address, seconds))
    finally:
        os.sched_setaffinity(0, before)
        server.terminate()
        server.join()


def _serve(address: str, core: int) -> None:
    os.sched_setaffinity(0, {core})

    async def main() -> None:
        server = await asyncio.get_running_loop().create_unix_server(Echo, address)
        await server.serve_forever()

    uvloop.run(main())


class _Flood(asyncio.Protocol):
    """Sends a burst, and another one when all of that is back. Counts bytes, so that it costs next to nothing."""

    def __init__(self, burst: bytes) -> None:
        self._burst = burst
        self._missing = 0
        self.bursts = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are not of asyncio's class.
        self._transport = cast(asyncio.Transport, transport)
        self._again()

    def _again(self) -> None:
        self._missing += len(self._burst)
        self._transport.write(self._burst)

    def data_received(self, data: bytes) -> None:
        self._missing -= len(data)
        if not self._missing:
            self.bursts += 1
            self._again()

    def close(self) -> None:
        self._transport.close()


async def _flood(address: str, seconds: float) -> float:
    request, _ = Players(bench.population(), 1).request()
    burst = b"".join(encode_frame(0, session + 1, msgspec.json.encode(request)) for session in range(_BURST))
    until = time.monotonic() + 20
    while not await asyncio.to_thread(_listens, address):
        if time.monotonic() > until:
            raise SystemExit("the echo server does not listen after 20 s")
        await asyncio.sleep(0.05)
    loop = asyncio.get_running_loop()
    floods = [(await loop.create_unix_connection(lambda: _Flood(burst), address))[1] for _ in range(_GATEWAYS)]
    await asyncio.sleep(0.3)
    began, before = time.monotonic(), sum(flood.bursts for flood in floods)
    await asyncio.sleep(seconds)
    done = sum(flood.bursts for flood in floods) - before
    rate = done * _BURST / (time.monotonic() - began)
    for flood in floods:
        flood.close()
    return rate


def _listens(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address) == 0
