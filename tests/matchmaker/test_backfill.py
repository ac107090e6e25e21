"""Running matches ask for players, and get them before new matches do."""

from __future__ import annotations

from typing import Any

import pytest

from matchmaker.core.backfill import Backfill
from matchmaker.core.events import Event, Match, Requeued
from matchmaker.core.refused import Refused
from matchmaker.core.ticket import State
from tests.support.matchmaker import engine_of, match_of, names, queue, settings_of, settle

REGION = "us-east-1"


def running(*seats: int, id: str = "r1", mode: str = "squad", region: str = REGION, **more: Any) -> Backfill:
    usual: dict[str, Any] = {"rating": 1500.0, "points": 200.0, "deadline": 60.0}
    return Backfill(id, region, mode, list(seats), **{**usual, **more})


def joined(events: list[Event]) -> list[set[str]]:
    assert all(isinstance(event, Match) and event.backfill for event in events)
    return [names(event) for event in events]


def test_those_who_wait_join_at_once_the_oldest_first() -> None:
    engine = engine_of()
    for at, (name, rating) in enumerate([("a", 1500), ("far", 1800), ("b", 1300), ("c", 1600)]):
        queue(engine, at / 10, name, rating, "squad")
    events = engine.ask(running(1, 1), 1.0)
    assert joined(events) == [{"a"}, {"b"}]
    first = events[0]
    assert isinstance(first, Match)
    assert (first.backfill, first.mode, first.region, first.generation) == ("r1", "squad", REGION, 1)
    assert [ticket.state for ticket in first.tickets] == [State.ASSIGNED]
    assert engine.waiting("a") is None
    assert list(engine.backfills()) == []
    assert engine.depths() == {(REGION, "squad"): 2}


def test_those_who_come_go_to_a_running_match_before_a_new_one() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a", 1900)
    assert engine.ask(running(1, mode="duel"), 0.0) == []
    match = match_of(queue(engine, 0.1, "b", 1650))
    assert (names(match), match.backfill) == ({"b"}, "r1")
    assert engine.waiting("a") is not None
    assert queue(engine, 0.2, "c", 1650) == []


def test_a_ticket_joins_the_team_with_the_most_room_and_only_if_it_fits() -> None:
    engine = engine_of()
    engine.ask(running(1, 3), 0.0)
    match = match_of(queue(engine, 0.0, ("a", "b"), 1500, "squad"))
    assert [[ticket.players for ticket in team] for team in match.teams] == [[], [("a", "b")]]
    assert queue(engine, 0.1, ("c", "d"), 1500, "squad") == []
    assert joined(queue(engine, 0.2, "e", 1500, "squad") + queue(engine, 0.2, "f", 1500, "squad")) == [{"e"}, {"f"}]
    assert queue(engine, 0.3, "g", 1500, "squad") == []
    assert engine.withdraw_backfill("r1") is None


def test_only_ratings_within_its_points_join() -> None:
    engine = engine_of()
    engine.ask(running(5, points=100), 0.0)
    assert queue(engine, 0.0, "a", 1399, "squad") == []
    assert joined(queue(engine, 0.0, "b", 1600, "squad")) == [{"b"}]


def test_nobody_joins_those_they_avoid() -> None:
    engine = engine_of()
    engine.ask(running(5, avoid=frozenset({"banned"}), players=frozenset({"host"})), 0.0)
    assert queue(engine, 0.0, "banned", 1500, "squad") == []
    assert queue(engine, 0.0, "x", 1500, "squad", avoid={"host"}) == []
    assert joined(queue(engine, 0.0, "a", 1500, "squad", avoid={"b"})) == [{"a"}]
    assert queue(engine, 0.0, "b", 1500, "squad") == []
    assert queue(engine, 0.0, "c", 1500, "squad", avoid={"a"}) == []


def test_a_ticket_of_several_modes_joins_in_any_of_them() -> None:
    engine = engine_of()
    engine.ask(running(1), 0.0)
    match = match_of(queue(engine, 0.0, "a", 1500, "duel", "squad"))
    assert match.mode == "squad"
    assert engine.depths() == {}


def test_one_who_waits_in_a_second_region_too_joins_there() -> None:
    engine = engine_of(modes__squad__merge_after_s=2)
    queue(engine, 0.0, "a", 1500, "squad", others=("eu-west-1",))
    settle(engine, 2.0)
    assert joined(engine.ask(running(1, region="eu-west-1"), 3.0)) == [{"a"}]
    assert engine.depths() == {}
    queue(engine, 4.0, "b", 1500, "squad", others=("eu-west-1",))
    assert engine.ask(running(1, region="eu-west-1"), 5.0) == []
    assert joined(settle(engine, 6.0)) == [{"b"}]


def test_one_whose_match_was_declined_joins() -> None:
    engine = engine_of(modes__duel__accept_s=5)
    queue(engine, 0.0, "a")
    queue(engine, 0.0, "b")
    engine.ask(running(1, mode="duel"), 1.0)
    ticket = engine.waiting("a")
    assert ticket is not None
    _, back, match = engine.decline(ticket.id, 2.0)
    assert isinstance(back, Requeued)
    assert joined([match]) == [{"b"}]
    assert len(engine) == 0


ROLES = {"modes__squad__roles": {"tank": 1, "healer": 1, "damage": 3}}


def test_who_joins_plays_a_role_that_is_free() -> None:
    engine = engine_of(**ROLES)
    engine.ask(running(3, 1, roles=[{"damage": 2, "healer": 1}, {"tank": 1}]), 0.0)
    assert queue(engine, 0.0, ("a", "b"), 1500, "squad", roles=(("healer",), ("healer",))) == []
    healer = match_of(queue(engine, 0.1, "c", 1500, "squad", roles=(("healer", "tank"),)))
    assert (dict(healer.roles), [len(team) for team in healer.teams]) == ({"c": "healer"}, [1, 0])
    tank = match_of(queue(engine, 0.2, "d", 1500, "squad", roles=(("healer", "tank"),)))
    assert (dict(tank.roles), [len(team) for team in tank.teams]) == ({"d": "tank"}, [0, 1])
    assert queue(engine, 0.3, "e", 1500, "squad", roles=(("tank",),)) == []
    party = match_of(queue(engine, 0.4, ("f", "g"), 1500, "squad"))
    assert dict(party.roles) == {"f": "damage", "g": "damage"}
    assert list(engine.backfills()) == []


def test_a_running_match_whose_roles_are_no_more_asks_no_longer() -> None:
    engine = engine_of(**ROLES)
    engine.ask(running(1, roles=[{"tank": 1}]), 0.0)
    engine.apply(settings_of(2, modes__squad__roles={"healer": 2, "damage": 3}), 1.0)
    assert list(engine.backfills()) == []


@pytest.mark.parametrize(
    ("roles", "field", "told"),
    [
        ([], "roles", "squad has roles: 2 teams have free places, 0 have them by role"),
        ([{"tank": 1}], "roles", "1 have them by role"),
        ([{"tank": 1}, {"bard": 1}], "roles.1", "bard is no role in squad"),
        ([{"tank": 2}, {"tank": 1}], "roles.0", "1 free places, and 2 by role"),
        ([{"tank": 2, "healer": -1}, {"tank": 1}], "roles.0", "1 free places"),
    ],
)
def test_roles_that_cannot_be_are_refused_by_field(roles: list[dict[str, int]], field: str, told: str) -> None:
    with pytest.raises(Refused, match=told) as caught:
        engine_of(**ROLES).ask(running(1, 1, roles=roles), 0.0)
    assert caught.value.field == field
    with pytest.raises(Refused, match="has no roles"):
        engine_of().ask(running(1, roles=[{"tank": 1}]), 0.0)


def test_a_request_ends_at_its_deadline_even_before_the_next_tick() -> None:
    engine = engine_of()
    engine.ask(running(5, deadline=10.0), 0.0)
    engine.ask(running(5, id="r2", mode="duel", deadline=10.0), 0.0)
    assert queue(engine, 10.0, "a", 1500, "squad") == []
    settle(engine, 10.0)
    assert list(engine.backfills()) == []
    assert queue(engine, 10.0, "b") == []


def test_a_request_can_be_withdrawn_or_replaced() -> None:
    engine = engine_of()
    engine.ask(running(5), 0.0)
    engine.ask(running(5, mode="duel"), 0.0)
    assert [backfill.mode for backfill in engine.backfills()] == ["duel"]
    assert queue(engine, 0.0, "a", 1500, "squad") == []
    withdrawn = engine.withdraw_backfill("r1")
    assert withdrawn is not None
    assert withdrawn.seats == [5]
    assert engine.withdraw_backfill("r1") is None
    assert queue(engine, 0.0, "b") == []


@pytest.mark.parametrize(
    ("backfill", "field"),
    [
        (running(1, mode="chess"), "mode"),
        (running(1, mode="duel"), "mode"),
        (running(1, region="moon"), "region"),
        (running(1, region="eu-west-1"), "region"),
        (running(0, 0), "seats"),
        (running(2, -1), "seats"),
        (running(), "seats"),
        (running(1, deadline=5.0), "deadline"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_field(backfill: Backfill, field: str) -> None:
    engine = engine_of(**{"modes__duel__backfill": False, "regions__eu-west-1__open": False})
    with pytest.raises(Refused) as caught:
        engine.ask(backfill, 5.0)
    assert caught.value.field == field
    assert list(engine.backfills()) == []


def test_requests_end_when_the_configuration_has_no_place_for_them() -> None:
    engine = engine_of()
    engine.ask(running(1, id="mode closed", mode="duel"), 0.0)
    engine.ask(running(1, id="region closed", region="eu-west-1"), 0.0)
    engine.ask(running(1, id="stays"), 0.0)
    engine.apply(settings_of(2, **{"modes__duel__enabled": False, "regions__eu-west-1__open": False}), 1.0)
    assert [backfill.id for backfill in engine.backfills()] == ["stays"]
    engine.apply(settings_of(3, modes__squad__backfill=False), 2.0)
    assert list(engine.backfills()) == []
    assert queue(engine, 3.0, "a", 1500, "squad") == []
