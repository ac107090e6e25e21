"""Players on a fleet of real processes, for faults to be done to; and the judgement of all of it afterwards."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import configedge
from configedge.testing import Publisher
from matchmaker.fleet.backend import FleetBackend
from matchmaker.fleet.jetstream import JetStreamLog
from matchmaker.fleet.partitions import Partitions
from matchmaker.fleet.record import Decision, Epoch, decode
from matchmaker.fleet.service import FleetService
from matchmaker.live import LiveSettings
from tests.support import engine_audit, linear
from tests.support.fleet_audit import read_all
from tests.support.fleet_members import Member, members
from tests.support.fleet_players import Players
from tests.support.matchmaker import values

PARTITIONS = ("eu-west-1/duel", "eu-west-1/squad", "us-east-1/duel", "us-east-1/squad")
# Nothing that depends on how busy this machine is.
_LIMITS = {"limits__target_lag_ms": 10_000, "limits__requests_per_player_per_s": 1000, "limits__finished_ttl_s": 300}


class Follower:
    """Who serves which partition, and how far it has come."""

    def __init__(self, log: JetStreamLog) -> None:
        self.owner: dict[str, str] = {}
        self.decisions = dict.fromkeys(PARTITIONS, 0)
        self._tasks = [asyncio.create_task(self._follow(log, name)) for name in PARTITIONS]

    def of(self, member: str) -> set[str]:
        return {name for name, owner in self.owner.items() if owner == member}

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def progress(self, after: str) -> None:
        """All partitions decide some more."""
        before = dict(self.decisions)
        await until(
            f"all partitions go on after {after}",
            lambda: all(self.decisions[name] > n + 3 for name, n in before.items()),
        )

    async def _follow(self, log: JetStreamLog, name: str) -> None:
        async for entry in log.read_out(name):
            record = decode(entry.payload)
            if isinstance(record, Epoch):
                self.owner[name] = record.owner
            self.decisions[name] += isinstance(record, Decision)


async def until(what: str, condition: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(120):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"waited in vain until {what}")


class Drill:
    def __init__(
        self, fleet: dict[str, Member], log: JetStreamLog, follower: Follower, players: Players, edge: FleetService
    ) -> None:
        self.fleet = fleet
        self.log = log
        self.follower = follower
        self.players = players
        self.edge = edge

    async def judge(self, killed: Sequence[str] = ()) -> None:
        """Stops everything, reads the logs, and compares them with all that players were told."""
        await self.players.stop()
        await self.edge.drain()
        for name in self.fleet.keys() - set(killed):
            process = self.fleet[name].process
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 60) == 0
        ended: dict[str, str] = {}
        generations = 0
        for name in PARTITIONS:
            ins, outs = await asyncio.gather(read_all(self.log.read_in(name)), read_all(self.log.read_out(name)))
            found = engine_audit.check(name, ins, outs, self.players.acked[name])
            assert found.snapshots and found.epochs
            generations += len(found.generations)
            ended |= found.ended
        assert generations > len(PARTITIONS), "no settings changed while matches were made"
        assert {"assigned", "cancelled"} <= set(ended.values())
        wrong = {
            ticket: why
            for ticket, answers in self.players.history.answers.items()
            if (why := linear.violations(answers, ended.get(ticket, "")))
        }
        assert not wrong, wrong


@asynccontextmanager
async def drill(
    urls: Sequence[str], directory: Path, names: Sequence[str], replicas: int = 1, per_second: float = 25
) -> AsyncIterator[Drill]:
    """A fleet whose configuration changes twice a second, and `per_second` players in each partition."""
    config = directory / "config"
    publisher = Publisher(config)
    publisher.publish({"matchmaking": values(**_LIMITS)}, f"{1:040x}")
    options = ("--lease", "1", "--fleet-replicas", str(replicas), "--partitions", *PARTITIONS)
    with members(names, ",".join(urls), config, directory, options) as fleet:
        log = await JetStreamLog.connect(list(urls), timeout=1.0, replicas=replicas, connect_timeout=30)
        follower = Follower(log)
        settings = LiveSettings(configedge.open(config, wait=10))
        edge = FleetService(settings, log, "players", Partitions(PARTITIONS), own=False)
        running = [asyncio.create_task(edge.run()), asyncio.create_task(_flip(publisher))]
        players = Players(FleetBackend(edge), [member.url for member in fleet.values()], PARTITIONS, per_second)
        await follower.progress("the start")
        try:
            yield Drill(fleet, log, follower, players, edge)
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
            await follower.stop()
            await log.close()


async def _flip(publisher: Publisher) -> None:
    number = 1
    while True:
        await asyncio.sleep(0.5)
        number += 1
        changed = values(**_LIMITS, modes__duel__bucket_width=(50, 40)[number % 2])
        publisher.publish({"matchmaking": changed}, f"{number:040x}")
