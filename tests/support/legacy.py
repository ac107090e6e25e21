"""A real Redis in a process of its own, to be stopped and started again: the legacy side of a migration."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis


class Redis:
    """A server that keeps nothing on disk, on a port of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port, decode_responses=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server is not installed: apt-get install redis-server")
        log = self._directory / "redis.log"
        command = [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*command, "--dir", str(self._directory), "--logfile", str(log)])
        deadline = time.monotonic() + 30
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                alive = self._process.poll() is None and time.monotonic() < deadline
                assert alive, f"redis-server did not start: see {log}"
                time.sleep(0.02)

    def kill(self) -> None:
        """What it has is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def text(self, key: str) -> str | None:
        """A string, by a client whose types say what any command may give."""
        found = self.client.get(key)
        return None if found is None else str(found)

    def hash(self, key: str) -> dict[str, str]:
        return dict(self.client.hgetall(key))  # type: ignore[arg-type]


@contextmanager
def legacy_redis(directory: Path) -> Iterator[Redis]:
    server = Redis(directory)
    server.start()
    try:
        yield server
    finally:
        server.client.close()
        server.kill()
