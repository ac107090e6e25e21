from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configedge.bundle import BundlePath
from configedge.migrate import units
from configedge.migrate.map import Form, LegacyMap, MapError, Rule
from configedge.migrate.text import Type
from configedge.migrate.units import Unit

HEAD = "apiVersion: configedge.io/v1alpha1\nkind: LegacyMap\n"
SHOP = BundlePath("game", "shop")
SEGMENTS = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)


def load(directory: Path, text: str) -> LegacyMap:
    file = directory / "map.yaml"
    file.write_text(HEAD + text)
    return LegacyMap.load(file)


def test_the_longest_prefix_holds_and_what_is_skipped_is_nobodys(tmp_path: Path) -> None:
    wanted = load(
        tmp_path,
        "rules:\n"
        "  - {prefix: 'g:', bundle: game/shop}\n"
        "  - {prefix: 'g:flags:', bundle: game/flags, at: on, keys: {'g:odd name': odd}}\n"
        "skip: ['g:lock:*']\n",
    )
    assert wanted.reader_key("g:price:eu") == "shop.price.eu"
    assert wanted.reader_key("g:flags:new-ui") == "flags.on.new-ui"
    assert wanted.reader_key("g:odd name") == "flags.odd"
    assert wanted.reader_key("g:lock:1") is None
    assert wanted.reader_key("other") is None
    assert wanted.prefixes() == ["g:"]


def test_a_prefix_ends_where_a_word_does() -> None:
    rule = Rule("game/shop", SHOP, "/")
    assert rule.path("game/shop") == ()
    assert rule.path("game/shopping") is None
    assert Rule("cfg_", SHOP, "").path("cfg_max") == ("max",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: []\n", "there is none"),
        ("rules: [{bundle: game/shop, prefx: x}]\n", "prefx"),
        ("rules: [{bundle: Game}]\n", "not a bundle"),
        ("rules: [{bundle: game/shop@prod}]\n", "overlay"),
        ("rules: [{bundle: game/shop, separator: _}]\n", "separator"),
        ("rules: [{bundle: game/shop, types: {a..b: string}}]\n", "no path"),
        ("rules: [{bundle: game/shop, types: {a: text}}]\n", "text"),
        ("rules: [{bundle: game/shop}, {bundle: game/flags}]\n", "two have the prefix"),
        ("rules: [\n", "map.yaml:4"),
    ],
)
def test_a_map_that_cannot_be_used_says_where(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(MapError, match=r"map\.yaml") as refused:
        load(tmp_path, text)
    assert told in str(refused.value) and "\n" not in str(refused.value)


def test_a_map_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="cannot read"):
        LegacyMap.load(tmp_path / "none.yaml")
    (tmp_path / "map.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MapError):
        LegacyMap.load(tmp_path / "map.yaml")


@given(
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.sampled_from([":", "/", ".", "::"]),
    st.sampled_from(["", "mm:", "cfg_"]),
)
def test_a_key_that_is_written_back_is_read_from_there(path: list[str], separator: str, prefix: str) -> None:
    rule = Rule(prefix, SHOP, separator, at=("below",))
    key = rule.key(("below", *path))
    assert LegacyMap((rule,)).place(key) == (rule, ("below", *path))


def test_values_are_written_in_the_form_of_the_map() -> None:
    rule = Rule(
        "s:",
        SHOP,
        forms=((("regions", "*"), Form.hash), (("limits",), Form.json)),
        types=((("open",), Type.bit),),
        keys={"old-price": ("price",)},
    )
    values = {
        "open": True,
        "price": 10,
        "names": ["a", "b"],
        "regions": {"eu": {"weight": 1.5, "open": False}, "us": {}},
        "limits": {"a": {"b": 1}},
        "deep": {"er": {"x": None}},
    }
    made = units.of(LegacyMap((rule,)), SHOP, values)
    assert not made.outside
    assert {unit: written.text for unit, written in made.found.items()} == {
        Unit("s:open"): "1",
        Unit("old-price"): "10",
        Unit("s:names"): '["a","b"]',
        Unit("s:regions:eu", "weight"): "1.5",
        Unit("s:regions:eu", "open"): "false",
        Unit("s:limits"): '{"a":{"b":1}}',
        Unit("s:deep:er:x"): "null",
    }


def test_what_would_be_read_as_something_else_is_not_written() -> None:
    flags = BundlePath("game", "flags")
    wanted = LegacyMap((Rule("g:", SHOP), Rule("g:flags:", flags)), skip=("g:lock:*",))
    made = units.of(wanted, SHOP, {"flags": {"a": 1}, "lock": {"b": 1}, "price": 3})
    assert list(made.found) == [Unit("g:price")]
    assert len(made.outside) == 1 and "g:flags:a is another rule" in made.outside[0]


def test_what_lies_outside_of_every_rule_is_not_written() -> None:
    wanted = LegacyMap((Rule("g:", SHOP, at=("legacy",)),))
    assert list(units.of(wanted, SHOP, {"new": 1, "legacy": {"a": 1}}).found) == [Unit("g:a")]
