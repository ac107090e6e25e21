"""Whatever happens to an engine, in whatever order: nothing is lost, doubled or in two states, and all rules hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from itertools import combinations
from operator import methodcaller
from typing import Any
from unittest.mock import patch

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import matchmaker.core.engine
from matchmaker.core.backfill import Backfill
from matchmaker.core.engine import Engine
from matchmaker.core.events import Ended, Event, Match, Proposed, Requeued
from matchmaker.core.placement import Placement
from matchmaker.core.pool import Pool
from matchmaker.core.refused import AlreadyQueued, Refused
from matchmaker.core.rules import Rules
from matchmaker.core.search import wishes
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import More, State, Ticket
from tests.support.matchmaker import no_match_was_missed, regions, settings_of, steps

PLAYERS = [f"p{n}" for n in range(24)]
REGIONS = ["ap", "eu", "us"]
MODES = ["duel", "squad", "roles"]
WINDOWS = [steps((0, 100)), steps((0, 100), (300, 200), (1000, 500)), steps((0, 60), (50, 1000))]
ROLES: list[tuple[str, ...]] = [(), ("tank",), ("damage",), ("tank", "damage")]

mode_changes = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.sampled_from([True, True, False]),
        "bucket_width": st.sampled_from([25, 50]),
        "window": st.sampled_from(WINDOWS),
        "window_policy": st.sampled_from(["anchor", "mutual"]),
        "accept_s": st.sampled_from([0, 2]),
        "hold_ms": st.sampled_from([0, 100]),
        "merge_after_s": st.sampled_from([0, 0.5, 3]),
        "fair_skip": st.sampled_from([0, 2]),
        "max_wait_s": st.sampled_from([4, 30]),
        "score": st.sampled_from(["rating", "party", "wait"]),
        "backfill": st.booleans(),
    },
)
squad_shapes = st.sampled_from(
    [
        {"teams": 2, "team_size": 2, "max_party_size": 2},
        {"teams": 2, "team_size": 3, "max_party_size": 3},
        {"teams": 3, "team_size": 1, "max_party_size": 1},
        {
            "teams": 2,
            "team_size": 3,
            "max_party_size": 2,
            "relax": {"after_s": 0.4, "min_teams": 1, "min_team_size": 2},
        },
    ]
)


def configuration(generation: int, squad: dict[str, Any], open: list[str], changes: dict[str, Any]) -> Settings:
    base = settings_of().modes
    modes = {
        "duel": {**_plain(base["duel"]), "window": WINDOWS[1], **changes.get("duel", {})},
        "squad": {**_plain(base["squad"]), "window": WINDOWS[1], "accept_s": 2, **squad, **changes.get("squad", {})},
        "roles": {
            **_plain(base["squad"]),
            "teams": 2,
            "team_size": 2,
            "max_party_size": 2,
            "window": WINDOWS[1],
            "roles": {"tank": 1, "damage": 1},
            **changes.get("roles", {}),
        },
    }
    closed = [name for name in REGIONS if name not in open]
    return settings_of(
        generation, regions=regions(*open, closed=closed), resolution__default_region="us", modes=modes,
        limits__max_queued_total=40,
    )  # fmt: skip


def _plain(mode: Any) -> dict[str, Any]:
    names = ("enabled", "teams", "team_size", "max_party_size", "bucket_width", "max_wait_s")
    return {name: getattr(mode, name) for name in names}


class AnySequence(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        # Little is done in one tick, so that much is seen half done.
        self.little = patch.multiple(matchmaker.core.engine, _LOOKS=4, _MOVES=3)
        self.little.start()
        self.now = 0.0
        self.settings = configuration(1, {"teams": 2, "team_size": 2, "max_party_size": 2}, REGIONS, {})
        self.engine = Engine(self.settings)
        self.open: dict[int, Ticket] = {}
        """The model: what is open, and so neither lost nor doubled."""
        self.states: dict[int, State] = {}
        self.proposals: dict[str, tuple[Match, float, set[str]]] = {}
        self.backfills: dict[str, Backfill] = {}
        self.decided: set[str] = set()
        self.searched: set[int] = set()
        """Queues in which somebody avoided somebody: there, what can be found is not promised."""
        self.settled: float | None = None
        self.log: list[Callable[[Engine], Any]] = []
        self.results: list[Any] = []

    def do(self, call: Callable[[Engine], Any], done: Callable[[Any], None] | None = None) -> Any:
        """Does something, notes what came of it, and checks that; first calls `done` if it was not refused."""
        self.log.append(call)
        try:
            result = call(self.engine)
        except Refused as error:
            self.results.append(str(error))
            return error
        except AlreadyQueued as error:
            self.results.append(error.ticket.id)
            return error
        self.results.append(outline(result))
        if done is not None:
            done(result)
        if isinstance(result, list):
            for event in result:
                self.take(event)
        return result

    # What is done

    @rule(
        who=st.lists(st.sampled_from(PLAYERS), min_size=1, max_size=3, unique=True),
        modes=st.lists(st.sampled_from(MODES), min_size=1, max_size=2),
        rating=st.sampled_from([0.0, 1400.0, 1500.0, 1510.0, 1549.9, 1550.0, 1600.0, 1760.0, 6000.0]),
        places=st.one_of(st.just(["us", "eu", "ap"]), st.permutations(REGIONS)),
        others=st.integers(0, 2),
        priority=st.sampled_from([0, 0, 0, 1, 3]),
        avoid=st.one_of(st.just([]), st.just([]), st.lists(st.sampled_from(PLAYERS), max_size=3)),
        within=st.sampled_from([None, None, None, 0.5, 10.0]),
        roles=st.lists(st.sampled_from(ROLES), min_size=3, max_size=3),
        waited=st.sampled_from([0.0, 0.0, 0.0, 0.3, 2.0, 100.0]),
    )
    def enqueue(
        self,
        who: list[str],
        modes: list[str],
        rating: float,
        places: list[str],
        others: int,
        priority: int,
        avoid: list[str],
        within: float | None,
        roles: list[tuple[str, ...]],
        waited: float,
    ) -> None:
        self.put(who, modes, rating, places, others, priority, avoid, within, roles, waited)

    def put(
        self,
        who: list[str],
        modes: list[str],
        rating: float,
        places: list[str],
        others: int,
        priority: int,
        avoid: list[str],
        within: float | None,
        roles: list[tuple[str, ...]],
        waited: float,
    ) -> None:
        now, number = self.now, len(self.log) + 1
        players = who[0] if len(who) == 1 else tuple(who)
        wanted = tuple(roles[: len(who)]) if "roles" in modes and any(roles) else ()
        deadline = None if within is None else now + within
        open = [name for name in places if self.engine.regions.open(name)]
        placement = Placement(open[0], 0.0, "test", tuple(open[1 : 1 + others]))

        tickets = []

        def call(engine: Engine) -> list[Event]:
            more = More(priority, wanted, frozenset(avoid), deadline)
            ticket = Ticket(number << 32, players, rating, now - waited)
            ticket.more = None if more == More() else more
            tickets.append(ticket)
            return engine.enqueue(ticket, tuple(modes), placement, now)

        def taken(events: list[Event]) -> None:
            ticket = tickets[0]
            self.open[ticket.id], self.states[ticket.id] = ticket, State.QUEUED

        self.do(call, taken)

    @rule(
        start=st.integers(0, 23),
        many=st.integers(2, 8),
        modes=st.sampled_from([["duel"], ["squad"], ["squad"], ["roles"], ["squad", "duel"]]),
        apart=st.sampled_from([0.0, 10.0, 60.0]),
        place=st.sampled_from(["us", "us", "eu"]),
        priority=st.sampled_from([0, 0, 2]),
    )
    def a_crowd(self, start: int, many: int, modes: list[str], apart: float, place: str, priority: int) -> None:
        """Players as most are: alone, and without wishes."""
        places = sorted(REGIONS, key=lambda name: name != place)
        for n in range(many):
            name = PLAYERS[(start + n) % len(PLAYERS)]
            self.put([name], modes, 1450 + apart * n, places, 2, priority * (n % 2), [], None, [], 0.0)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id, now = data.draw(st.sampled_from(sorted(self.open))), self.now
        events = self.do(lambda engine: engine.cancel(id, now))
        assert isinstance(events[0], Ended)
        assert (events[0].ticket.id, events[0].state) == (id, State.CANCELLED)
        assert self.do(lambda engine: engine.cancel(id, now)) == []

    @precondition(lambda self: self.proposals)
    @rule(data=st.data(), how_many=st.sampled_from([1, 2, 10]))
    def accept(self, data: st.DataObject, how_many: int) -> None:
        match, _, waiting = self.proposals[data.draw(st.sampled_from(sorted(self.proposals)))]
        now = self.now
        for name in sorted(waiting)[:how_many]:
            ticket = next(ticket for ticket in match.tickets if name in ticket.players)
            waiting.remove(name)
            events = self.do(methodcaller("accept", ticket.id, name, now))
            assert bool(events) == (not waiting)

    @precondition(lambda self: self.proposals)
    @rule(data=st.data())
    def decline(self, data: st.DataObject) -> None:
        match, _, _ = self.proposals[data.draw(st.sampled_from(sorted(self.proposals)))]
        id, now = data.draw(st.sampled_from([ticket.id for ticket in match.tickets])), self.now
        events = self.do(lambda engine: engine.decline(id, now))
        assert isinstance(events[0], Ended)
        assert (events[0].ticket.id, events[0].state) == (id, State.REJECTED)

    @rule(
        id=st.sampled_from(["r1", "r2"]),
        region=st.sampled_from(REGIONS),
        mode=st.sampled_from(MODES),
        seats=st.sampled_from([[1], [2, 1], [0, 3], [0]]),
        rating=st.sampled_from([1400.0, 1500.0]),
        points=st.sampled_from([50.0, 300.0]),
        seconds=st.sampled_from([0.0, 0.4, 20.0]),
        avoid=st.frozensets(st.sampled_from(PLAYERS), max_size=2),
    )
    def ask(
        self,
        id: str,
        region: str,
        mode: str,
        seats: list[int],
        rating: float,
        points: float,
        seconds: float,
        avoid: frozenset[str],
    ) -> None:
        now = self.now
        asked = Backfill(id, region, mode, seats, rating, points, now + seconds, avoid)
        if mode == "roles":
            asked.roles = [{"tank": free // 2, "damage": free - free // 2} for free in seats]
        before = self.backfills.get(id)
        self.backfills[id] = deepcopy(asked)
        if isinstance(self.do(lambda engine: engine.ask(deepcopy(asked), now)), Refused):
            self.backfills.pop(id)
            if before is not None:
                self.backfills[id] = before

    @rule(id=st.sampled_from(["r1", "r2"]))
    def withdraw(self, id: str) -> None:
        self.do(lambda engine: engine.withdraw_backfill(id))
        self.backfills.pop(id, None)

    @rule(seconds=st.sampled_from([0.0, 0.0, 0.01, 0.05, 0.2, 0.3, 1.0, 2.0, 5.0, 40.0]), all=st.booleans())
    def tick(self, seconds: float, all: bool) -> None:
        self.now += seconds
        now = self.now
        self.settled = None
        self.do(lambda engine: engine.tick(now))
        for _ in range(1000 if all else 0):
            if not self.engine.behind(now):
                self.settled = now
                break
            self.do(lambda engine: engine.tick(now))
        else:
            assert not all, "it never catches up"

    @rule(
        open=st.lists(st.sampled_from(REGIONS), min_size=1, max_size=3, unique=True),
        squad=squad_shapes,
        changes=st.dictionaries(st.sampled_from(MODES), mode_changes, max_size=2),
    )
    def apply(self, open: list[str], squad: dict[str, Any], changes: dict[str, Any]) -> None:
        self.go_over(configuration(self.settings.generation + 1, squad, open, changes))

    @rule(mode=st.sampled_from(MODES), changes=mode_changes)
    def apply_a_little(self, mode: str, changes: dict[str, Any]) -> None:
        steps_of = {k: v for k, v in changes.items() if k not in ("window", "bucket_width")}
        modes = {**self.settings.modes, mode: replace(self.settings.modes[mode], **steps_of)}
        self.go_over(replace(self.settings, modes=modes, generation=self.settings.generation + 1))

    def go_over(self, settings: Settings) -> None:
        self.settings, now = settings, self.now
        self.settled = None
        self.do(lambda engine: engine.apply(settings, now))

    # What comes of it

    def take(self, event: Event) -> None:
        if isinstance(event, Proposed):
            self.check_new(event.match, State.PROPOSED)
            assert event.deadline == self.now + self.settings.modes[event.match.mode].accept_s
            players = {name for ticket in event.match.tickets for name in ticket.players}
            self.proposals[event.match.id] = event.match, event.deadline, players
        elif isinstance(event, Match):
            self.take_match(event)
        elif isinstance(event, Requeued):
            ticket, old = event.ticket, self.open[event.ticket.id]
            assert self.states[ticket.id] is State.PROPOSED
            assert ticket is not old
            kept = ("id", "who", "rating", "enqueued_at", "regions", "priority", "size")
            assert all(getattr(ticket, name) == getattr(old, name) for name in kept)
            self.forget_proposal(ticket.id)
            # The next tick tries it.
            self.settled = None
            self.open[ticket.id], self.states[ticket.id] = ticket, State.QUEUED
            # It is matched again by the next tick.
            self.settled = None
        else:
            id = event.ticket.id
            assert event.ticket.state is event.state
            assert not event.state.open
            if event.state is State.EXPIRED:
                limits = [self.settings.modes[name].max_wait_s for name in MODES]
                deadline = event.ticket.more.deadline if event.ticket.more else None
                waited = self.now - event.ticket.enqueued_at + 1e-5
                assert waited >= min(limits) or (deadline is not None and deadline <= self.now)
            self.forget_proposal(id)
            del self.open[id], self.states[id]

    def forget_proposal(self, id: int) -> None:
        for name, (match, _, _) in list(self.proposals.items()):
            if any(ticket.id == id for ticket in match.tickets):
                del self.proposals[name]

    def take_match(self, match: Match) -> None:
        if match.id in self.proposals:
            proposed, _, waiting = self.proposals.pop(match.id)
            assert proposed is match
            assert not waiting
        elif match.backfill:
            self.check_backfill(match)
        else:
            self.check_new(match, State.ASSIGNED)
            assert not self.settings.modes[match.mode].accept_s
        for ticket in match.tickets:
            assert self.open.pop(ticket.id) is ticket
            del self.states[ticket.id]
            assert ticket.state is State.ASSIGNED

    def check_backfill(self, match: Match) -> None:
        backfill = self.backfills[match.backfill]
        [ticket] = match.tickets
        [team] = [at for at, team in enumerate(match.teams) if team]
        assert (match.region, match.mode) == (backfill.region, backfill.mode)
        assert backfill.deadline > self.now
        assert abs(ticket.rating - backfill.rating) <= backfill.points
        assert not backfill.avoid & set(ticket.players)
        assert not ticket.more or not ticket.more.avoid & backfill.players
        if backfill.roles:
            assert match.roles.keys() == set(ticket.players)
            for player, wanted in zip(ticket.players, wishes(ticket), strict=True):
                assert not wanted or match.roles[player] in wanted
            assert Counter(match.roles.values()) <= Counter(backfill.roles[team])
        assert backfill.take(ticket, team) == match.roles
        assert backfill.seats[team] >= 0
        self.check_decision(match)

    def check_decision(self, match: Match) -> None:
        assert (match.generation, match.commit) == (self.settings.generation, self.settings.commit)
        assert match.decided_at == self.now
        assert match.id not in self.decided
        self.decided.add(match.id)
        assert self.settings.regions[match.region].open
        assert self.settings.modes[match.mode].enabled

    def check_new(self, match: Match, state: State) -> None:
        self.check_decision(match)
        tickets = list(match.tickets)
        mode, rules = self.settings.modes[match.mode], Rules(self.settings.modes[match.mode])
        players = [name for ticket in tickets for name in ticket.players]
        assert len(set(players)) == len(players)
        for ticket in tickets:
            assert self.open[ticket.id] is ticket
            assert self.states[ticket.id] is State.QUEUED
            assert (ticket.state, ticket.region, ticket.mode) == (state, match.region, match.mode)
            self.states[ticket.id] = State.PROPOSED
        sizes = {sum(ticket.size for ticket in team) for team in match.teams}
        assert len(sizes) == 1
        form = len(match.teams), sizes.pop()
        anchors = [ticket for ticket in tickets if all(self.within(rules, ticket, other) for other in tickets)]
        assert anchors, "nobody's window covers the match"
        waited = max(self.now - ticket.enqueued_at for ticket in anchors) + 1e-6
        assert form in {(shape.teams, shape.team_size) for shape in rules.shapes_after(waited)}
        assert waited >= rules.hold
        for one, other in combinations(tickets, 2):
            assert not self.avoids(one, other)
            assert not self.avoids(other, one)
            if mode.window_policy == "mutual":
                assert self.within(rules, one, other)
                assert self.within(rules, other, one)
        if mode.roles:
            for team in match.teams:
                names = [name for ticket in team for name in ticket.players]
                assert Counter(match.roles[name] for name in names) == mode.roles
                for ticket in team:
                    for name, wish in zip(ticket.players, (ticket.more and ticket.more.roles) or (), strict=False):
                        assert not wish or match.roles[name] in wish

    def within(self, rules: Rules, anchor: Ticket, other: Ticket) -> bool:
        mode = rules.mode
        level = rules.level(self.now - anchor.enqueued_at + 1e-6)
        one, two = (min(max(ticket.rating, 0.0), mode.max_rating) for ticket in (anchor, other))
        apart = abs(int(one // rules.width) - int(two // rules.width))
        return abs(one - two) <= mode.window[level].points and apart <= rules.levels[level].reach

    @staticmethod
    def avoids(one: Ticket, other: Ticket) -> bool:
        return one.more is not None and not one.more.avoid.isdisjoint(other.players)

    # What is always so

    @invariant()
    def every_open_ticket_is_known_by_id_and_by_players(self) -> None:
        engine = self.engine
        assert len(engine) == len(self.open)
        assert {ticket.id: ticket for ticket in engine.tickets} == self.open
        for id, ticket in self.open.items():
            assert engine.tickets.get(id) is ticket
            assert ticket.state is self.states[id]
            assert all(engine.waiting(name) is ticket for name in ticket.players)
        assert set(engine._players) == {name for ticket in self.open.values() for name in ticket.players}
        proposed = {ticket.id for match, _, _ in self.proposals.values() for ticket in match.tickets}
        assert proposed == {id for id, state in self.states.items() if state is State.PROPOSED}

    @invariant()
    def every_queue_holds_what_it_counts(self) -> None:
        places: dict[int, list[Ticket]] = {}
        for id, ticket in self.open.items():
            if self.states[id] is State.QUEUED:
                buckets = [ticket.bucket, *(ticket.more.places if ticket.more else ())]
                assert len({bucket.pool for bucket in buckets}) == len(buckets)
                for bucket in buckets:
                    assert bucket.pool.buckets[bucket.index] is bucket
                    places.setdefault(hash(bucket.pool), []).append(ticket)
            elif ticket.more:
                assert ticket.more.places == ()
        moving = [pool for pool, _ in self.engine._moving]
        for pool in [*self.engine.pools.values(), *moving]:
            held = places.pop(hash(pool), [])
            assert pool.count == len(held)
            assert pool.players == sum(ticket.size for ticket in held)
            if pool not in moving:
                check_queue(pool, held)
        assert not places, "a ticket is in a queue that is no more"
        for pool in self.engine.pools.values():
            assert pool.settings is self.settings
            assert self.settings.regions[pool.region].open or not pool.count

    @invariant()
    def depths_are_those_of_the_queues(self) -> None:
        depths: Counter[tuple[str, str]] = Counter()
        for id, ticket in self.open.items():
            if self.states[id] is State.QUEUED:
                for bucket in (ticket.bucket, *(ticket.more.places if ticket.more else ())):
                    depths[bucket.pool.region, bucket.pool.mode] += 1
        assert self.engine.depths() == depths

    @invariant()
    def running_matches_have_the_seats_that_are_left(self) -> None:
        left = {backfill.id: (backfill.seats, backfill.roles) for backfill in self.engine.backfills()}
        for id, backfill in list(self.backfills.items()):
            if id in left:
                assert left[id] == (backfill.seats, backfill.roles)
            else:
                mode = self.settings.modes[backfill.mode]
                over = backfill.deadline <= self.now or not backfill.free
                assert over or not (mode.backfill and mode.enabled and self.settings.regions[backfill.region].open)
                del self.backfills[id]
        assert left.keys() == self.backfills.keys()

    @invariant()
    def nobody_with_the_widest_window_was_passed_by(self) -> None:
        for pool in self.engine.pools.values():
            if pool.picky or pool.rules.careful:
                self.searched.add(hash(pool))
        if self.settled is not None:
            counted = [pool for pool in self.engine.pools.values() if hash(pool) not in self.searched]
            no_match_was_missed(counted, self.settled)

    @invariant()
    def what_is_late_is_over_after_a_tick(self) -> None:
        if self.settled != self.now:
            return
        assert all(deadline > self.now for _, deadline, _ in self.proposals.values())
        for id, ticket in self.open.items():
            if self.states[id] is State.QUEUED:
                limit = self.settings.modes[ticket.mode].max_wait_s
                assert self.now - ticket.enqueued_at < limit + 1e-5 or ticket.enqueued_at < self.now - 90
                assert not ticket.more or ticket.more.deadline is None or ticket.more.deadline > self.now

    def teardown(self) -> None:
        """The same calls come to the same again, and what is left can be given back."""
        again = Engine(configuration(1, {"teams": 2, "team_size": 2, "max_party_size": 2}, REGIONS, {}))
        for call, before in zip(self.log, self.results, strict=True):
            try:
                result = outline(call(again))
            except Refused as error:
                result = str(error)
            except AlreadyQueued as error:
                result = error.ticket.id
            assert result == before
        for event in self.engine.give_back("stopping"):
            assert isinstance(event, Ended)
            assert event.state is State.RETURNED
            del self.open[event.ticket.id]
        assert not self.open
        assert self.engine.depths() == {}
        self.little.stop()


def check_queue(pool: Pool, held: list[Ticket]) -> None:
    """A queue's counts are those of its lanes, and these hold who is to be there."""
    found: list[Ticket] = []
    in_bucket = [0] * (pool.rules.top + 1)
    for index, bucket in pool.buckets.items():
        tickets = list(bucket)
        assert bucket.index == index
        assert all(pool.index(ticket.rating) == index for ticket in tickets)
        sizes = Counter(ticket.size for ticket in tickets)
        assert bucket.counts == [sizes[size] for size in range(len(bucket.counts))]
        assert bucket.sizes == sum(1 << size for size in sizes)
        assert bucket.players == sum(ticket.size for ticket in tickets)
        in_bucket[index] = bucket.players
        levels = [level for level, mask in enumerate(pool._levels) if mask >> index & 1]
        assert levels == ([bucket.level] if tickets else [])
        assert bool(pool.occupied >> index & 1) == bool(tickets)
        assert (bucket.alarm < float("inf")) == bool(tickets)
        if tickets:
            assert bucket.since <= min(ticket.enqueued_at for ticket in tickets)
        found += tickets
    assert sorted(found, key=id) == sorted(held, key=id)
    assert pool._players_in == in_bucket
    assert pool.picky == sum(1 for ticket in held if ticket.more and ticket.more.avoid)


def outline(result: Any) -> Any:
    """What came of a call, as plain values."""
    if isinstance(result, list):
        return [outline(event) for event in result]
    if isinstance(result, Proposed):
        return "proposed", result.deadline, outline(result.match)
    if isinstance(result, Match):
        teams = [[ticket.id for ticket in team] for team in result.teams]
        return result.id, result.region, result.mode, teams, result.generation, dict(result.roles), result.backfill
    if isinstance(result, Requeued):
        return "requeued", result.ticket.id, result.ticket.region
    if isinstance(result, Ended):
        return "ended", result.ticket.id, result.state, result.reason
    return result.id if isinstance(result, Backfill) else result


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = hypothesis_settings(max_examples=200, stateful_step_count=50, deadline=None)
