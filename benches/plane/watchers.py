"""Many clients that watch by server-sent events, in one thread: when did each of them have a commit?"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Watchers:
    """So many connections to /v1/watch. As a context manager they are closed at the end."""

    def __init__(self, url: str, token: str, count: int) -> None:
        host, port = urlsplit(url).hostname, urlsplit(url).port
        request = f"GET /v1/watch HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        self.count = count
        self._seen: dict[str, list[float]] = {}
        self._hello = 0
        self._told = threading.Condition()
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        for _ in range(count):
            connection = socket.create_connection((host, port))
            connection.sendall(request)
            self._selector.register(connection, selectors.EVENT_READ, bytearray())
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        with self._told:
            if not self._told.wait_for(lambda: self._hello == count, 30):
                raise SystemExit(f"{self._hello} of {count} watchers are connected after 30 s")

    def saw(self, commit: str) -> list[float]:
        """When each watcher had the commit, by `time.perf_counter`. Waits for all of them, 30 s at most."""
        with self._told:
            if not self._told.wait_for(lambda: len(self._seen.get(commit, ())) == self.count, 30):
                raise SystemExit(f"{len(self._seen.get(commit, ()))} of {self.count} watchers saw {commit}")
            return self._seen.pop(commit)

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(0.1):
                assert isinstance(key.fileobj, socket.socket)
                data = key.fileobj.recv(1 << 16)
                now = time.perf_counter()
                if not data:
                    self._selector.unregister(key.fileobj)
                    key.fileobj.close()
                    continue
                self._take(key.data, data, now)

    def _take(self, rest: bytearray, data: bytes, now: float) -> None:
        rest += data
        *lines, last = bytes(rest).split(b"\n")
        rest[:] = last
        with self._told:
            for line in lines:
                name, _, value = line.strip().partition(b": ")
                if (name, value) == (b"event", b"hello"):
                    self._hello += 1
                elif name == b"id":
                    self._seen.setdefault(value.decode(), []).append(now)
            self._told.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping = True
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()
