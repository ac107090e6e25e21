"""The service of a process in a fleet: an edge, and the owner of the partitions that fall to it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from matchmaker.collector import Collector
from matchmaker.core.engine import Engine
from matchmaker.core.events import Denied, Event, Match, Queued
from matchmaker.core.refused import Refused
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import Ticket
from matchmaker.fleet import steps
from matchmaker.fleet.engine_machine import EngineMachine
from matchmaker.fleet.front import Front, Told
from matchmaker.fleet.log import Log
from matchmaker.fleet.owner import Owner
from matchmaker.fleet.partition import Pace
from matchmaker.fleet.partitions import Partitions, one_a_region
from matchmaker.fleet.record import Decision, decode
from matchmaker.fleet.servers import PartitionServers
from matchmaker.keys import digest
from matchmaker.live import LiveSettings
from matchmaker.request import Enqueue, problem
from matchmaker.results import match_part, state_of
from matchmaker.service import Service, Sink

log = logging.getLogger(__name__)

_encode = msgspec.json.encode
# How long what was cancelled has to end.
_LAST_S = 5.0


class FleetService(Service):
    """As Service, but a ticket is taken when the log has it: until then it is `sent`, and then its sink hears Queued.

    Without partitions there is one for each region, also for those that are published later.
    """

    remote = True

    def __init__(
        self,
        settings: LiveSettings,
        log: Log,
        name: str,
        partitions: Partitions | None = None,
        signing_key: bytes | None = None,
        *,
        ttl: float = 1.5,
        pace: Pace | None = None,
        own: bool = True,
    ) -> None:
        """`own`: whether this process serves partitions beside being an edge."""
        super().__init__(settings, signing_key)
        self.log = log
        self.machines: dict[str, EngineMachine] = {}
        self._by_region = partitions is None
        found = partitions or one_a_region(settings.current().regions)
        self.front = self.engine = Front(settings.current(), log, found, self._tell_fleet)
        self.run_id, self.front.shift = self.front.run_id, self._clock_offset
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.owner = Owner(log, name, found.names if own else (), self._machine, ttl=ttl, pace=pace)
        self._own = own
        self._servers: dict[EngineMachine, asyncio.Task[None]] = {}
        self.allocations: dict[str, PartitionServers] = {}
        """Of the partitions that are served here."""
        self._shared: tuple[Match | None, bytes] = None, b""
        """What all tickets of the last match are told alike."""

    async def run(self, collector: Collector | None = None) -> None:
        """Also follows the logs and serves partitions, until it is cancelled."""
        owning = asyncio.create_task(self.owner.run()) if self._own else None
        self._follow_all()
        allocating = asyncio.create_task(self._allocate())
        try:
            await self._sweep(collector)
        finally:
            tasks = [*self._tasks.values(), *self._servers.values(), allocating, *([owning] if owning else ())]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_LAST_S)

    def enqueue(
        self, request: Enqueue, sink: Sink | None = None, tag: int = 0, address: str = ""
    ) -> tuple[Ticket, bool]:
        key = request.key
        if key:
            # A key is known to all of the fleet, so it is the partition that compares.
            self.front.key = request.players[0].id, key, digest(_encode(request))
            request.key = ""
        try:
            return super().enqueue(request, sink, tag, address)
        finally:
            self.front.key = None
            request.key = key

    def release(self, address: str) -> bool:
        """Whose server it is, is for the partitions to say."""
        self.front.release(address)
        return True

    def find(self, name: str) -> int:
        self._numbers += 1
        found = self.front.find(name, self._numbers << 32)
        if isinstance(found, Ticket):
            return found.id
        id = self._numbers << 32
        self._finished.add([id], found, time.monotonic())
        return id

    def name(self, id: int) -> str:
        return self.front.name(id)

    def explainable(self, id: int) -> tuple[Engine, Ticket | None, float]:
        """Of a partition that is served here."""
        name = self.name(id)
        partition = self.front.partition_of(name)
        machine = self.machines.get(partition)
        if machine is None or machine.engine is None or partition not in self.owner.serving:
            raise Refused(f"{partition} is served by another member", "id", "ask that one")
        return machine.engine, machine.ticket(name), time.time()

    def later(self, id: int) -> asyncio.Future[None] | None:
        return self.front.later(id)

    async def drain(self) -> None:
        """Takes no more tickets, and hands over what it owns. Tickets stay in the log, for others to serve."""
        self.draining = True
        try:
            async with asyncio.timeout(max(1.0, self._settings().limits.drain_s)):
                await self.front.outbox.flush()
        except TimeoutError:
            log.warning("%s requests did not reach the log", self.front.outbox.waiting)
        self.front.outbox.stop()
        self.owner.stop()
        while self.owner.held():
            await asyncio.sleep(0.02)

    def message(self, ticket: Ticket, event: Told) -> bytes:
        if isinstance(event, Match):
            if self._shared[0] is not event:
                part = {"state": "assigned", "reason": event.id, **match_part(event, self._clock_offset)}
                self._shared = event, _encode(part)[1:]
            waited_ms = (event.decided_at - ticket.enqueued_at) * 1000
            return f'{{"ticket_id":"{self.name(ticket.id)}","waited_ms":{waited_ms:.3f},'.encode() + self._shared[1]
        if isinstance(event, Queued):
            told = state_of(self.name(ticket.id), ticket, time.monotonic())
            return _encode({**told, "deduplicated": True} if event.deduplicated else told)
        if isinstance(event, Denied):
            return _encode({**problem(event.error), "op": "enqueue"})
        return super().message(ticket, event)

    def stats(self) -> dict[str, Any]:
        owner, serving = self.owner, self.owner.serving
        queued = {name: len(m.engine) for name, m in self.machines.items() if name in serving and m.engine}
        fleet = {
            "member": owner.name,
            "members": sorted(owner.members),
            "serving": sorted(serving),
            "queued": queued,
            "parked": {name: {"error": p.error, "failures": p.failures} for name, p in owner.parked.items()},
            "drops": dict(owner.drops),
            "waiting_for_log": self.front.outbox.waiting,
            "appends_repeated": self.front.outbox.retries,
        }
        each = [allocation.stats() for allocation in self.allocations.values()]
        counts: Counter[str] = Counter()
        for one in each:
            counts.update(one["counts"])
        allocation = {
            "counts": dict(counts),
            "ready": {pool: count for one in each for pool, count in one["ready"].items()},
            "waiting": sum(one["waiting"] for one in each),
            "error": next((one["error"] for one in each if one["error"]), ""),
        }
        return {**super().stats(), "allocation": allocation, "fleet": fleet}

    async def _allocate(self) -> None:
        """Has one allocation run for each partition that is served here."""
        while True:
            serving = {self.machines[name]: name for name in self.owner.serving}
            for machine in self._servers.keys() - serving.keys():
                self._servers.pop(machine).cancel()
                self.allocations.pop(machine.partition, None)
            for machine in serving.keys() - self._servers.keys():
                it = PartitionServers(machine, self.front.outbox, self.front.partitions, self.settings.current)
                self.allocations[machine.partition] = it
                self._servers[machine] = asyncio.create_task(it.run())
            await asyncio.sleep(0.1)

    def _machine(self, partition: str) -> EngineMachine:
        machine = self.machines[partition] = EngineMachine(partition, self.settings.current)
        return machine

    def _settings(self) -> Settings:
        before = self.engine.settings
        settings = super()._settings()
        if self._by_region and settings is not before and settings.regions.keys() != before.regions.keys():
            # Those of a region that is gone are served on, for whoever waits there.
            names = (*self.front.partitions.names, *one_a_region(settings.regions).names)
            self.front.partitions = Partitions(names)
            if self._own:
                self.owner.partitions = frozenset(self.front.partitions.names)
            self._follow_all()
        return settings

    def _follow_all(self) -> None:
        for name in self.front.partitions.names:
            if name not in self._tasks:
                self._tasks[name] = asyncio.create_task(self._follow(name))

    async def _follow(self, partition: str) -> None:
        """Hears what a partition's owner decides, whoever that is; also what it decided lately."""
        hear = self.front.hear
        lately = time.time() - self.settings.current().limits.finished_ttl_s
        async for entry in self.log.read_out(partition):
            if entry.at < lately:
                continue
            try:
                record = decode(entry.payload)
                if isinstance(record, Decision):
                    for step in record.records:
                        hear(steps.decode(step).said)
            except Exception:
                # One that cannot be read must not silence those behind it.
                log.exception("out of %s, seq %s: tickets in it are not told", partition, entry.seq)

    def _tell_fleet(self, told: Iterable[Told]) -> None:
        now = time.monotonic()
        events: list[Event] = []
        for one in told:
            if isinstance(one, Queued | Denied):
                self._tell_sent(one)
            else:
                events.append(one)
        self._tell(events, now)

    def _tell_sent(self, event: Queued | Denied) -> None:
        ticket = event.ticket
        sinks = ticket.sink
        if isinstance(event, Denied):
            ticket.sink = None
            self.counts["enqueued"] -= 1
            self.counts["refused"] += 1
        elif event.deduplicated:
            self.counts["enqueued"] -= 1
            self.counts["deduplicated"] += 1
        for sink in sinks if isinstance(sinks, tuple) else (sinks,):
            if sink is not None:
                sink(ticket, event)

    def _tell_match(self, match: Match, now: float) -> None:
        """Of a match only what concerns tickets of this edge; the others have no id here."""
        super()._tell_match(match, now)
        others = sum(not ticket.id for ticket in match.tickets)
        self.counts["assigned"] -= others
