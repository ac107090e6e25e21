"""The policy of the example bundle refuses what the engine's settings refuse, before there is a commit."""

from __future__ import annotations

from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import configedge
from matchmaker.core.settings import SettingsError, compile_settings
from tests.support.matchmaker import EXAMPLE

SHIPPED = Path(str(resources.files("configedge").joinpath("example")))
numbers = st.integers(1, 6)
windows = st.lists(
    st.fixed_dictionaries({"after_ms": st.sampled_from([0, 0, 100, 500, 900_000]), "points": st.integers(0, 400)}),
    min_size=1,
    max_size=4,
)
relaxed = st.fixed_dictionaries({"after_s": st.just(1), "min_teams": numbers, "min_team_size": numbers})
modes = st.fixed_dictionaries(
    {"teams": numbers, "team_size": numbers, "max_party_size": numbers, "window": windows},
    optional={
        "bucket_width": st.sampled_from([1, 50, 200]),
        "max_rating": st.sampled_from([3000, 100_000]),
        "roles": st.dictionaries(st.sampled_from(["tank", "healer"]), st.integers(1, 3)),
        "relax": st.none() | relaxed,
    },
)


def checked(values: dict[str, Any]) -> Any:
    document = deepcopy(EXAMPLE)
    document["spec"]["values"] = values
    return configedge.check(yaml.safe_dump(document), policies=SHIPPED / "policies")


def test_the_example_is_accepted_without_a_word() -> None:
    told = checked(EXAMPLE["spec"]["values"])
    assert told.ok
    assert not told.warnings


@given(mode=modes, open=st.lists(st.booleans(), min_size=2, max_size=2), default=st.sampled_from(["eu", "us", "moon"]))
@settings(max_examples=300, deadline=None)
def test_it_refuses_what_the_settings_refuse_and_nothing_else(mode: Any, open: list[bool], default: str) -> None:
    values = deepcopy(EXAMPLE["spec"]["values"])
    values["modes"]["duel"] |= mode
    values["regions"] = {
        name: {"weight": 1, "open": is_open, "load": 0} for name, is_open in zip(("eu", "us"), open, strict=True)
    }
    values["resolution"]["default_region"] = default
    told = checked(values)
    try:
        compile_settings(values)
    except SettingsError as error:
        assert not told.ok, error
        assert all(problem.hint for problem in told.problems)
    else:
        assert told.ok, told.problems


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"modes": {"duel": {"max_party_size": 2}}}, "modes.duel.max_party_size", "2 does not fit a team of 1"),
        ({"resolution": {"default_region": "moon"}}, "resolution.default_region", "moon is no region"),
        ({"modes": {"squad": {"roles": {"tank": 1}}}}, "modes.squad.roles", "they are 1 in a team of 5"),
    ],
)
def test_it_says_what_is_wrong_where_and_what_to_do(change: dict[str, Any], key: str, says: str) -> None:
    values = deepcopy(EXAMPLE["spec"]["values"])
    for section, inner in change.items():
        for name, value in inner.items():
            values[section][name] = {**values[section][name], **value} if isinstance(value, dict) else value
    (problem,) = checked(values).problems
    assert problem.key == f"spec.values.{key}"
    assert says in problem.message
    assert problem.hint
