"""Players of a fleet under faults: they enqueue, ask and cancel at several edges, and note what they were told."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

import httpx2
import msgspec

from matchmaker.core.refused import Refused
from matchmaker.edge.frames import Kind
from matchmaker.fleet.backend import FleetBackend
from matchmaker.request import Enqueue, PlayerIn
from tests.support.linear import OPEN, Answer, History

_OPEN = ("queued", "proposed")


class _Watcher:
    def __init__(self, players: Players, partition: str) -> None:
        self.asked = time.monotonic()
        self.name = ""
        self._players = players
        self._partition = partition
        self.queued = asyncio.Event()

    def heard(self, kind: int, body: bytes) -> None:
        told = msgspec.json.decode(body)
        if kind == Kind.REFUSED:
            self._players.refused += 1
            self.queued.set()
            return
        self.name = told["ticket_id"]
        self._players.acked[self._partition].add(self.name)
        self.queued.set()
        state = told["state"]
        self._players.told(Answer(self.name, self.asked, time.monotonic(), OPEN if state in _OPEN else state))


class Players:
    """`urls` are those of other edges. `partitions` are `region/mode`."""

    def __init__(self, edge: FleetBackend, urls: Sequence[str], partitions: Sequence[str], per_second: float) -> None:
        self.acked: dict[str, set[str]] = {name: set() for name in partitions}
        self.history = History()
        self.refused = 0
        self.unanswered = 0
        self._edge = edge
        self._http = [httpx2.AsyncClient(base_url=url, timeout=5) for url in urls]
        self._per_second = per_second
        self._stop = False
        self._asking: set[asyncio.Task[None]] = set()
        self._playing = [asyncio.create_task(self._play(name)) for name in partitions]

    def told(self, answer: Answer) -> None:
        self.history.add(answer)

    async def stop(self) -> None:
        self._stop = True
        await asyncio.gather(*self._playing)
        await asyncio.gather(*self._asking)
        for client in self._http:
            await client.aclose()

    async def _play(self, partition: str) -> None:
        region, mode = partition.split("/")
        chance = random.Random(partition)
        number = 0
        while not self._stop:
            number += 1
            watcher = _Watcher(self, partition)
            player = PlayerIn(f"{partition}:{number}", chance.gauss(1500, 100), {region: 10.0, "sa-east-1": 200.0})
            try:
                self._edge.enqueue(Enqueue([player], mode), watcher, watch=True, address=str)
            except Refused:
                self.refused += 1
            else:
                if (dice := chance.random()) < 0.4:
                    self._later(self._ask(watcher, chance.choice(self._http), chance.random() / 5, dice < 0.2))
            await asyncio.sleep(1 / self._per_second)

    def _later(self, asking: object) -> None:
        task = asyncio.create_task(asking)  # type: ignore[arg-type]
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, watcher: _Watcher, client: httpx2.AsyncClient, after_s: float, cancels: bool) -> None:
        """At another edge, which may be dead."""
        await watcher.queued.wait()
        if not watcher.name:
            return
        await asyncio.sleep(after_s)
        asked = time.monotonic()
        try:
            answer = await client.request("DELETE" if cancels else "GET", f"/v1/tickets/{watcher.name}")
            if answer.status_code >= 500:
                raise httpx2.HTTPError("no answer")
        except httpx2.HTTPError:
            self.unanswered += 1
            self.told(Answer(watcher.name, asked, cancels=cancels))
            return
        state = answer.json().get("state", f"status {answer.status_code}") if answer.status_code < 500 else ""
        self.told(Answer(watcher.name, asked, time.monotonic(), OPEN if state in _OPEN else state, cancels))
