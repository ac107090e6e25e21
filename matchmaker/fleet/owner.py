"""One process of a fleet: says that it lives, takes the partitions that fall to it, hands over those that do not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from matchmaker.fleet.lease import Lease, LeaseLost
from matchmaker.fleet.log import Doubtful, Fenced, Log, LogError
from matchmaker.fleet.machine import Machine
from matchmaker.fleet.partition import Pace, Partition
from matchmaker.fleet.spread import chosen

log = logging.getLogger(__name__)

MEMBERS = "member."
PARTITIONS = "partition."
LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Parked:
    """A partition whose machine raised. It is tried again at `until` (of the owner's clock), each time later."""

    error: str
    failures: int
    until: float


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
        self._parked: dict[str, Parked] = {}
        self.drops: dict[str, int] = {}
        """How often a partition was dropped, to be replayed."""

    @property
    def members(self) -> frozenset[str]:
        """Who lives, as last seen."""
        return frozenset(self._members)

    @property
    def serving(self) -> frozenset[str]:
        """Partitions that are replayed and served by this process now."""
        return frozenset(name for name, held in self._held.items() if held.partition.serving)

    @property
    def parked(self) -> dict[str, Parked]:
        """Partitions that fall to this process and cannot be served, with the reason. Players in them wait."""
        return dict(self._parked)

    def held(self) -> dict[str, Partition]:
        """Partitions in the hands of this process, replayed or not yet."""
        return {name: held.partition for name, held in self._held.items()}

    def stop(self) -> None:
        """Lets `run` hand over everything and return."""
        self._stop.set()

    async def run(self) -> None:
        """Once, until `stop`. No error of the log ends it; a partition in doubt is dropped and taken again."""
        try:
            while not self._stop.is_set():
                missing = await self._round()
                try:
                    # Whoever waits for a lease to run out looks more often: it is then that players wait.
                    async with asyncio.timeout(self._ttl / (20 if missing else 5)):
                        await self._stop.wait()
                except TimeoutError:
                    pass
        finally:
            await self._leave()

    async def _round(self) -> bool:
        """Whether a partition falls to this member that another still holds."""
        await asyncio.gather(self._show(), *(self._keep(held) for held in list(self._held.values())))
        mine = {name for name in self.partitions if chosen(name, self._members) == self.name}
        for name, held in self._held.items():
            if name not in mine:
                held.partition.stop()
        for name in self._parked.keys() - mine:
            del self._parked[name]
        now = self._clock()
        waiting = {name for name, parked in self._parked.items() if now < parked.until}
        await asyncio.gather(*(self._try(name) for name in mine - self._held.keys() - waiting))
        return bool(mine - self._held.keys() - waiting)

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
        name, began = partition.name, self._clock()
        try:
            await partition.serve()
            self._parked.pop(name, None)
            log.info("%s: handed over %s", self.name, name)
        except (Fenced, Doubtful, LeaseLost) as error:
            self.drops[name] = self.drops.get(name, 0) + 1
            log.warning("%s: dropped %s, to be replayed: %s", self.name, name, error)
        except Exception as error:
            self._park(name, error, served=self._clock() - began)
        finally:
            del self._held[name]
            await lease.release()

    def _park(self, name: str, error: Exception, served: float) -> None:
        """What raised will raise again: replaying at once would only fill the log with epochs."""
        before = self._parked.get(name)
        failures = before.failures + 1 if before and served < LONGEST_PAUSE_S else 1
        pause = min(LONGEST_PAUSE_S, self._ttl * 2 ** min(failures, 10))
        self._parked[name] = Parked(str(error) or type(error).__name__, failures, self._clock() + pause)
        log.error(
            "%s: %s is parked, tried again in %.0f s: %s", self.name, name, pause, error,
            exc_info=error if failures == 1 else None,
        )  # fmt: skip

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
