from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from configedge.merge import merge

NAMES = st.sampled_from("abcd")
SCALARS = st.sampled_from([None, False, True, 0, 1, 1.0, "x"])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=4)


def exact(value: Any) -> str:
    """1, 1.0 and True are told apart."""
    return repr(sorted(value.items()) if isinstance(value, dict) else value)


@given(OBJECTS, OBJECTS)
def test_one_persons_change_is_taken_as_it_is(base: Any, changed: Any) -> None:
    for merged, conflicts in (merge(base, changed, base), merge(base, base, changed), merge(base, changed, changed)):
        assert exact(merged) == exact(changed) or merged == changed
        assert conflicts == []


@given(OBJECTS, OBJECTS, OBJECTS)
def test_both_sides_conflict_in_the_same_keys(base: Any, mine: Any, theirs: Any) -> None:
    assert sorted(merge(base, mine, theirs)[1]) == sorted(merge(base, theirs, mine)[1])


@given(OBJECTS, JSON, JSON)
def test_changes_of_different_keys_are_both_kept(base: Any, mine: Any, theirs: Any) -> None:
    merged, conflicts = merge(base, base | {"mine": mine}, base | {"theirs": theirs})
    assert merged == base | {"mine": mine, "theirs": theirs}
    assert conflicts == []


def test_what_both_changed_is_mine_and_told() -> None:
    base = {"ping": 80, "regions": {"eu": 1, "us": 1}, "list": [1]}
    mine = {"ping": 90, "regions": {"eu": 2}, "list": [1, 2]}
    theirs = {"ping": 100, "regions": {"eu": 1, "us": 3}, "list": [1], "new": True}
    merged, conflicts = merge(base, mine, theirs)
    assert merged == {"ping": 90, "regions": {"eu": 2}, "list": [1, 2], "new": True}
    assert conflicts == ["ping", "regions.us"]


def test_a_whole_number_that_becomes_a_float_is_a_change() -> None:
    assert merge({"a": 1}, {"a": 1.0}, {"a": True}) == ({"a": 1.0}, ["a"])
    assert repr(merge({"a": 1}, {"a": 1.0}, {"a": 1})[0]) == "{'a': 1.0}"
