"""HTTP on a bare socket, for what no client library would send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

DEADLINE_S = 30.0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection to a server; reads one answer after the other."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=DEADLINE_S)
        self._rest = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(self, method: str, target: str, body: bytes = b"", **headers: str) -> None:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def answer(self, head: bool = False) -> Answer:
        """The next one; of a HEAD request with `head`."""
        while b"\r\n\r\n" not in self._rest:
            self._read()
        start, _, self._rest = self._rest.partition(b"\r\n\r\n")
        line, *fields = start.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
        length = 0 if head else int(headers.get("content-length", 0))
        while len(self._rest) < length:
            self._read()
        body, self._rest = self._rest[:length], self._rest[length:]
        return Answer(int(line.split(" ")[1]), headers, body)

    def _read(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"the server closed the connection behind {self._rest!r}")
        self._rest += data

    def ended(self) -> bool:
        """Waits for the end of the connection; whether nothing came before it."""
        rest = self._rest
        try:
            while data := self.socket.recv(65536):
                rest += data
        except ConnectionResetError:
            return False
        return not rest

    def everything(self) -> bytes:
        """All that comes until the server closes, after we have sent all."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
            while data := self.socket.recv(65536):
                self._rest += data
        except (ConnectionResetError, OSError):
            pass
        return self._rest


@contextmanager
def wire(url: str) -> Iterator[Wire]:
    made = Wire(url)
    try:
        yield made
    finally:
        made.socket.close()
