"""What every log keeps, whichever it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from matchmaker.fleet import Entry, Fenced, LeaseLost, Log, TooLarge
from tests.fleet.conftest import Open
from tests.support.fleet_audit import read_all

TTL = 0.6


async def take(entries: AsyncGenerator[Entry, None], count: int) -> list[bytes]:
    """The first `count` payloads. Fails if they do not come."""
    async with asyncio.timeout(30):
        found = [(await anext(entries)).payload for _ in range(count)]
    await entries.aclose()
    return found


async def out(log: Log, partition: str, *payloads: bytes) -> list[int]:
    seqs, last = [], 0
    for payload in payloads:
        last = await log.append_out(partition, payload, last)
        seqs.append(last)
    return seqs


async def test_entries_are_read_in_the_order_they_were_acknowledged(log: Log) -> None:
    seqs = [await log.append_in("p", f"id{n}", b"%d" % n) for n in range(20)]
    assert seqs == sorted(set(seqs))
    assert await take(log.read_in("p"), 20) == [b"%d" % n for n in range(20)]
    assert await take(log.read_in("p", seqs[16]), 3) == [b"17", b"18", b"19"]


async def test_a_reader_waits_for_what_is_appended_later(log: Log) -> None:
    reader = asyncio.create_task(take(log.read_in("p"), 2))
    await log.append_in("p", "a", b"1")
    await log.append_in("other", "b", b"x")
    await log.append_in("p", "c", b"2")
    assert await reader == [b"1", b"2"]


async def test_an_id_is_stored_once_and_answered_with_its_first_seq(log: Log) -> None:
    first = await log.append_in("p", "a", b"1")
    assert await log.append_in("p", "a", b"1") == first
    assert await log.append_in("p", "b", b"2") > first
    assert await log.append_in("p", "a", b"1") == first
    assert await take(log.read_in("p"), 2) == [b"1", b"2"]


async def test_copies_sent_at_the_same_time_are_one_entry(log: Log) -> None:
    assert len(set(await asyncio.gather(*(log.append_in("p", "a", b"1") for _ in range(8))))) == 1


async def test_the_same_id_in_two_partitions_is_two_entries(log: Log) -> None:
    await log.append_in("p", "a", b"1")
    await log.append_in("q", "a", b"2")
    assert await take(log.read_in("q"), 1) == [b"2"]


@pytest.mark.parametrize("name", ["eu-west-1/ranked 5v5", "a.b", "*", ">", "größe", "=2F"])
async def test_a_partition_may_be_called_anything(log: Log, name: str) -> None:
    await log.append_in(name, f"{name} \r\n ü", b"1")
    await out(log, name, b"2")
    assert await take(log.read_in(name), 1) == [b"1"]
    assert await take(log.read_out(name), 1) == [b"2"]


async def test_only_who_knows_the_last_record_appends(log: Log) -> None:
    assert await log.last_out("p") is None
    first, second = await out(log, "p", b"1", b"2")
    for stale in (0, first, second + 1):
        with pytest.raises(Fenced):
            await log.append_out("p", b"stale", stale)
    last = await log.last_out("p")
    assert last and (last.seq, last.payload) == (second, b"2")
    assert await log.append_out("p", b"3", second) > second
    assert await take(log.read_out("p"), 3) == [b"1", b"2", b"3"]


async def test_of_writers_at_the_same_time_one_wins(log: Log) -> None:
    [last] = await out(log, "p", b"0")
    results = await asyncio.gather(*(log.append_out("p", b"%d" % n, last) for n in range(8)), return_exceptions=True)
    assert [type(result) for result in results].count(Fenced) == 7
    assert len(await take(log.read_out("p"), 2)) == 2


async def test_partitions_do_not_fence_each_other(log: Log) -> None:
    [p] = await out(log, "p", b"1")
    await out(log, "q", b"1", b"2")
    assert await log.append_out("p", b"2", p) > p


async def test_what_is_trimmed_is_not_read_any_more(log: Log) -> None:
    seqs = [await log.append_in("p", f"id{n}", b"%d" % n) for n in range(5)]
    await log.append_in("q", "id", b"q")
    await log.trim_in("p", seqs[3])
    assert await take(log.read_in("p"), 2) == [b"3", b"4"]
    assert await take(log.read_in("q"), 1) == [b"q"]
    await log.trim_in("p", seqs[0])
    assert await log.append_in("p", "more", b"5") > seqs[4]
    assert await take(log.read_in("p"), 3) == [b"3", b"4", b"5"]


async def test_the_last_record_survives_any_trim_and_the_chain_goes_on(log: Log) -> None:
    await log.trim_out("p", 10)
    seqs = await out(log, "p", b"1", b"2", b"3")
    await log.trim_out("p", seqs[2] + 100)
    last = await log.last_out("p")
    assert last and last.payload == b"3"
    with pytest.raises(Fenced):
        await log.append_out("p", b"x", 0)
    await log.append_out("p", b"4", seqs[2])
    assert await take(log.read_out("p"), 2) == [b"3", b"4"]


async def test_the_id_of_a_trimmed_entry_is_remembered(log: Log) -> None:
    first = await log.append_in("p", "a", b"1")
    second = await log.append_in("p", "b", b"2")
    await log.trim_in("p", second)
    assert await log.append_in("p", "a", b"1") == first


async def test_what_the_log_does_not_take_is_refused_and_not_stored(log: Log) -> None:
    largest = bytes(log.max_payload)
    with pytest.raises(TooLarge):
        await log.append_in("p", "a", largest + b"x")
    with pytest.raises(TooLarge):
        await log.append_out("p", largest + b"x", 0)
    assert await log.append_in("p", "a", largest) > 0
    assert await log.append_out("p", largest, 0) > 0


async def test_a_log_that_is_opened_again_goes_on(open_log: Open, request: pytest.FixtureRequest) -> None:
    if "[memory]" in request.node.name:
        pytest.skip("memory ends with its process")
    log = await open_log()
    seqs = [await log.append_in("p", f"id{n}", b"%d" % n) for n in range(4)]
    await log.trim_in("p", seqs[2])
    outs = await out(log, "p", b"1", b"2", b"3")
    await log.trim_out("p", outs[1])
    await log.close()
    log = await open_log()
    assert await log.append_in("p", "id1", b"1") == seqs[1]
    assert await log.append_in("p", "id3", b"3") == seqs[3]
    with pytest.raises(Fenced):
        await log.append_out("p", b"x", outs[1])
    await log.append_in("p", "id4", b"4")
    await log.append_out("p", b"4", outs[2])
    assert [entry.payload for entry in await read_all(log.read_in("p"))] == [b"2", b"3", b"4"]
    assert [entry.payload for entry in await read_all(log.read_out("p"))] == [b"2", b"3", b"4"]


async def test_a_lease_has_one_holder(log: Log) -> None:
    mine = await log.lease("partition.p", "a", 30)
    assert mine and not mine.lost
    assert await log.lease("partition.p", "b", 30) is None
    assert await log.lease("partition.p", "a", 30) is None
    assert await log.lease("partition.q", "b", 30)
    await mine.renew()
    await mine.release()
    assert mine.lost
    assert await log.lease("partition.p", "b", 30)


async def test_a_lease_that_is_not_renewed_goes_to_another(log: Log) -> None:
    old = await log.lease("partition.p", "a", TTL)
    assert old
    async with asyncio.timeout(30):
        while not await log.lease("partition.p", "b", TTL):
            await asyncio.sleep(0.05)
    with pytest.raises(LeaseLost):
        await old.renew()
    assert old.lost
    await old.release()
    assert await log.lease("partition.p", "c", TTL) is None, "a late release has taken the lease of another"


async def test_a_lease_that_is_renewed_is_kept(log: Log) -> None:
    mine = await log.lease("partition.p", "a", 2.0)
    assert mine
    for _ in range(10):
        await asyncio.sleep(0.25)
        await mine.renew()
        assert await log.lease("partition.p", "b", 2.0) is None


async def test_leases_are_listed_while_they_are_held(log: Log) -> None:
    assert await log.leases("member.") == set()
    a = await log.lease("member.a 1", "a 1", 30)
    await log.lease("member.b.local", "b.local", 30)
    await log.lease("partition.p", "a 1", 30)
    assert await log.leases("member.") == {"member.a 1", "member.b.local"}
    assert a
    await a.release()
    assert await log.leases("member.") == {"member.b.local"}
