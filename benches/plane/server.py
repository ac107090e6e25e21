"""A control plane in a process of its own, as it is run: auth, audit, fsync and rate limits on; and clients of it."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from configedge.cli import example
from configedge.cli.processes import Service
from configedge.control.auth import Grant, Role, Tokens

JSON = {"Content-Type": "application/json"}
LIMIT = 10_000_000
"""The most that `limits.max_queued_total` of the example may be."""
_MARK = 987_654_321


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    ms: float
    """From the first byte of the request to the last of the answer."""

    def json(self) -> Any:
        return json.loads(self.body)

    def stage(self, name: str) -> float:
        """Milliseconds of one stage of a write, as the server tells them."""
        parts = dict(part.strip().split(";dur=") for part in self.headers["server-timing"].split(","))
        return float(parts[name])


class Client:
    """One connection that is kept, with a token of its own. For one thread."""

    def __init__(self, url: str, token: str) -> None:
        host, port = urlsplit(url).hostname, urlsplit(url).port
        self._connection = http.client.HTTPConnection(host or "", port, timeout=30)
        self._bearer = {"Authorization": f"Bearer {token}"}

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        begun = time.perf_counter()
        self._connection.request(method, path, body, {**self._bearer, **(headers or {})})
        reply = self._connection.getresponse()
        content = reply.read()
        ms = (time.perf_counter() - begun) * 1e3
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, content, ms)

    def get(self, path: str) -> Answer:
        """Raises SystemExit for anything but 200: what is measured has to work."""
        return _expect(self.ask("GET", path), path)

    def put(self, path: str, body: bytes, etag: str | None) -> Answer:
        """Replaces the version `etag`; None: creates it. Raises SystemExit as `get`."""
        need = {"If-Match": f'"{etag}"'} if etag is not None else {"If-None-Match": "*"}
        return _expect(self.ask("PUT", path, body, {**JSON, **need}), path)

    def close(self) -> None:
        self._connection.close()


def _expect(answer: Answer, path: str) -> Answer:
    if answer.status != 200:
        raise SystemExit(f"{path} was answered {answer.status}: {answer.body[:500].decode(errors='replace')}")
    return answer


class Plane:
    """A running control plane over `root/repo.git`, which may be there already."""

    def __init__(self, root: Path, *options: str) -> None:
        self.repo = root / "repo.git"
        self._tokens = Tokens(root / "tokens.json")
        files = {"--repo": self.repo, "--tokens": self._tokens.path, "--audit": root / "audit.jsonl"}
        command = [sys.executable, "-m", "configedge.control", "--port", "0", *options]
        command += [text for name, path in files.items() for text in (name, str(path))]
        self.service = Service("control plane", command, root / "control.log")
        self.url: str = self.service.ready()["url"]
        self._clients: list[Client] = []

    def token(self, name: str) -> str:
        """A new one, of somebody who may read and write everything."""
        return self._tokens.create(name, (Grant(Role.editor),), 86_400, "local:bench")[0]

    def client(self, name: str) -> Client:
        client = Client(self.url, self.token(name))
        self._clients.append(client)
        return client

    def memory_mib(self) -> float:
        """Resident memory of the process, without what it shares with files that others could drop."""
        status = Path(f"/proc/{self.service.process.pid}/status").read_text()
        return int(status.partition("RssAnon:")[2].split()[0]) / 1024

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.service.stop()


@contextmanager
def running(root: Path, *options: str) -> Iterator[Plane]:
    root.mkdir(parents=True, exist_ok=True)
    plane = Plane(root, *options)
    try:
        yield plane
    finally:
        plane.close()


def example_document(number: int) -> bytes:
    """The example, as JSON: 70 keys, its schema, and a number that makes it another one each time."""
    return _example().replace(b"%d" % _MARK, b"%d" % (1 + number % LIMIT))


@cache
def _example() -> bytes:
    document = example.document()
    document["spec"]["values"]["limits"]["max_queued_total"] = _MARK
    return json.dumps(document | {"metadata": {}}).encode()
