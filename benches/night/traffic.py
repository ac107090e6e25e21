"""Steady players, the same in each part of a run, and what became of each request."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from random import Random

import msgspec
import uvloop

from matchmaker.edge.frames import MAX_BODY_BYTES, TO_GATEWAY, Framed, Kind
from matchmaker.load.arrivals import poisson
from matchmaker.load.players import Players, Population, example

_STREAMS = 8
_TAIL_S, _PATIENCE_S = 1.0, 3.0
# Enough players wait for the window that opens after 250 ms that P99 lies there, run by run.
_DEVIATION = 170


@dataclass(frozen=True)
class Traffic:
    """So many `parts`, each with the same arrivals of the same players: one is waited in as long as the other.

    Players go on coming for a while after the last part, for those in it to meet.
    """

    gateway: str
    rate: float
    part_s: float
    parts: int
    begin: float
    """In monotonic s."""
    seed: int = 1
    population: Population = field(default_factory=lambda: replace(example(0.0), deviation=_DEVIATION))


class Request(msgspec.Struct):
    """Times in monotonic s, 0 for what never was."""

    due: float
    answered: float = 0.0
    """The first answer: that it is queued, if not more."""
    ended: float = 0.0
    state: str = "open"
    """assigned, refused, or open still when the players went."""
    generation: int = 0
    region: str = ""

    @property
    def ms(self) -> float:
        """From due to the end, also of one that was refused: who waited in vain waited too."""
        return (self.ended - self.due) * 1e3


class _Told(msgspec.Struct):
    region: str
    generation: int


class _Stream(Framed):
    def __init__(self, requests: dict[int, Request]) -> None:
        super().__init__(TO_GATEWAY)
        self._requests = requests
        self._told = msgspec.json.Decoder(_Told).decode

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        for kind, session, body in self._splitter.feed(data, MAX_BODY_BYTES):
            request = self._requests.get(session)
            if request is None or request.ended:
                continue
            request.answered = request.answered or now
            if kind == Kind.ASSIGNED:
                told = self._told(body)
                request.ended, request.state = now, "assigned"
                request.generation, request.region = told.generation, told.region
            elif kind == Kind.REFUSED:
                request.ended, request.state = now, "refused"

    def close(self) -> None:
        self.flush()
        self._transport.close()


async def _drive(traffic: Traffic) -> list[Request]:
    requests: dict[int, Request] = {}
    loop = asyncio.get_running_loop()
    streams = [
        (await loop.create_unix_connection(lambda: _Stream(requests), traffic.gateway))[1] for _ in range(_STREAMS)
    ]
    players = Players(traffic.population, traffic.seed)
    offsets = list(poisson(traffic.rate, traffic.part_s, Random(traffic.seed)))
    ring = players.ring(len(offsets))
    gc.collect()
    gc.freeze()
    gc.disable()
    for session, (due, at) in enumerate(_due(traffic, offsets), 1):
        while (left := due - time.monotonic()) > 0:
            await asyncio.sleep(left)
        template, size = ring[at]
        first = players.take(size)
        body = template % (first if size == 1 else tuple(range(first, first + size)))
        requests[session] = Request(due)
        streams[session % _STREAMS].send(0, session, body)
    over = traffic.begin + traffic.parts * traffic.part_s
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and any(one.due < over and not one.ended for one in requests.values()):
        await asyncio.sleep(0.05)
    for session, request in requests.items():
        if not request.ended:
            request.ended = time.monotonic()
            streams[session % _STREAMS].send(Kind.CANCEL, session)
    for stream in streams:
        stream.close()
    await asyncio.sleep(0.05)
    return list(requests.values())


def _due(traffic: Traffic, offsets: list[float]) -> Iterator[tuple[float, int]]:
    for part in range(traffic.parts):
        for at, offset in enumerate(offsets):
            yield traffic.begin + part * traffic.part_s + offset, at
    for at, offset in enumerate(offsets):
        if offset < _TAIL_S:
            yield traffic.begin + traffic.parts * traffic.part_s + offset, at


def _run(traffic: Traffic) -> list[Request]:
    return uvloop.run(_drive(traffic))


class Generator:
    """A process of its own for the players, so that nothing the bench does delays them."""

    def __init__(self, number: int = 1) -> None:
        self._pool = ProcessPoolExecutor(number, get_context("spawn"))
        # Started and imported before it is needed.
        for one in [self._pool.submit(time.monotonic) for _ in range(number)]:
            one.result()

    def start(self, traffic: Traffic) -> Future[list[Request]]:
        return self._pool.submit(_run, traffic)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
