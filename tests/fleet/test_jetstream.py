"""NATS in trouble: frozen, killed, started again, or set up otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from matchmaker.fleet import Doubtful, Entry, LogError
from matchmaker.fleet.jetstream import JetStreamLog
from tests.support.broker import Broker, broker
from tests.support.fleet_audit import read_all


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    with broker(tmp_path) as it:
        yield it


async def append_until_known(log: JetStreamLog, message_id: str, payload: bytes) -> int:
    async with asyncio.timeout(60):
        while True:
            try:
                return await log.append_in("p", message_id, payload)
            except Doubtful:
                await asyncio.sleep(0.1)


async def test_no_answer_is_doubtful_and_a_retry_is_stored_once(own_broker: Broker) -> None:
    log = await JetStreamLog.connect(own_broker.url, timeout=0.5)
    own_broker.freeze()
    with pytest.raises(Doubtful):
        await log.append_in("p", "a", b"1")
    with pytest.raises(Doubtful):
        await log.append_out("p", b"1", 0)
    with pytest.raises(Doubtful):
        await log.last_out("p")
    own_broker.thaw()
    await append_until_known(log, "a", b"1")
    assert [entry.payload for entry in await read_all(log.read_in("p"))] == [b"1"]
    await log.close()


async def test_a_reader_misses_nothing_when_the_broker_is_killed_and_started(own_broker: Broker) -> None:
    log = await JetStreamLog.connect(own_broker.url, timeout=1)
    found: list[Entry] = []

    async def follow() -> None:
        async for entry in log.read_in("p"):
            found.append(entry)

    reader = asyncio.create_task(follow())
    life = log.life
    for number in range(60):
        if number in (20, 40):
            own_broker.kill()
            own_broker.start()
        await append_until_known(log, f"id{number}", b"%d" % number)
    async with asyncio.timeout(60):
        while len(found) < 60:
            await asyncio.sleep(0.05)
    assert [entry.payload for entry in found] == [b"%d" % number for number in range(60)]
    assert log.life > life, "who builds on what it read has to know"
    reader.cancel()
    await log.close()


async def test_a_lease_whose_renewal_got_no_answer_is_still_renewed(own_broker: Broker) -> None:
    log = await JetStreamLog.connect(own_broker.url, timeout=0.5)
    lease = await log.lease("partition.p", "a", 60)
    assert lease
    own_broker.freeze()
    with pytest.raises(Doubtful):
        await lease.renew()
    own_broker.thaw()
    async with asyncio.timeout(50):
        while True:
            try:
                await lease.renew()
                break
            except Doubtful:
                await asyncio.sleep(0.1)
    assert not lease.lost
    await log.close()


async def test_other_settings_than_the_fleet_has_are_refused(own_broker: Broker) -> None:
    log = await JetStreamLog.connect(own_broker.url, dedupe_window=60)
    with pytest.raises(LogError, match="matchmaker_IN is there with other settings"):
        await JetStreamLog.connect(own_broker.url, dedupe_window=30)
    assert await log.lease("partition.p", "a", 1.5)
    with pytest.raises(LogError, match="KV_matchmaker-own is there with other settings"):
        await log.lease("partition.q", "a", 3.0)
    await log.close()


async def test_no_broker_is_told_with_what_to_do() -> None:
    with pytest.raises(LogError, match=r"no broker at nats://127\.0\.0\.1:1 within 0\.5 s.*is it started"):
        await JetStreamLog.connect("nats://127.0.0.1:1", connect_timeout=0.5)


async def test_a_prefix_that_is_no_word_is_refused() -> None:
    with pytest.raises(LogError, match="letters, digits"):
        await JetStreamLog.connect("nats://127.0.0.1:1", prefix="a.b")
