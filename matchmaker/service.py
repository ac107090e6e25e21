"""The engine in an event loop: reads clock and settings, and tells those who wait what became of their tickets."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from mypy_extensions import mypyc_attr

from matchmaker.age_token import sign_age, waited_s
from matchmaker.allocate.allocation import Allocation
from matchmaker.collector import Collector
from matchmaker.core.backfill import Backfill
from matchmaker.core.engine import Engine
from matchmaker.core.events import Denied, Ended, Event, Match, Proposed, Queued, Requeued, Unserved
from matchmaker.core.placement import Placement
from matchmaker.core.refused import AlreadyQueued, Busy, Conflict, Refused, TooMany
from matchmaker.core.region import TooFar
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import More, State, Ticket
from matchmaker.history.eventlog import EventLog
from matchmaker.history.recorder import Recorder
from matchmaker.keys import Keys, digest
from matchmaker.live import LiveSettings
from matchmaker.overload import CLASSES, LagController, Pace
from matchmaker.regions.evidence import CLIENT, plausible, resolve
from matchmaker.regions.geoip import GeoIp
from matchmaker.regions.known import Evidence, Known
from matchmaker.regions.signed_rtts import check_signed
from matchmaker.request import Enqueue
from matchmaker.results import Finished, Outcome, match_part, outcome_of, state_of
from matchmaker.turned_away import TurnedAway
from matchmaker.waits import Waits

Sink = Callable[[Ticket, Event], None]
"""Told of a ticket's match, proposal, return to the queue, or end; at once, and maybe before `enqueue` returns."""

log = logging.getLogger(__name__)

_encode: Final = msgspec.json.encode


@mypyc_attr(allow_interpreted_subclasses=True)
class Service:
    """What every edge offers. Runs in one event loop; nothing here blocks."""

    def __init__(
        self,
        settings: LiveSettings,
        signing_key: bytes | None = None,
        log: EventLog | None = None,
        hash_ids: bool = False,
    ) -> None:
        self.settings = settings
        self.draining = False
        self.started_at = time.time()
        self.counts: Counter[str] = Counter()
        self.decisions: Counter[int] = Counter()
        """Matches by the generation they were decided under."""
        self.waits = Waits()
        self.lag = LagController()
        self.pace = Pace()
        self.run_id = secrets.token_hex(3)
        """Begins the ids of this run's tickets and matches."""
        self.engine = (
            Recorder(settings.current(), log, name=self.run_id, hash_ids=hash_ids)
            if log
            else Engine(settings.current(), name=self.run_id)
        )
        self._clock_offset = time.time() - time.monotonic()
        self._finished = Finished()
        self._numbers = 0
        self._keys = Keys()
        self._signing_key = signing_key
        self._geoip: GeoIp | None = None
        self._turned_away = TurnedAway()
        self._requests: dict[str, int] = {}
        self._counted_until = 0.0
        self._encoded: tuple[Match | None, bytes] = None, b""
        self._run_id = self.run_id.encode()
        self.allocation = Allocation(settings.current, self.engine.unserved, self._serve)
        self._follow_geoip(self.engine.settings)

    async def run(self, collector: Collector | None = None) -> None:
        """Sweeps the queues, and allocates game servers, until cancelled."""
        allocating = asyncio.create_task(self.allocation.run())
        try:
            await self._sweep(collector)
        finally:
            allocating.cancel()
            await asyncio.gather(allocating, return_exceptions=True)

    async def _sweep(self, collector: Collector | None) -> None:
        began: float | None = None
        while True:
            try:
                began = await self._sweep_once(collector, began)
            except Exception:
                # A fault of ours or of a pair score: those who wait for something else need not wait for it.
                self.counts["faults"] += 1
                log.exception("a sweep failed; the next one goes on")
                began = None

    async def _sweep_once(self, collector: Collector | None, began: float | None) -> float | None:
        """One slice of what time brings. `began` is when the first slice of this sweep did, None for that one; gives it
        if there is some left, which is due at once. Requests get their turn between two slices.
        """
        settings = self._settings()
        due = time.monotonic() + (settings.limits.sweep_ms / 1000 if began is None else 0.0)
        await asyncio.sleep(due - time.monotonic())
        # A slice later there may be others.
        settings, now = self._settings(), time.monotonic()
        if began is None:
            began = now
        self.lag.observe(now - due, settings.limits.target_lag_ms / 1000, now)
        self._tell(self.engine.tick(now), now)
        # What came due while this process got no processor is not what there is too much of.
        self.lag.behind_s = min(now - began, self.engine.late_s(now))
        self._finished.forget(now - settings.limits.finished_ttl_s)
        self._keys.forget(now - settings.limits.finished_ttl_s)
        if collector is not None:
            collector.step(len(self.engine), now)
        return began if self.engine.behind(now) else None

    # Tickets

    def enqueue(
        self, request: Enqueue, sink: Sink | None = None, tag: int = 0, address: str = ""
    ) -> tuple[Ticket, bool]:
        """Takes a ticket; gives it, and whether it was there before: a player who waits already gets that one.

        `tag` (32 bits) is the edge's own, the lowest part of the ticket's id; `address` is that of the player's
        connection, if it is known. Raises Refused, Busy (try again later), TooMany, Conflict.
        """
        settings = self._settings()
        now = time.monotonic()
        players = request.players
        first = players[0]
        try:
            self._admit(request, settings, now)
            if request.key and (known := self._keys.get(first.id, request.key)):
                return self._again(known, request, sink), True
            rtts = [player.rtts_ms for player in players]
            placement = self._place(request, rtts, address, now)
            self._numbers += 1
            id = self._numbers << 32 | tag
            since = self._since(request, now) if request.age_token else now
            if len(players) == 1:
                ticket = Ticket(id, first.id, first.rating, since)
                more = bool(first.roles or first.avoid)
            else:
                rating = sum([player.rating for player in players]) / len(players)
                ticket = Ticket(id, tuple([player.id for player in players]), rating, since)
                more = any([p.roles or p.avoid for p in players])
            if more or request.priority or request.max_wait_s is not None:
                ticket.more = _more(request, now)
            ticket.sink = sink
            modes: tuple[str, ...] = (request.mode,)
            if request.modes:
                modes = tuple(dict.fromkeys(mode for mode in (request.mode, *request.modes) if mode))
            events = self.engine.enqueue(ticket, modes, placement, now, rtts)
        except AlreadyQueued as error:
            if sink is not None:
                self.listen(error.ticket, sink)
            self.counts["deduplicated"] += 1
            return error.ticket, True
        except Busy as error:
            self.counts["shed"] += 1
            if error.retry_after_s is None:
                error.retry_after_s = self.retry_after_s()
            raise
        except Refused:
            self.counts["refused"] += 1
            raise
        self.counts["enqueued"] += 1
        if request.key:
            self._keys.add(players[0].id, request.key, ticket.id, _encode(request), now)
        if events:
            self._tell(events, now)
        return ticket, False

    def refuses_below(self, since: float) -> int:
        """Requests that have waited since then to be read come: those of a lower priority than this one are refused,
        which is known before they are even decoded."""
        if self.draining:
            return CLASSES
        self.lag.read(time.monotonic() - since, self.engine.settings.limits.target_lag_ms / 1000)
        return self.lag.refused_below

    def retry_after_s(self) -> float:
        return self.pace.retry_after_s(len(self.engine), self.engine.settings.limits.retry_after_s)

    def find(self, name: str) -> int:
        """The id of a ticket that is open, or ended not long ago. Raises KeyError if there is none."""
        try:
            id = int(name[len(self.run_id) :], 16) if name.startswith(self.run_id) else -1
        except ValueError:
            id = -1
        if id < 0 or (self.engine.tickets.get(id) is None and self._finished.get(id) is None):
            raise KeyError(name)
        return id

    def name(self, id: int) -> str:
        """A ticket's id as others know it."""
        return f"{self.run_id}{id:x}"

    def cancel(self, id: int, reason: str = "cancelled by the player") -> None:
        """Takes a ticket back if it is open; whatever ended it before stays."""
        now = time.monotonic()
        self._tell(self.engine.cancel(id, now, reason), now)

    def accept(self, id: int, player: str) -> None:
        """A player accepts the proposed match. Raises KeyError if there is none for that ticket and player."""
        now = time.monotonic()
        self._tell(self.engine.accept(id, player, now), now)

    def decline(self, id: int) -> None:
        """A ticket does not want the proposed match. Raises KeyError if there is none."""
        now = time.monotonic()
        self._tell(self.engine.decline(id, now), now)

    def later(self, id: int) -> asyncio.Future[None] | None:
        """In a fleet: done when what was asked of a ticket last is answered. Here all is answered at once."""
        return None

    def explainable(self, id: int) -> tuple[Engine, Ticket | None, float]:
        """A ticket as its engine has it, if it is open, and the engine's time. Raises Refused if that is elsewhere."""
        return self.engine, self.engine.tickets.get(id), time.monotonic()

    def describe(self, id: int) -> dict[str, Any]:
        """The state of a ticket. Raises KeyError if it is not known, or was forgotten after `finished_ttl_s`."""
        ticket = self.engine.tickets.get(id)
        if ticket is not None:
            proposal = self.engine.proposal(id) if ticket.state is State.PROPOSED else None
            if proposal is not None and not proposal.unserved:
                return self._asked(self.name(id), proposal.match, proposal.deadline)
            return state_of(self.name(id), ticket, time.monotonic())
        outcome = self._finished.get(id)
        if outcome is None:
            raise KeyError(id)
        return self._ended(id, outcome)

    def listen(self, ticket: Ticket, sink: Sink) -> None:
        sinks = ticket.sink
        ticket.sink = sink if sinks is None else (*sinks, sink) if isinstance(sinks, tuple) else (sinks, sink)

    def unlisten(self, id: int, sink: Sink) -> None:
        ticket = self.engine.tickets.get(id)
        if ticket is None:
            return
        sinks = ticket.sink if isinstance(ticket.sink, tuple) else (ticket.sink,)
        left = tuple(other for other in sinks if other is not None and other != sink)
        ticket.sink = left[0] if len(left) == 1 else left or None

    # Backfill

    def ask(self, backfill: Backfill) -> list[dict[str, Any]]:
        """Asks for players of a running match, and gives who joins at once; its deadline is by the monotonic clock.

        Raises Refused.
        """
        now = time.monotonic()
        events = self.engine.ask(backfill, now)
        self._tell(events, now)
        return [match_part(event, self._clock_offset) for event in events if isinstance(event, Match)]

    # What edges send

    def message(self, ticket: Ticket, event: Event | Queued | Denied) -> bytes:
        """An event of a ticket as a JSON object. What all tickets of a match share is encoded once."""
        if type(event) is Match:
            if self._encoded[0] is not event:
                part = {"state": "assigned", "reason": event.id, **match_part(event, self._clock_offset)}
                self._encoded = event, _encode(part)[1:]
            waited_ms = (event.decided_at - ticket.enqueued_at) * 1000
            return b'{"ticket_id":"%s%x","waited_ms":%.3f,%s' % (
                self._run_id,
                ticket.id,
                waited_ms,
                self._encoded[1],
            )
        name = self.name(ticket.id)
        if isinstance(event, Proposed):
            return _encode(self._asked(name, event.match, event.deadline))
        if isinstance(event, Requeued):
            return _encode({**state_of(name, event.ticket, time.monotonic()), "reason": event.reason})
        assert isinstance(event, Ended), "the others are of a fleet, which tells them itself"
        return _encode(self._ended(ticket.id, event))

    def _ended(self, id: int, outcome: Outcome) -> dict[str, Any]:
        """A ticket that ended, and with what another matchmaker would go on."""
        told = outcome_of(self.name(id), id, outcome, self._clock_offset)
        if isinstance(outcome, Ended) and outcome.state is State.RETURNED and self._signing_key is not None:
            ticket = outcome.ticket
            since = ticket.enqueued_at + self._clock_offset
            told["age_token"] = sign_age(self._signing_key, ticket.players, since, time.time())
        return told

    def _asked(self, name: str, match: Match, deadline: float) -> dict[str, Any]:
        """A ticket whose players are asked to accept a match."""
        left = max(0.0, deadline - time.monotonic())
        told = match_part(match, self._clock_offset)
        del told["decided_at"], told["decided_monotonic_ns"]
        return {"ticket_id": name, "state": "proposed", "accept_within_s": round(left, 3), **told}

    # Running

    async def drain(self) -> None:
        """Takes no more tickets, goes on matching for a while, then gives back those that are left."""
        self.draining = True
        until = time.monotonic() + self._settings().limits.drain_s
        while len(self.engine) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        self._tell(self.engine.give_back("the matchmaker is stopping; try again at another one"), time.monotonic())

    def stats(self) -> dict[str, Any]:
        settings = self._settings()
        now = time.monotonic()
        oldest = self.engine.oldest()
        return {
            "generation": settings.generation,
            "commit": settings.commit,
            "queued": len(self.engine),
            "pools": {f"{region}/{mode}": count for (region, mode), count in sorted(self.engine.depths().items())},
            "oldest_s": {f"{region}/{mode}": round(now - at, 3) for (region, mode), at in sorted(oldest.items())},
            "counts": dict(self.counts),
            "decisions_by_generation": {str(generation): count for generation, count in self.decisions.items()},
            "settings_refused": self.settings.refused,
            "settings_error": self.settings.error,
            "lag_ms": round(self.lag.lag_s * 1000, 3),
            "refused_below_priority": self.lag.refused_below,
            "allocation": self.allocation.stats(),
            "compiled": not __file__.endswith(".py"),
            "uptime_s": round(time.time() - self.started_at, 3),
        }

    def _settings(self) -> Settings:
        """The settings as published now; the engine goes over to them first if they are new."""
        settings = self.settings.current()
        if settings is not self.engine.settings:
            now = time.monotonic()
            before = self.engine.settings
            try:
                self._tell(self.engine.apply(settings, now), now)
            except ValueError as error:
                # As one that does not compile: what is there goes on.
                self.settings.refuse(before, str(error))
                return before
            if before.resolution.geoip_database != settings.resolution.geoip_database:
                self._follow_geoip(settings)
        return settings

    def _follow_geoip(self, settings: Settings) -> None:
        path = settings.resolution.geoip_database
        if self._geoip is None and path:
            self._geoip = GeoIp(path)
        elif self._geoip is not None:
            self._geoip.follow(path)

    def _admit(self, request: Enqueue, settings: Settings, now: float) -> None:
        if self.draining:
            raise Busy("the matchmaker is stopping")
        if not self.lag.admits(request.priority):
            raise Busy(f"requests wait {self.lag.lag_s * 1000:.0f} ms; those of this priority are refused for now")
        if now >= self._counted_until:
            self._requests.clear()
            self._counted_until = now + 1.0
        player = request.players[0].id
        asked = self._requests[player] = self._requests.get(player, 0) + 1
        if asked > settings.limits.requests_per_player_per_s:
            raise TooMany(f"{player} asks more than {settings.limits.requests_per_player_per_s:g} times a second", 1.0)

    def _again(self, known: tuple[int, bytes], request: Enqueue, sink: Sink | None) -> Ticket:
        """The ticket that a request with the same key got. Raises Conflict if that was another request."""
        id, before = known
        if before != digest(_encode(request)):
            raise Conflict
        self.counts["repeated"] += 1
        ticket = self.engine.tickets.get(id)
        if ticket is not None:
            if sink is not None:
                self.listen(ticket, sink)
            return ticket
        outcome = self._finished.get(id)
        if outcome is None:
            raise Conflict
        found = outcome.ticket if isinstance(outcome, Ended) else next(t for t in outcome.tickets if t.id == id)
        if sink is not None:
            sink(found, outcome)
        return found

    def _since(self, request: Enqueue, now: float) -> float:
        """Since when a ticket waits that came back from another matchmaker."""
        if self._signing_key is None:
            return now
        players = [player.id for player in request.players]
        return now - waited_s(self._signing_key, players, request.age_token, time.time())

    def _place(self, request: Enqueue, rtts: list[dict[str, float]], address: str, now: float) -> Placement:
        """The region for a ticket, `rtts` being what its players sent. Raises Refused or Busy."""
        key, regions = self._signing_key, self.engine.regions
        try:
            placement = None
            if key is None and self._geoip is None and all([plausible(one) for one in rtts]):
                # There is no better evidence, and nothing to hold it against.
                placement = regions.measured(rtts, reason=CLIENT)
            if placement is None:
                placement = resolve(self._evidence(request, key, address), regions, self._geoip)
        except TooFar as error:
            if error.after_s is None:
                raise Refused(str(error), "players", "choose another network, or play later") from None
            placement = self._place_far(request, key, address, error, now)
        if placement is None:
            raise Busy("all regions are closed")
        return placement

    def _place_far(
        self, request: Enqueue, key: bytes | None, address: str, far: TooFar, now: float
    ) -> Placement | None:
        """The region for players all of whose regions are too far for who has not waited. Raises Busy."""
        player = request.players[0].id
        waited = self._turned_away.waited_s(player, now)
        left = (far.after_s or 0.0) - waited
        if left > 0:
            self._turned_away.add(player, left, now)
            raise Busy(f"{far}, of which {waited:.1f} s are over", left)
        placement = resolve(self._evidence(request, key, address), self.engine.regions, self._geoip, waited_s=waited)
        self._turned_away.remove(player)
        return placement

    @staticmethod
    def _evidence(request: Enqueue, key: bytes | None, address: str) -> Evidence:
        alone = address if len(request.players) == 1 else ""
        known = [
            Known(
                player.rtts_ms,
                check_signed(key, player.id, player.signed_rtts, time.time()) if key and player.signed_rtts else None,
                alone,
            )
            for player in request.players
        ]
        return Evidence(tuple(known), request.edge)

    def _tell(self, events: Iterable[Event], now: float) -> None:
        for event in events:
            if isinstance(event, Match):
                self._tell_match(event, now)
            elif isinstance(event, Ended):
                self.counts[event.state.value] += 1
                self._finished.add([event.ticket.id], event, now)
                self.pace.left(1, now)
                _send(event.ticket, event)
            elif isinstance(event, Proposed):
                self.counts["proposed"] += 1
                for ticket in event.match.tickets:
                    _send(ticket, event)
            elif isinstance(event, Unserved):
                self.allocation.wanted(event.match)
            else:
                self.counts["requeued"] += 1
                _send(event.ticket, event)

    def release(self, address: str) -> bool:
        """A game server of the static pool is free again; False if it was not out."""
        return self.allocation.release(address)

    def _serve(self, match_id: str, server: str) -> bool:
        """A match has its game server; whether it still wants it."""
        now = time.monotonic()
        try:
            self._tell(self.engine.serve(match_id, server, now), now)
        except KeyError:
            return False
        return True

    def _tell_match(self, match: Match, now: float) -> None:
        tickets = [ticket for team in match.teams for ticket in team]
        counts = self.counts
        counts["matches"] += 1
        counts["assigned"] += len(tickets)
        self.decisions[match.generation] += 1
        self.pace.left(len(tickets), now)
        self.waits.matched(match)
        self._finished.add([ticket.id for ticket in tickets], match, now)
        for ticket in tickets:
            sinks = ticket.sink
            if sinks is not None:
                ticket.sink = None
                for sink in sinks if type(sinks) is tuple else (sinks,):
                    sink(ticket, match)


def _send(ticket: Ticket, event: Event) -> None:
    sinks = ticket.sink
    if not isinstance(event, Proposed | Requeued):
        ticket.sink = None
    for sink in sinks if isinstance(sinks, tuple) else (sinks,):
        if sink is not None:
            sink(ticket, event)


def _more(request: Enqueue, now: float) -> More:
    """What few tickets have."""
    players = request.players
    deadline = now + request.max_wait_s if request.max_wait_s is not None else None
    roles = tuple(tuple(p.roles) for p in players) if any(p.roles for p in players) else ()
    return More(request.priority, roles, frozenset(name for p in players for name in p.avoid), deadline)
