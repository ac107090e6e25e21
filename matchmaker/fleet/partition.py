"""One partition in the hands of its owner: fence, replay, serve, snapshot. Ends by `stop`, or by any doubt."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from matchmaker.fleet.lease import Lease, LeaseLost
from matchmaker.fleet.log import Doubtful, Entry, Log, LogError, TooLarge
from matchmaker.fleet.machine import Machine, MachineError
from matchmaker.fleet.record import OVERHEAD, Decision, Epoch, Part, Record, decode, encode, last_snapshot
from matchmaker.fleet.replay import apply_entry, read_chain, rebuild

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Durations in seconds, of the owner's monotonic clock."""

    sweep: float = 0.02
    """The machine is asked to decide at least this often, and whenever something came in."""
    gather: float = 0.02
    """Between two decisions, at least: each costs all who write, keep and read it as much as some 20 tickets."""
    snapshot: float = 10.0
    """Between two snapshots, if anything has changed; longer if they take more than a tenth of the time."""
    keep_out: float = 120.0
    """How long records stay in `out` after a snapshot made them unnecessary, for those who read along."""
    patience: float = 5.0
    """For the next record in a replay."""
    batch: int = 4096
    """Entries applied between two decisions, at most."""
    batch_bytes: int = 64 << 10
    """Bytes of entries after which no more are applied before a decision: it has to be quick beside the lease."""


class Partition:
    """Serves once. What it knows is gone afterwards; the next one replays."""

    def __init__(
        self,
        log: Log,
        name: str,
        owner: str,
        machine: Machine,
        lease: Lease,
        pace: Pace,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.name = name
        self.serving = False
        self.epoch = 0
        self._log = log
        self._owner = owner
        self._machine = machine
        self._lease = lease
        self._pace = pace
        self._clock = clock
        self._wall = wall
        self._life = log.life
        self._last = 0
        self._snapshot = 0
        self._applied = 0
        self._now = 0.0
        self._changed = False
        self._decided_at = 0.0
        self._stopping = False
        self._trims: deque[tuple[float, int, int]] = deque()

    def stop(self) -> None:
        """Lets `serve` return after the append that is under way."""
        self._stopping = True

    async def serve(self) -> None:
        """Raises Fenced, Doubtful, LeaseLost, TooLarge or MachineError. In any case nothing half done is left."""
        await self._take()
        self.serving = True
        queue: asyncio.Queue[Entry] = asyncio.Queue(self._pace.batch)
        reader = asyncio.create_task(self._read(queue))
        snapshot_at = self._clock() + self._pace.snapshot
        try:
            while not self._stopping:
                await self._apply(queue)
                self._check(reader)
                await self._decide()
                if self._changed and (began := self._clock()) >= snapshot_at and await self._write_snapshot():
                    ended = self._clock()
                    snapshot_at = ended + max(self._pace.snapshot, 10 * (ended - began))
                await self._trim()
            if self._changed:
                # Whoever takes it has nothing to replay, and may be of another version.
                await self._write_snapshot()
        finally:
            self.serving = False
            await _ended(reader)

    async def _take(self) -> None:
        last = await self._log.last_out(self.name)
        if last:
            self._last = last.seq
            self._snapshot = last_snapshot(last.seq, decode(last.payload))
        # From here on every older owner's append fails.
        self.epoch = await self._append(Epoch(self._snapshot, self._owner, self._wall()))
        chain = await read_chain(self._log, self.name, self.epoch, self._snapshot, self._pace.patience)
        self._applied = await rebuild(self._log, self.name, chain, self._machine, self._pace.patience)
        self._changed = bool(chain.decisions)

    async def _read(self, queue: asyncio.Queue[Entry]) -> None:
        entries = self._log.read_in(self.name, self._applied)
        try:
            async for entry in entries:
                await queue.put(entry)
        finally:
            await entries.aclose()

    async def _apply(self, queue: asyncio.Queue[Entry]) -> None:
        """Waits for something to come, a sweep at most, and applies it with all else that is there."""
        try:
            async with asyncio.timeout(self._pace.sweep):
                entry = await queue.get()
        except TimeoutError:
            return
        early = self._decided_at + self._pace.gather - self._clock()
        if early > 0:
            await asyncio.sleep(early)
        self._decided_at = self._clock()
        size = 0
        for _ in range(self._pace.batch):
            apply_entry(self._machine, self.name, entry)
            self._applied = entry.seq
            self._changed = True
            size += len(entry.payload)
            if size >= self._pace.batch_bytes or queue.empty():
                break
            entry = queue.get_nowait()

    def _check(self, reader: asyncio.Task[None]) -> None:
        if reader.done():
            raise Doubtful(f"in of {self.name} is read no more") from reader.exception()
        if self._lease.lost:
            raise LeaseLost(f"lease of {self.name} is lost")
        if self._log.life != self._life:
            raise Doubtful("the connection to the log is another one")

    async def _decide(self) -> None:
        try:
            records = self._machine.decide(self._time())
        except Exception as error:
            raise MachineError(f"{self.name}, on in up to {self._applied}: {error or type(error).__name__}") from error
        while records:
            count = self._fitting(records)
            some, records = records[:count], records[count:]
            await self._append(Decision(self._snapshot, self.epoch, self._applied, self._now, some))
            for record in some:
                self._machine.apply_out(record)
            self._changed = True

    def _fitting(self, records: list[bytes]) -> int:
        """How many go into one append; one record is never split."""
        room = self._log.max_payload - OVERHEAD
        for count, record in enumerate(records):
            room -= len(record) + 5
            if room < 0:
                if not count:
                    raise TooLarge(f"a decision of {len(record)} bytes, and the log takes {self._log.max_payload}")
                return count
        return len(records)

    async def _write_snapshot(self) -> bool:
        """Whether there is one now."""
        state = self._machine.snapshot()
        if state is None:
            return False
        size = self._log.max_payload - OVERHEAD
        pieces = [state[at : at + size] for at in range(0, len(state), size)] or [b""]
        now, first = self._time(), 0
        for index, piece in enumerate(pieces):
            part = Part(self._snapshot, self.epoch, self._applied, now, index, len(pieces), first, piece)
            seq = await self._append(part)
            first = first or seq
        self._snapshot = first
        self._changed = False
        self._trims.append((self._clock(), self._applied + 1, first))
        return True

    async def _trim(self) -> None:
        """Removes what a snapshot has, once nobody needs it: `in` first forgets what no retry can repeat any more."""
        while self._trims:
            since, before_in, before_out = self._trims[0]
            if self._clock() < since + max(self._pace.keep_out, self._log.dedupe_window):
                return
            self._trims.popleft()
            try:
                await self._log.trim_out(self.name, before_out)
                await self._log.trim_in(self.name, before_in)
            except LogError as error:
                log.warning("%s: not trimmed, the next snapshot will do it: %s", self.name, error)

    async def _append(self, record: Record) -> int:
        self._last = await self._log.append_out(self.name, encode(record), self._last)
        return self._last

    def _time(self) -> float:
        self._now = max(self._now, self._wall())
        return self._now


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancels a task until it has ended. Once is not enough: before Python 3.12 `asyncio.wait_for`, which the client of
    the broker uses, loses a cancellation that comes together with what it waits for."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
    if not task.cancelled():
        # Whatever it was has been told, or does not matter any more.
        task.exception()
