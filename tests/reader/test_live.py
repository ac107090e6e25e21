"""The other side of a reader: relays that come, go, and write rubbish; threads and forks on this side."""

from __future__ import annotations

import asyncio
import gc
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import configedge
from configedge.testing import Publisher

Publish = Callable[..., int]


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.005)


def test_opening_nothing_says_what_to_do(directory: Path) -> None:
    with pytest.raises(configedge.OpenError, match="no snapshot directory there: start configrelay"):
        configedge.open(directory)
    publisher = Publisher(directory)
    with pytest.raises(configedge.OpenError, match="nothing is published yet"):
        configedge.open(directory)
    del publisher


def test_opening_waits_for_the_first_snapshot(directory: Path) -> None:
    timer = threading.Timer(0.1, lambda: configedge.testing.publish(directory, {"m": {"a": 1}}))
    timer.start()
    assert configedge.open(directory, wait=10)["m.a"] == 1
    timer.join()


def test_opening_waits_for_a_relay_that_has_yet_to_close_its_directory(directory: Path) -> None:
    """As a Kubernetes emptyDir is before the relay comes."""
    directory.mkdir()
    directory.chmod(0o777)
    timer = threading.Timer(0.1, lambda: configedge.testing.publish(directory, {"m": {"a": 1}}))
    timer.start()
    assert configedge.open(directory, wait=10)["m.a"] == 1
    timer.join()


def test_a_directory_in_which_others_could_publish_is_not_trusted(publish: Publish, directory: Path) -> None:
    publish(a=1)
    directory.chmod(0o777)
    with pytest.raises(configedge.OpenError, match="chmod go-w"):
        configedge.open(directory)


def test_a_corrupt_snapshot_is_never_read_and_health_says_why(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    publish(a=2)
    newest = max(directory.glob("g-*"))
    content = bytearray(newest.read_bytes())
    content[-1] ^= 0xFF
    newest.unlink()
    newest.write_bytes(content)
    newest.chmod(0o444)
    for _ in range(100):
        assert cfg["m.a"] == 1
    health = cfg.health()
    assert (health.ok, health.generation, health.announced) == (False, 1, 2)
    assert "checksum" in health.last_error
    publish(a=3)
    wait_until(lambda: cfg["m.a"] == 3)
    assert cfg.health().last_error == ""


def test_readers_follow_a_directory_that_was_made_anew(directory: Path) -> None:
    publisher = Publisher(directory)
    publisher.publish({"m": {"a": 1}})
    cfg = configedge.open(directory)
    handle = cfg.handle("m.a")
    del publisher
    shutil.rmtree(directory)
    assert (cfg["m.a"], handle()) == (1, 1)
    configedge.testing.publish(directory, {"m": {"a": 2}})
    # The new directory counts from one again, so the generation alone tells nothing.
    assert cfg.health().generation == 1
    assert (cfg["m.a"], handle()) == (2, 2)


def test_watch_gives_changes_of_its_section_only(publish: Publish, directory: Path) -> None:
    publish(a={"x": 1}, ab=1)
    cfg = configedge.open(directory)
    section, everything = cfg.watch("m.a"), cfg.watch()
    publish(a={"x": 1}, ab=2)
    assert section.next_change(0.05) is None
    change = everything.next_change(0)
    assert change is not None
    assert change.keys == ("m", "m.ab")
    publish("cd" * 20, a={"x": 2}, ab=2)
    change = section.next_change(5)
    assert change is not None
    assert (change.generation, change.commit, change.keys) == (3, "cd" * 20, ("m.a", "m.a.x"))
    assert change.snapshot["m.a.x"] == 2


def test_a_waiting_watch_is_woken_by_the_publish(publish: Publish, directory: Path) -> None:
    publish(a=1)
    watch = configedge.open(directory).watch("m.a")
    timer = threading.Timer(0.05, lambda: publish(a=2))
    timer.start()
    for change in watch:
        assert change.keys == ("m.a",)
        break
    timer.join()


async def test_changes_can_be_awaited_and_cancelled(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)

    async def first() -> configedge.Change:
        async for change in cfg.watch("m.a"):
            return change
        raise AssertionError("a watch has no end")

    task = asyncio.create_task(first())
    await asyncio.sleep(0.02)
    publish(a=2)
    assert (await asyncio.wait_for(task, 5)).generation == 2
    task = asyncio.create_task(first())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_ctrl_c_ends_a_wait(publish: Publish, directory: Path) -> None:
    publish(a=1)
    script = "import configedge, sys\nw = configedge.open(sys.argv[1]).watch()\nprint('ready', flush=True)\nnext(w)"
    child = subprocess.Popen([sys.executable, "-c", script, directory], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=10)
    assert b"KeyboardInterrupt" in errors


def test_importing_starts_no_thread_and_imports_no_server() -> None:
    script = (
        "import sys, threading, configedge\n"
        "heavy = {'asyncio', 'fastapi', 'pygit2', 'typer', 'rich', 'json', 'orjson', 'yaml'} & set(sys.modules)\n"
        "print(threading.active_count(), sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == ["1", "[]\n"]


def test_a_finaliser_that_reads_during_a_switch_does_no_harm(publish: Publish, directory: Path) -> None:
    publish(a=0)
    cfg = configedge.open(directory)
    read: list[int] = []

    class Finalised:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            publish(a=len(read))
            read.append(cfg["m.a"])

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for value in range(100, 300):
            Finalised()
            publish(a=value)
            assert cfg["m.a"] in {value, *range(len(read))}
    finally:
        gc.set_threshold(*threshold)
    # A free-threaded interpreter may not have found the time.
    gc.collect()
    assert read == list(range(len(read)))
    assert read
