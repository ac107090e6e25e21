"""Real processes and a real broker, all of which die or freeze in turn under load. Nothing may be lost or doubled."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matchmaker.fleet import Doubtful, Entry
from matchmaker.fleet.jetstream import JetStreamLog
from matchmaker.fleet.record import Decision, Epoch, decode
from tests.support.broker import Broker, broker
from tests.support.fleet_audit import audit, read_all
from tests.support.pairs import cancel, enqueue

PARTITIONS = ("eu/duel", "eu/team", "us/duel", "us/team")
MEMBERS = ("ann", "bob", "cat")
PER_SECOND = 60
"""Tickets, per partition."""


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    with broker(tmp_path) as it:
        yield it


@pytest.fixture
def members(own_broker: Broker, tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    processes = {}
    for name in MEMBERS:
        command = [sys.executable, "-m", "tests.support.fleet_member", own_broker.url, name, *PARTITIONS]
        with open(tmp_path / f"{name}.log", "wb") as log:
            processes[name] = subprocess.Popen(command, stdout=log, stderr=log)
    yield processes
    for process in processes.values():
        process.kill()
        process.wait()


class Follower:
    """Reads along as a gateway does, through every fault."""

    def __init__(self, log: JetStreamLog) -> None:
        self.seen: dict[str, list[Entry]] = {name: [] for name in PARTITIONS}
        self.owner: dict[str, str] = {}
        self._tasks = [asyncio.create_task(self._follow(log, name)) for name in PARTITIONS]

    def of(self, member: str) -> set[str]:
        return {name for name, owner in self.owner.items() if owner == member}

    def decisions(self, name: str) -> int:
        return sum(isinstance(decode(entry.payload), Decision) for entry in self.seen[name])

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _follow(self, log: JetStreamLog, name: str) -> None:
        async for entry in log.read_out(name):
            self.seen[name].append(entry)
            record = decode(entry.payload)
            if isinstance(record, Epoch):
                self.owner[name] = record.owner


class Players:
    """Enqueue and cancel, and do so again with the same id until they are told that it was stored."""

    def __init__(self, log: JetStreamLog) -> None:
        self.acked: dict[str, list[str]] = {name: [] for name in PARTITIONS}
        self.retries = 0
        self._log = log
        self._stop = False
        self._tasks = [asyncio.create_task(self._play(name)) for name in PARTITIONS]

    async def stop(self) -> None:
        self._stop = True
        await asyncio.gather(*self._tasks)

    async def _play(self, name: str) -> None:
        chance = random.Random(name)
        while not self._stop:
            ticket = f"{name}:{len(self.acked[name])}"
            await self._send(name, f"+{ticket}", enqueue(ticket))
            self.acked[name].append(ticket)
            if chance.random() < 0.1:
                await self._send(name, f"-{ticket}", cancel(ticket))
            await asyncio.sleep(1 / PER_SECOND)

    async def _send(self, name: str, id: str, payload: bytes) -> None:
        while True:
            try:
                await self._log.append_in(name, id, payload)
                return
            except Doubtful:
                self.retries += 1
                await asyncio.sleep(0.1)


async def until(what: str, condition: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(40):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"waited in vain until {what}")


async def progress(follower: Follower, after: str) -> None:
    """Every partition decides something more."""
    before = {name: follower.decisions(name) for name in PARTITIONS}
    await until(
        f"all partitions go on after {after}",
        lambda: all(follower.decisions(name) > n + 2 for name, n in before.items()),
    )


@pytest.mark.timeout(240)
async def test_nothing_is_lost_or_doubled_while_everything_dies_in_turn(
    own_broker: Broker, members: dict[str, subprocess.Popen[bytes]]
) -> None:
    log = await JetStreamLog.connect(own_broker.url, timeout=1.0)
    follower = Follower(log)
    players = Players(log)
    await progress(follower, "the start")

    killed = next(name for name in MEMBERS if follower.of(name))
    members[killed].kill()
    await until("the partitions of a killed owner have another", lambda: not follower.of(killed))
    await progress(follower, "an owner was killed")

    frozen = next(name for name in MEMBERS if follower.of(name))
    members[frozen].send_signal(signal.SIGSTOP)
    await until("the partitions of a frozen owner have another", lambda: not follower.of(frozen))
    members[frozen].send_signal(signal.SIGCONT)
    await progress(follower, "an owner was frozen beyond its leases and came back")

    own_broker.kill()
    own_broker.start()
    await progress(follower, "the broker was killed and started")

    own_broker.freeze()
    await asyncio.sleep(3)
    own_broker.thaw()
    await progress(follower, "the broker was frozen for 3 s")

    await players.stop()
    await silence(follower)
    for name in set(MEMBERS) - {killed}:
        members[name].send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(members[name].wait, 40) == 0
    await follower.stop()

    for name in PARTITIONS:
        found = await audit(log, name, players.acked[name])
        assert len(found.queued) < 2, f"{name}: {len(found.queued)} tickets were left over"
        assert not found.cancels
        assert found.snapshots > 0 and len(found.epochs) > 1
        outs = await read_all(log.read_out(name))
        assert follower.seen[name] == outs[: len(follower.seen[name])], "who read along saw something else"
    assert players.retries > 0, "no fault was noticed by the players: the drill was none"
    assert await log.leases("") == set(), "a member left without giving back its leases"
    await log.close()


async def silence(follower: Follower) -> None:
    """Nothing was decided for a while: what is queued now stays."""
    quiet, last = 0, -1
    while quiet < 8:
        await asyncio.sleep(0.25)
        now = sum(map(follower.decisions, PARTITIONS))
        quiet, last = (quiet + 1 if now == last else 0), now
