"""The upstream dependency: the service that knows how full each region is. It can be made to stall.

`python -m benches.veltrix.capacity REGION...`
"""

from __future__ import annotations

import asyncio
import sys
import time
from importlib import import_module
from typing import Any

from benches.veltrix import wire
from benches.veltrix.process import run, until_stopped


class Capacity:
    def __init__(self, regions: list[str]) -> None:
        self._answer = wire.encode(dict.fromkeys(regions, 0.0))
        self._stalled_until = 0.0
        self.calls = 0

    async def load(self, request: bytes, context: Any) -> bytes:
        self.calls += 1
        while (left := self._stalled_until - time.monotonic()) > 0:
            await asyncio.sleep(left)
        return self._answer

    async def stall(self, request: bytes, context: Any) -> bytes:
        """From now on, for so many seconds, nobody is answered."""
        self._stalled_until = time.monotonic() + wire.stall(request).seconds
        return b""


async def main(regions: list[str]) -> None:
    grpc, aio = import_module("grpc"), import_module("grpc.aio")
    capacity = Capacity(regions)
    server = aio.server()
    methods = {
        "Load": grpc.unary_unary_rpc_method_handler(capacity.load),
        "Stall": grpc.unary_unary_rpc_method_handler(capacity.stall),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(wire.CAPACITY, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await until_stopped(port=port)
    await server.stop(None)


if __name__ == "__main__":
    run(main(sys.argv[1:]))
