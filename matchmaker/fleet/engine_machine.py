"""The engine as a fleet's machine: what it is asked comes from `in`, and each step that it takes is a record of `out`.

A step is taken by `decide`: the entries that came, each at the time at which the log took it, then new settings, then
what time alone brings. In replay the same step is taken again, and has to come to the same record. Steps that came to
nothing, and for which nothing was due, have no record: without them the next one comes to the same.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import msgspec

from matchmaker.core.events import Ended, Event, Match, Proposed, Requeued, Unserved
from matchmaker.core.placement import Placement
from matchmaker.core.refused import AlreadyQueued, Refused
from matchmaker.core.score import PairScore
from matchmaker.core.settings import Settings, SettingsError
from matchmaker.core.ticket import Ticket
from matchmaker.fleet import calls, steps
from matchmaker.fleet.calls import Accept, Ask, Call, Decline, Free, Join, Leave, Look, Stock, Withdraw
from matchmaker.fleet.steps import Back, Denied, Done, Gone, Made, Nothing, Offered, Open, Said, Seat, Seats, Step
from matchmaker.history.records import OpenState
from matchmaker.history.restore import Restorable
from matchmaker.request import problem

log = logging.getLogger(__name__)

# Ticks in one step, at most; each is some milliseconds of work.
_TICKS = 5


class Diverged(Exception):
    """A step came to something else in replay than it did when it was decided."""


class Saved(msgspec.Struct, array_like=True):
    """All of a machine's state."""

    now: float
    numbers: int
    settings: Settings
    state: OpenState
    names: list[tuple[int, str]]
    keyed: list[tuple[str, bytes, float | None]]
    servers: list[tuple[str, float]]
    """Game servers that are out, and since when."""
    ready: list[tuple[str, str, str]]
    """Region, mode and address of those that no match has yet."""


class EngineMachine:
    """One partition's engine, and the names of its tickets."""

    def __init__(
        self, partition: str, current: Callable[[], Settings], scores: Mapping[str, PairScore] | None = None
    ) -> None:
        """`current` gives the settings as they are published here now; those of the log count until they differ."""
        self.partition = partition
        self.engine: Restorable | None = None
        """None until the first step."""
        self._current = current
        self._scores = scores
        self._seen: Settings | None = None
        self._pending: list[tuple[float, list[Call]]] = []
        self._said: list[Said] = []
        self._decided: bytes | None = None
        self._now = 0.0
        self._numbers = 0
        self._open: dict[str, int] = {}
        """By name; the players of a ticket may have asked twice, and then it has several."""
        self._others: dict[int, list[str]] = {}
        """The further names."""
        self._keyed: dict[str, tuple[bytes, float | None]] = {}
        """Of tickets with a key: the digest of their request, and when they ended; for `finished_ttl_s` after that."""
        self._ages: deque[tuple[float, str]] = deque()
        self.servers: dict[str, float] = {}
        """Game servers that are out, and since when (seconds since 1970)."""
        self.freed: list[str] = []
        """Those that were given back since somebody looked here last; whoever looks clears it."""
        self.matched: dict[tuple[str, str], float] = {}
        """When the last match was made, by region and mode, as far as this machine has seen."""
        self._ready: dict[tuple[str, str], deque[str]] = {}

    # As a machine

    def apply_in(self, seq: int, payload: bytes, now: float) -> None:
        self._pending.append((now, calls.decode(payload)))

    def decide(self, now: float) -> list[bytes] | None:
        settings = self._new_settings()
        step = Step(now, settings, 0, self._said)
        self._begin(step)
        engine = self._engine
        at = max(self._now, now)
        if settings is not None and settings is not engine.settings:
            try:
                self._tell(engine.apply(settings, at))
            except SettingsError as error:
                # As a bundle that does not compile: what is there goes on.
                log.error("%s: settings of generation %s refused: %s", self.partition, settings.generation, error)
                step.settings = settings = None
        while step.ticks < _TICKS and engine.behind(at):
            self._tell(engine.tick(at))
            step.ticks += 1
        if settings is None and not step.ticks and not self._said:
            return None
        self._now = at
        self._said = []
        self._decided = steps.encode(step)
        return [self._decided]

    def apply_out(self, payload: bytes) -> None:
        """Raises Diverged, BadStep."""
        if self._decided is not None:
            self._decided = None
            return
        step = steps.decode(payload)
        self._begin(step)
        at = max(self._now, step.at)
        if step.settings is not None and step.settings is not self._engine.settings:
            self._tell(self._engine.apply(step.settings, at))
        for _ in range(step.ticks):
            self._tell(self._engine.tick(at))
        self._now = at
        again = Step(step.at, step.settings, step.ticks, self._said)
        self._said = []
        if steps.encode(again) != payload:
            raise Diverged(
                f"{self.partition}: a step of {len(step.said)} events comes to {len(again.said)} others in replay: "
                f"the member that decided it runs another version. Let a member of that version take the partition "
                f"and stop it with SIGTERM: then it leaves a snapshot, and nothing has to be replayed"
            )

    def snapshot(self) -> bytes | None:
        engine = self.engine
        if engine is None or self._pending or not engine.can_restore():
            return None
        state = engine.state(self._now)
        # From here on it goes the way of one that is put together from the snapshot.
        engine.restore(state, {ticket.id: ticket for ticket in engine.tickets})
        names = [(id, name) for name, id in self._open.items()]
        keyed = [(name, *known) for name, known in self._keyed.items()]
        ready = [(*place, server) for place, there in self._ready.items() for server in there]
        servers = list(self.servers.items())
        return _encode(Saved(self._now, self._numbers, engine.settings, state, names, keyed, servers, ready))

    def restore(self, state: bytes) -> None:
        saved = _decode(state)
        self._now, self._numbers = saved.now, saved.numbers
        self.engine = engine = Restorable(saved.settings, self._scores, self.partition)
        engine.restore(saved.state)
        for id, name in saved.names:
            self._open[name] = id
            ticket = engine.tickets.get(id)
            assert ticket is not None, "names are those of open tickets"
            if ticket.sink is None:
                ticket.sink = name
            else:
                self._others.setdefault(id, []).append(name)
        self.servers = dict(saved.servers)
        for region, mode, server in saved.ready:
            self._ready.setdefault((region, mode), deque()).append(server)
        self._keyed = {name: (digest, ended) for name, digest, ended in saved.keyed}
        self._ages = deque(sorted((ended, name) for name, _, ended in saved.keyed if ended is not None))

    # Game servers

    def unserved(self) -> Iterable[Match]:
        """Matches that wait for a game server."""
        return self.engine.unserved() if self.engine is not None else ()

    def ready(self) -> dict[tuple[str, str], int]:
        """Game servers that no match has yet, by region and mode."""
        return {place: len(there) for place, there in self._ready.items() if there}

    def _stock(self, call: Stock, now: float) -> None:
        before = now - self._engine.settings.allocation.ttl_s
        while self.servers and next(iter(self.servers.values())) < before:
            del self.servers[next(iter(self.servers))]
        self.servers.pop(call.server, None)
        self.servers[call.server] = now
        place = call.region, call.mode
        match = next((match for match in self._engine.unserved() if (match.region, match.mode) == place), None)
        if match is not None:
            self._tell(self._engine.serve(match.id, call.server, now))
        else:
            self._ready.setdefault(place, deque()).append(call.server)

    # For who only reads along

    def settle(self) -> None:
        """Does what was asked since the last step, as the next one would."""
        if self.engine is not None:
            self._do_pending()

    def ticket(self, name: str) -> Ticket | None:
        """The open ticket of that name."""
        id = self._open.get(name)
        return None if id is None or self.engine is None else self.engine.tickets.get(id)

    def names(self) -> set[str]:
        """Of open tickets, those of repeated requests left out."""
        return {ticket.sink for ticket in self.engine.tickets} if self.engine is not None else set()

    # Steps

    @property
    def _engine(self) -> Restorable:
        assert self.engine is not None, "the first step of a partition has its settings"
        return self.engine

    def _new_settings(self) -> Settings | None:
        settings = self._current()
        if settings is self._seen:
            return None
        first, self._seen = self._seen is None, settings
        if first and self.engine is not None:
            # Another node counts its generations by itself; the same content is the same configuration.
            mine = self.engine.settings
            return None if replace(settings, generation=mine.generation) == mine else settings
        return settings

    def _begin(self, step: Step) -> None:
        """Does what was asked before the step."""
        if self.engine is None and step.settings is not None:
            self.engine = Restorable(step.settings, self._scores, self.partition)
        self._do_pending()

    def _do_pending(self) -> None:
        pending, self._pending = self._pending, []
        for at, asked in pending:
            self._now = now = max(self._now, at)
            self._forget(now - self._engine.settings.limits.finished_ttl_s)
            for call in asked:
                self._do(call, now)

    def _do(self, call: Call, now: float) -> None:
        if isinstance(call, Join):
            self._join(call, now)
        elif isinstance(call, Ask):
            self._ask(call, now)
        elif isinstance(call, Stock):
            self._stock(call, now)
        elif isinstance(call, Free):
            if self.servers.pop(call.server, None) is not None:
                self.freed.append(call.server)
        elif isinstance(call, Withdraw):
            ended = self._engine.withdraw_backfill(call.id)
            self._said.append(Seats(call.ref, tuple(ended.seats)) if ended else Nothing(call.ref))
        elif (id := self._open.get(call.name)) is None:
            self._said.append(Nothing(call.ref))
        elif isinstance(call, Look):
            self._said.append(self._answer(call.ref, id))
        else:
            self._operate(call, id, now)

    def _join(self, call: Join, now: float) -> None:
        name = call.name
        if (id := self._open.get(name)) is not None or name in self._keyed:
            # Sent again, with the same key.
            digest, ended = self._keyed.get(name, (b"", None))
            if digest != call.digest:
                self._deny(name, Refused("the key was used for another request", "key", "use a new key"), 409)
            elif id is not None:
                self._said.append(self._answer(name, id))
            else:
                self._said.append(Open(name, name, call.who, call.rating, ended or now, call.region, "", "ended"))
            return
        self._numbers += 1
        ticket = call.ticket(self._numbers << 32, now)
        try:
            events = self._engine.enqueue(ticket, call.modes, Placement(call.region, 0.0, "", call.others), now)
        except AlreadyQueued as error:
            id = self._open[name] = error.ticket.id
            self._others.setdefault(id, []).append(name)
            self._said.append(self._answer(name, id))
            return
        except Refused as error:
            self._deny(name, error)
            return
        self._open[name] = ticket.id
        if call.digest:
            self._keyed[name] = call.digest, None
        if events:
            self._tell(events)

    def _operate(self, call: Leave | Accept | Decline, id: int, now: float) -> None:
        engine = self._engine
        try:
            if isinstance(call, Leave):
                events = engine.cancel(id, now, call.reason)
            elif isinstance(call, Accept):
                events = engine.accept(id, call.player, now)
            else:
                events = engine.decline(id, now)
        except KeyError:
            self._said.append(Nothing(call.ref))
            return
        self._tell(events)
        self._said.append(Done(call.ref))

    def _ask(self, call: Ask, now: float) -> None:
        backfill = call.backfill.backfill()
        backfill.deadline += now
        try:
            events = self._engine.ask(backfill, now)
        except Refused as error:
            self._deny(call.ref, error)
            return
        self._tell(events)
        self._said.append(Done(call.ref))

    def _deny(self, ref: str, error: Refused, status: int = 0) -> None:
        told = problem(error)
        self._said.append(
            Denied(ref, status or told["status"], str(error), error.field, error.hint, told.get("retry_after_s"))
        )

    def _answer(self, ref: str, id: int) -> Open:
        ticket = self._engine.tickets.get(id)
        assert ticket is not None, "it is open"
        t = ticket
        return Open(ref, t.sink, t.who, t.rating, t.enqueued_at, t.region, t.mode, t.state.value)

    # What the engine says

    def _tell(self, events: Iterable[Event]) -> None:
        said = self._said
        for event in events:
            if isinstance(event, Match):
                said.append(_made(event))
                self.matched[event.region, event.mode] = event.decided_at
                for team in event.teams:
                    for ticket in team:
                        self._end(ticket)
            elif isinstance(event, Ended):
                t = event.ticket
                said.append(Gone(t.sink, t.region, t.mode, event.state.value, event.reason))
                self._end(t)
            elif isinstance(event, Unserved):
                match = event.match
                self.matched[match.region, match.mode] = match.decided_at
                if servers := self._ready.get((match.region, match.mode)):
                    self._tell(self._engine.serve(match.id, servers.popleft(), self._now))
            elif isinstance(event, Proposed):
                said.append(Offered(_made(event.match), event.deadline))
            elif isinstance(event, Requeued):
                t = event.ticket
                said.append(Back(t.sink, t.region, t.mode, event.reason))

    def _end(self, ticket: Ticket) -> None:
        name = ticket.sink
        del self._open[name]
        for other in self._others.pop(ticket.id, ()):
            del self._open[other]
        if (known := self._keyed.get(name)) is not None:
            self._keyed[name] = known[0], self._now
            self._ages.append((self._now, name))

    def _forget(self, before: float) -> None:
        while self._ages and self._ages[0][0] < before:
            self._keyed.pop(self._ages.popleft()[1], None)


def _made(match: Match) -> Made:
    m = match
    teams = tuple([tuple([Seat(t.sink, t.who, t.rating, t.enqueued_at) for t in team]) for team in m.teams])
    return Made(m.id, m.region, m.mode, teams, m.decided_at, m.generation, m.commit, m.roles, m.backfill, m.server)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Saved).decode
