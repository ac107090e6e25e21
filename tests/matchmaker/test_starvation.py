"""Nobody waits for ever: who has the widest window is in the first match that can be made, and priorities are fair."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matchmaker.core.engine import Engine
from matchmaker.core.events import Match
from matchmaker.core.ticket import State, Ticket
from tests.support.matchmaker import (
    at_widest,
    engine_of,
    match_of,
    names,
    no_match_was_missed,
    queue,
    settle,
    steps,
)

WINDOW = steps((0, 100), (500, 300), (1000, 1000))


Arrival = tuple[int, float, float]
"""Party size, rating, seconds since the one before."""

arrivals = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 2, 2, 3]),
        st.sampled_from([1000.0, 1100.0, 1400.0, 1500.0, 1550.0, 1900.0, 2400.0]),
        st.sampled_from([0.0, 0.0, 0.05, 0.2, 0.6]),
    ),
    max_size=60,
)


@given(
    arrivals,
    st.sampled_from([(2, 1, 1), (2, 2, 2), (2, 3, 2), (1, 4, 3), (3, 2, 2), (2, 4, 3)]),
    st.sampled_from([None, {"after_s": 0.7, "min_teams": 1, "min_team_size": 2}]),
)
@example(
    # Two singles are enough again once the pairs are gone that there were enough of.
    [(1, 1100, 0), (2, 1000, 0), (2, 1000, 0), (2, 1000, 0), (2, 1400, 0.6), (1, 1000, 0.6), (2, 1000, 0)],
    (2, 2, 2),
    None,
)
@example(
    # Who is left of a bucket whose oldest goes in the very moment of its own step.
    [(1, 1000, 0), (1, 1000, 0), (1, 1400, 0), (2, 1400, 0), (2, 1900, 0), (1, 1400, 0.6), (1, 1000, 0), (1, 1000, 0),
     (1, 1000, 0), (1, 1400, 0), (1, 1000, 0.6)],
    (2, 3, 2),
    None,
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_who_has_the_widest_window_is_in_the_first_match_that_can_be_made(
    stream: list[Arrival], shape: tuple[int, int, int], relax: dict[str, float] | None
) -> None:
    teams, size, party = shape
    engine = engine_of(
        modes__squad__teams=teams,
        modes__squad__team_size=size,
        modes__squad__max_party_size=party,
        modes__squad__window=WINDOW,
        modes__squad__relax=relax if size > 1 else None,
    )
    now = ticked = 0.0
    for n, (players, rating, pause) in enumerate(stream):
        now += pause
        while ticked + 0.05 <= now:
            ticked += 0.05
            settle(engine, ticked)
            no_match_was_missed(engine.pools.values(), ticked)
        if players > party:
            continue
        wide = [ticket for pool in engine.pools.values() for ticket in at_widest(pool, ticked)]
        for event in queue(engine, now, tuple(f"p{n}-{k}" for k in range(players)), rating, "squad"):
            assert isinstance(event, Match)
            for ticket in wide:
                assert ticket.state is not State.QUEUED or not younger_took_its_place(ticket, event, engine)
        no_match_was_missed(engine.pools.values(), ticked)


def younger_took_its_place(ticket: Ticket, match: Match, engine: Engine) -> bool:
    """Whether a match of younger ones would have been as good with the ticket in the place of one of them."""
    pool = engine.pools[match.region, match.mode]
    reach = pool.rules.levels[-1].reach
    others = list(match.tickets)
    return (
        all(ticket.enqueued_at < other.enqueued_at for other in others)
        and all(abs(pool.index(other.rating) - pool.index(ticket.rating)) <= reach for other in others)
        and any(other.size == ticket.size for other in others)
    )


def test_one_that_cannot_be_matched_does_not_stand_in_the_way_of_others() -> None:
    # Teams of 4 out of threes and twos: threes want players who come alone, and there are none.
    engine = engine_of(modes__squad__team_size=4, modes__squad__max_party_size=3, modes__squad__window=WINDOW)
    for n, rating in enumerate((1500, 1400, 1450)):
        queue(engine, 0.0, tuple(f"three{n}-{k}" for k in range(3)), rating, "squad")
    queue(engine, 0.1, ("c1", "c2"), 1600, "squad")
    settle(engine, 5.0)
    for n in range(2):
        assert queue(engine, 5.0, (f"d{n}", f"e{n}"), 2100, "squad") == []
    match = match_of(queue(engine, 5.0, ("d2", "e2"), 2100, "squad"))
    assert names(match) >= {"c1", "c2"}


def test_a_young_ticket_behind_an_old_one_of_its_bucket_has_steps_of_its_own() -> None:
    engine = engine_of(
        modes__squad__teams=1, modes__squad__team_size=4, modes__squad__max_party_size=3, modes__squad__window=WINDOW
    )
    # Neither of these two ever fills a team.
    queue(engine, 0.0, ("x1", "x2", "x3"), 1500, "squad")
    queue(engine, 0.0, ("y1", "y2", "y3"), 1700, "squad")
    settle(engine, 5.0)
    queue(engine, 5.0, ("b1", "b2"), 1500, "squad")
    queue(engine, 5.0, ("c1", "c2"), 1700, "squad")
    assert settle(engine, 5.4) == []
    assert names(match_of(settle(engine, 5.5))) == {"b1", "b2", "c1", "c2"}


def test_whoever_is_left_when_the_oldest_of_a_bucket_goes_has_its_steps_told() -> None:
    engine = engine_of(
        modes__squad__teams=2, modes__squad__team_size=2, modes__squad__max_party_size=1, modes__squad__window=WINDOW
    )
    queue(engine, 0.0, "old", 1500, "squad")
    settle(engine, 5.0)
    queue(engine, 5.0, "young", 1500, "squad")
    old = engine.waiting("old")
    assert old is not None
    engine.cancel(old.id, 5.1)
    for name in "abc":
        queue(engine, 5.1, name, 1700, "squad")
    assert settle(engine, 5.4) == []
    assert names(match_of(settle(engine, 5.5))) == {"young", "a", "b", "c"}


def test_players_who_came_one_by_one_to_an_empty_queue_count_for_who_waits_longest() -> None:
    engine = engine_of(modes__squad__window=WINDOW, modes__squad__max_party_size=1)
    queue(engine, 0.0, "old", 1500, "squad")
    settle(engine, 5.0)
    for n in range(8):
        assert queue(engine, 5.0, f"p{n}", 1000 + 125 * n, "squad") == []
    match = match_of(queue(engine, 5.0, "last", 2400, "squad"))
    assert "old" in names(match)


@pytest.mark.parametrize(
    ("fair_skip", "taken"),
    [(0, {"low0", "low1", "low2", "low3"}), (1, {"low0", "high0", "low1", "high1"}),
     (2, {"low0", "high0", "high1", "low1"}), (3, {"low0", "high0", "high1", "high2"})],
)  # fmt: skip
def test_the_oldest_is_passed_over_by_as_many_of_higher_priority_as_the_mode_says(
    fair_skip: int, taken: set[str]
) -> None:
    # A team of nine out of pairs, which waits for one who comes alone.
    engine = engine_of(
        modes__squad__teams=1,
        modes__squad__team_size=9,
        modes__squad__max_party_size=2,
        modes__squad__fair_skip=fair_skip,
    )
    for n in range(4):
        queue(engine, n / 100, (f"low{n}", f"l{n}"), 1500, "squad")
    for n in range(4):
        # In another bucket, which is the same to the anchor.
        queue(engine, 0.1 + n / 100, (f"high{n}", f"h{n}"), 1520 + 30 * (n % 2), "squad", priority=3)
    match = match_of(queue(engine, 0.2, "alone", 1500, "squad"))
    assert {name for name in names(match) if name[:3] in ("low", "hig")} == taken


def test_fairness_holds_from_match_to_match_and_where_counting_is_not_enough() -> None:
    for careful in (False, True):
        engine = engine_of(
            modes__squad__teams=1,
            modes__squad__team_size=5,
            modes__squad__max_party_size=2,
            modes__squad__window_policy="mutual" if careful else "anchor",
            modes__squad__fair_skip=2,
        )
        queue(engine, 0.0, ("low", "l"), 1590, "squad")
        passed = 0
        for n in range(10):
            queue(engine, 0.1 + n, (f"a{n}", f"x{n}"), 1500, "squad", since=-1.0)
            for k in range(2):
                queue(engine, 0.1 + n, (f"b{n}{k}", f"y{n}{k}"), 1510, "squad", priority=1)
            match = match_of(queue(engine, 0.2 + n, f"alone{n}", 1500, "squad"))
            assert f"a{n}" in names(match)
            if "low" in names(match):
                break
            passed += 1
        assert passed == 2


def test_new_fairness_counts_at_once() -> None:
    changes = {"modes__squad__teams": 1, "modes__squad__team_size": 5, "modes__squad__max_party_size": 2}
    engine = engine_of(**changes, modes__squad__fair_skip=1000)
    queue(engine, 0.0, ("a", "x"), 1500, "squad")
    queue(engine, 0.1, ("low", "l"), 1500, "squad")
    queue(engine, 0.2, ("high", "h"), 1500, "squad", priority=1)
    engine.apply(engine_of(**changes, modes__squad__fair_skip=0).settings, 0.3)
    assert "low" in names(match_of(queue(engine, 0.4, "alone", 1500, "squad")))
