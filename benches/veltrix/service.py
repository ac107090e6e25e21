"""The configuration service: bundles from Redis and the regions' load from upstream, behind a cache, over gRPC.

`python -m benches.veltrix.service --redis PORT --capacity PORT`
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from benches.veltrix import CHANNEL, DEADLINE_S, key_of, wire
from benches.veltrix.cache import Cache
from benches.veltrix.process import run, sample, until_stopped
from benches.veltrix.redis import tree
from matchmaker.core.settings import BUNDLE

_CONNECTIONS = 32
_AGAIN_S = 0.1


class Entry(NamedTuple):
    """Both answers, encoded when they are loaded."""

    version: int
    whole: bytes
    unchanged: bytes


class Source:
    """Puts a bundle together: from Redis and the capacity service at the same time, each in 250 ms or not at all."""

    def __init__(self, redis_port: int, subscribe_port: int, capacity_port: int) -> None:
        aio, redis = import_module("grpc.aio"), import_module("redis.asyncio")
        pool = redis.BlockingConnectionPool(
            host="127.0.0.1", port=redis_port, max_connections=_CONNECTIONS, timeout=DEADLINE_S,
            socket_timeout=DEADLINE_S, socket_connect_timeout=DEADLINE_S,
        )  # fmt: skip
        self._redis = redis.Redis(connection_pool=pool)
        self._subscriber = redis.Redis(host="127.0.0.1", port=subscribe_port)
        self._lost = import_module("redis").RedisError, OSError
        channel = aio.insecure_channel(f"127.0.0.1:{capacity_port}")
        self._capacity = channel.unary_unary(f"/{wire.CAPACITY}/Load")

    async def load(self, bundle: str) -> Entry:
        """Raises KeyError for a bundle that Redis does not have, and what Redis and gRPC raise."""
        fields, answer = await asyncio.gather(
            self._redis.hgetall(key_of(bundle)), self._capacity(b"", timeout=DEADLINE_S)
        )
        version, values = tree(fields)
        for region, load in wire.loads(answer).items():
            if region in values.get("regions", {}):
                values["regions"][region]["load"] = load
        return Entry(version, wire.encode(wire.Told(version, values)), wire.encode(wire.Told(version)))

    async def follow(self, cache: Cache[Entry]) -> None:
        """Empties the cache at each publish, and whenever one may have been missed."""
        while True:
            try:
                async with self._subscriber.pubsub() as published:
                    await published.subscribe(CHANNEL)
                    async for _ in published.listen():
                        cache.flush()
            except self._lost:
                cache.flush()
                await asyncio.sleep(_AGAIN_S)


async def main(arguments: argparse.Namespace) -> None:
    grpc, aio = import_module("grpc"), import_module("grpc.aio")
    source = Source(arguments.redis, arguments.subscribe or arguments.redis, arguments.capacity)
    cache = Cache(source.load, arguments.ttl, phase_s=arguments.phase, stale=arguments.stale)

    async def get(request: bytes, context: Any) -> bytes:
        asked = wire.ask(request)
        try:
            entry = cache.fresh(asked.bundle) or await cache.get(asked.bundle)
        except Exception as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"{asked.bundle}: {type(error).__name__}: {error}")
            raise
        return entry.unchanged if entry.version == asked.have else entry.whole

    server = aio.server()
    methods = {"Get": grpc.unary_unary_rpc_method_handler(get)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(wire.CONFIG, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await _warm(cache)
    await server.start()

    def counters() -> dict[str, float]:
        kept = ("hits", "misses", "loads", "failed", "flushes")
        return {name: getattr(cache, name) for name in kept}

    tasks = [asyncio.create_task(sample(arguments.samples, counters))]
    if arguments.flush:
        tasks.append(asyncio.create_task(source.follow(cache)))
    await until_stopped(port=port)
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await server.stop(None)


async def _warm(cache: Cache[Entry]) -> None:
    """Until the first load has come, however busy the machine is; whoever started this gives up at some time."""
    while True:
        try:
            await cache.get(BUNDLE)
            return
        except Exception as error:
            print(f"not loaded yet: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            await asyncio.sleep(_AGAIN_S)


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benches.veltrix.service", description=__doc__)
    parser.add_argument("--redis", type=int, required=True, metavar="PORT", help="to load from")
    parser.add_argument("--subscribe", type=int, default=0, metavar="PORT", help="for publishes [default: --redis]")
    parser.add_argument("--capacity", type=int, required=True, metavar="PORT", help="the capacity service")
    parser.add_argument("--ttl", type=float, default=30.0, metavar="S", help="an entry's life [default: %(default)s]")
    parser.add_argument("--phase", type=float, metavar="S", help="a time at which the timer of all entries ends")
    parser.add_argument("--flush", action=argparse.BooleanOptionalAction, default=True, help="at each publish")
    parser.add_argument("--stale", action="store_true", help="give the entry from before if there is no new one")
    parser.add_argument("--samples", type=Path, metavar="FILE", help="write the counters there each 100 ms")
    return parser


if __name__ == "__main__":
    run(main(options().parse_args()))
