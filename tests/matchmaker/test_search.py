"""Who meets whom where counting is not enough: mutual windows, roles, holds, pair scores, large careful matches."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from matchmaker.core.engine import Engine
from matchmaker.core.settings import SettingsError
from matchmaker.core.ticket import State, Ticket
from tests.support.matchmaker import (
    ended,
    engine_of,
    match_of,
    names,
    queue,
    settings_of,
    settle,
    steps,
)

TRIO = {"tank": 1, "healer": 1, "damage": 1}


def squads(teams: int, size: int, party: int, **changes: Any) -> dict[str, Any]:
    return {
        "modes__squad__teams": teams,
        "modes__squad__team_size": size,
        "modes__squad__max_party_size": party,
        **{f"modes__squad__{key}": value for key, value in changes.items()},
    }


def test_with_mutual_windows_both_must_have_waited() -> None:
    window = steps((0, 100), (1000, 400))
    anchor = engine_of(modes__duel__window=window)
    mutual = engine_of(modes__duel__window=window, modes__duel__window_policy="mutual")
    for engine in (anchor, mutual):
        queue(engine, 0.0, "a", 1500)
        settle(engine, 1.0)
    assert names(match_of(queue(anchor, 1.5, "b", 1700))) == {"a", "b"}
    assert queue(mutual, 1.5, "b", 1700) == []
    assert settle(mutual, 2.4) == []
    assert names(match_of(settle(mutual, 2.5))) == {"a", "b"}


def test_mutual_windows_hold_between_all_in_a_match() -> None:
    engine = engine_of(**squads(1, 3, 1, window=steps((0, 300)), window_policy="mutual"))
    queue(engine, 0.0, "left", 1300, "squad")
    queue(engine, 0.0, "right", 1700, "squad")
    assert queue(engine, 0.0, "middle", 1500, "squad") == []
    assert settle(engine, 5.0) == []
    assert names(match_of(queue(engine, 5.0, "near", 1350, "squad"))) == {"left", "near", "middle"}


def test_whoever_waits_alone_in_a_bucket_is_met_when_the_other_window_widens() -> None:
    # It is the younger one's window that is missing, and nothing arrives then.
    engine = engine_of(
        modes__duel__window=steps((0, 100), (500, 400)), modes__duel__window_policy="mutual", modes__duel__max_wait_s=60
    )
    queue(engine, 0.0, "a", 1500)
    settle(engine, 0.5)
    settle(engine, 10.0)
    queue(engine, 10.0, "b", 1700)
    now = 10.0
    while now < 10.6:
        now += 0.02
        if events := settle(engine, now):
            assert names(match_of(events)) == {"a", "b"}
            assert now == pytest.approx(10.5, abs=0.08)
            return
    pytest.fail("they never met")


def test_each_team_has_its_roles() -> None:
    engine = engine_of(**squads(2, 3, 2, roles=TRIO))
    for name, role in (("t1", "tank"), ("t2", "tank"), ("t3", "tank"), ("h1", "healer"), ("d1", "damage")):
        assert queue(engine, 0.0, name, 1500, "squad", roles=((role,),)) == []
    match = match_of(queue(engine, 0.1, ("h2", "any"), 1500, "squad", roles=(("healer", "tank"), ())))
    assert names(match) >= {"h1", "d1", "h2", "any"}
    for team in match.teams:
        assert Counter(match.roles[name] for ticket in team for name in ticket.players) == TRIO
    assert match.roles["h2"] == "healer"
    assert match.roles["d1"] == "damage"
    [left] = engine.tickets
    assert left.players[0].startswith("t")


def test_a_party_that_cannot_be_seated_in_one_team_waits() -> None:
    engine = engine_of(**squads(2, 3, 2, roles=TRIO), modes__squad__max_wait_s=5)
    queue(engine, 0.0, ("t1", "t2"), 1500, "squad", roles=(("tank",), ("tank",)))
    for name in "abcd":
        assert queue(engine, 0.1, name, 1500, "squad") == []
    assert ended(settle(engine, 5.0)) == (State.EXPIRED, "no match within 5 s")


def test_players_without_a_preference_fill_what_is_missing() -> None:
    engine = engine_of(**squads(2, 3, 1, roles=TRIO))
    for name, roles in (("a", ("tank",)), ("b", ("tank",)), ("c", ("healer", "tank")), ("d", ()), ("e", ())):
        assert queue(engine, 0.0, name, 1500, "squad", roles=(roles,)) == []
    match = match_of(queue(engine, 0.0, "f", 1500, "squad"))
    assert Counter(match.roles.values()) == {role: 2 for role in TRIO}
    assert match.roles["c"] == "healer"


def test_a_match_waits_for_a_better_one() -> None:
    engine = engine_of(modes__duel__hold_ms=200)
    queue(engine, 0.0, "a", 1500)
    assert queue(engine, 0.05, "b", 1600) == []
    assert queue(engine, 0.1, "c", 1510) == []
    assert settle(engine, 0.19) == []
    assert names(match_of(settle(engine, 0.2))) == {"a", "c"}


def test_of_several_groups_the_one_with_the_least_spread_is_made() -> None:
    engine = engine_of(**squads(1, 3, 1, window=steps((0, 400)), hold_ms=200))
    for name, rating in (("a", 1500), ("far below", 1390), ("b", 1580), ("c", 1600)):
        queue(engine, 0.0, name, rating, "squad")
    assert names(match_of(settle(engine, 0.2))) == {"a", "b", "c"}


def test_the_score_of_the_mode_chooses() -> None:
    window = steps((0, 100), (1000, 500))

    def chosen(score: str) -> set[str]:
        engine = engine_of(**squads(1, 3, 2, window=window, score=score))
        queue(engine, 0.0, ("a1", "a2"), 1500, "squad")
        queue(engine, 0.1, "patient", 1800, "squad")
        queue(engine, 0.9, "near", 1650, "squad")
        [ticket] = [t for t in match_of(settle(engine, 1.0)).tickets if t.size == 1]
        return set(ticket.players)

    assert chosen("rating") == {"patient"}  # By counting: of those within, who has waited longest.
    assert chosen("party") == {"near"}


def test_parties_meet_parties_if_the_mode_scores_so() -> None:
    engine = engine_of(**squads(2, 2, 2, window=steps((0, 100), (1000, 400)), score="party"))
    queue(engine, 0.0, ("a", "b"), 1500, "squad")
    queue(engine, 0.1, "s", 1650, "squad")
    queue(engine, 0.1, "t", 1650, "squad")
    queue(engine, 0.2, ("c", "d"), 1300, "squad")
    assert names(match_of(settle(engine, 1.0))) == {"a", "b", "c", "d"}


def test_a_score_of_ones_own_is_named_in_the_settings() -> None:
    def handed(anchor: Ticket, other: Ticket, now: float) -> float:
        return math.inf if anchor.players[0][0] == other.players[0][0] else 0.0

    engine = Engine(settings_of(modes__duel__score="handed"), {"handed": handed})
    queue(engine, 0.0, "left-1")
    assert queue(engine, 0.0, "left-2") == []
    assert names(match_of(queue(engine, 0.0, "right-1"))) == {"left-1", "right-1"}


def test_no_two_of_a_match_have_an_infinite_score() -> None:
    def apart(one: Ticket, other: Ticket, now: float) -> float:
        return math.inf if {one.players[0], other.players[0]} == {"b", "c"} else 0.0

    engine = Engine(settings_of(**squads(1, 3, 1, score="apart")), {"apart": apart})
    for name in "abc":
        assert queue(engine, 0.0, name, 1500, "squad") == []
    assert names(match_of(queue(engine, 0.0, "d", 1500, "squad"))) in ({"a", "b", "d"}, {"a", "c", "d"})


def test_settings_that_name_no_known_score_are_refused_and_change_nothing() -> None:
    with pytest.raises(SettingsError, match="no pair score 'elo'; use one of party, rating, wait"):
        engine_of(modes__duel__score="elo")
    engine = engine_of()
    queue(engine, 0.0, "a", 1500)
    before = engine.settings
    with pytest.raises(SettingsError):
        engine.apply(settings_of(2, modes__squad__score="elo", modes__duel__enabled=False), 1.0)
    assert engine.settings is before
    match = match_of(queue(engine, 1.0, "b", 1500))
    assert (match.generation, match.commit) == (1, "c1")


def test_one_who_avoids_somebody_does_not_stop_a_match_of_hundreds() -> None:
    engine = engine_of(**squads(10, 30, 4, window=steps((0, 400))))
    queue(engine, 0.0, "shy", 1500, "squad", avoid={"p3"})
    events = []
    for n in range(99):
        events += queue(engine, 0.1, tuple(f"p{n}-{k}" for k in range(3)), 1500, "squad")
    assert events == []
    events += queue(engine, 0.2, "p3", 1500, "squad")
    assert events == []
    match = match_of(queue(engine, 0.3, ("x", "y"), 1500, "squad"))
    assert len(names(match)) == 300
    assert not {"shy", "p3"} <= names(match)
