"""One process of a fleet: says that it lives, takes the partitions that fall to it, hands over those that do not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from matchmaker.fleet.lease import Lease, LeaseLost
from matchmaker.fleet.log import Doubtful, Fenced, Log, LogError
from matchmaker.fleet.machine import Machine
from matchmaker.fleet.partition import Pace, Partition
from matchmaker.fleet.spread import chosen

log = logging.getLogger(__name__)

MEMBERS = "member."
PARTITIONS = "partition."


class Owner:
    """Runs `machine(partition)` for each partition it owns.

    `name` is its own within the fleet: no two live members have the same. `ttl` (seconds) is how long a partition
    waits for an owner that died; leases are renewed at a fifth of it. All members have the same partitions and ttl.
    """

    def __init__(
        self,
        log: Log,
        name: str,
        partitions: Iterable[str],
        machine: Callable[[str], Machine],
        *,
        ttl: float = 1.5,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.partitions = frozenset(partitions)
        """May be changed while it runs; members see the change at different times, which costs a hand-over at most."""
        self._log = log
        self._machine = machine
        self._ttl = ttl
        self._pace = pace or Pace()
        self._clock = clock
        self._wall = wall
        self._member: Lease | None = None
        self._members: set[str] = set()
        self._held: dict[str, _Held] = {}
        self._stop = asyncio.Event()

    @property
    def members(self) -> frozenset[str]:
        """Who lives, as last seen."""
        return frozenset(self._members)

    @property
    def serving(self) -> frozenset[str]:
        """Partitions that are replayed and served by this process now."""
        return frozenset(name for name, held in self._held.items() if held.partition.serving)

    def stop(self) -> None:
        """Lets `run` hand over everything and return."""
        self._stop.set()

    async def run(self) -> None:
        """Once, until `stop`. No error of the log ends it; a partition in doubt is dropped and taken again."""
        try:
            while not self._stop.is_set():
                await self._round()
                try:
                    async with asyncio.timeout(self._ttl / 5):
                        await self._stop.wait()
                except TimeoutError:
                    pass
        finally:
            await self._leave()

    async def _round(self) -> None:
        await asyncio.gather(self._show(), *(self._keep(held) for held in list(self._held.values())))
        mine = {name for name in self.partitions if chosen(name, self._members) == self.name}
        for name, held in self._held.items():
            if name not in mine:
                held.partition.stop()
        await asyncio.gather(*(self._try(name) for name in mine - self._held.keys()))

    async def _show(self) -> None:
        """Holds the member lease and looks who else does. What cannot be seen now is believed to be as it was."""
        try:
            if self._member:
                await self._member.renew()
            else:
                self._member = await self._log.lease(MEMBERS + self.name, self.name, self._ttl)
                if self._member is None:
                    log.warning("%s: a member of this name lives, or its lease has not run out yet", self.name)
            self._members = {name.removeprefix(MEMBERS) for name in await self._log.leases(MEMBERS)}
        except LeaseLost:
            if self._member:
                await self._member.release()
            self._member = None
        except LogError as error:
            log.info("%s: members cannot be seen: %s", self.name, error)
        if self._member is None:
            self._members.discard(self.name)

    async def _keep(self, held: _Held) -> None:
        try:
            await held.lease.renew()
        except LeaseLost as error:
            held.drop(str(error))
        except LogError as error:
            log.info("%s: %s not renewed yet: %s", self.name, held.partition.name, error)

    async def _try(self, name: str) -> None:
        try:
            lease = await self._log.lease(PARTITIONS + name, self.name, self._ttl)
        except LogError as error:
            log.info("%s: %s not taken yet: %s", self.name, name, error)
            return
        if lease:
            partition = Partition(
                self._log, name, self.name, self._machine(name), lease, self._pace, self._clock, self._wall
            )
            task = asyncio.create_task(self._serve(partition, lease))
            self._held[name] = _Held(partition, lease, task)

    async def _serve(self, partition: Partition, lease: Lease) -> None:
        """Whatever ends it, the state is dropped here; the next round takes the partition anew if it is still ours."""
        try:
            await partition.serve()
            log.info("%s: handed over %s", self.name, partition.name)
        except (Fenced, Doubtful, LeaseLost) as error:
            log.warning("%s: dropped %s, to be replayed: %s", self.name, partition.name, error)
        except Exception:
            log.exception("%s: dropped %s", self.name, partition.name)
        finally:
            del self._held[partition.name]
            await lease.release()

    async def _leave(self) -> None:
        for held in self._held.values():
            held.partition.stop()
        await asyncio.gather(*(held.task for held in self._held.values()), return_exceptions=True)
        if self._member:
            await self._member.release()


class _Held:
    def __init__(self, partition: Partition, lease: Lease, task: asyncio.Task[None]) -> None:
        self.partition = partition
        self.lease = lease
        self.task = task

    def drop(self, why: str) -> None:
        log.warning("dropping %s: %s", self.partition.name, why)
        self.task.cancel()
