"""Game servers of a partition, allocated by its owner: each goes through `in`, so whoever owns it next knows of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from matchmaker.allocate.allocation import Allocation, Place
from matchmaker.allocate.static import StaticPool
from matchmaker.core.settings import Allocation as AllocationSettings
from matchmaker.core.settings import Settings
from matchmaker.fleet.calls import Stock
from matchmaker.fleet.engine_machine import EngineMachine
from matchmaker.fleet.outbox import Outbox
from matchmaker.fleet.partitions import Partitions
from matchmaker.fleet.spread import chosen

_APPLIED_S = 5.0
_PAUSE_S = 0.01


class PartitionServers(Allocation):
    """`partitions` are all of the fleet: they share the static pool, each server being of one of them."""

    def __init__(
        self, machine: EngineMachine, outbox: Outbox, partitions: Partitions, current: Callable[[], Settings]
    ) -> None:
        def settings() -> Settings:
            return machine.engine.settings if machine.engine is not None else current()

        super().__init__(settings, machine.unserved, lambda match, server: False)
        self._machine = machine
        self._outbox = outbox
        self._partitions = partitions

    def ready(self) -> Mapping[Place, int]:
        return self._machine.ready()

    def _seek(self, settings: AllocationSettings) -> None:
        freed, self._machine.freed = self._machine.freed, []
        for address in freed:
            self.release(address)
        # Its times are Unix times, and those here monotonic ones.
        shift = time.time() - time.monotonic()
        self._recent = {place: at - shift for place, at in self._machine.matched.items()}
        super()._seek(settings)

    def _servers(self, settings: AllocationSettings) -> dict[str, tuple[str, ...]]:
        mine = {}
        for region, there in super()._servers(settings).items():
            sharing = self._partitions.with_region(region)
            mine[region] = tuple(one for one in there if chosen(one, sharing) == self._machine.partition)
        return mine

    def _pool(self, servers: Mapping[str, tuple[str, ...]], ttl_s: float) -> StaticPool:
        pool = super()._pool(servers, ttl_s)
        for address, since in self._machine.servers.items():
            pool.hold(address, time.time() - since)
        return pool

    async def _arrived(self, place: Place, address: str) -> None:
        machine = self._machine
        self._outbox.send(machine.partition, Stock(*place, address))
        self.counts["served"] += 1
        # Until the machine has it, it is counted as one that is sought.
        until = time.monotonic() + _APPLIED_S
        while address not in machine.servers and time.monotonic() < until:
            await asyncio.sleep(_PAUSE_S)
