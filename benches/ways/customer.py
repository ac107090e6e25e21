"""A service that does nothing but have its configuration, by one of the ways: once at a time, and as often as offered.

`python -m benches.ways.customer WAY AT` takes a JSON line on standard input for each measurement, and answers with one:
`{"alone": SECONDS}` with the cost of one request's configuration, in ns; `{"offered": RATE, "seconds": S}` with how
many of so many requests a second got theirs, over how long, and the processor time of this process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benches.peers import ready
from benches.read import UNROLLED, Timed
from benches.veltrix.asking import Ask
from benches.veltrix.process import run
from benches.ways import Way, opened
from benches.ways.matchmaker import options

# Requests that wait for their configuration at the same time, at most: more only makes all wait longer.
AT_A_TIME = 64
_TICK_S = 0.001
_BATCH = 50


class Customer:
    def __init__(self, way: Way) -> None:
        self._ask = way.ask
        self._timed = Timed(way.statement, way.scope)
        self._empty = Timed("pass", {}, unrolled=1)
        scope = dict(way.scope)
        exec(f"def read(): {way.statement}", scope)
        self._read: Callable[[], None] = scope["read"]

    async def alone(self, seconds: float) -> float:
        """ns of one request's configuration, while there is no other request."""
        if self._ask is None:
            tries = [(self._empty.ns(), self._timed.ns()) for _ in range(3)]
            empty, cost = (min(some) for some in zip(*tries, strict=True))
            return float(cost - empty / UNROLLED)
        best, until = float("inf"), time.perf_counter() + seconds
        while time.perf_counter() < until:
            begun = time.perf_counter()
            for _ in range(_BATCH):
                await self._ask()
                self._read()
            best = min(best, (time.perf_counter() - begun) / _BATCH)
        return best * 1e9

    async def offered(self, rate: float, seconds: float) -> dict[str, float]:
        self._served = self._waiting = 0
        self._open = True
        begun, cpu, due = time.perf_counter(), time.process_time(), 0
        workers = [asyncio.create_task(self._work(self._ask)) for _ in range(AT_A_TIME)] if self._ask else []
        while (gone := time.perf_counter() - begun) < seconds:
            new = int(gone * rate) - due
            due += new
            if workers:
                self._waiting += new
            else:
                read = self._read
                for _ in range(new):
                    read()
                self._served += new
            await asyncio.sleep(_TICK_S)
        took, used = time.perf_counter() - begun, time.process_time() - cpu
        served, self._open = self._served, False
        await asyncio.gather(*workers)
        return {"served": served, "seconds": took, "cpu_s": used}

    async def _work(self, ask: Ask) -> None:
        while self._open:
            if not self._waiting:
                await asyncio.sleep(_TICK_S)
                continue
            self._waiting -= 1
            await ask()
            self._read()
            self._served += 1


async def main(way: str, at: str) -> None:
    opened_way = await opened(way, at)
    follow = asyncio.create_task(opened_way.follow) if opened_way.follow else None
    customer = Customer(opened_way)
    ready()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        asked: dict[str, Any] = json.loads(line)
        answer: dict[str, float]
        if "alone" in asked:
            answer = {"ns": await customer.alone(asked["alone"])}
        else:
            answer = await customer.offered(asked["offered"], asked["seconds"])
        print(json.dumps(answer), flush=True)
    if follow:
        follow.cancel()


if __name__ == "__main__":
    arguments = options("python -m benches.ways.customer").parse_args()
    run(main(arguments.way, arguments.at))
