"""Being told of changes, in each of the ways there are."""

from __future__ import annotations

import asyncio
import gc
import logging
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import configedge
from configedge.testing import Publisher
from tests.reader.test_live import wait_until

Publish = Callable[..., int]


def notifiers() -> int:
    return sum(thread.name == "configedge" for thread in threading.enumerate())


def test_a_callback_is_called_with_each_change_until_it_is_closed(publish: Publish, directory: Path) -> None:
    publish(a=1, b=1)
    cfg = configedge.open(directory)
    changes: list[configedge.Change] = []
    with cfg.watch("m.a", changes.append):
        publish(a=2, b=1)
        wait_until(lambda: len(changes) == 1)
        assert (changes[0].keys, changes[0].snapshot["m.a"]) == (("m.a",), 2)
        publish(a=2, b=2)
        publish(a=3, b=2)
        wait_until(lambda: changes[-1].snapshot["m.a"] == 3)
        assert [change.keys for change in changes] == [("m.a",)] * 2
    publish(a=4)
    time.sleep(0.05)
    assert len(changes) == 2


def test_a_callback_that_fails_is_told_and_called_again(
    publish: Publish, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    seen: list[int] = []

    def callback(change: configedge.Change) -> None:
        seen.append(change.snapshot["m.a"])
        raise RuntimeError("of the service")

    with caplog.at_level(logging.ERROR, logger="configedge"), cfg.watch("m", callback):
        publish(a=2)
        wait_until(lambda: seen == [2])
        publish(a=3)
        wait_until(lambda: seen == [2, 3])
    assert "a callback for changes of 'm' failed" in caplog.text
    assert "of the service" in caplog.text


def test_a_listener_that_ends_its_thread_does_not_end_the_others(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    seen: list[int] = []

    def leave(change: configedge.Change) -> None:
        raise SystemExit

    with cfg.watch("m", leave), cfg.watch("m", lambda change: seen.append(change.snapshot["m.a"])):
        for value in (2, 3):
            publish(a=value)
            wait_until(lambda value=value: value in seen)


def test_many_watches_share_one_thread_which_ends_with_the_last(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    before = notifiers()
    told: list[int] = []
    watches = [cfg.watch("m.a", lambda change, number=number: told.append(number)) for number in range(20)]
    assert notifiers() == before + 1
    publish(a=2)
    wait_until(lambda: len(told) == 20)
    assert sorted(told) == list(range(20))
    for watch in watches:
        watch.close()
    wait_until(lambda: notifiers() == before)


def test_a_watch_by_prefix_and_by_key(publish: Publish, directory: Path) -> None:
    publish(regions={"eu-1": 1, "eu-2": 1, "us-1": 1})
    cfg = configedge.open(directory)
    europe, one = cfg.watch("m.regions.eu-*"), cfg.watch("m.regions.us-1")
    publish(regions={"eu-1": 1, "eu-2": 2, "us-1": 1})
    change = europe.next_change(5)
    assert change is not None
    assert change.keys == ("m.regions.eu-2",)
    assert one.next_change(0.01) is None


def test_a_closed_watch_ends_its_loops(publish: Publish, directory: Path) -> None:
    publish(a=1)
    watch = configedge.open(directory).watch()
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.extend(change.generation for change in watch))
    thread.start()
    publish(a=2)
    wait_until(lambda: seen == [2])
    watch.close()
    thread.join(5)
    assert not thread.is_alive()
    assert watch.next_change() is None


def test_one_way_to_take_changes_excludes_the_others(publish: Publish, directory: Path) -> None:
    publish(a=1)
    with (
        configedge.open(directory).watch("m", lambda change: None) as watch,
        pytest.raises(TypeError, match="callback"),
    ):
        watch.next_change(0)


async def test_dozens_of_coroutines_wait_without_taking_the_threads_of_the_loop(
    publish: Publish, directory: Path
) -> None:
    publish(a=1)
    cfg = configedge.open(directory)

    async def first() -> int:
        async for change in cfg.watch("m.a"):
            return change.generation
        raise AssertionError("a watch has no end")

    tasks = [asyncio.create_task(first()) for _ in range(100)]
    await asyncio.sleep(0.05)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 1) == "free"
    publish(a=2)
    assert await asyncio.wait_for(asyncio.gather(*tasks), 5) == [2] * 100


async def test_cancelling_and_closing_are_prompt(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    watch = cfg.watch("m.a")

    async def follow() -> list[int]:
        return [change.generation async for change in watch]

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.02)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    task = asyncio.create_task(follow())
    await asyncio.sleep(0.02)
    publish(a=2)
    await asyncio.sleep(0.05)
    watch.close()
    assert await asyncio.wait_for(task, 1) == [2]
    assert time.monotonic() - began < 1


def test_watches_follow_a_directory_that_was_made_anew(directory: Path) -> None:
    publisher = Publisher(directory)
    publisher.publish({"m": {"a": 1}})
    cfg = configedge.open(directory)
    changes: list[configedge.Change] = []
    with cfg.watch("m.a", changes.append):
        waiting = cfg.watch("m.a")
        del publisher
        shutil.rmtree(directory)
        configedge.testing.publish(directory, {"m": {"a": 2}})
        # Generation 1 again, of another instance.
        change = waiting.next_change(5)
        assert change is not None
        assert (change.generation, change.snapshot["m.a"]) == (1, 2)
        wait_until(lambda: len(changes) == 1)
        assert changes[0].snapshot["m.a"] == 2


def test_a_reader_that_nobody_watches_any_more_can_go(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    cfg.watch("m", lambda change: None).close()
    reader = weakref.ref(cfg)
    del cfg
    gc.collect()
    wait_until(lambda: gc.collect() >= 0 and reader() is None)


def test_what_is_no_key_is_refused_at_once(publish: Publish, directory: Path) -> None:
    publish(a=1)
    with pytest.raises(TypeError, match="a configuration key is a str, not NoneType"):
        configedge.open(directory).watch(None)  # type: ignore[arg-type]
