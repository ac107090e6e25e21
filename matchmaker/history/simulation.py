"""Recorded arrivals under other settings.

Tickets come when they came, and players take them back when they did, if they still wait then. What players would have
done else is not known: whoever is asked to accept a match does so after as long as in the log, or at once if it was not
asked there; nobody tires of waiting who did not have to wait so long.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from math import floor, inf

from matchmaker.core.engine import Engine
from matchmaker.core.events import Ended, Event, Proposed
from matchmaker.core.placement import Placement
from matchmaker.core.refused import AlreadyQueued, Refused
from matchmaker.core.region import Regions, TooFar
from matchmaker.core.score import PairScore
from matchmaker.core.settings import Allocation, Settings
from matchmaker.core.ticket import State
from matchmaker.history.eventlog import LogFile
from matchmaker.history.quality import Quality
from matchmaker.history.records import Accept, Apply, Ask, Cancel, Decline, Enqueue, OpenTicket, Withdraw
from matchmaker.history.replay import Replay, Step
from matchmaker.regions.evidence import CLIENT

Progress = Callable[[float], None]
"""Told from time to time which share is done."""

Call = Enqueue | OpenTicket | Cancel | Ask | Withdraw
_TOLD_EACH = 2_000


class Answers:
    """How players answered proposals, in s after they were asked."""

    def __init__(self) -> None:
        self.accepted: dict[tuple[int, str], float] = {}
        self.declined: dict[int, float] = {}
        self.silent: set[tuple[int, str]] = set()
        self._asked: dict[int, float] = {}

    def learn(self, step: Step) -> None:
        record = step.record
        if isinstance(record, Accept) and record.id in self._asked:
            self.accepted[record.id, record.player] = record.at - self._asked[record.id]
        elif isinstance(record, Decline) and record.id in self._asked:
            self.declined[record.id] = record.at - self._asked[record.id]
        for event in step.events:
            if isinstance(event, Proposed):
                for ticket in event.match.tickets:
                    self._asked[ticket.id] = step.now
                    for player in ticket.players:
                        self.accepted.pop((ticket.id, player), None)
            elif isinstance(event, Ended) and event.state is State.REJECTED and event.ticket.id in self._asked:
                ticket = event.ticket
                if ticket.id not in self.declined:
                    self.silent.update((ticket.id, p) for p in ticket.players if (ticket.id, p) not in self.accepted)


class Evening:
    """What a log has for a simulation: all that came from outside, and how it was served."""

    def __init__(
        self, log: LogFile, scores: Mapping[str, PairScore] | None = None, progress: Progress = lambda share: None
    ) -> None:
        """Replays the log. Raises LogError, SettingsError."""
        self.settings = log.header.settings
        """The last ones."""
        self.calls: list[tuple[float, Call]] = []
        self.answers = Answers()
        self.differs: int | None = None
        """The first line that this version replays in another way; then `recorded` is what this version would do."""
        self.recorded = Quality()
        state = log.header.state
        for ticket in state.tickets if state else ():
            self._came(ticket.since, ticket)
        replay = Replay(log, scores)
        for step in replay:
            self._learn(step)
            if step.line % _TOLD_EACH == 0:
                progress(log.read / max(1, log.size))
        progress(1.0)
        self.recorded.finish(replay.engine.tickets, self.end)

    @property
    def start(self) -> float:
        return self.calls[0][0] if self.calls else 0.0

    @property
    def end(self) -> float:
        return self._end if self.calls else 0.0

    _end = 0.0

    def _learn(self, step: Step) -> None:
        record = step.record
        if not step.same and self.differs is None:
            self.differs = step.line
        self._end = step.now
        if isinstance(record, Apply):
            self.settings = record.settings
        elif isinstance(record, Enqueue):
            # Somebody who waits and asks again has come once.
            if not isinstance(step.outcome, AlreadyQueued):
                self._came(record.at, record, isinstance(step.outcome, Refused))
        elif isinstance(record, Cancel | Ask | Withdraw):
            self.calls.append((step.now, record))
        self.answers.learn(step)
        self.recorded.take(step.events, step.now)

    def _came(self, at: float, part: Enqueue | OpenTicket, refused: bool = False) -> None:
        self.calls.append((at, part))
        self.recorded.came(_modes(part)[0], refused)


class Simulation:
    def __init__(self, evening: Evening, settings: Settings, scores: Mapping[str, PairScore] | None = None) -> None:
        """Raises SettingsError if a mode names a pair score that there is not."""
        self.quality = Quality()
        # Whether there are game servers is not in the log: each match has one at once.
        self._engine = Engine(replace(settings, allocation=Allocation()), scores)
        self._evening = evening
        self._sweep = settings.limits.sweep_ms / 1000
        self._ticks = 0
        self._due: list[tuple[float, int, str, int, str]] = []
        self._order = count()
        self._match_of: dict[int, str] = {}

    def run(self, progress: Progress = lambda share: None) -> Quality:
        calls = self._evening.calls
        for number, (at, call) in enumerate(calls):
            self._advance(at)
            self._take(self._do(at, call), at)
            if number % _TOLD_EACH == 0:
                progress(number / len(calls))
        self._advance(self._evening.end)
        progress(1.0)
        return self.quality.finish(self._engine.tickets, self._evening.end)

    def _do(self, at: float, call: Call) -> list[Event]:
        engine = self._engine
        try:
            if isinstance(call, Cancel):
                return engine.cancel(call.id, at, call.reason)
            if isinstance(call, Ask):
                return engine.ask(call.backfill.backfill(), at)
            if isinstance(call, Withdraw):
                engine.withdraw_backfill(call.id)
                return []
        except Refused:
            return []
        since = call.since if call.since is not None else at
        modes = _modes(call)
        try:
            if (placement := place(call, engine.regions)) is None:
                raise Refused("all regions are closed", "", "open one")
            events = engine.enqueue(call.ticket(since), modes, placement, at)
        except (Refused, TooFar, AlreadyQueued):
            self.quality.came(modes[0], True)
            return []
        self.quality.came(modes[0], False)
        return events

    def _advance(self, to: float) -> None:
        """Ticks and answers until then."""
        engine, start, sweep = self._engine, self._evening.start, self._sweep
        if not len(engine):
            # Nobody waits: of the ticks until then the last one does.
            self._ticks = max(self._ticks, floor((to - start) / sweep))
        while True:
            tick, answer = start + self._ticks * sweep, self._due[0][0] if self._due else inf
            if min(tick, answer) > to:
                return
            if answer <= tick:
                _, _, match, id, player = heapq.heappop(self._due)
                if self._match_of.get(id) == match:
                    self._take(self._answer(id, player, answer), answer)
                continue
            self._ticks += 1
            self._take(engine.tick(tick), tick)
            while engine.behind(tick):
                self._take(engine.tick(tick), tick)

    def _answer(self, id: int, player: str, now: float) -> list[Event]:
        try:
            return self._engine.accept(id, player, now) if player else self._engine.decline(id, now)
        except KeyError:
            # Somebody else was first.
            return []

    def _take(self, events: list[Event], now: float) -> None:
        self.quality.take(events, now)
        answers = self._evening.answers
        for event in events:
            if not isinstance(event, Proposed):
                continue
            for ticket in event.match.tickets:
                id = ticket.id
                self._match_of[id] = event.match.id
                if id in answers.declined:
                    self._answer_later(now + answers.declined[id], id, "")
                    continue
                for player in ticket.players:
                    if (id, player) not in answers.silent:
                        self._answer_later(now + answers.accepted.get((id, player), 0.0), id, player)

    def _answer_later(self, at: float, id: int, player: str) -> None:
        heapq.heappush(self._due, (at, next(self._order), self._match_of[id], id, player))


def place(call: Enqueue | OpenTicket, regions: Regions) -> Placement | None:
    """Where a recorded ticket goes: chosen anew if it was by the client's round-trip times, or by default.

    By other evidence it stays in its region while that is open. None if all are closed. Raises TooFar.
    """
    if isinstance(call, OpenTicket):
        region, others = call.places[0][0], call.regions
    elif call.rtts and (not call.why or call.why.startswith(CLIENT)):
        return regions.choose(call.rtts)
    else:
        region, others = call.region, call.others
        if call.why.startswith(("default region", "first open region")):
            region = ""
    if regions.open(region):
        return Placement(region, 0.0, "as recorded", tuple(filter(regions.open, others)))
    return regions.default()


def _modes(call: Enqueue | OpenTicket) -> tuple[str, ...]:
    if isinstance(call, OpenTicket):
        return call.modes or (call.places[0][1],)
    return call.modes
