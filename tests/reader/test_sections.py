"""Values that belong together: tuples of keys, views of sections, and sections as the service's own classes."""

from __future__ import annotations

import enum
import gc
import logging
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import pydantic
import pytest

import configedge
from configedge.testing import publish as publish_bundles

Publish = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Region:
    weight: float
    open: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    max_ping_ms: int
    regions: dict[str, Region] = field(default_factory=dict)


class StructRegion(msgspec.Struct, frozen=True):
    weight: float
    open: bool = True


class StructSettings(msgspec.Struct, frozen=True):
    max_ping_ms: int
    regions: dict[str, StructRegion] = msgspec.field(default_factory=dict)


class ModelRegion(pydantic.BaseModel):
    weight: float
    open: bool = True


class ModelSettings(pydantic.BaseModel):
    max_ping_ms: int
    regions: dict[str, ModelRegion] = {}


class Typed(TypedDict):
    limit: int


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"


VALUES: dict[str, Any] = {"max_ping_ms": 80, "regions": {"eu": {"weight": 1.5}}, "unknown": 1}
CLASSES = [Settings, StructSettings, ModelSettings]


# --- many


def test_many_gives_the_values_of_one_generation(publish: Publish, directory: Path) -> None:
    publish(a=1, b=2)
    cfg = configedge.open(directory)
    keys = ("m.a", "m.b", "m.a")
    assert cfg.many(keys) == (1, 2, 1)
    assert cfg.many(keys) is cfg.many(keys)
    publish(a=3, b=4)
    assert cfg.many(keys) == (3, 4, 3)
    assert cfg.many(["m.b", "m.a"]) == cfg.many(f"m.{name}" for name in "ba") == (4, 3)
    assert cfg.many(()) == ()


def test_many_names_a_key_that_is_missing_and_refuses_what_is_no_key(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    with pytest.raises(configedge.MissingKeyError, match=r"m\.b"):
        cfg.many(("m.a", "m.b"))
    for keys in ("m.a", (1,), None, 5):
        with pytest.raises(TypeError):
            cfg.many(keys)  # type: ignore[arg-type]


# --- views


def test_a_view_has_its_section_as_attributes_and_never_changes(publish: Publish, directory: Path) -> None:
    publish(limit=80, modes={"duel": {"size": 2}, "2v2": {"size": 4}}, list=[1, {"x": 2}], none=None)
    cfg = configedge.open(directory)
    view = cfg.view("m")
    assert (view.limit, view.modes.duel.size, view.list[0], view.list[1].x, view.none) == (80, 2, 1, 2, None)
    assert view.modes["2v2"].size == 4
    assert list(view) == ["limit", "modes", "list", "none"]
    assert ("limit" in view, "other" in view, len(view)) == (True, False, 4)
    assert cfg.view("m.modes.duel") == view.modes.duel == {"size": 2}
    assert view.modes.duel != {"size": 3}
    assert getattr(view, "".join(["li", "mit"])) == 80
    assert {"limit", "modes", "list", "none"} <= set(dir(view))
    publish(limit=81)
    assert view.limit == 80
    assert cfg.view("m").limit == 81
    with pytest.raises(AttributeError):
        view.limit = 5
    with pytest.raises(AttributeError, match="read-only"):
        del view.limit


def test_a_view_is_the_same_object_until_its_section_changes(publish: Publish, directory: Path) -> None:
    publish(a={"x": 1}, b={"y": 1})
    cfg = configedge.open(directory)
    a, b = cfg.view("m.a"), cfg.view("m.b")
    publish(a={"x": 1}, b={"y": 2})
    assert cfg.view("m.a") is a
    assert cfg.view("".join(["m.", "a"])) is a
    assert cfg.view("m.b") is not b
    assert cfg.view("m.b").y == 2


def test_a_missing_member_says_which_there_are(publish: Publish, directory: Path) -> None:
    publish(limit=80)
    cfg = configedge.open(directory)
    with pytest.raises(AttributeError, match="no attribute 'limits'"):
        print(cfg.view("m").limits)
    with pytest.raises(KeyError):
        cfg.view("m")["limits"]
    with pytest.raises(configedge.MissingKeyError, match=r"m\.nothing"):
        cfg.view("m.nothing")
    with pytest.raises(TypeError, match=r"m\.limit is a single value"):
        cfg.view("m.limit")
    for call in (lambda: cfg.view(), lambda: cfg.view("m", None, 1), lambda: cfg.view(1), lambda: cfg.view("m", to=1)):  # type: ignore[call-overload, arg-type]
        with pytest.raises(TypeError):
            call()


def test_names_of_the_language_are_read_by_subscript_only(publish: Publish, directory: Path) -> None:
    publish(**{"__class__": 1, "class": 2, "keys": 3, "eu-west-1": 4})
    view = configedge.open(directory).view("m")
    assert type(view) is configedge.View
    assert [view[name] for name in ("__class__", "class", "keys", "eu-west-1")] == [1, 2, 3, 4]
    assert view.keys == 3


def test_neither_a_view_nor_a_handle_shows_values_when_it_ends_in_a_log(directory: Path) -> None:
    publish_bundles(directory, {"m": {"token": "s3cret"}}, secrets=["m.token"])
    cfg = configedge.open(directory)
    for shown in (cfg, cfg.view("m"), cfg.handle("m.token"), cfg.snapshot(), cfg.health()):
        assert "s3cret" not in repr(shown)
    with pytest.raises(TypeError, match="a secret") as error:
        cfg.handle("m.token", type=int)
    assert "s3cret" not in str(error.value)
    for kind, read in ((Mode, "m.token"), (dict[str, Mode], "m")):
        with pytest.raises(configedge.DecodeError, match="of another kind") as misfit:
            cfg.handle(read, type=kind)
        assert "s3cret" not in str(misfit.value)


# --- sections as classes


@pytest.mark.parametrize("into", CLASSES)
def test_a_section_becomes_an_instance_of_a_class(publish: Publish, directory: Path, into: Any) -> None:
    publish(**VALUES)
    settings = configedge.open(directory).view("m", into=into)
    assert isinstance(settings, into)
    assert (settings.max_ping_ms, settings.regions["eu"].weight, settings.regions["eu"].open) == (80, 1.5, True)


@pytest.mark.parametrize("into", CLASSES)
def test_it_is_decoded_again_only_when_the_section_changed(publish: Publish, directory: Path, into: Any) -> None:
    publish(a=VALUES, other=1)
    cfg = configedge.open(directory)
    first = cfg.view("m.a", into)
    publish(a=VALUES, other=2)
    assert cfg.view("m.a", into=into) is first
    publish(a={**VALUES, "max_ping_ms": 90}, other=2)
    assert cfg.view("m.a", into).max_ping_ms == 90
    assert cfg.view("m.a", into) is not cfg.view("m.a")


@pytest.mark.parametrize("into", CLASSES)
def test_a_section_that_does_not_fit_says_where(publish: Publish, directory: Path, into: Any) -> None:
    publish(max_ping_ms="high")
    with pytest.raises(configedge.DecodeError, match=r"m does not fit \w+: .*max_ping_ms.*: correct the bundle"):
        configedge.open(directory).view("m", into=into)


@pytest.mark.parametrize("into", CLASSES)
def test_a_later_one_that_does_not_fit_leaves_the_last_good(
    publish: Publish, directory: Path, into: Any, caplog: pytest.LogCaptureFixture
) -> None:
    publish(**VALUES)
    cfg = configedge.open(directory)
    handle = cfg.handle("m", type=into)
    good = cfg.view("m", into)
    publish(max_ping_ms="high")
    with caplog.at_level(logging.ERROR, logger="configedge"):
        for _ in range(5):
            assert cfg.view("m", into) is good
            assert handle().max_ping_ms == 80
    assert len(caplog.records) == 1
    health = cfg.health()
    assert not health.ok
    assert "max_ping_ms" in health.rejected["m"]
    assert "generation 2" in health.rejected["m"]
    publish(max_ping_ms=90)
    assert cfg.view("m", into).max_ping_ms == handle().max_ping_ms == 90
    assert cfg.health().rejected == {}


def test_a_handle_keeps_its_last_good_value(
    publish: Publish, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(limit=80, flag=True)
    cfg = configedge.open(directory)
    limit, flag = cfg.handle("m.limit", type=int), cfg.handle("m.flag")
    publish(limit="high")
    assert (limit(), limit.value, bool(flag), flag()) == (80, 80, True, True)
    rejected = cfg.health().rejected
    assert "'high' (str), and int is wanted" in rejected["m.limit"]
    assert "not in the configuration" in rejected["m.flag"]
    assert sorted(record.args[0] for record in caplog.records) == ["m.flag", "m.limit"]  # type: ignore[index]
    publish(limit=81, flag=False)
    assert (limit(), flag()) == (81, False)
    assert cfg.health().rejected == {}


def test_what_was_decoded_while_the_reader_switched_is_not_kept(publish: Publish, directory: Path) -> None:
    publish(limit=1)
    cfg = configedge.open(directory)
    armed = False

    @dataclass
    class Slow:
        limit: int

        def __post_init__(self) -> None:
            nonlocal armed
            if armed:
                armed = False
                publish(limit=3)
                assert cfg["m.limit"] == 3

    handle = cfg.handle("m", type=Slow)
    armed = True
    publish(limit=2)
    assert handle().limit == 3
    assert cfg.view("m", Slow).limit == 3
    armed = True
    publish(limit=4)
    cfg.view("m", Slow)
    assert cfg.view("m", Slow).limit == handle().limit == 3


def test_ctrl_c_while_a_value_is_decoded_is_not_taken_for_a_misfit(publish: Publish, directory: Path) -> None:
    publish(limit=1)
    cfg = configedge.open(directory)
    failure: list[type[BaseException]] = []

    @dataclass
    class Interrupted:
        limit: int

        def __post_init__(self) -> None:
            if failure:
                raise failure[0]

    handle = cfg.handle("m", type=Interrupted)
    cfg.view("m", Interrupted)
    publish(limit=2)
    failure.append(KeyboardInterrupt)
    for read in (handle, lambda: cfg.view("m", Interrupted)):
        with pytest.raises(KeyboardInterrupt):
            read()
    failure[0] = RecursionError
    assert (handle().limit, cfg.view("m", Interrupted).limit) == (1, 1)
    assert cfg.health().rejected == {}
    failure.clear()
    assert (handle().limit, cfg.view("m", Interrupted).limit) == (2, 2)


def test_a_handle_that_fits_does_not_hide_one_that_does_not(publish: Publish, directory: Path) -> None:
    publish(limit=80)
    cfg = configedge.open(directory)
    strict, easy = cfg.handle("m.limit", type=int), cfg.handle("m.limit")
    publish(limit="high")
    assert (strict(), easy()) == (80, "high")
    assert "int is wanted" in cfg.health().rejected["m.limit"]
    del strict
    assert cfg.health().rejected == {}


def test_a_handle_makes_of_its_value_what_json_has_no_type_for(publish: Publish, directory: Path) -> None:
    publish(mode="fast", limit=3, none=None, sizes=[1, 2])
    cfg = configedge.open(directory)
    assert cfg.handle("m.mode", type=Mode)() is Mode.FAST
    assert cfg.handle("m.limit", type=int | None)() == 3  # type: ignore[call-overload]
    assert cfg.handle("m.none", type=int | None)() is None  # type: ignore[call-overload]
    assert cfg.handle("m.sizes", type=list[int])() == [1, 2]
    assert cfg.handle("m", type=Typed)() == {"limit": 3}
    with pytest.raises(configedge.DecodeError, match=r"m\.sizes does not fit"):
        cfg.handle("m.sizes", type=list[str])
    assert cfg.handle("m.mode", type=object)() == "fast"


def test_a_class_that_keeps_its_own_handle_can_be_collected(publish: Publish, directory: Path) -> None:
    publish(limit=80)
    cfg = configedge.open(directory)

    class Service:
        def __init__(self) -> None:
            self.limit = cfg.handle("m.limit", default=self)

    service = weakref.ref(Service())
    gc.collect()
    assert service() is None


# --- snapshots


def test_a_snapshot_tells_what_changed_by_key(publish: Publish, directory: Path) -> None:
    publish(a={"x": 1, "y": 2}, list=[1, 2], gone=1, kind={"z": 1})
    cfg = configedge.open(directory)
    old = cfg.snapshot()
    publish(a={"x": 3, "y": 2}, list=[1, 2, 3], new={"p": {}}, kind=5)
    diff = cfg.snapshot().diff(old)
    assert diff.added == {"m.list.2": 3, "m.new.p": {}, "m.kind": 5}
    assert diff.removed == {"m.gone": 1, "m.kind.z": 1}
    assert diff.changed == {"m.a.x": (1, 3)}
    assert (len(diff), bool(diff), "m.gone" in repr(diff)) == (6, True, True)
    assert cfg.snapshot().diff(old, "m.a").changed == {"m.a.x": (1, 3)}
    assert len(cfg.snapshot().diff(old, "m.a")) == 1
    assert len(cfg.snapshot().diff(old, "m.l*")) == 1
    assert not cfg.snapshot().diff(cfg.snapshot())


def test_snapshots_are_compared_by_what_they_say(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    first = cfg.snapshot()
    publish(a=2)
    second = cfg.snapshot()
    publish(a=1)
    assert first == cfg.snapshot() != second
    assert first == {"m": {"a": 1}, "m.a": 1}
    assert first != {"m.a": 1}
    assert first != 5
    assert first.view("m").a == 1
    assert first.view("m", dict[str, int]) == {"a": 1}


def test_text_bytes_and_json_are_looked_at_without_a_copy(publish: Publish, directory: Path) -> None:
    publish(text="h\u00e9", list=[1, 2], big=2**70, number=1)
    cfg = configedge.open(directory)
    snap = cfg.snapshot()
    view = snap.memoryview("m.text")
    assert (view.readonly, view.format, bytes(view)) == (True, "B", "h\u00e9".encode())
    assert bytes(snap.memoryview("m.list")) == b"[1, 2]"
    assert int(bytes(snap.memoryview("m.big"))) == 2**70
    assert msgspec.json.decode(snap.memoryview("m")) == snap.to_dict("m")
    with pytest.raises(TypeError, match=r"m\.number is no string"):
        snap.memoryview("m.number")
    with pytest.raises(configedge.MissingKeyError):
        snap.memoryview("m.nothing")
    with pytest.raises(TypeError):
        view[0] = 1


def test_what_was_looked_at_stays_when_everything_else_is_gone(publish: Publish, directory: Path) -> None:
    publish(text="x" * 10_000)
    cfg = configedge.open(directory)
    part = cfg.snapshot().memoryview("m.text")[5000:5010]
    for number in range(20):
        publish(text=f"{number}" * 10_000)
        cfg["m.text"]
    for file in directory.iterdir():
        file.unlink()
    del cfg
    gc.collect()
    assert bytes(part) == b"x" * 10


def test_a_section_as_an_alias_is_one_view_however_often_it_is_written(publish: Publish, directory: Path) -> None:
    publish(limits=[1, 2])
    cfg = configedge.open(directory)
    first = cfg.view("m.limits", into=list[int])
    assert all(cfg.view("m.limits", into=list[int]) is first for _ in range(300))
    assert cfg.view("m.limits", into=list[float]) == [1.0, 2.0]
    publish(limits="none")
    assert cfg.view("m.limits", into=list[int]) is first
