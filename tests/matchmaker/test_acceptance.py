"""Ready checks: players are asked before a match is made."""

from __future__ import annotations

from typing import Any

import pytest

from matchmaker.core.engine import Engine
from matchmaker.core.events import Ended, Match, Proposed, Requeued
from matchmaker.core.refused import AlreadyQueued
from matchmaker.core.ticket import State, Ticket
from tests.support.matchmaker import ended, engine_of, match_of, names, queue, settings_of, settle


def ticket(engine: Engine, player: str) -> Ticket:
    found = engine.waiting(player)
    assert found is not None
    return found


def proposed(now: float = 0.0, **changes: Any) -> Engine:
    """An engine that has proposed a duel of a and b, to be accepted within 5 s."""
    engine = engine_of(modes__duel__accept_s=5, **changes)
    queue(engine, now, "a")
    [event] = queue(engine, now, "b")
    assert isinstance(event, Proposed)
    assert (names(event), event.deadline) == ({"a", "b"}, now + 5)
    return engine


def test_a_match_is_made_when_all_have_accepted() -> None:
    engine = proposed()
    assert ticket(engine, "a").state is State.PROPOSED
    assert (len(engine), engine.depths()) == (2, {})
    assert engine.accept(ticket(engine, "a").id, "a", 1.0) == []
    assert engine.accept(ticket(engine, "a").id, "a", 1.0) == []
    match = match_of(engine.accept(ticket(engine, "b").id, "b", 2.0))
    assert names(match) == {"a", "b"}
    assert all(t.state is State.ASSIGNED for t in match.tickets)
    assert len(engine) == 0
    assert settle(engine, 10.0) == []


def test_every_player_of_a_party_is_asked() -> None:
    engine = engine_of(modes__squad__accept_s=5, modes__squad__team_size=2, modes__squad__max_party_size=2)
    queue(engine, 0.0, ("a", "b"), 1500, "squad")
    queue(engine, 0.0, ("c", "d"), 1500, "squad")
    for name in "abc":
        assert engine.accept(ticket(engine, name).id, name, 1.0) == []
    assert isinstance(engine.accept(ticket(engine, "d").id, "d", 1.0)[0], Match)


def test_whoever_declines_is_rejected_and_the_other_goes_back_with_its_age() -> None:
    engine = proposed()
    declined, other = engine.decline(ticket(engine, "a").id, 3.0)
    assert ended([declined]) == (State.REJECTED, "the match was declined")
    assert isinstance(other, Requeued)
    assert (names(other), other.reason) == ({"b"}, "another player did not accept the match")
    back = ticket(engine, "b")
    assert back is other.ticket
    assert (back.state, back.enqueued_at) == (State.QUEUED, 0.0)
    assert engine.waiting("a") is None
    assert engine.depths() == {("us-east-1", "duel"): 1}
    assert ended(settle(engine, 30.0))[0] is State.EXPIRED


def test_those_who_say_nothing_are_rejected() -> None:
    engine = proposed()
    engine.accept(ticket(engine, "b").id, "b", 1.0)
    assert settle(engine, 4.9) == []
    late, other = settle(engine, 5.0)
    assert ended([late]) == (State.REJECTED, "the match was not accepted in time")
    assert names(late) == {"a"}
    assert isinstance(other, Requeued)
    assert names(other) == {"b"}


def test_nobody_is_left_if_nobody_accepts() -> None:
    engine = proposed()
    assert [type(event) for event in settle(engine, 5.0)] == [Ended, Ended]
    assert len(engine) == 0


def test_a_ticket_that_is_cancelled_takes_its_match_with_it() -> None:
    engine = proposed()
    cancelled, other = engine.cancel(ticket(engine, "a").id, 1.0)
    assert ended([cancelled]) == (State.CANCELLED, "cancelled by the player")
    assert isinstance(other, Requeued)
    assert names(other) == {"b"}


def test_who_was_put_back_meets_whoever_waits_by_then() -> None:
    engine = proposed()
    queue(engine, 1.0, "c", 1900)
    engine.decline(ticket(engine, "a").id, 3.0)
    # b has waited 3 s, and its window is wide by now.
    [event] = settle(engine, 3.0)
    assert names(event) == {"b", "c"}


def test_who_was_put_back_meets_one_whose_window_is_the_wider() -> None:
    engine = proposed(20.0)
    queue(engine, 20.0, "old", 1900, since=10.0)
    engine.decline(ticket(engine, "a").id, 20.1)
    [event] = settle(engine, 20.1)
    assert names(event) == {"b", "old"}


def test_a_proposed_player_does_not_wait_elsewhere() -> None:
    engine = proposed()
    with pytest.raises(AlreadyQueued):
        queue(engine, 1.0, ("a", "x"), 1500, "squad")
    assert queue(engine, 1.0, "c") == []


def test_accepting_what_is_not_proposed_is_an_error() -> None:
    engine = proposed()
    first = ticket(engine, "a").id
    with pytest.raises(KeyError):
        engine.accept(first, "b", 1.0)
    with pytest.raises(KeyError):
        engine.accept(12345, "a", 1.0)
    engine.decline(first, 1.0)
    for id in (first, ticket(engine, "b").id):
        with pytest.raises(KeyError):
            engine.accept(id, "b", 1.0)
        with pytest.raises(KeyError):
            engine.decline(id, 1.0)


def test_a_ticket_of_several_modes_goes_back_into_all_of_them() -> None:
    engine = engine_of(modes__duel__accept_s=5)
    queue(engine, 0.0, "a", 1500, "duel", "squad")
    queue(engine, 0.0, "b")
    assert engine.depths() == {}
    engine.decline(ticket(engine, "b").id, 1.0)
    assert engine.depths() == {("us-east-1", "duel"): 1, ("us-east-1", "squad"): 1}


def test_a_deadline_that_passed_while_players_were_asked_still_counts() -> None:
    engine = engine_of(modes__duel__accept_s=5)
    queue(engine, 0.0, "a", deadline=2.0)
    queue(engine, 0.0, "b")
    assert settle(engine, 3.0) == []
    engine.decline(ticket(engine, "b").id, 4.0)
    assert ended(settle(engine, 4.0)) == (State.EXPIRED, "no match before its deadline")


def test_who_is_put_back_finds_the_mode_or_region_closed() -> None:
    engine = proposed()
    engine.apply(settings_of(2, modes__duel__enabled=False), 1.0)
    _, other = engine.decline(ticket(engine, "a").id, 2.0)
    assert ended([other]) == (State.REJECTED, "the mode duel was closed")
    engine = proposed()
    engine.apply(settings_of(2, **{"regions__us-east-1__open": False, "modes__duel__accept_s": 5}), 1.0)
    [_, back] = engine.decline(ticket(engine, "a").id, 2.0)
    assert isinstance(back, Requeued)
    assert back.ticket.region == "ap-northeast-1"


def test_a_match_proposed_before_a_change_is_made_under_the_configuration_it_was_decided_by() -> None:
    engine = proposed()
    engine.apply(settings_of(2, modes__duel__accept_s=0), 1.0)
    engine.accept(ticket(engine, "a").id, "a", 2.0)
    match = match_of(engine.accept(ticket(engine, "b").id, "b", 2.0))
    assert (match.generation, match.commit) == (1, "c1")
