"""Redis on the same machine, asked by redis-py with hiredis: over TCP, over a Unix socket, and from its client's cache.

The server is a private one that keeps nothing on disk.
"""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benches.peers import KEY, Missing, Read
from configedge.cli.processes import ProcessError, Service

START_S = 10.0


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    redis = import_module("redis")
    import_module("hiredis")
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("there is no redis-server: apt-get install redis-server")
    # A Unix socket's path may have 107 bytes, so it lies in the scratch directory itself.
    path, port = scratch / "redis.sock", _free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--unixsocket", str(path), "--save", ""]
    command += ["--appendonly", "no", "--dir", str(scratch), "--logfile", str(scratch / "redis-server.log")]
    server = Service("redis-server", command, scratch / "redis.log")
    try:
        tcp, unix = redis.Redis(host="127.0.0.1", port=port), redis.Redis(unix_socket_path=str(path))
        _wait(server, unix)
        tcp.mset(values)
        cached = _cached(redis, port, tcp.info()["redis_version"])
        statement = "float(get(key))"
        yield [
            Read("Redis GET, TCP loopback", statement, {"get": tcp.get, "key": KEY}, faster=1000),
            Read("Redis GET, Unix socket", statement, {"get": unix.get, "key": KEY}, faster=1000),
            Read("Redis client-side cache, hit", statement, {"get": cached.get, "key": KEY}),
        ]
        for client in (tcp, unix, cached):
            client.close()
    finally:
        server.stop()


def _wait(server: Service, client: Any) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            client.ping()
            return
        except import_module("redis").ConnectionError:
            if not server.alive() or time.monotonic() > deadline:
                raise ProcessError(f"redis-server did not start: {server.last_words()}") from None
            time.sleep(0.02)


def _cached(redis: Any, port: int, version: str) -> Any:
    """A client that keeps what it read until the server says that it changed."""
    # redis-py wants server 7.4 for that, but all it uses is there since 6.0, and distributions ship 7.0.
    if tuple(map(int, version.split(".")[:2])) < (7, 4):
        import_module("redis.connection").CacheProxyConnection.MIN_ALLOWED_VERSION = "6.0.0"
    config = import_module("redis.cache").CacheConfig()
    return redis.Redis(host="127.0.0.1", port=port, protocol=3, cache_config=config)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
