from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from configedge.bundle import Bundle, BundleError, BundlePath, dump_json, load_json, to_yaml
from configedge.control.documents import merge_patch

NAMES = json.loads((Path(__file__).parents[1] / "vectors" / "names.json").read_text())

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# Words that some YAML reader does not take for strings.
TRICKY = "yes No on OFF y N true null ~ 1 1e5 0x1F 0o17 010 1_000 1:30 2026-01-01 .5 - &a *a !x << = \x85 \u2028 \ufeff"
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(["", "- a", "a: b", "# c", *TRICKY.split(" ")])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


def same(a: Any, b: Any) -> bool:
    """Equal, and of the same types all the way down: 1, 1.0 and True are three things."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) and repr(a) == repr(b)


@pytest.mark.parametrize("name", NAMES["valid"])
def test_a_valid_name_makes_a_path(name: str) -> None:
    path = BundlePath(name, name)
    assert (path.git, path.spool) == (f"bundles/{name}/{name}.yaml", f"{name}.{name}.yaml")


@pytest.mark.parametrize("name", NAMES["invalid"])
def test_an_invalid_name_makes_none(name: str) -> None:
    with pytest.raises(BundleError, match="is not a name"):
        BundlePath("default", name)
    with pytest.raises(BundleError, match="is not a name"):
        BundlePath(name, "a")


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_path_never_leaves_its_place(namespace: str, name: str) -> None:
    try:
        path = BundlePath(namespace, name)
    except BundleError:
        return
    assert path.git.split("/") == ["bundles", namespace, f"{name}.yaml"]
    assert path.git.isascii() and ".." not in path.git and path.spool.count(".") == 2


@pytest.mark.parametrize("segment", NAMES["segments"]["valid"])
def test_a_valid_segment_is_a_key(segment: str) -> None:
    assert Bundle.parse(bundle_text({segment: 1}), "b.json").document["spec"]["values"] == {segment: 1}


@pytest.mark.parametrize("segment", NAMES["segments"]["invalid"])
def test_an_invalid_segment_is_refused(segment: str) -> None:
    with pytest.raises(BundleError):
        Bundle.parse(bundle_text({segment: 1}), "b.json")


@given(JSON)
def test_yaml_means_the_same_to_a_yaml_1_1_reader(value: Any) -> None:
    assert same(yaml.load(to_yaml({"spec": {"values": value}}), yaml.CSafeLoader)["spec"]["values"], value)


# Values of the shapes that a bundle may have; the schema may have any keys.
SEGMENT = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(["a", "b", "yes", "1"]), VALUES, max_size=3), TEXT)
def test_yaml_means_the_same_to_the_relay(values: dict[str, Any], annotation: str) -> None:
    document = json.loads(bundle_text(values))
    document["spec"]["schema"] = {"properties": {annotation + "k" * 150: {"description": annotation}}}
    parsed = Bundle.parse(to_yaml(document), "b.yaml")
    assert same(parsed.document, document)
    assert Bundle.parse(parsed.to_yaml(), "b.yaml") == parsed


@given(JSON)
def test_json_is_read_exactly(value: Any) -> None:
    assert same(load_json(dump_json(value), "b.json"), value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"{'a':1}",
        b'{"a":1,}',
        b"NaN",
        b"-Infinity",
        b"1e999",
        b'{"a":1,"a":2}',
        b'"\\ud800"',
        b'"\xff"',
        b"1 2",
        b"[" * 100_000,
        b"1" * 5_000,
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_exact_json_is_refused(text: bytes) -> None:
    with pytest.raises(BundleError) as caught:
        load_json(text, "b.json")
    assert caught.value.problems[0].file == "b.json" and caught.value.problems[0].message


def test_yaml_is_laid_out_for_review() -> None:
    values = {"z": 1, "a": [1.0, 1e30, 2**70], "on": "on", "t": "two\nlines"}
    document = {
        "spec": {"schema": {"type": "object"}, "values": values},
        "metadata": {"namespace": "shop", "name": "b"},
        "kind": "ConfigBundle",
        "apiVersion": "configedge.io/v1alpha1",
    }
    assert to_yaml(document).decode() == (
        "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata:\n  name: b\n  namespace: shop\nspec:\n"
        '  values:\n    z: 1\n    a:\n    - 1.0\n    - 1.0e+30\n    - 1180591620717411303424\n    "on": "on"\n'
        '    t: "two\\nlines"\n  schema:\n    type: object\n'
    )


# The table in appendix A of RFC 7396.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_does_what_the_rfc_says(target: Any, patch: Any, result: Any) -> None:
    before = json.dumps(target)
    assert merge_patch(target, patch) == result
    assert json.dumps(target) == before


def bundle_text(values: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "apiVersion": "configedge.io/v1alpha1",
            "kind": "ConfigBundle",
            "metadata": {"name": "b", "namespace": "n"},
            "spec": {"values": values},
        }
    ).encode()
