"""What a change of the configuration does to those who wait already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from matchmaker.core.events import Ended, Match
from matchmaker.core.refused import Busy, Refused
from matchmaker.core.ticket import State
from tests.support.matchmaker import (
    ended,
    engine_of,
    match_of,
    names,
    queue,
    regions,
    settings_of,
    settle,
    steps,
)

TWO = {"regions": regions("eu", "us"), "resolution__default_region": "us"}
ONLY_EU = {"regions": regions("eu", closed=["us"]), "resolution__default_region": "us"}
ONLY_US = {"regions": regions("us", closed=["eu"]), "resolution__default_region": "us"}
FOUR = {"modes__squad__team_size": 2, "modes__squad__max_party_size": 2}


def test_another_generation_alone_disturbs_nothing() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a")
    pool = engine.pools["us-east-1", "duel"]
    engine.apply(replace(engine.settings, generation=9, commit="c9"), 1.0)
    assert engine.pools["us-east-1", "duel"] is pool
    match = match_of(queue(engine, 1.0, "b"))
    assert (match.generation, match.commit) == (9, "c9")


def test_a_wider_window_counts_at_once() -> None:
    engine = engine_of(modes__duel__window=steps((0, 100)))
    queue(engine, 0.0, "a", 1500)
    queue(engine, 0.0, "b", 1900)
    events = engine.apply(settings_of(2, modes__duel__window=steps((0, 100), (500, 600))), 0.1)
    assert events + settle(engine, 0.4) == []
    match = match_of(settle(engine, 0.5))
    assert (names(match), match.generation) == ({"a", "b"}, 2)
    queue(engine, 1.0, "c", 1500)
    queue(engine, 1.0, "d", 1900)
    assert names(match_of(engine.apply(settings_of(3, modes__duel__window=steps((0, 600))), 1.1))) == {"c", "d"}


def test_a_narrower_window_counts_at_once() -> None:
    engine = engine_of(modes__duel__window=steps((0, 600)))
    queue(engine, 0.0, "a", 1500)
    engine.apply(settings_of(2, modes__duel__window=steps((0, 100))), 0.1)
    assert queue(engine, 0.2, "b", 1900) == []


def test_a_shorter_wait_counts_at_once() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a")
    assert ended(engine.apply(settings_of(2, modes__duel__max_wait_s=1), 2.0)) == (
        State.EXPIRED,
        "no match within 1 s",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"modes__duel__bucket_width": 25},
        {"modes__duel__max_rating": 2500},
        {"modes__duel__relax": {"after_s": 5, "min_teams": 2, "min_team_size": 1}},
    ],
)
def test_tickets_keep_their_age_and_order_when_a_queue_is_built_anew(change: dict[str, Any]) -> None:
    window = steps((0, 50), (1000, 400))
    engine = engine_of(modes__duel__window=window)
    for at, (name, rating) in enumerate([("a", 1500), ("b", 1700), ("c", 1710)]):
        queue(engine, at / 100, name, rating, "duel")
        if name == "b":
            engine.apply(settings_of(2, modes__duel__window=window, **change), 0.015)
    # b and c met by the narrow window; a goes on waiting with its age.
    assert engine.waiting("b") is None
    queue(engine, 0.5, "d", 1800)
    assert settle(engine, 0.99) == []
    match = match_of(settle(engine, 1.0))
    assert (names(match), match.generation) == ({"a", "d"}, 2)


def test_a_queue_of_thousands_is_built_anew_over_several_ticks_and_loses_nobody() -> None:
    many = 5_000
    engine = engine_of(modes__squad__team_size=100, modes__squad__max_party_size=5, modes__squad__window=steps((0, 50)))
    players = {f"p{n}" for n in range(many)}
    for n in range(many):
        assert queue(engine, n / many, f"p{n}", n % 100 * 50, "squad") == []
    changed = settings_of(
        2,
        modes__squad__team_size=99,
        modes__squad__max_party_size=5,
        modes__squad__bucket_width=25,
        modes__squad__window=steps((0, 50)),
    )
    assert engine.apply(changed, 2.0) == []
    ticks = 0
    while engine.behind(2.0):
        # What is left of the old queue can be cancelled meanwhile, and new ones come.
        name = f"p{many - 1 - ticks}"
        ticket = engine.waiting(name)
        assert ticket is not None
        assert isinstance(engine.cancel(ticket.id, 2.0)[0], Ended)
        players.remove(name)
        queue(engine, 2.0, f"new{ticks}", 1500, "squad")
        players.add(f"new{ticks}")
        assert engine.tick(2.0) == []
        assert sum(engine.depths().values()) == len(engine) == len(players)
        ticks += 1
    assert ticks > 1
    assert {name for ticket in engine.tickets for name in ticket.players} == players
    # They are all in the new queue: enough of one rating make a match of its shape.
    events = []
    for n in range(198):
        events += queue(engine, 3.0, f"more{n}", 1000, "squad")
    match = match_of(events)
    assert (len(names(match)), match.generation) == (198, 2)


def test_larger_teams_take_those_who_wait() -> None:
    engine = engine_of(**FOUR)
    for name in "abc":
        queue(engine, 0.0, name, 1500, "squad")
    match = match_of(engine.apply(settings_of(2, modes__squad__team_size=1, modes__squad__max_party_size=1), 1.0))
    assert names(match) == {"a", "b"}


def test_parties_that_have_become_too_large_are_rejected() -> None:
    engine = engine_of(**FOUR)
    queue(engine, 0.0, ("a", "b"), 1500, "squad")
    queue(engine, 0.0, "c", 1500, "squad")
    events = engine.apply(settings_of(2, modes__squad__team_size=2, modes__squad__max_party_size=1), 1.0)
    assert ended(events) == (State.REJECTED, "parties in squad are limited to 1 now")
    assert (engine.waiting("a"), len(engine)) == (None, 1)


def test_a_closed_mode_rejects_its_tickets_and_can_be_opened_again() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a")
    assert ended(engine.apply(settings_of(2, modes__duel__enabled=False), 1.0)) == (
        State.REJECTED,
        "the mode duel was closed",
    )
    with pytest.raises(Refused, match="'duel' is not a mode that is open"):
        queue(engine, 1.0, "a")
    engine.apply(settings_of(3), 2.0)
    assert queue(engine, 2.0, "a") == []
    assert isinstance(queue(engine, 2.0, "b")[0], Match)


def test_a_ticket_goes_on_waiting_in_those_of_its_modes_that_stay() -> None:
    engine = engine_of(**FOUR)
    queue(engine, 0.0, "a", 1500, "duel", "squad")
    assert engine.apply(settings_of(2, modes__duel__enabled=False, **FOUR), 1.0) == []
    assert engine.depths() == {("us-east-1", "squad"): 1}
    ticket = engine.waiting("a")
    assert ticket is not None
    assert ticket.mode == "squad"
    assert ended(engine.apply(settings_of(3, modes__squad__enabled=False), 2.0)) == (
        State.REJECTED,
        "the mode squad was closed",
    )


def test_a_closed_region_moves_its_tickets_and_they_keep_their_age() -> None:
    engine = engine_of(**TWO, modes__duel__max_wait_s=10)
    queue(engine, 0.0, "a", region="us", others=("eu",))
    queue(engine, 0.0, "b", 2900, region="us")
    assert engine.apply(settings_of(2, **ONLY_EU, modes__duel__max_wait_s=10), 5.0) == []
    assert engine.depths() == {("eu", "duel"): 2}
    match = match_of(queue(engine, 6.0, "c", region="eu"))
    assert (match.region, match.generation, names(match)) == ("eu", 2, {"a", "c"})
    assert ended(settle(engine, 10.0))[0] is State.EXPIRED


def test_tickets_that_were_moved_meet_each_other_and_those_who_wait_there() -> None:
    engine = engine_of(**TWO, modes__duel__window=steps((0, 100), (1000, 600)))
    queue(engine, 0.0, "wide", 1900, region="eu")
    queue(engine, 1.5, "young", 1500, region="us")
    assert settle(engine, 2.0) == []
    changed = settings_of(2, **ONLY_EU, modes__duel__window=steps((0, 100), (1000, 600)))
    assert names(match_of(engine.apply(changed, 2.0))) == {"wide", "young"}


def test_a_ticket_waits_in_the_next_region_too_after_a_time() -> None:
    engine = engine_of(**TWO, modes__duel__window=steps((0, 100)), modes__duel__merge_after_s=2)
    queue(engine, 0.0, "a", region="us", others=("eu",))
    queue(engine, 0.5, "b", 1550, region="eu")
    assert settle(engine, 1.9) == []
    match = match_of(settle(engine, 2.0))
    assert (match.region, names(match)) == ("eu", {"a", "b"})
    assert engine.depths() == {}


def test_regions_are_merged_one_after_the_other_for_each_mode() -> None:
    three = {"regions": regions("ap", "eu", "us"), "resolution__default_region": "us"}
    engine = engine_of(**three, modes__duel__merge_after_s=2, modes__squad__merge_after_s=5)
    queue(engine, 0.0, "a", 1500, "duel", "squad", region="us", others=("eu", "ap"))
    both = {("us", "duel"), ("us", "squad")}
    for now, more in [
        (1.9, set()),
        (2.0, {("eu", "duel")}),
        (4.0, {("ap", "duel")}),
        (5.0, {("eu", "squad")}),
        (10.0, {("ap", "squad")}),
    ]:
        settle(engine, now)
        both |= more
        assert engine.depths() == {place: 1 for place in both}
    assert names(match_of(queue(engine, 10.1, "b", region="ap"))) == {"a", "b"}
    assert engine.depths() == {}


def test_the_time_to_merge_counts_at_once_for_those_who_wait() -> None:
    engine = engine_of(**TWO)
    queue(engine, 0.0, "a", region="us", others=("eu",))
    engine.apply(settings_of(2, **TWO, modes__duel__merge_after_s=20), 1.0)
    assert engine.depths() == {("us", "duel"): 1}
    engine.apply(settings_of(3, **TWO, modes__duel__merge_after_s=3), 2.0)
    settle(engine, 3.0)
    assert engine.depths() == {("us", "duel"): 1, ("eu", "duel"): 1}
    engine.apply(settings_of(4, **TWO, modes__duel__merge_after_s=3, modes__duel__bucket_width=25), 3.5)
    assert engine.depths() == {("us", "duel"): 1, ("eu", "duel"): 1}


def test_a_longer_time_to_merge_counts_at_once_too() -> None:
    engine = engine_of(**TWO, modes__duel__merge_after_s=2)
    queue(engine, 0.0, "a", region="us", others=("eu",))
    engine.apply(settings_of(2, **TWO, modes__duel__merge_after_s=5), 1.0)
    settle(engine, 4.9)
    assert engine.depths() == {("us", "duel"): 1}
    settle(engine, 5.0)
    assert engine.depths() == {("us", "duel"): 1, ("eu", "duel"): 1}


def test_those_whose_time_to_merge_comes_while_their_queue_moves_are_merged_then() -> None:
    engine = engine_of(**TWO, modes__squad__merge_after_s=2)
    many = 2_500
    for n in range(many):
        queue(engine, 0.0, (f"a{n}", f"b{n}"), 1500, "squad", region="us", others=("eu",))
    changed = settings_of(2, **TWO, modes__squad__merge_after_s=2, modes__squad__bucket_width=25)
    assert engine.apply(changed, 3.0) == []
    assert settle(engine, 3.0) == []
    assert engine.depths() == {("us", "squad"): many, ("eu", "squad"): many}


def test_one_of_two_regions_closes_and_the_ticket_stays_in_the_other() -> None:
    three = {"regions": regions("ap", "eu", "us"), "resolution__default_region": "us"}
    engine = engine_of(**three, modes__duel__merge_after_s=2)
    queue(engine, 0.0, "a", region="us", others=("eu", "ap"))
    settle(engine, 2.0)
    changed = {"regions": regions("ap", "us", closed=["eu"]), "resolution__default_region": "us"}
    engine.apply(settings_of(2, **changed, modes__duel__merge_after_s=2), 3.0)
    # It has no place in ap before its time has come.
    assert engine.depths() == {("us", "duel"): 1}


def test_parties_that_have_become_too_large_are_not_merged_while_their_queue_moves() -> None:
    engine = engine_of(**TWO, modes__squad__merge_after_s=4)
    for n in range(2_500):
        assert queue(engine, 0.0, (f"a{n}", f"b{n}"), 1500, "squad", region="us", others=("eu",)) == []
    events = engine.apply(settings_of(2, **TWO, modes__squad__max_party_size=1, modes__squad__merge_after_s=1), 3.0)
    assert engine.behind(3.0)
    events += settle(engine, 5.0)
    assert len(events) == 2_500
    assert {event.state for event in events if isinstance(event, Ended)} == {State.REJECTED}
    assert (len(engine), engine.depths()) == (0, {})


def test_lower_limits_evict_nobody() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a", 1000)
    queue(engine, 0.0, "b", 2900)
    assert engine.apply(settings_of(2, limits__max_queued_per_pool=1), 1.0) == []
    assert len(engine) == 2
    with pytest.raises(Busy):
        queue(engine, 1.0, "c", 2000)


def test_a_match_can_be_asked_to_be_accepted_from_now_on() -> None:
    engine = engine_of()
    queue(engine, 0.0, "a")
    engine.apply(settings_of(2, modes__duel__accept_s=3), 1.0)
    [event] = queue(engine, 1.0, "b")
    assert names(event) == {"a", "b"}
    assert len(engine) == 2
    assert all(isinstance(event, Ended) for event in settle(engine, 4.0))


def test_scores_and_holds_change_with_the_settings() -> None:
    engine = engine_of(modes__duel__hold_ms=60_000, modes__duel__max_wait_s=100)
    queue(engine, 0.0, "a")
    assert queue(engine, 0.0, "b") == []
    assert settle(engine, 10.0) == []
    assert names(match_of(engine.apply(settings_of(2), 10.0))) == {"a", "b"}
