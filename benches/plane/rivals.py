"""What a write is measured beside: a Redis that flushes each SET to disk."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def redis_on_disk(directory: Path) -> Iterator[Any]:
    """A client of a Redis server of its own, AOF with appendfsync always; None if there is no redis-server."""
    server = shutil.which("redis-server")
    if server is None:
        yield None
        return
    from redis import Redis
    from redis.exceptions import ConnectionError as NotYet

    directory.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [server, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory), "--save", ""]
    command += ["--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        client = Redis(host="127.0.0.1", port=port)
        for _ in range(200):
            try:
                client.ping()
                break
            except NotYet:
                time.sleep(0.05)
        yield client
        client.close()
    finally:
        process.terminate()
        process.wait()
