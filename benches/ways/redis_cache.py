"""Redis' client-side cache: the version is read from there in front of each request. `at` is the server's port.

Redis says when a key has changed, and redis-py looks for that at each read. It does so in its blocking client only,
which waits for the network when there was a change, and not otherwise.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from benches.peers.redis import cached
from benches.veltrix import key_of
from benches.veltrix.held import HeldSettings
from benches.veltrix.redis import tree
from benches.ways import Way, held
from matchmaker.core.settings import BUNDLE


async def opened(at: str) -> Way:
    redis: Any = import_module("redis")
    plain, key = redis.Redis(host="127.0.0.1", port=int(at)), key_of(BUNDLE)
    client = cached(redis, int(at), plain.info()["redis_version"])
    version, values = tree(plain.hgetall(key))
    settings = HeldSettings(values, version)

    async def ask() -> None:
        if int(client.hget(key, "version")) != settings.version:
            version, values = tree(plain.hgetall(key))
            settings.bring(values, version)

    return held(settings, ask)
