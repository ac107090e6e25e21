"""How a game service asks for its configuration: one call a request, 250 ms for each try, and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from random import Random
from typing import Any

from benches.veltrix import DEADLINE_S, wire

TRIES = 3
# Full jitter below a bound that doubles: a storm of retries does not come in waves.
_FIRST_PAUSE_S = 0.02


class Unavailable(Exception):
    """No try got the configuration."""


class Client:
    """All calls share one channel. With several ports its calls go to those services in turn."""

    def __init__(self, ports: Sequence[int]) -> None:
        grpc, aio = import_module("grpc"), import_module("grpc.aio")
        self._again = grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE
        self._error: type[Any] = aio.AioRpcError
        addresses = ",".join(f"127.0.0.1:{port}" for port in ports)
        # A service that is lost is tried again soon, not after gRPC's two minutes at most.
        settings = [("grpc.lb_policy_name", "round_robin"), ("grpc.max_reconnect_backoff_ms", 1000)]
        self._channel = aio.insecure_channel(f"ipv4:{addresses}", options=settings)
        self._call = self._channel.unary_unary(f"/{wire.CONFIG}/Get")
        self._random = Random()
        self.in_flight = 0
        self.calls = 0
        """Tries, the repeated ones too."""
        self.retries = 0
        self.timeouts = 0
        self.failed = 0
        """Requests for which no try was left."""

    async def get(self, bundle: str, have: int) -> wire.Told:
        """The bundle, without its values if its version is `have`. Raises Unavailable."""
        request = wire.encode(wire.Ask(bundle, have))
        self.in_flight += 1
        try:
            for number in range(TRIES):
                if number:
                    self.retries += 1
                    await asyncio.sleep(self._random.uniform(0, _FIRST_PAUSE_S * 2**number))
                self.calls += 1
                try:
                    return wire.told(await self._call(request, timeout=DEADLINE_S))
                except self._error as error:
                    if error.code() not in self._again:
                        raise Unavailable(f"{bundle}: {error.details()}") from error
                    self.timeouts += error.code() == self._again[0]
                    last = error.details()
            raise Unavailable(f"{bundle}: no answer in {TRIES} tries: {last}")
        except Unavailable:
            self.failed += 1
            raise
        finally:
            self.in_flight -= 1

    async def first(self, bundle: str) -> wire.Told:
        """The bundle, asked for until it comes: for a start, of which whoever waits for it gives up at some time."""
        while True:
            try:
                return await self.get(bundle, 0)
            except Unavailable:
                await asyncio.sleep(DEADLINE_S)

    async def close(self) -> None:
        await self._channel.close()
