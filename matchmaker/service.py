"""The engine in an event loop: reads clock and settings, and tells those who wait what became of their tickets."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from matchmaker.engine import AlreadyQueued, Ended, Engine, Event, Match, Refused
from matchmaker.settings import LiveSettings
from matchmaker.ticket import Player, State, Ticket

Listener = Callable[[dict[str, Any]], None]


class Draining(Refused):
    """The service is stopping and takes no new tickets."""

    def __init__(self) -> None:
        super().__init__("the matchmaker is stopping", "", "try again at another one")


class Service:
    """What every edge offers. Runs in one event loop; nothing here blocks."""

    def __init__(self, settings: LiveSettings) -> None:
        self.settings = settings
        self.draining = False
        self.started_at = time.time()
        self.counts: Counter[str] = Counter()
        self.decisions: Counter[int] = Counter()
        """Matches by the generation they were decided under."""
        self._engine = Engine(settings.current())
        self._results: dict[str, dict[str, Any]] = {}
        self._finished: deque[tuple[float, str]] = deque()
        self._tickets: dict[str, Ticket] = {}
        self._listeners: dict[str, list[Listener]] = {}

    async def run(self) -> None:
        """Sweeps the queues until cancelled."""
        while True:
            await asyncio.sleep(self._settings().limits.sweep_ms / 1000)
            now = time.monotonic()
            self._tell(self._engine.tick(now))
            self._forget_finished(now)

    def enqueue(self, mode: str, players: tuple[Player, ...], listener: Listener | None = None) -> dict[str, Any]:
        """Takes a ticket; gives its state. `listener` is called once, when the ticket ends, maybe before this returns.

        A player who waits already gets the ticket that waits. Raises Refused (Full, Draining) if it is not taken.
        """
        if self.draining:
            raise Draining
        self._settings()
        id = uuid.uuid4().hex
        if listener:
            self._listeners[id] = [listener]
        try:
            ticket, events = self._engine.enqueue(time.monotonic(), id, mode, players)
        except AlreadyQueued as error:
            self._listeners.pop(id, None)
            if listener:
                self._listeners.setdefault(error.ticket.id, []).append(listener)
            self.counts["deduplicated"] += 1
            return {**self.describe(error.ticket.id), "deduplicated": True}
        except Refused:
            self._listeners.pop(id, None)
            self.counts["refused"] += 1
            raise
        self.counts["enqueued"] += 1
        self._tickets[id] = ticket
        self._tell(events)
        return self.describe(id)

    def cancel(self, id: str) -> dict[str, Any]:
        """Takes a ticket back if it still waits; gives its state either way. Raises KeyError if it is not known."""
        if ticket := self._engine.cancel(id):
            self._tell([Ended(ticket)])
        return self.describe(id)

    def describe(self, id: str) -> dict[str, Any]:
        """The state of a ticket. Raises KeyError if it is not known, or was forgotten after `finished_ttl_s`."""
        if result := self._results.get(id):
            return result
        ticket = self._tickets[id]
        return {
            "ticket_id": id,
            "state": ticket.state.value,
            "mode": ticket.mode,
            "region": ticket.region,
            "reason": ticket.reason,
            "waited_ms": round((time.monotonic() - ticket.enqueued_at) * 1000, 3),
        }

    async def result(self, id: str, wait_s: float) -> dict[str, Any]:
        """The state of a ticket, after it ended or after `wait_s` seconds. Raises KeyError if it is not known."""
        state = self.describe(id)
        if state["state"] != State.QUEUED.value or wait_s <= 0:
            return state
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def listener(result: dict[str, Any]) -> None:
            if not future.done():
                future.set_result(result)

        self._listeners.setdefault(id, []).append(listener)
        try:
            return await asyncio.wait_for(future, min(wait_s, self._settings().limits.max_long_poll_s))
        except TimeoutError:
            return self.describe(id)
        finally:
            self.unlisten(id, listener)

    def unlisten(self, id: str, listener: Listener) -> None:
        if listener in (listeners := self._listeners.get(id, [])):
            listeners.remove(listener)

    def drain(self) -> None:
        """Takes no more tickets, and takes back those that wait: their owners are told to go elsewhere."""
        self.draining = True
        for id in [id for id, ticket in self._tickets.items() if ticket.state is State.QUEUED]:
            ticket = self._engine.cancel(id)
            if ticket:
                ticket.reason = "the matchmaker is stopping; try again at another one"
                self._tell([Ended(ticket)])

    def stats(self) -> dict[str, Any]:
        settings = self._settings()
        return {
            "generation": settings.generation,
            "commit": settings.commit,
            "queued": len(self._engine),
            "pools": {f"{region}/{mode}": count for (region, mode), count in sorted(self._engine.depths().items())},
            "counts": dict(self.counts),
            "decisions_by_generation": {str(generation): count for generation, count in self.decisions.items()},
            "settings_refused": self.settings.refused,
            "settings_error": self.settings.error,
            "uptime_s": round(time.time() - self.started_at, 3),
        }

    def _settings(self) -> Any:
        """The settings as published now; the engine goes over to them first if they are new."""
        settings = self.settings.current()
        if settings is not self._engine.settings:
            self._tell(self._engine.apply(settings, time.monotonic()))
        return settings

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Match):
                self._tell_match(event)
            else:
                ticket = event.ticket
                self.counts[ticket.state.value] += 1
                self._finish(ticket, {})

    def _tell_match(self, match: Match) -> None:
        decided = {
            "match_id": match.id,
            "teams": [[player.id for ticket in team for player in ticket.players] for team in match.teams],
            "generation": match.generation,
            "commit": match.commit,
            "decided_at": time.time(),
            "decided_monotonic_ns": time.monotonic_ns(),
        }
        self.counts["matches"] += 1
        self.decisions[match.generation] += 1
        for ticket in match.tickets:
            self.counts["assigned"] += 1
            waited_ms = round((match.decided_at - ticket.enqueued_at) * 1000, 3)
            self._finish(ticket, {**decided, "waited_ms": waited_ms})

    def _finish(self, ticket: Ticket, decided: dict[str, Any]) -> None:
        result = {
            "ticket_id": ticket.id,
            "state": ticket.state.value,
            "mode": ticket.mode,
            "region": ticket.region,
            "reason": ticket.reason,
            "waited_ms": round((time.monotonic() - ticket.enqueued_at) * 1000, 3),
            **decided,
        }
        self._results[ticket.id] = result
        self._tickets.pop(ticket.id, None)
        self._finished.append((time.monotonic(), ticket.id))
        for listener in self._listeners.pop(ticket.id, ()):
            listener(result)

    def _forget_finished(self, now: float) -> None:
        oldest = now - self._engine.settings.limits.finished_ttl_s
        while self._finished and self._finished[0][0] < oldest:
            self._results.pop(self._finished.popleft()[1], None)
