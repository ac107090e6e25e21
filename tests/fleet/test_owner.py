"""Owners over a log in memory: taking, deciding, handing over, and every doubt on the way."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matchmaker.fleet import Doubtful, Entry, Fenced, LeaseLost, MemoryLog, Owner
from matchmaker.fleet.partition import Pace, Partition
from matchmaker.fleet.record import Decision, Epoch, Part, decode
from matchmaker.fleet.spread import chosen
from tests.support.fleet_audit import Findings, audit, read_all
from tests.support.pairs import Pairs, cancel, enqueue

NEVER = 1e9
QUICK = Pace(sweep=0.002, snapshot=NEVER)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def fill(log: MemoryLog, *tickets: str, partition: str = "p") -> None:
    for ticket in tickets:
        await log.append_in(partition, f"+{ticket}", enqueue(ticket))


async def findings(log: MemoryLog, *acked: str, partition: str = "p") -> Findings:
    return await audit(log, partition, acked, quiet=0.02)


async def partition(log: MemoryLog, owner: str, pace: Pace = QUICK, machine: Pairs | None = None) -> Partition:
    """In the hands of `owner`, whoever else believes to have it: the lease is of another name."""
    lease = await log.lease(f"test.{owner}.{random.random()}", owner, 3600)
    assert lease
    loop = asyncio.get_running_loop()
    return Partition(log, "p", owner, machine or Pairs(), lease, pace, loop.time, lambda: 0.0)


@asynccontextmanager
async def serving(it: Partition) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(it.serve())
    try:
        await until(lambda: it.serving or task.done())
        yield task
    finally:
        it.stop()
        await asyncio.wait([task])


@asynccontextmanager
async def running(*owners: Owner) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(owner.run()) for owner in owners]
    try:
        yield
    finally:
        for owner in owners:
            owner.stop()
        await asyncio.gather(*tasks)


async def test_tickets_are_paired_in_their_order_and_a_cancelled_one_is_not() -> None:
    log = MemoryLog()
    await fill(log, "a", "b", "c")
    await log.append_in("p", "-b", cancel("b"))
    it = await partition(log, "one")
    async with serving(it):
        await fill(log, "d", "e")
        await log.append_in("p", "-nobody", cancel("nobody"))
        await asyncio.sleep(0.05)
    found = await findings(log, "a", "b", "c", "d", "e")
    assert found.outcomes.keys() == {"a", "b", "c", "d", "e"} - found.queued
    assert "b" in found.outcomes and "b" not in found.matched


async def test_an_owner_that_was_replaced_cannot_write_and_ends() -> None:
    log = MemoryLog()
    old, new = await partition(log, "old"), await partition(log, "new")
    async with serving(old) as task, serving(new):
        await fill(log, "a", "b")
        await asyncio.wait([task])
        with pytest.raises(Fenced):
            task.result()
        await fill(log, "c")
        await asyncio.sleep(0.02)
    found = await findings(log, "a", "b", "c")
    assert [epoch.owner for epoch in found.epochs] == ["old", "new"]
    assert (found.matched, found.queued) == ({"a", "b"}, {"c"})


async def test_an_owner_without_lease_ends_before_it_decides() -> None:
    log = MemoryLog()
    it = await partition(log, "one")
    async with serving(it) as task:
        await it._lease.release()
        await asyncio.wait([task])
        with pytest.raises(LeaseLost):
            task.result()


async def test_a_log_with_another_life_is_read_again() -> None:
    log = MemoryLog()
    it = await partition(log, "one")
    async with serving(it) as task:
        log.life += 1
        await asyncio.wait([task])
        with pytest.raises(Doubtful):
            task.result()


@pytest.mark.parametrize("eager", [False, True])
async def test_the_next_owner_knows_what_the_last_one_did(eager: bool) -> None:
    log = MemoryLog()
    async with serving(await partition(log, "one", machine=Pairs(eager))):
        await fill(log, "a", "b", "c", "d", "e")
        await asyncio.sleep(0.03)
    machine = Pairs(eager)
    async with serving(await partition(log, "two", machine=machine)):
        assert list(machine.queue) == ["e"]
        await fill(log, "f")
        await asyncio.sleep(0.03)
    assert (await findings(log, *"abcdef")).matched == set("abcdef")


class SmallLog(MemoryLog):
    """Takes 700 bytes at a time, so snapshots have several parts."""

    max_payload = 700


class Keeper(Pairs):
    """Pairs nobody, so its state grows."""

    def decide(self, now: float) -> list[bytes] | None:
        return None


async def test_a_snapshot_in_parts_replaces_the_history_before_it() -> None:
    log = SmallLog(dedupe_window=0)
    tickets = [f"{number:0>50}" for number in range(40)]
    async with serving(await partition(log, "one", Pace(sweep=0.002, snapshot=0.01, keep_out=0), Keeper())):
        await fill(log, *tickets)
        async with asyncio.timeout(30):
            while await read_all(log.read_in("p"), quiet=0.01):
                pass
    parts = [decode(entry.payload) for entry in await read_all(log.read_out("p"), quiet=0.02)]
    assert len(parts) > 3 and all(isinstance(part, Part) for part in parts)
    await fill(log, "late")
    machine = Keeper()
    async with serving(await partition(log, "two", machine=machine)):
        await until(lambda: len(machine.queue) > 40)
    assert list(machine.queue) == [*tickets, "late"]


class Faulty(MemoryLog):
    """Its `out` appends fail as a plan says: before they are stored, or after."""

    def __init__(self, plan: list[str]) -> None:
        super().__init__()
        self.plan = plan

    async def append_out(self, partition: str, payload: bytes, expected_last: int) -> int:
        fate = self.plan.pop(0) if self.plan else "well"
        if fate == "before":
            raise Doubtful("no answer; it was not stored")
        seq = await super().append_out(partition, payload, expected_last)
        if fate == "after":
            raise Doubtful("no answer; it was stored")
        return seq


@hypothesis_settings(deadline=None, max_examples=60)
@given(
    plan=st.lists(st.sampled_from(["well", "well", "before", "after"]), max_size=12),
    events=st.lists(st.tuples(st.sampled_from("++++-"), st.integers(0, 9)), min_size=1, max_size=24),
    eager=st.booleans(),
    snapshot=st.sampled_from([0.0, NEVER]),
)
def test_no_doubt_loses_or_doubles_a_ticket(
    plan: list[str], events: list[tuple[str, int]], eager: bool, snapshot: float
) -> None:
    async def run() -> None:
        log = Faulty(list(plan))
        pace = Pace(sweep=0.0005, snapshot=snapshot)

        async def own() -> None:
            while True:
                with contextlib.suppress(Doubtful):
                    await (await partition(log, "one", pace, Pairs(eager))).serve()

        owner = asyncio.create_task(own())
        acked = set()
        for number, (kind, which) in enumerate(events):
            if kind == "+":
                await fill(log, f"t{number}")
                acked.add(f"t{number}")
            else:
                await log.append_in("p", f"-{number}", cancel(f"t{which}"))
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            while True:
                found = await findings(log, *acked)
                if len(found.queued) < 2 and not found.cancels:
                    break
        owner.cancel()
        await asyncio.wait([owner])

    asyncio.run(run())


def owner(log: MemoryLog, name: str, *partitions: str) -> Owner:
    return Owner(log, name, partitions, lambda _: Pairs(), ttl=0.25, pace=QUICK)


NAMES = [f"eu/{number}" for number in range(8)]


async def test_members_share_the_partitions_and_take_over_what_is_left() -> None:
    log = MemoryLog()
    one, two = owner(log, "one", *NAMES), owner(log, "two", *NAMES)
    async with running(one):
        await until(lambda: one.serving == set(NAMES))
        async with running(two):
            share = {name for name in NAMES if chosen(name, ["one", "two"]) == "two"}
            await until(lambda: two.serving == share and one.serving == set(NAMES) - share)
            assert one.members == two.members == {"one", "two"}
        await until(lambda: one.serving == set(NAMES))
    assert await log.leases("") == set()


async def test_hand_over_under_load_loses_nothing() -> None:
    log = MemoryLog()
    one = owner(log, "one", *NAMES)
    acked: dict[str, list[str]] = {name: [] for name in NAMES}

    async def load() -> None:
        for number in range(10_000):
            for name in NAMES:
                await fill(log, f"{name}:{number}", partition=name)
                acked[name].append(f"{name}:{number}")
            await asyncio.sleep(0.002)

    async with running(one):
        loading = asyncio.create_task(load())
        for _ in range(2):
            two = owner(log, "two", *NAMES)
            async with running(two):
                await until(lambda two=two: len(two.serving) > 0)
                await asyncio.sleep(0.1)
            await until(lambda: one.serving == set(NAMES))
        loading.cancel()
        await asyncio.wait([loading])
        await asyncio.sleep(0.1)
    for name in NAMES:
        found = await findings(log, *acked[name], partition=name)
        assert len(found.queued) < 2
    moved = [name for name in NAMES if chosen(name, ["one", "two"]) == "two"]
    assert {epoch.owner for epoch in (await findings(log, partition=moved[0])).epochs} == {"one", "two"}


async def test_partitions_may_come_and_go_while_it_runs() -> None:
    log = MemoryLog()
    one = owner(log, "one", "a")
    async with running(one):
        await until(lambda: one.serving == {"a"})
        one.partitions = frozenset({"b"})
        await until(lambda: one.serving == {"b"})


async def test_a_machine_that_fails_takes_down_its_partition_alone() -> None:
    class Failing(Pairs):
        def decide(self, now: float) -> list[bytes] | None:
            raise ZeroDivisionError

    log = MemoryLog()
    one = Owner(log, "one", ["bad", "good"], lambda name: Failing() if name == "bad" else Pairs(), ttl=0.25, pace=QUICK)
    async with running(one):
        await until(lambda: one.serving == {"good"})
        await fill(log, "a", "b", partition="good")
        await asyncio.sleep(0.1)
    assert (await findings(log, "a", "b", partition="good")).matched == {"a", "b"}


async def test_a_partition_with_a_poisonous_entry_is_parked_until_that_is_gone() -> None:
    log = MemoryLog()
    await log.append_in("bad", "poison", b"no json")
    await fill(log, "a", "b", partition="good")
    one = Owner(log, "one", ["bad", "good"], lambda _: Pairs(), ttl=0.25, pace=QUICK)
    async with running(one):
        await until(lambda: "bad" in one.parked and one.parked["bad"].failures == 2)
        parked = one.parked["bad"]
        assert "in of bad, seq 1:" in parked.error and "remove that message" in parked.error
        assert one.serving == {"good"} and not one.drops
        epochs = len(await read_all(log.read_out("bad"), quiet=0.02))
        assert epochs <= 3, "it was tried again and again, at the cost of the log"
        await log.trim_in("bad", 2)
        await fill(log, "c", "d", partition="bad")
        await until(lambda: one.serving == {"bad", "good"})
    assert not one.parked
    assert (await findings(log, "c", "d", partition="bad")).matched == {"c", "d"}


async def test_a_reader_that_loses_its_cancellation_does_not_hold_up_the_partition() -> None:
    class Deaf(MemoryLog):
        async def read_in(self, partition: str, after: int = 0) -> AsyncGenerator[Entry, None]:  # type: ignore[override]
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
            async for entry in super().read_in(partition, after):
                yield entry

    log = Deaf()
    it = await partition(log, "one")
    async with serving(it) as task:
        it.stop()
        async with asyncio.timeout(30):
            await asyncio.wait([task])
    assert task.exception() is None


async def test_many_decisions_are_split_over_records_the_log_takes() -> None:
    class Talkative(Pairs):
        def decide(self, now: float) -> list[bytes] | None:
            return [bytes(300)] * 5 if self.queue else None

        def apply_out(self, payload: bytes) -> None:
            self.queue.clear()

    log = SmallLog()
    async with serving(await partition(log, "one", machine=Talkative())):
        await fill(log, "a")
        await asyncio.sleep(0.03)
    records = [decode(entry.payload) for entry in await read_all(log.read_out("p"), quiet=0.02)]
    assert isinstance(records[0], Epoch)
    assert [len(record.records) for record in records if isinstance(record, Decision)] == [1] * 5


def test_a_member_that_goes_moves_only_its_own_partitions() -> None:
    members = {f"m{number}" for number in range(5)}
    names = [f"p{number}" for number in range(500)]
    before = {name: chosen(name, members) for name in names}
    assert all(list(before.values()).count(member) > 50 for member in members)
    after = {name: chosen(name, members - {"m3"}) for name in names}
    assert all(after[name] == before[name] for name in names if before[name] != "m3")
    assert chosen("p", []) is None
