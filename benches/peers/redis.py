"""Redis on the same machine, asked by redis-py with hiredis: over TCP, over a Unix socket, and from its client's cache.

The server is a private one that keeps nothing on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benches.peers import KEY, Read
from benches.veltrix.redis import running


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    # A Unix socket's path may have 107 bytes, so it lies in the scratch directory itself.
    path = scratch / "redis.sock"
    with running(scratch, "--unixsocket", str(path)) as server:
        redis = import_module("redis")
        tcp, unix = server.client, redis.Redis(unix_socket_path=str(path))
        tcp.mset(values)
        tracked = cached(redis, server.port, tcp.info()["redis_version"])
        statement = "float(get(key))"
        yield [
            Read("Redis GET, TCP loopback", statement, {"get": tcp.get, "key": KEY}, faster=1000),
            Read("Redis GET, Unix socket", statement, {"get": unix.get, "key": KEY}, faster=1000),
            Read("Redis client-side cache, hit", statement, {"get": tracked.get, "key": KEY}),
        ]
        for client in (unix, tracked):
            client.close()


def cached(redis: Any, port: int, version: str) -> Any:
    """A client that keeps what it read until the server says that it changed."""
    # redis-py wants server 7.4 for that, but all it uses is there since 6.0, and distributions ship 7.0.
    if tuple(map(int, version.split(".")[:2])) < (7, 4):
        import_module("redis.connection").CacheProxyConnection.MIN_ALLOWED_VERSION = "6.0.0"
    config = import_module("redis.cache").CacheConfig()
    return redis.Redis(host="127.0.0.1", port=port, protocol=3, cache_config=config)
