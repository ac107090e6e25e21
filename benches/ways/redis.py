"""Redis, asked in front of each request for the version, and for the values if that is another: `at` is its port."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from benches.veltrix import DEADLINE_S, key_of
from benches.veltrix.held import HeldSettings
from benches.veltrix.redis import tree
from benches.ways import Way, held
from matchmaker.core.settings import BUNDLE

_CONNECTIONS = 64


async def opened(at: str) -> Way:
    redis: Any = import_module("redis.asyncio")
    pool = redis.BlockingConnectionPool(
        host="127.0.0.1", port=int(at), max_connections=_CONNECTIONS, timeout=None, socket_timeout=DEADLINE_S
    )
    client, key = redis.Redis(connection_pool=pool), key_of(BUNDLE)
    version, values = tree(await client.hgetall(key))
    settings = HeldSettings(values, version)

    async def ask() -> None:
        if int(await client.hget(key, "version")) != settings.version:
            version, values = tree(await client.hgetall(key))
            settings.bring(values, version)

    return held(settings, ask)
