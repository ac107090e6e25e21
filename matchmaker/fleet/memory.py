"""The log of a matchmaker on its own: in this process, and in one file if a path is given. No broker is needed."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from matchmaker.fleet.journal import Journal, JournalError, Sync
from matchmaker.fleet.lease import Lease, LeaseLost
from matchmaker.fleet.log import Doubtful, Entry, Fenced, TooLarge

Side = Literal["in", "out"]

_COMPACT_AT = 1 << 20
"""Bytes below which a file is never written anew."""


class _Lane:
    """One log of one partition. Readers see entries up to `visible`, which are durable."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.last = 0
        self.visible = 0
        self.closed = False
        self._payloads = 0
        self.ids: dict[str, tuple[int, float]] = {}
        """Message id to seq and time, oldest first."""
        self._more = asyncio.Event()

    def add(self, entry: Entry, message_id: str = "") -> None:
        self.entries.append(entry)
        self.last = entry.seq
        self._payloads += len(entry.payload)
        if message_id:
            self.ids[message_id] = (entry.seq, entry.at)

    def show(self, seq: int) -> None:
        self.visible = max(self.visible, seq)
        self._more.set()
        self._more = asyncio.Event()

    def trim(self, before: int) -> None:
        count = bisect_left(self.entries, before, key=_seq)
        self._payloads -= sum(len(entry.payload) for entry in self.entries[:count])
        del self.entries[:count]

    @property
    def size(self) -> int:
        """About how many bytes it takes in a file, at least."""
        return self._payloads + 40 * (len(self.entries) + len(self.ids))

    def forget_ids(self, before: float) -> None:
        while self.ids:
            first = next(iter(self.ids))
            if self.ids[first][1] >= before:
                break
            del self.ids[first]

    async def read(self, after: int) -> AsyncGenerator[Entry, None]:
        while not self.closed:
            more = self._more
            start = bisect_right(self.entries, after, key=_seq)
            end = bisect_right(self.entries, self.visible, key=_seq)
            for entry in self.entries[start:end]:
                after = entry.seq
                yield entry
            if end <= start:
                await more.wait()


class MemoryLog:
    """Leases hold among the owners of this process, which is all who can see this log: the file is locked."""

    max_payload = 8 << 20
    life = 0

    def __init__(
        self,
        path: Path | None = None,
        *,
        sync: Sync = "always",
        dedupe_window: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`clock` is for leases, `wall` stamps entries; both in seconds. Raises JournalError."""
        self.dedupe_window = dedupe_window
        self._clock = clock
        self._wall = wall
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._leases: dict[str, _MemoryLease] = {}
        self._journal = Journal(path, sync) if path else None
        if self._journal:
            try:
                for body in self._journal.replay():
                    self._redo(*msgspec.msgpack.decode(body))
            except BaseException:
                self._journal.close()
                raise

    async def append_in(self, partition: str, message_id: str, payload: bytes) -> int:
        self._check_size(payload)
        lane = self._lane("in", partition)
        now = self._wall()
        lane.forget_ids(now - self.dedupe_window)
        if stored := lane.ids.get(message_id):
            await self._durable(lane, stored[0])
            return stored[0]
        entry = Entry(lane.last + 1, payload, now)
        self._write("in", partition, entry.seq, entry.at, payload, message_id)
        lane.add(entry, message_id)
        await self._durable(lane, entry.seq)
        return entry.seq

    async def append_out(self, partition: str, payload: bytes, expected_last: int) -> int:
        self._check_size(payload)
        lane = self._lane("out", partition)
        if lane.last != expected_last:
            raise Fenced(f"out of {partition!r} ends at {lane.last}, not at {expected_last}")
        entry = Entry(lane.last + 1, payload, self._wall())
        self._write("out", partition, entry.seq, entry.at, payload, "")
        lane.add(entry)
        await self._durable(lane, entry.seq)
        return entry.seq

    def read_in(self, partition: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        return self._lane("in", partition).read(after)

    def read_out(self, partition: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        return self._lane("out", partition).read(after)

    async def last_out(self, partition: str) -> Entry | None:
        entries = self._lane("out", partition).entries
        return entries[-1] if entries else None

    async def trim_in(self, partition: str, before: int) -> None:
        await self._trim("in", partition, before)

    async def trim_out(self, partition: str, before: int) -> None:
        await self._trim("out", partition, min(before, self._lane("out", partition).last))

    async def lease(self, name: str, owner: str, ttl: float) -> Lease | None:
        held = self._leases.get(name)
        if held and not held.lost:
            return None
        lease = self._leases[name] = _MemoryLease(self._leases, name, owner, ttl, self._clock)
        return lease

    async def leases(self, prefix: str) -> set[str]:
        return {name for name, lease in self._leases.items() if name.startswith(prefix) and not lease.lost}

    async def close(self) -> None:
        for lane in self._lanes.values():
            lane.closed = True
            lane.show(0)
        if self._journal:
            self._journal.close()

    def _lane(self, side: Side, partition: str) -> _Lane:
        lane = self._lanes.get((side, partition))
        if lane is None:
            lane = self._lanes[side, partition] = _Lane()
        return lane

    def _check_size(self, payload: bytes) -> None:
        if len(payload) > self.max_payload:
            raise TooLarge(f"a payload of {len(payload)} bytes, and this log takes {self.max_payload}")

    def _write(self, *fields: Any) -> None:
        if self._journal:
            try:
                self._journal.write(msgspec.msgpack.encode(fields))
            except (OSError, JournalError) as error:
                raise Doubtful(str(error)) from error

    async def _durable(self, lane: _Lane, seq: int) -> None:
        if self._journal and lane.visible < seq:
            try:
                await self._journal.durable()
            except JournalError as error:
                raise Doubtful(str(error)) from error
        lane.show(seq)

    async def _trim(self, side: Side, partition: str, before: int) -> None:
        lane = self._lane(side, partition)
        if not lane.entries or lane.entries[0].seq >= before:
            return
        lane.trim(before)
        self._write("trim", side, partition, before)
        needed = sum(lane.size for lane in self._lanes.values())
        if self._journal and self._journal.size > max(_COMPACT_AT, 3 * needed):
            await self._compact(self._journal)

    async def _compact(self, journal: Journal) -> None:
        try:
            await journal.rewrite(self._state())
        except (OSError, JournalError) as error:
            raise Doubtful(f"the log was not shortened: {error}") from error
        for lane in self._lanes.values():
            lane.show(lane.last)

    def _state(self) -> Iterator[bytes]:
        encode = msgspec.msgpack.encode
        now = self._wall()
        for (side, partition), lane in self._lanes.items():
            lane.forget_ids(now - self.dedupe_window)
            names = {seq: message_id for message_id, (seq, _) in lane.ids.items()}
            kept = {entry.seq for entry in lane.entries}
            # The ids of trimmed entries, then the last seq, then the entries.
            ids = [(name, seq, at) for name, (seq, at) in lane.ids.items() if seq not in kept]
            yield encode(("lane", side, partition, lane.entries[0].seq - 1 if kept else lane.last, ids))
            for entry in lane.entries:
                yield encode((side, partition, entry.seq, entry.at, entry.payload, names.get(entry.seq, "")))

    def _redo(self, kind: str, *fields: Any) -> None:
        if kind == "trim":
            side, partition, before = fields
            self._lane(side, partition).trim(before)
        elif kind == "lane":
            side, partition, last, ids = fields
            lane = self._lane(side, partition)
            lane.last = lane.visible = last
            lane.ids = {name: (seq, at) for name, seq, at in ids}
        elif kind in ("in", "out"):
            partition, seq, at, payload, message_id = fields
            lane = self._lane("in" if kind == "in" else "out", partition)
            lane.add(Entry(seq, payload, at), message_id)
            lane.visible = seq
        else:
            raise JournalError(f"a record of the kind {kind!r}; was the file written by a newer version?")


class _MemoryLease(Lease):
    def __init__(
        self, leases: dict[str, _MemoryLease], name: str, owner: str, ttl: float, clock: Callable[[], float]
    ) -> None:
        super().__init__(name, owner, ttl, clock, clock())
        self._leases = leases

    async def _renew(self) -> None:
        if self._leases.get(self.name) is not self:
            raise LeaseLost(f"lease {self.name} is of {self._leases[self.name].owner} now")

    async def _release(self) -> None:
        if self._leases.get(self.name) is self:
            del self._leases[self.name]


def _seq(entry: Entry) -> int:
    return entry.seq
