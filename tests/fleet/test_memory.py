"""The log in one file: what a crash leaves, what it refuses, and how it stays short."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matchmaker.fleet import Doubtful, LeaseLost, MemoryLog
from matchmaker.fleet.journal import Journal, JournalError
from tests.support.fleet_audit import read_all


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def payloads(log: MemoryLog, partition: str = "p") -> list[bytes]:
    return [entry.payload for entry in await read_all(log.read_in(partition), quiet=0.01)]


async def filled(path: Path, bodies: list[bytes]) -> list[int]:
    """Writes a journal, and returns its size after each entry."""
    log, sizes = MemoryLog(path, sync="never"), []
    for number, body in enumerate(bodies):
        await log.append_in("p", f"id{number}", body)
        sizes.append(path.stat().st_size)
    await log.close()
    return sizes


@hypothesis_settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.binary(max_size=40), min_size=1, max_size=6), data=st.data())
def test_a_torn_tail_costs_only_the_entries_it_tore(tmp_path: Path, bodies: list[bytes], data: st.DataObject) -> None:
    path = tmp_path / "journal"
    path.unlink(missing_ok=True)

    async def run() -> None:
        sizes = await filled(path, bodies)
        cut = data.draw(st.integers(0, sizes[-1]))
        # What a torn write leaves: nothing, or zeros up to a size that was already set.
        zeros = data.draw(st.sampled_from([0, 1, 7, 100]))
        os.truncate(path, cut)
        os.truncate(path, cut + zeros) if cut > 8 else None
        whole = sum(size <= cut for size in sizes)
        log = MemoryLog(path)
        assert await payloads(log) == bodies[:whole]
        await log.append_in("p", "new", b"new")
        await log.close()
        log = MemoryLog(path)
        assert await payloads(log) == [*bodies[:whole], b"new"]
        await log.close()

    asyncio.run(run())


async def test_damage_in_the_middle_is_refused_and_not_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    sizes = await filled(path, [b"first", b"second", b"third"])
    data = bytearray(path.read_bytes())
    data[sizes[0] + 12] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalError, match=f"damaged at byte {sizes[0]}.*truncate -s {sizes[0]}"):
        MemoryLog(path)
    assert path.read_bytes() == data


async def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("shopping list")
    with pytest.raises(JournalError, match="not a journal"):
        MemoryLog(path)
    assert path.read_text() == "shopping list"


async def test_a_file_has_one_process(tmp_path: Path) -> None:
    log = MemoryLog(tmp_path / "journal")
    with pytest.raises(JournalError, match="in use"):
        MemoryLog(tmp_path / "journal")
    await log.close()
    await MemoryLog(tmp_path / "journal").close()


async def test_a_full_disk_is_doubtful_and_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    log = MemoryLog(path)
    await log.append_in("p", "a", b"1")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, before[1]))
    try:
        with pytest.raises(Doubtful):
            await log.append_in("p", "b", bytes(1000))
        with pytest.raises(Doubtful):
            await log.append_out("p", bytes(1000), 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    await log.append_in("p", "b", b"2")
    assert await log.append_out("p", b"first", 0) == 1
    await log.close()
    log = MemoryLog(path)
    assert await payloads(log) == [b"1", b"2"]
    await log.close()


async def test_after_a_failed_sync_nothing_is_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = MemoryLog(tmp_path / "journal")

    def broken(_: int) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(Doubtful, match="the disk is gone"):
            await log.append_in("p", "a", b"1")
    with pytest.raises(Doubtful, match="open it again"):
        await log.append_in("p", "b", b"2")
    assert await payloads(log) == [], "readers were shown what may not be on the disk"
    await log.close()


async def test_writers_at_the_same_time_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, syncs, fsync = MemoryLog(tmp_path / "journal"), [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (syncs.append(fd), fsync(fd)))
    await asyncio.gather(*(log.append_in("p", f"{number}", b"x") for number in range(100)))
    assert len(syncs) <= 3
    await log.close()


async def test_a_file_stays_about_as_long_as_what_it_has_to_tell(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    log = MemoryLog(path, sync="never")
    last, body = 0, bytes(10_000)
    for number in range(1000):
        seq = await log.append_in("p", f"{number}", body)
        last = await log.append_out("p", body, last)
        await log.trim_in("p", seq - 5)
        await log.trim_out("p", last - 5)
    assert path.stat().st_size < 3 << 20
    await log.close()
    log = MemoryLog(path)
    assert len(await payloads(log)) == 6
    assert await log.append_in("p", "0", body) == 1, "the id of an entry that is gone was forgotten"
    assert await log.append_in("p", "new", body) == 1001
    assert await log.append_out("p", body, last) == last + 1
    await log.close()


async def test_an_id_is_forgotten_after_the_window() -> None:
    clock = Clock()
    log = MemoryLog(wall=clock, dedupe_window=120)
    assert await log.append_in("p", "a", b"1") == 1
    clock.now += 119
    assert await log.append_in("p", "a", b"1") == 1
    clock.now += 2
    assert await log.append_in("p", "a", b"1") == 2


async def test_a_lease_is_lost_when_its_time_is_over_whoever_looks() -> None:
    clock = Clock()
    log = MemoryLog(clock=clock)
    mine = await log.lease("partition.p", "a", 1.5)
    assert mine
    clock.now += 1.4
    await mine.renew()
    clock.now += 1.4
    assert not mine.lost and await log.lease("partition.p", "b", 1.5) is None
    clock.now += 0.1
    assert mine.lost
    with pytest.raises(LeaseLost):
        await mine.renew()
    assert await log.leases("partition.") == set()
    assert await log.lease("partition.p", "b", 1.5)
    await mine.release()
    assert await log.leases("partition.") == {"partition.p"}


async def test_a_journal_that_was_closed_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    list(journal.replay())
    journal.close()
    with pytest.raises(JournalError, match="open it again"):
        journal.write(b"x")
