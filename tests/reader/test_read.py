"""Reading values: what comes out for what went in, and what is said when nothing does."""

from __future__ import annotations

import gc
import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import configedge
from configedge.testing import Publisher

Publish = Callable[..., int]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
VALUES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
    ),
    max_size=6,
)


def thaw(value: Any) -> Any:
    if isinstance(value, tuple):
        return [thaw(item) for item in value]
    if isinstance(value, MappingProxyType):
        return {name: thaw(member) for name, member in value.items()}
    return value


def same(a: Any, b: Any) -> bool:
    """Equal, with the types equal all the way down (1 == 1.0 == True otherwise)."""
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES)
def test_every_value_comes_out_as_it_went_in(tmp_path: Path, values: dict[str, Any]) -> None:
    publisher = Publisher(tmp_path / "any")
    publisher.publish({"bundle": values})
    cfg = configedge.open(tmp_path / "any")
    del publisher
    assert same(cfg.snapshot().to_dict("bundle"), values)
    for name, value in values.items():
        key = f"bundle.{name}"
        for read in (cfg[key], cfg[key], cfg.get(key), cfg.handle(key)(), cfg.handle(key).value, cfg.snapshot()[key]):
            assert same(thaw(read), value)
        assert bool(cfg.handle(key)) == bool(value)
        if isinstance(value, list):
            for at, item in enumerate(value):
                assert same(thaw(cfg[f"{key}.{at}"]), item)


def test_integers_of_any_size_are_exact(publish: Publish, directory: Path) -> None:
    publish(big=10**30, small=-(2**63), beyond=2**63)
    cfg = configedge.open(directory)
    assert (cfg["m.big"], cfg["m.small"], cfg["m.beyond"]) == (10**30, -(2**63), 2**63)


def test_what_json_has_no_type_for_cannot_be_published(publish: Publish) -> None:
    for value in (b"bytes", object(), {1, 2}, {"deep": [b"bytes"]}, float("nan"), {1: "a key that is no string"}):
        with pytest.raises((TypeError, ValueError)):
            publish(value=value)


def test_a_publish_is_read_at_once_by_all_ways_of_reading(publish: Publish, directory: Path) -> None:
    publish(limit=80)
    cfg = configedge.open(directory)
    handle = cfg.handle("m.limit")
    assert (cfg["m.limit"], cfg.get("m.limit"), handle(), handle.value) == (80, 80, 80, 80)
    publish(limit=81)
    assert (cfg["m.limit"], cfg.get("m.limit"), handle(), handle.value) == (81, 81, 81, 81)


def test_a_missing_key_names_the_nearest_ones(publish: Publish, directory: Path) -> None:
    publish(max_ping_ms=80)
    cfg = configedge.open(directory)
    with pytest.raises(KeyError, match=r"'m\.max_png_ms' is not in the configuration.*nearest: m\.max_ping_ms"):
        cfg["m.max_png_ms"]
    with pytest.raises(configedge.MissingKeyError):
        cfg.snapshot()["m.nothing"]
    assert cfg.get("m.nothing") is None
    assert cfg.get("m.nothing", 5) == 5
    assert "m.max_ping_ms" in cfg
    assert "m.nothing" not in cfg


def test_a_key_that_is_no_str_is_a_type_error(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    for key in (1, None, b"m.a", ("m", "a")):
        with pytest.raises(TypeError, match="a configuration key is a str"):
            cfg[key]  # type: ignore[index]
        with pytest.raises(TypeError):
            cfg.get(key)  # type: ignore[call-overload]


def test_keys_made_at_run_time_and_subclasses_of_str_are_found(publish: Publish, directory: Path) -> None:
    class Key(str):
        __slots__ = ()

    publish(**{f"k{i}": i for i in range(1000)})
    cfg = configedge.open(directory)
    for _ in range(2):
        assert all(cfg[f"m.k{i}"] == i for i in range(1000))
        assert all(cfg[Key(f"m.k{i}")] == i for i in range(0, 1000, 100))


def test_a_handle_checks_its_type_and_says_what_was_wanted(publish: Publish, directory: Path) -> None:
    publish(count=3, ratio=0.5, name="x", flag=True)
    cfg = configedge.open(directory)
    assert cfg.handle("m.count", type=int)() == 3
    as_float = cfg.handle("m.count", type=float)()
    assert isinstance(as_float, float)
    assert as_float == 3.0
    with pytest.raises(TypeError, match=r"m\.name is 'x' \(str\), and int is wanted"):
        cfg.handle("m.name", type=int)
    with pytest.raises(TypeError, match=r"m\.flag is True \(bool\), and int is wanted"):
        cfg.handle("m.flag", type=int)
    with pytest.raises(configedge.MissingKeyError):
        cfg.handle("m.nothing")


def test_a_handle_with_a_default_follows_the_key_as_it_comes_and_goes(publish: Publish, directory: Path) -> None:
    publish(other=1)
    handle = configedge.open(directory).handle("m.limit", default=7)
    assert handle() == 7
    publish(limit=8)
    assert handle() == 8
    publish(other=2)
    assert handle() == 7


def test_a_handle_keeps_its_object_while_other_keys_change(publish: Publish, directory: Path) -> None:
    publish(text="a long text that is not interned", other=1)
    handle = configedge.open(directory).handle("m.text")
    first = handle()
    publish(text="a long text that is not interned", other=2)
    assert handle() is first


def test_containers_are_immutable_because_they_are_shared(publish: Publish, directory: Path) -> None:
    publish(regions={"eu": {"weight": 1.5}}, list=[1, [2]])
    cfg = configedge.open(directory)
    with pytest.raises(TypeError):
        cfg["m.regions"]["eu"] = 1
    assert cfg["m.list"] == (1, (2,))
    copy = cfg.snapshot().to_dict("m")
    copy["regions"]["eu"]["weight"] = 2
    assert cfg["m.regions.eu.weight"] == 1.5


def test_a_snapshot_is_a_mapping_that_never_changes(publish: Publish, directory: Path) -> None:
    publish("ab" * 20, a=1, b=2)
    cfg = configedge.open(directory)
    snap = cfg.snapshot()
    assert cfg.snapshot() is snap
    assert isinstance(snap, Mapping)
    assert dict(snap) == {"m": {"a": 1, "b": 2}, "m.a": 1, "m.b": 2}
    assert snap.keys("m.") == ["m.a", "m.b"]
    assert (snap.generation, snap.commit, len(snap)) == (1, "ab" * 20, 3)
    publish(a=1, b=3, c=4)
    new = cfg.snapshot()
    assert (snap["m.b"], new["m.b"]) == (2, 3)
    assert new.changed_since(snap) == ["m", "m.b", "m.c"]
    assert snap.changed_since(new, "m.c") == ["m.c"]
    assert (new.changed("m.a"), new.changed("m.b")) == (1, 2)


def test_reading_leaks_no_references(publish: Publish, directory: Path) -> None:
    publish(text="some text", number=12345)
    cfg = configedge.open(directory)
    handle = cfg.handle("m.number")
    key, missing = "m.text", "m.nothing"

    def use() -> None:
        for _ in range(1000):
            cfg[key], cfg.get(key), cfg.get(missing, None), handle(), handle.value, key in cfg

    use()
    before = [sys.getrefcount(value) for value in (key, missing, cfg[key], handle(), cfg)]
    use()
    gc.collect()
    after = [sys.getrefcount(value) for value in (key, missing, cfg[key], handle(), cfg)]
    assert all(abs(b - a) < 50 for a, b in zip(before, after, strict=True))


def test_a_reader_lives_as_long_as_its_handles(publish: Publish, directory: Path) -> None:
    publish(a=1)
    handle = configedge.open(directory).handle("m.a")
    gc.collect()
    publish(a=2)
    assert handle() == 2


def test_wrong_arguments_are_told(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    for call in (
        lambda: cfg.get(),  # type: ignore[call-overload]
        lambda: cfg.get("a", 1, 2),  # type: ignore[call-overload]
        lambda: cfg.handle(),  # type: ignore[call-overload]
        lambda: cfg.handle("m.a", nonsense=1),  # type: ignore[call-overload]
        lambda: cfg.handle(1),  # type: ignore[call-overload]
        lambda: cfg.handle("m.a")(1),  # type: ignore[call-arg]
        lambda: configedge._core.Reader(),  # type: ignore[call-arg]
        lambda: configedge.Handle(),
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError, match="wait=-1"):
        configedge.open(directory, wait=-1)


def test_errors_reach_another_process_as_they_were(publish: Publish, directory: Path) -> None:
    publish(max_ping_ms=80)
    cfg = configedge.open(directory)
    with pytest.raises(configedge.MissingKeyError) as missing:
        cfg["m.max_png_ms"]
    with pytest.raises(configedge.DecodeError) as wrong:
        cfg.view("m.max_ping_ms", into=list[int])
    for error in (missing.value, wrong.value):
        there = pickle.loads(pickle.dumps(error))
        assert (type(there), str(there), there.key) == (type(error), str(error), error.key)
