"""The rules of the engine, on any sequence of events."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from matchmaker.engine import AlreadyQueued, Engine, Event, Full, Match, Refused
from matchmaker.pool import match_plans, partitions
from matchmaker.settings import SettingsError, compile_settings
from matchmaker.ticket import Player, State, Ticket
from tests.support.matchmaker import values

REGIONS = ("us-east-1", "eu-west-1")


def make(**changes: Any) -> Engine:
    return Engine(compile_settings(values(**changes), generation=1, commit="c1"))


def player(id: str, rating: float = 1500.0, **rtts_ms: float) -> Player:
    return Player(id, rating, {name.replace("_", "-"): rtt for name, rtt in rtts_ms.items()})


def duel(engine: Engine, now: float, id: str, rating: float = 1500.0) -> list[Event]:
    return engine.enqueue(now, f"t-{id}", "duel", (player(id, rating),))[1]


def ids(match: Event) -> set[str]:
    assert isinstance(match, Match)
    return {p.id for ticket in match.tickets for p in ticket.players}


def test_two_close_players_meet_at_once_and_the_match_names_its_configuration() -> None:
    engine = make()
    assert duel(engine, 0.0, "a") == []
    [match] = duel(engine, 0.1, "b", 1600)
    assert isinstance(match, Match)
    assert (ids(match), match.generation, match.commit, match.region) == ({"a", "b"}, 1, "c1", "us-east-1")
    assert len(engine) == 0


def test_distant_players_meet_when_the_window_has_grown_over_them() -> None:
    engine = make(modes__duel__window={"initial": 100, "widen_per_s": 100, "max": 500})
    assert duel(engine, 0.0, "a", 1500) == []
    assert duel(engine, 0.0, "b", 1800) == []
    assert engine.tick(1.9) == []
    [match] = engine.tick(2.1)
    assert ids(match) == {"a", "b"}


def test_a_new_player_is_taken_by_one_who_has_waited_long_enough() -> None:
    engine = make(modes__duel__window={"initial": 100, "widen_per_s": 100, "max": 500})
    duel(engine, 0.0, "a", 1500)
    [match] = duel(engine, 3.0, "b", 1850)
    assert ids(match) == {"a", "b"}


def test_a_ticket_without_a_match_expires_with_a_reason() -> None:
    engine = make(modes__duel__max_wait_s=5)
    duel(engine, 0.0, "a")
    assert engine.tick(4.9) == []
    [ended] = engine.tick(5.0)
    assert not isinstance(ended, Match)
    assert (ended.ticket.state, ended.ticket.reason) == (State.EXPIRED, "no match within 5 s")


def test_parties_stay_together_and_teams_are_full() -> None:
    engine = make()
    events: list[Event] = []
    for size, name in ((3, "x"), (2, "y"), (4, "z"), (1, "w")):
        events = engine.enqueue(0.0, name, "squad", tuple(player(f"{name}{i}") for i in range(size)))[1]
    [match] = events
    assert isinstance(match, Match)
    assert [sum(t.size for t in team) for team in match.teams] == [5, 5]
    assert sorted(sorted(t.id for t in team) for team in match.teams) == [["w", "z"], ["x", "y"]]


def test_a_player_waits_once() -> None:
    engine = make()
    duel(engine, 0.0, "a")
    with pytest.raises(AlreadyQueued) as caught:
        engine.enqueue(0.1, "other", "duel", (player("a"),))
    assert caught.value.ticket.id == "t-a"
    with pytest.raises(Refused, match="twice"):
        engine.enqueue(0.1, "other", "squad", (player("b"), player("b")))


@pytest.mark.parametrize(
    ("mode", "party", "field"),
    [("chess", 1, "mode"), ("duel", 2, "players"), ("squad", 6, "players"), ("duel", 0, "players")],
)
def test_what_cannot_be_queued_is_refused_by_field(mode: str, party: int, field: str) -> None:
    with pytest.raises(Refused) as caught:
        make().enqueue(0.0, "t", mode, tuple(player(str(i)) for i in range(party)))
    assert caught.value.field == field
    assert caught.value.hint


def test_full_queues_say_so() -> None:
    engine = make(limits__max_queued_per_pool=1)
    duel(engine, 0.0, "a", 1000)
    with pytest.raises(Full, match="1 tickets wait for duel in us-east-1"):
        duel(engine, 0.0, "b", 2000)
    engine = make(limits__max_queued_total=1)
    duel(engine, 0.0, "a", 1000)
    with pytest.raises(Full):
        duel(engine, 0.0, "b", 2000)


def test_a_closed_region_moves_its_tickets_and_they_keep_their_age() -> None:
    engine = make(modes__duel__max_wait_s=10)
    engine.enqueue(0.0, "t", "duel", (player("a", us_east_1=10, eu_west_1=90),))
    assert engine.depths() == {("us-east-1", "duel"): 1}
    closed = compile_settings(values() | {"regions": {
        "us-east-1": {"weight": 1, "open": False, "load": 0}, "eu-west-1": {"weight": 1, "open": True, "load": 0}},
        "resolution": values()["resolution"]}, 2, "c2")  # fmt: skip
    assert engine.apply(closed, 5.0) == []
    assert engine.depths() == {("eu-west-1", "duel"): 1}
    [match] = engine.enqueue(6.0, "u", "duel", (player("b", us_east_1=10, eu_west_1=20),))[1]
    assert isinstance(match, Match)
    assert (match.generation, match.commit, ids(match)) == (2, "c2", {"a", "b"})


def test_a_closed_mode_gives_its_tickets_back() -> None:
    engine = make()
    duel(engine, 0.0, "a")
    [ended] = engine.apply(compile_settings(values(modes__duel__enabled=False), 2, "c2"), 1.0)
    assert not isinstance(ended, Match)
    assert (ended.ticket.state, len(engine)) == (State.REJECTED, 0)
    duel_again = compile_settings(values(), 3, "c3")
    engine.apply(duel_again, 2.0)
    assert duel(engine, 2.0, "a") == []


def test_partitions_are_all_ways_to_fill_a_team() -> None:
    assert partitions(5, 5) == ((5,), (4, 1), (3, 2), (3, 1, 1), (2, 2, 1), (2, 1, 1, 1), (1, 1, 1, 1, 1))
    assert all(sum(plan) == 5 for plans, _ in match_plans(2, 5, 3) for plan in plans)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution__default_region": "moon"}, "'moon' is not a region"),
        ({"modes__duel__max_party_size": 2}, "do not fit a team of 1"),
        ({"limits": {}}, "limits|missing"),
    ],
)
def test_settings_that_make_no_sense_are_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        compile_settings(values(**changes))


class AnySequence(RuleBasedStateMachine):
    """Whatever happens, in whatever order: no ticket is lost, doubled, or in two states, and windows are honoured."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.generation = 1
        self.settings = compile_settings(values(), 1, "c1")
        self.engine = Engine(self.settings)
        self.queued: dict[str, Ticket] = {}
        self.ended: Counter[str] = Counter()
        self.made = 0
        self.log: list[tuple[Any, ...]] = []
        self.results: list[Any] = []

    def take(self, events: list[Event]) -> None:
        for event in events:
            tickets = list(event.tickets) if isinstance(event, Match) else [event.ticket]
            for ticket in tickets:
                assert ticket.state is not State.QUEUED
                assert self.queued.pop(ticket.id) is ticket
                self.ended[ticket.id] += 1
            if isinstance(event, Match):
                self.check(event)
        self.results.append(summary(events))

    def check(self, match: Match) -> None:
        mode = self.settings.modes[match.mode]
        tickets = list(match.tickets)
        players = [p.id for ticket in tickets for p in ticket.players]
        assert len(set(players)) == len(players) == mode.teams * mode.team_size
        assert all(sum(t.size for t in team) == mode.team_size for team in match.teams)
        assert all(t.state is State.ASSIGNED and t.region == match.region and t.mode == match.mode for t in tickets)
        assert match.generation == self.generation
        windows = [(t.rating, mode.window.after(self.now - t.enqueued_at)) for t in tickets]
        assert any(all(abs(t.rating - rating) <= width for t in tickets) for rating, width in windows)

    @rule(
        mode=st.sampled_from(["duel", "squad"]),
        size=st.integers(1, 6),
        rating=st.floats(1000, 2000),
        near=st.sampled_from(REGIONS),
    )
    def enqueue(self, mode: str, size: int, rating: float, near: str) -> None:
        self.made += 1
        id = f"t{self.made}"
        players = tuple(
            Player(f"{id}-{i}", rating, {r: 10.0 if r == near else 100.0 for r in REGIONS}) for i in range(size)
        )
        self.log.append(("enqueue", self.now, id, mode, players))
        try:
            ticket, events = self.engine.enqueue(self.now, id, mode, players)
        except Refused:
            self.results.append("refused")
            return
        self.queued[id] = ticket
        self.take(events)

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.queued)))
        self.log.append(("cancel", id))
        ticket = self.engine.cancel(id)
        assert ticket is not None
        assert ticket.state is State.CANCELLED
        del self.queued[id]
        self.ended[id] += 1
        self.results.append(id)
        assert self.engine.cancel(id) is None

    @rule(seconds=st.floats(0.01, 20))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.log.append(("tick", self.now))
        self.take(self.engine.tick(self.now))

    @rule(
        width=st.sampled_from([25, 50, 200]),
        squad=st.sampled_from([(2, 5, 5), (2, 3, 2), (1, 4, 4)]),
        weight=st.sampled_from([0.5, 1.0, 8.0]),
        duels=st.booleans(),
    )
    def configure(self, width: int, squad: tuple[int, int, int], weight: float, duels: bool) -> None:
        self.generation += 1
        teams, team_size, party = squad
        changed = values(
            modes__duel__bucket_width=width,
            modes__duel__enabled=duels,
            modes__squad__teams=teams,
            modes__squad__team_size=team_size,
            modes__squad__max_party_size=party,
        )
        changed["regions"]["us-east-1"]["weight"] = weight
        self.settings = compile_settings(changed, self.generation, f"c{self.generation}")
        self.log.append(("apply", self.settings, self.now))
        self.take(self.engine.apply(self.settings, self.now))

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        assert len(self.engine) == len(self.queued) == sum(self.engine.depths().values())
        assert all(ticket.state is State.QUEUED for ticket in self.queued.values())
        assert all(count == 1 for count in self.ended.values())
        assert not self.queued.keys() & self.ended.keys()

    def teardown(self) -> None:
        """The same events give the same matches."""
        engine = Engine(compile_settings(values(), 1, "c1"))
        results: list[Any] = []
        for name, *arguments in self.log:
            try:
                result = getattr(engine, name)(*arguments)
            except Refused:
                results.append("refused")
                continue
            if name == "enqueue":
                results.append(summary(result[1]))
            else:
                results.append(result.id if name == "cancel" else summary(result))
        assert results == self.results


def summary(events: list[Event]) -> list[Any]:
    return [
        (event.id, event.generation, [[t.id for t in team] for team in event.teams])
        if isinstance(event, Match)
        else (event.ticket.id, event.ticket.state, event.ticket.reason)
        for event in events
    ]


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = hypothesis_settings(max_examples=150, stateful_step_count=50, deadline=None)


def test_settings_with_another_generation_alone_do_not_disturb_the_queues() -> None:
    engine = make()
    duel(engine, 0.0, "a")
    engine.apply(replace(engine.settings, generation=9, commit="c9"), 1.0)
    [match] = duel(engine, 1.0, "b")
    assert isinstance(match, Match)
    assert (match.generation, match.commit) == (9, "c9")
