"""A real matchmaker on one core, with tickets standing in its queues."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benches.match import settings as bench
from configedge.cli.processes import Service, stop_all
from configedge.testing import Publisher
from matchmaker.edge.frames import MAX_BODY_BYTES, TO_GATEWAY, Framed, Kind

_WINDOW = 1_000
_COMMIT = "ab" * 20


@dataclass
class Server:
    service: Service
    publisher: Publisher
    address: str
    core: int
    bytes_a_ticket: float = 0.0

    def core_s(self) -> float:
        """How long its core has been busy, with it or with something else."""
        line = Path("/proc/stat").read_text().splitlines()[self.core + 1]
        user, nice, system, _, _, irq, softirq, *_ = map(int, line.split()[1:])
        return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")

    def cpu_s(self) -> float:
        stat = Path(f"/proc/{self.service.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self) -> int:
        statm = Path(f"/proc/{self.service.process.pid}/statm").read_text().split()
        return int(statm[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running(root: Path, snapshots: Path, tickets: int, core: int) -> Iterator[Server]:
    """With so many tickets standing, which were enqueued over a stream that stays open."""
    publisher = Publisher(snapshots)
    publisher.publish({"matchmaking": bench.values()}, _COMMIT)
    address = str(root / "gateway.sock")
    command = ["taskset", "-c", str(core), sys.executable, "-m", "matchmaker", "--config", str(snapshots)]
    service = Service("matchmaker", [*command, "--port", "0", "--gateway", address], root / "matchmaker.log")
    try:
        service.ready()
        server = Server(service, publisher, address, core)
        with asyncio.Runner() as runner:
            before = server.rss()
            filler = runner.run(_fill(address, tickets))
            server.bytes_a_ticket = (server.rss() - before) / tickets
            yield server
            filler.close()
    finally:
        stop_all([service])


async def _fill(address: str, tickets: int) -> _Filler:
    filler = _Filler(tickets)
    await asyncio.get_running_loop().create_unix_connection(lambda: filler, address)
    await filler.done
    return filler


class _Filler(Framed):
    """Enqueues what is to stand, as quickly as it is taken; what is refused is sent again."""

    def __init__(self, tickets: int) -> None:
        super().__init__(TO_GATEWAY)
        self._bodies = [
            msgspec.json.encode({"mode": mode, "players": [{"id": player, "rating": rating, "rtts_ms": {region: 1}}]})
            for player, region, mode, rating in bench.standing(tickets)
        ]
        self._todo = list(range(tickets, 0, -1))
        self._left = tickets
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        for _ in range(min(_WINDOW, self._left)):
            self._next()

    def _next(self) -> None:
        if self._todo:
            session = self._todo.pop()
            self.send(0, session, self._bodies[session - 1])

    def data_received(self, data: bytes) -> None:
        for kind, session, body in self._splitter.feed(data, MAX_BODY_BYTES):
            if kind == Kind.QUEUED:
                self._left -= 1
                self._next()
            elif kind == Kind.REFUSED and b'"retry_after_s":' in body:
                self._todo.append(session)
                self._loop.call_later(0.1, self._next)
            elif not self.done.done():
                self.done.set_exception(SystemExit(f"a ticket that was to stand was told {kind}: {body.decode()}"))
        if not self._left and not self.done.done():
            self._bodies.clear()
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(SystemExit(f"the matchmaker ended the stream: {error}"))

    def close(self) -> None:
        self._transport.close()


def settle() -> None:
    """Lets what the last run left behind be forgotten."""
    time.sleep(0.5)
