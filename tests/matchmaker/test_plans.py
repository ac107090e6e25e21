"""How parties fill teams, against trying everything."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.core.plans import Plan, Shape, partitions


@lru_cache
def teams_of(size: int, largest: int) -> tuple[Plan, ...]:
    """All ways to fill a team, by another way than the one under test."""
    if size == 0:
        return ((),)
    return tuple(
        (part, *rest) for part in range(1, largest + 1) if part <= size for rest in teams_of(size - part, part)
    )


def can_fill(counts: tuple[int, ...], teams: int, size: int, largest: int, must: int) -> bool:
    """Whether parties can fill all teams, one of `must` players among them."""
    have = Counter(dict(enumerate(counts)))

    def fill(left: int, used: Counter[int]) -> bool:
        if not left:
            return not must or used[must] > 0
        return any(not (now := used + Counter(team)) - have and fill(left - 1, now) for team in teams_of(size, largest))

    return fill(teams, Counter())


@st.composite
def questions(draw: st.DrawFn) -> tuple[int, int, int, list[int], int]:
    teams, size = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    largest = draw(st.integers(1, size))
    counts = [0, *draw(st.lists(st.integers(0, 4), min_size=largest, max_size=largest))]
    must = draw(st.sampled_from([0, *(s for s in range(1, largest + 1) if counts[s])]))
    return teams, size, largest, counts, must


@given(questions())
@settings(max_examples=300, deadline=None)
def test_a_plan_is_found_exactly_when_there_is_one(question: tuple[int, int, int, list[int], int]) -> None:
    teams, size, largest, counts, must = question
    plans = Shape(teams, size, largest).plan(counts, must)
    assert (plans is not None) == can_fill(tuple(counts), teams, size, largest, must)
    if plans is not None:
        used = Counter(part for plan in plans for part in plan)
        assert [sum(plan) for plan in plans] == [size] * teams
        assert all(used[part] <= counts[part] for part in used)
        assert not must or used[must]


@given(questions(), st.data())
@settings(max_examples=200, deadline=None)
def test_one_more_of_a_size_of_which_there_is_enough_makes_no_plan_possible(
    question: tuple[int, int, int, list[int], int], data: st.DataObject
) -> None:
    teams, size, largest, counts, must = question
    shape = Shape(teams, size, largest)
    part = data.draw(st.integers(1, largest))
    more = [count + (s == part) for s, count in enumerate(counts)]
    if shape.enough(part, counts[part]) and shape.plan(counts, must) is None:
        assert shape.plan(more, must) is None


@given(st.lists(st.integers(1, 6), max_size=8).map(tuple), st.integers(1, 3), st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_parties_can_sit_together_exactly_when_some_seating_holds_them(
    sizes: tuple[int, ...], teams: int, size: int
) -> None:
    def seat(at: int, free: list[int]) -> bool:
        return at == len(sizes) or any(
            free[team] >= sizes[at] and seat(at + 1, [f - sizes[at] * (n == team) for n, f in enumerate(free)])
            for team in range(teams)
        )

    assert Shape(teams, size, size).holds(sizes) == seat(0, [size] * teams)


@given(st.integers(1, 3), st.integers(13, 40), st.lists(st.integers(0, 20), min_size=5, max_size=5))
@settings(deadline=None)
def test_large_teams_are_filled_if_there_are_players_who_come_alone(teams: int, size: int, counts: list[int]) -> None:
    shape = Shape(teams, size, 5)
    plans = shape.plan([0, shape.need, *counts[1:]], 1)
    assert plans is not None
    assert [sum(plan) for plan in plans] == [size] * teams
    assert any(1 in plan for plan in plans)


def test_partitions_are_all_ways_to_fill_a_team() -> None:
    assert partitions(5, 5) == ((5,), (4, 1), (3, 2), (3, 1, 1), (2, 2, 1), (2, 1, 1, 1), (1, 1, 1, 1, 1))
    assert [len(partitions(n, n)) for n in (6, 12)] == [11, 77]
    assert partitions(4, 2) == ((2, 2), (2, 1, 1), (1, 1, 1, 1))


def test_the_largest_matches_the_schema_allows_are_seated() -> None:
    assert Shape(64, 100, 32).holds((32,) * 128 + (2,) * 1000 + (1,) * 300)
    assert not Shape(64, 100, 32).holds((32,) * 193)
