"""Who meets whom, by the plain rules: windows, parties, modes, priorities, avoid lists, limits."""

from __future__ import annotations

from typing import Any

import pytest

from matchmaker.core.events import Ended, Match
from matchmaker.core.refused import AlreadyQueued, Busy, Refused
from matchmaker.core.settings import SettingsError, compile_settings
from matchmaker.core.ticket import State
from tests.support.matchmaker import (
    ended,
    engine_of,
    match_of,
    names,
    queue,
    settle,
    steps,
    ticket_of,
    values,
)

FOUR = {"modes__squad__team_size": 2, "modes__squad__max_party_size": 2}
"""Squads of two against two."""


def test_two_close_players_meet_at_once_and_the_match_names_its_configuration() -> None:
    engine = engine_of()
    assert queue(engine, 0.0, "a") == []
    match = match_of(queue(engine, 0.1, "b", 1600))
    assert (names(match), match.generation, match.commit) == ({"a", "b"}, 1, "c1")
    assert (match.region, match.mode, match.decided_at) == ("us-east-1", "duel", 0.1)
    assert match.spread == 100
    assert len(engine) == 0
    assert engine.waiting("a") is None
    assert engine.depths() == {}


def test_windows_widen_by_steps_and_the_next_tick_tries() -> None:
    engine = engine_of(modes__duel__window=steps((0, 100), (500, 300), (1000, 1000)))
    assert queue(engine, 0.0, "a", 1500) == []
    assert queue(engine, 0.0, "b", 1700) == []
    assert queue(engine, 0.0, "c", 2400) == []
    assert engine.tick(0.49) == []
    assert names(match_of(engine.tick(0.5))) == {"a", "b"}
    assert queue(engine, 0.99, "d", 1500) == []
    assert names(match_of(engine.tick(1.0))) == {"c", "d"}


def test_a_window_counts_in_whole_buckets_and_never_beyond_its_points() -> None:
    engine = engine_of(modes__duel__window=steps((0, 150)))
    queue(engine, 0.0, "a", 1500)
    assert queue(engine, 0.0, "too far", 1650) == []
    assert settle(engine, 20.0) == []
    assert names(match_of(queue(engine, 20.0, "b", 1449))) == {"a", "b"}


def test_a_new_player_is_taken_by_one_who_has_waited_long_enough() -> None:
    engine = engine_of(modes__duel__window=steps((0, 100), (1000, 500)))
    queue(engine, 0.0, "a", 1500)
    assert queue(engine, 0.9, "b", 1900) == []
    assert names(match_of(settle(engine, 1.0))) == {"a", "b"}
    queue(engine, 2.0, "c", 1500)
    assert settle(engine, 3.5) == []
    assert names(match_of(queue(engine, 3.5, "d", 1100))) == {"c", "d"}


def test_a_ticket_that_brings_its_age_has_the_window_of_that_age() -> None:
    engine = engine_of(modes__duel__window=steps((0, 100), (1000, 500)))
    queue(engine, 5.0, "a", 1500, since=3.0)
    assert names(match_of(queue(engine, 5.0, "b", 1900))) == {"a", "b"}
    queue(engine, 6.0, "c", 1500)
    assert names(match_of(queue(engine, 6.0, "d", 1900, since=3.0))) == {"c", "d"}


def test_ratings_beyond_the_scale_count_as_its_ends() -> None:
    engine = engine_of(modes__duel__max_rating=3000)
    queue(engine, 0.0, "a", -400)
    assert names(match_of(queue(engine, 0.0, "b", 20))) == {"a", "b"}
    queue(engine, 0.0, "c", 9000)
    assert names(match_of(queue(engine, 0.0, "d", 3010))) == {"c", "d"}


def test_whoever_has_waited_longest_is_met() -> None:
    engine = engine_of(modes__duel__window=steps((0, 250)))
    queue(engine, 0.0, "a", 1700)
    queue(engine, 0.1, "b", 1300)
    assert names(match_of(queue(engine, 0.2, "c", 1500))) == {"a", "c"}


def test_parties_stay_together_and_teams_are_full() -> None:
    engine = engine_of()
    for name, size in (("x", 3), ("y", 2), ("z", 4)):
        assert queue(engine, 0.0, tuple(f"{name}{n}" for n in range(size)), 1500, "squad") == []
    match = match_of(queue(engine, 0.0, "w", 1500, "squad"))
    teams = sorted(sorted(name for ticket in team for name in ticket.players) for team in match.teams)
    assert teams == [["w", "z0", "z1", "z2", "z3"], ["x0", "x1", "x2", "y0", "y1"]]


def test_teams_are_about_as_strong() -> None:
    engine = engine_of(**FOUR, modes__squad__window=steps((0, 600)))
    for name, rating in (("a", 1500), ("b", 1510), ("c", 1700)):
        queue(engine, 0.0, name, rating, "squad")
    match = match_of(queue(engine, 0.0, "d", 1710, "squad"))
    assert sorted(sum(ticket.rating for ticket in team) for team in match.teams) == [3210, 3210]


@pytest.mark.parametrize("shape", [(1, 4), (3, 2), (5, 3)])
def test_any_number_of_teams(shape: tuple[int, int]) -> None:
    teams, size = shape
    engine = engine_of(modes__squad__teams=teams, modes__squad__team_size=size, modes__squad__max_party_size=1)
    for n in range(teams * size - 1):
        assert queue(engine, 0.0, f"p{n}", 1500, "squad") == []
    match = match_of(queue(engine, 0.0, "last", 1500, "squad"))
    assert [len(team) for team in match.teams] == [size] * teams


def test_of_several_modes_the_first_match_wins_and_the_others_forget_the_ticket() -> None:
    engine = engine_of(**FOUR)
    queue(engine, 0.0, "a", 1500, "duel", "squad")
    queue(engine, 0.0, "s", 1500, "squad")
    assert engine.depths() == {("us-east-1", "duel"): 1, ("us-east-1", "squad"): 2}
    match = match_of(queue(engine, 0.1, "b", 1500, "duel"))
    assert (match.mode, names(match)) == ("duel", {"a", "b"})
    assert engine.depths() == {("us-east-1", "squad"): 1}
    pool = engine.pools["us-east-1", "squad"]
    assert (pool.count, pool.players) == (1, 1)
    for name in ("t", "u"):
        assert queue(engine, 0.2, name, 1500, "squad") == []
    assert names(match_of(queue(engine, 0.2, "v", 1500, "squad"))) == {"s", "t", "u", "v"}


def test_a_ticket_meets_whoever_waits_in_the_second_of_its_modes() -> None:
    engine = engine_of(**FOUR)
    for name in ("s", "t", "u"):
        queue(engine, 0.0, name, 1500, "squad")
    match = match_of(queue(engine, 0.1, "a", 1500, "duel", "squad"))
    assert (match.mode, names(match)) == ("squad", {"a", "s", "t", "u"})
    assert engine.depths() == {}


def test_cancelling_takes_a_ticket_out_of_all_its_queues_once() -> None:
    engine = engine_of(**FOUR)
    queue(engine, 0.0, ("a", "b"), 1500, "squad")
    queue(engine, 0.0, "c", 1500, "squad", "duel")
    ticket = engine.waiting("c")
    assert ticket is not None
    assert ended(engine.cancel(ticket.id, 0.1)) == (State.CANCELLED, "cancelled by the player")
    assert engine.cancel(ticket.id, 0.2) == []
    assert engine.depths() == {("us-east-1", "squad"): 1}
    assert queue(engine, 0.2, "c", 1500, "duel") == []


def test_smaller_matches_are_made_after_waiting() -> None:
    relax = {"after_s": 2, "min_teams": 2, "min_team_size": 2, "multiple": 2}
    engine = engine_of(modes__squad__team_size=4, modes__squad__max_party_size=2, modes__squad__relax=relax)
    for n in range(6):
        queue(engine, 0.0, f"p{n}", 1500, "squad")
    assert settle(engine, 1.9) == []
    match = match_of(settle(engine, 2.0))
    # Not teams of three: the sizes go by twos.
    assert [len(team) for team in match.teams] == [2, 2]
    assert len(engine) == 2


def test_fewer_teams_are_made_after_waiting_and_the_largest_match_is_preferred() -> None:
    relax = {"after_s": 2, "min_teams": 2, "min_team_size": 1}
    engine = engine_of(
        modes__squad__teams=3, modes__squad__team_size=2, modes__squad__max_party_size=1, modes__squad__relax=relax
    )
    for n in range(5):
        queue(engine, 0.0, f"p{n}", 1500, "squad")
    match = match_of(settle(engine, 2.0))
    assert [len(team) for team in match.teams] == [2, 2]


def test_a_younger_player_joins_a_smaller_match_around_one_who_has_waited() -> None:
    relax = {"after_s": 2, "min_teams": 2, "min_team_size": 1}
    engine = engine_of(**FOUR, modes__squad__relax=relax)
    queue(engine, 0.0, "a", 1500, "squad")
    settle(engine, 2.5)
    assert names(match_of(queue(engine, 3.0, "b", 1500, "squad"))) == {"a", "b"}


def test_players_are_not_sent_to_those_they_avoid_whichever_side_names_the_other() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a", avoid={"b"})
    assert queue(engine, 0.0, "b") == []
    assert names(match_of(queue(engine, 0.0, "c"))) == {"a", "c"}
    assert queue(engine, 0.0, "d", avoid={"b"}) == []
    assert settle(engine, 10.0) == []
    assert names(match_of(queue(engine, 10.0, "e"))) == {"b", "e"}


def test_two_who_may_meet_do_so_behind_one_who_avoids_both() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a", avoid={"b", "c"})
    assert queue(engine, 0.1, "b") == []
    assert names(match_of(queue(engine, 0.2, "c"))) == {"b", "c"}


def test_a_party_counts_as_each_of_its_players_for_those_who_avoid_one() -> None:
    engine = engine_of(**FOUR)
    queue(engine, 0.0, ("a", "b"), 1500, "squad")
    assert queue(engine, 0.0, ("c", "d"), 1500, "squad", avoid={"b"}) == []
    assert names(match_of(queue(engine, 0.0, ("e", "f"), 1500, "squad"))) == {"a", "b", "e", "f"}


def test_of_those_an_anchor_could_meet_the_higher_priority_goes_first() -> None:
    engine = engine_of(modes__duel__window=steps((0, 100), (1000, 300)))
    queue(engine, 0.0, "anchor", 1500)
    queue(engine, 0.1, "a", 1300)
    queue(engine, 0.2, "b", 1700, priority=5)
    assert names(match_of(settle(engine, 1.0))) == {"anchor", "b"}


def test_a_ticket_without_a_match_expires_with_a_reason() -> None:
    engine = engine_of(modes__duel__max_wait_s=5)
    queue(engine, 0.0, "a")
    assert engine.tick(4.9) == []
    assert ended(engine.tick(5.0)) == (State.EXPIRED, "no match within 5 s")
    assert len(engine) == 0


def test_a_ticket_expires_at_its_own_deadline_if_that_is_sooner() -> None:
    engine = engine_of(modes__duel__max_wait_s=5)
    queue(engine, 0.0, "a", 1000, deadline=2.0)
    queue(engine, 0.0, "b", 2900, deadline=20.0)
    assert engine.tick(1.9) == []
    assert ended(engine.tick(2.0)) == (State.EXPIRED, "no match before its deadline")
    assert ended(engine.tick(5.0)) == (State.EXPIRED, "no match within 5 s")


def test_a_ticket_that_comes_older_than_the_mode_allows_expires() -> None:
    engine = engine_of(modes__duel__max_wait_s=5)
    assert queue(engine, 100.0, "a", since=10.0) == []
    assert ended(settle(engine, 100.0))[0] is State.EXPIRED


def test_the_clock_may_start_anywhere() -> None:
    for start in (-1000.0, 0.0, 1.7e9):
        engine = engine_of(modes__duel__window=steps((0, 100), (500, 300)), modes__duel__max_wait_s=5)
        queue(engine, start, "a", 1500)
        settle(engine, start)
        queue(engine, start, "b", 1700)
        settle(engine, start)
        assert names(match_of(settle(engine, start + 0.5))) == {"a", "b"}
        queue(engine, start + 1, "c")
        assert ended(settle(engine, start + 6))[0] is State.EXPIRED


def test_a_player_waits_once() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a")
    with pytest.raises(AlreadyQueued) as caught:
        queue(engine, 0.1, ("b", "a"), 1500, "squad")
    assert caught.value.ticket is engine.waiting("a")
    assert engine.waiting("b") is None
    with pytest.raises(Refused, match="twice"):
        queue(engine, 0.1, ("b", "b"), 1500, "squad")
    assert len(engine) == 1


@pytest.mark.parametrize(
    ("mode", "party", "field"), [("chess", 1, "mode"), ("duel", 2, "players"), ("squad", 6, "players")]
)
def test_what_cannot_be_queued_is_refused_by_field(mode: str, party: int, field: str) -> None:
    with pytest.raises(Refused) as caught:
        queue(engine_of(), 0.0, tuple(f"p{n}" for n in range(party)), 1500, mode)
    assert caught.value.field == field
    assert caught.value.hint


def test_full_queues_say_so_and_take_nothing() -> None:
    engine = engine_of(limits__max_queued_per_pool=1)
    queue(engine, 0.0, "a", 1000)
    with pytest.raises(Busy, match="1 tickets wait for duel in us-east-1"):
        queue(engine, 0.0, "b", 2000)
    with pytest.raises(Busy):
        queue(engine, 0.0, "b", 2000, "squad", "duel")
    assert engine.depths() == {("us-east-1", "duel"): 1}
    engine = engine_of(limits__max_queued_total=1)
    queue(engine, 0.0, "a", 1000)
    with pytest.raises(Busy):
        queue(engine, 0.0, "b", 2000, "squad")
    assert engine.waiting("b") is None


def test_a_matchmaker_that_stops_gives_all_tickets_back() -> None:
    engine = engine_of(modes__duel__accept_s=10, **FOUR)
    queue(engine, 0.0, "a")
    queue(engine, 0.0, "b")
    queue(engine, 0.0, "c", 1500, "squad", "duel")
    events = engine.give_back("stopping")
    assert {(*names(event), event.reason) for event in events if isinstance(event, Ended)} == {
        (name, "stopping") for name in "abc"
    }
    assert all(isinstance(event, Ended) and event.ticket.state is State.RETURNED for event in events)
    assert (len(engine), engine.depths()) == (0, {})
    assert engine.tick(100.0) == []


def test_the_oldest_of_each_queue_is_told() -> None:
    engine = engine_of(**FOUR)
    queue(engine, 1.0, "a", 1000)
    queue(engine, 2.0, "b", 2900)
    queue(engine, 3.0, "c", 1500, "squad")
    assert engine.oldest() == {("us-east-1", "duel"): 1.0, ("us-east-1", "squad"): 3.0}


def test_a_ticket_is_found_by_its_id_while_it_is_open() -> None:
    engine = engine_of()
    ticket = ticket_of("a", 0.0)
    assert engine.tickets.get(ticket.id) is None
    queue(engine, 0.0, "a", number=ticket.id >> 32)
    found = engine.tickets.get(ticket.id)
    assert found is not None
    assert (found.players, found.mode, found.region) == (("a",), "duel", "us-east-1")
    assert isinstance(queue(engine, 0.0, "b")[0], Match)
    assert engine.tickets.get(ticket.id) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution__default_region": "moon"}, "'moon' is not a region"),
        ({"modes__duel__max_party_size": 2}, "do not fit a team of 1"),
        ({"modes__duel__window": []}, "begin with a step"),
        ({"modes__duel__window": steps((0, 100), (0, 200))}, "not later"),
        ({"modes__duel__window": steps((0, 100), (10, 90))}, "narrower"),
        ({"modes__duel__window": steps((0, 10))}, "narrower than bucket_width"),
        ({"modes__duel__max_rating": 1e6}, "4,096 buckets"),
        ({"modes__duel__window_policy": "both"}, "neither anchor nor mutual"),
        ({"modes__squad__roles": {"tank": 1}}, "are 1 in a team of 5"),
        ({"modes__squad__relax": {"after_s": 1, "min_teams": 3, "min_team_size": 1}}, "more than teams"),
        ({"limits": {}}, "limits|missing"),
    ],
)
def test_settings_that_make_no_sense_are_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        compile_settings(values(**changes))
