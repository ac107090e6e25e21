"""HTTP requests one after the other on each of some connections, as quickly as they are answered."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import cast
from urllib.parse import urlsplit

import httpx2
import uvloop

from matchmaker.load.histogram import Histogram
from matchmaker.load.players import Players, example

_RING = 4_096
_WARM_S = 0.5


@dataclass
class Run:
    answered: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    """Of the server."""
    wrong: list[str] = field(default_factory=list)
    latency_us: Histogram = field(default_factory=Histogram)


def measure(url: str, pid: int, what: str, connections: int, seconds: float, seed: int, core: int) -> Run:
    """`enqueue`: POST /v1/tickets of ever new players in duels; `ask`: GET of a ticket that waits.

    From a process of its own on `core`; `pid` is the server.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, url, pid, what, connections, seconds, seed, core).result()


def _measure(url: str, pid: int, what: str, connections: int, seconds: float, seed: int, core: int) -> Run:
    os.sched_setaffinity(0, {core})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_drive(url, pid, what, connections, seconds, seed))


async def _drive(url: str, pid: int, what: str, connections: int, seconds: float, seed: int) -> Run:
    parts = urlsplit(url)
    run = Run()
    request = enqueues(parts.netloc, seed) if what == "enqueue" else _asks(url, parts.netloc)
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(lambda: _Client(run, request), parts.hostname or "", parts.port or 80)
        clients.append(client)
    await asyncio.sleep(_WARM_S)
    run.answered, run.latency_us = 0, Histogram()
    began, cpu_s = time.monotonic(), cpu(pid)
    await asyncio.sleep(seconds)
    run.seconds, run.cpu_s = time.monotonic() - began, cpu(pid) - cpu_s
    for client in clients:
        client.close()
    return run


def cpu(pid: int) -> float:
    """Seconds that a process has been busy, all of its threads."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def _asks(url: str, host: str) -> Callable[[], bytes]:
    body = {"mode": "duel", "players": [{"id": uuid.uuid4().hex, "rating": 4900}]}
    answer = httpx2.post(f"{url}/v1/tickets", json=body)
    made = f"GET /v1/tickets/{answer.json()['ticket_id']} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    return lambda: made


def enqueues(host: str, seed: int) -> Callable[[], bytes]:
    players = Players(example(0.0), seed)
    ring = players.ring(_RING)
    order = Random(seed)

    def request() -> bytes:
        template, size = ring[int(order.random() * _RING)]
        body = template % players.take(size)
        head = b"POST /v1/tickets HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return head % (host.encode(), len(body)) + body

    return request


class _Client(asyncio.Protocol):
    def __init__(self, run: Run, request: Callable[[], bytes]) -> None:
        self._run = run
        self._request = request
        self._sent = 0.0
        self._closing = False
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._sent = time.monotonic()
        self._transport.write(self._request())

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        head, found, body = data.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0]):
            self._rest = data
            return
        self._rest = b""
        if not data.startswith(b"HTTP/1.1 20"):
            self._run.wrong.append(data[:300].decode(errors="replace"))
        self._run.answered += 1
        self._run.latency_us.record(int((time.monotonic() - self._sent) * 1e6))
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._closing:
            self._run.wrong.append(f"closed: {error}")

    def close(self) -> None:
        self._closing = True
        self._transport.abort()
