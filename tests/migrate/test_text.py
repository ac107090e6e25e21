from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configedge.migrate.text import Type, equal, infer, read, same, write

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
SCALARS = st.none() | st.booleans() | INT64 | FLOATS | st.text(max_size=20)
CONTAINERS = st.recursive(
    st.lists(SCALARS, max_size=3) | st.dictionaries(NAMES, SCALARS, max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("3", 3),
        ("-3", -3),
        ("3.5", 3.5),
        ("1e-05", 1e-05),
        ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        (" [1]", [1]),
        ("9223372036854775807", (1 << 63) - 1),
    ],
)
def test_a_text_is_what_it_says(text: str, value: Any) -> None:
    found = infer(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "007",
        "00123",
        "1.10",
        "1.2.3",
        "3.0.0",
        "+5",
        "-0",
        "1_000",
        "1e5",
        "0x1f",
        "NaN",
        "inf",
        "True",
        "null",
        "on",
        "9223372036854775808",
        "123456789012345678901234567890",
        "{broken",
        '{"a": 1, "a": 2}',
        "٣",
        "3 ",
        " 3",
        "1.",
    ],
)
def test_what_would_lose_a_character_stays_text(text: str) -> None:
    assert infer(text) == text


@given(st.booleans() | INT64 | FLOATS | CONTAINERS)
def test_what_is_written_is_inferred_again(value: Any) -> None:
    assert equal(infer(write(value)), value)
    assert same(write(value), value)


@given(st.text())
def test_a_text_that_is_inferred_is_written_as_it_was(text: str) -> None:
    found = infer(text)
    assert isinstance(found, dict | list) or write(found) == text


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1.10", Type.number, 1.1),
        ("3", Type.number, 3.0),
        ("007", Type.integer, 7),
        ("3", Type.string, "3"),
        ("Yes", Type.boolean, True),
        ("0", Type.bit, False),
        ("null", Type.json, None),
        ('"x"', Type.json, "x"),
    ],
)
def test_a_map_can_say_what_a_text_is(text: str, kind: Type, value: Any) -> None:
    assert read(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x", Type.integer),
        ("1.5", Type.integer),
        ("nan", Type.number),
        ("1e999", Type.number),
        ("2", Type.bit),
        ("maybe", Type.boolean),
        ("{", Type.json),
    ],
)
def test_what_is_not_of_its_kind_is_refused_without_the_text(text: str, kind: Type) -> None:
    with pytest.raises(ValueError) as refused:
        read("canary" + text if kind is not Type.json else text, kind)
    assert "canary" not in str(refused.value)


def test_a_bit_is_written_as_one() -> None:
    assert [write(value, Type.bit) for value in (True, False)] == ["1", "0"]
    assert same("1", True, Type.bit) and not same("1", True)


def test_true_is_no_number() -> None:
    assert equal(1, 1.0) and not equal(1, True) and not equal([0], [False]) and equal({"a": [1]}, {"a": [1.0]})
