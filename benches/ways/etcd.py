"""etcd with a watch, over the JSON gateway that it comes with: `at` is its URL."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from benches.peers import Missing
from benches.veltrix.held import HeldSettings
from benches.ways import Way, held
from configedge.cli.processes import ProcessError, Service

_KEY = base64.b64encode(b"config/matchmaking").decode()
_START_S = 20.0


class Server(NamedTuple):
    service: Service
    url: str


@contextmanager
def running(scratch: Path) -> Iterator[Server]:
    """Of the bench's own, one member. Raises Missing, ProcessError."""
    program = shutil.which("etcd")
    if program is None:
        raise Missing("there is no etcd: apt-get install etcd-server")
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        url, peer = (f"http://127.0.0.1:{probe.getsockname()[1]}" for probe in probes)
    command = [program, "--data-dir", str(scratch / "etcd"), "--log-level", "error", "--initial-cluster", f"m={peer}"]
    command += ["--name", "m", "--listen-client-urls", url, "--advertise-client-urls", url]
    command += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
    service = Service("etcd", command, scratch / "etcd.log")
    try:
        deadline = time.monotonic() + _START_S
        while not _healthy(url):
            if not service.alive() or time.monotonic() > deadline:
                raise ProcessError(f"etcd did not start: {service.last_words()}")
            time.sleep(0.05)
        yield Server(service, url)
    finally:
        service.stop()


def _healthy(url: str) -> bool:
    try:
        return bool(httpx2.get(f"{url}/health", timeout=2).json()["health"] == "true")
    except (httpx2.HTTPError, ValueError, KeyError):
        return False


def write(url: str, values: dict[str, Any]) -> None:
    content = {"key": _KEY, "value": base64.b64encode(json.dumps(values).encode()).decode()}
    httpx2.post(f"{url}/v3/kv/put", json=content, timeout=10).raise_for_status()


async def opened(at: str) -> Way:
    client = httpx2.AsyncClient(base_url=at, timeout=None)
    reply = (await client.post("/v3/kv/range", json={"key": _KEY})).raise_for_status().json()
    settings = HeldSettings(*_read(reply["kvs"][0]))

    async def follow() -> None:
        while True:
            start = {"create_request": {"key": _KEY, "start_revision": settings.version + 1}}
            try:
                async with client.stream("POST", "/v3/watch", json=start) as stream:
                    async for line in stream.aiter_lines():
                        for event in json.loads(line)["result"].get("events", []):
                            settings.bring(*_read(event["kv"]))
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)

    return held(settings, follow=follow())


def _read(kv: dict[str, str]) -> tuple[dict[str, Any], int]:
    return json.loads(base64.b64decode(kv["value"])), int(kv["mod_revision"])
