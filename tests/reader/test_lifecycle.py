"""The life around a reader: interpreters that end, workers that fork, threads, and hundreds of readers at once."""

from __future__ import annotations

import multiprocessing
import os
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

# Ends while threads of all kinds sleep in the reader, wake up from it, or read; publishes keep waking them.
ENDING = """
import sys, threading, time, asyncio, configedge
cfg = configedge.open(sys.argv[1])
def follow():
    for change in cfg.watch():
        cfg["m.a"]
def sleep():
    while True:
        cfg.wait(cfg.generation, 0.0001)
def read():
    handle = cfg.handle("m.a")
    while True:
        handle(), cfg["m.a"], cfg.snapshot()
cfg.watch("m", lambda change: None)
for target in (follow, follow, sleep, sleep, read):
    threading.Thread(target=target, daemon=True).start()
time.sleep(float(sys.argv[2]))
"""


def test_an_interpreter_ends_cleanly_whatever_its_threads_do(publish: Publish, directory: Path) -> None:
    publish(a=0)
    stop = threading.Event()

    def keep_publishing() -> None:
        value = 0
        while not stop.wait(0.0005):
            publish(a=(value := value + 1))

    publisher = threading.Thread(target=keep_publishing)
    publisher.start()
    try:
        for round in range(12):
            began = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-X", "dev", "-c", ENDING, directory, str(round * 0.003)],
                capture_output=True, text=True, timeout=30,
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (0, ""), done.stderr
            assert time.monotonic() - began < 10
    finally:
        stop.set()
        publisher.join()


def test_a_reader_that_lives_until_the_very_end_does_no_harm(publish: Publish, directory: Path) -> None:
    publish(a={"b": [1, "x"]})
    script = (
        "import sys, configedge, builtins\n"
        "cfg = configedge.open(sys.argv[1])\n"
        "class Last:\n"
        "    def __init__(self): self.cycle, self.handle, self.cfg = self, cfg.handle('m.a'), cfg\n"
        "    def __del__(self): self.handle(); self.cfg['m.a.b']; self.cfg.view('m').a\n"
        "builtins.last = Last()\n"
        "builtins.view = memoryview(cfg.snapshot().memoryview('m.a'))\n"
        "sys.modules['kept'] = [cfg.handle('m.a'), cfg.view('m'), cfg.snapshot()]\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", script, directory], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


def _child(cfg: configedge.Reader, handle: configedge.Handle[int], ready: int, out: int) -> None:
    os.write(ready, b"x")
    deadline = time.monotonic() + 10
    while handle() != 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    read = (cfg["m.a"], cfg.get("m.a"), handle(), cfg.view("m").a, cfg.many(("m.a",))[0], cfg.snapshot()["m.a"])
    os.write(out, f"{set(read)}\n".encode())


def test_every_forked_worker_sees_what_is_published_after_the_fork(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    handle = cfg.handle("m.a")
    assert (cfg["m.a"], cfg.view("m").a, cfg.many(("m.a",))) == (1, 1, (1,))
    ready, out = os.pipe(), os.pipe()
    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:
            try:
                _child(cfg, handle, ready[1], out[1])
            finally:
                os._exit(0)
        children.append(child)
    for _ in children:
        os.read(ready[0], 1)
    publish(a=2)
    for child in children:
        os.waitpid(child, 0)
    assert os.read(out[0], 1000) == b"{2}\n" * 8


def test_a_callback_goes_on_in_a_forked_worker(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    out = os.pipe()
    watch = cfg.watch("m.a", lambda change: os.write(out[1], f"{os.getpid()}:{change.snapshot['m.a']} ".encode()))
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    try:
        time.sleep(0.1)
        publish(a=2)
        told = b""
        while told.count(b" ") < 2:
            told += os.read(out[0], 100)
        assert sorted(told.split()) == sorted(f"{pid}:2".encode() for pid in (os.getpid(), child))
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        watch.close()


def _spawned(directory: str, key: str) -> object:
    return configedge.open(directory)[key]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_of_multiprocessing_open_their_own(publish: Publish, directory: Path, method: str) -> None:
    publish(a=7)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.starmap(_spawned, [(str(directory), "m.a")] * 4) == [7] * 4


def test_hundreds_of_readers_follow_one_writer(directory: Path) -> None:
    publisher = Publisher(directory)
    # Large enough to be mapped; a small snapshot is read.
    pad = "x" * (64 << 10)
    publisher.publish({"m": {"a": 0, "pad": pad}})
    readers = [configedge.open(directory) for _ in range(300)]
    handles = [cfg.handle("m.a") for cfg in readers]
    for value in range(1, 20):
        publisher.publish({"m": {"a": value, "pad": pad}})
        assert {cfg["m.a"] for cfg in readers} == {value}
        assert {handle() for handle in handles} == {value}
    maps = Path("/proc/self/maps").read_text()
    assert maps.count(f"{directory}/g-") == 300
    del readers, handles
    assert Path("/proc/self/maps").read_text().count(f"{directory}/g-") == 0


def test_threads_share_a_reader_its_handles_and_its_views(publish: Publish, directory: Path) -> None:
    publish(**{f"k{i}": 0 for i in range(20)})
    cfg = configedge.open(directory)
    handle = cfg.handle("m.k0")
    keys = tuple(f"m.k{i}" for i in range(20))
    failures: list[str] = []
    stop = threading.Event()

    def read() -> None:
        last = 0
        while not stop.is_set():
            many, view = set(cfg.many(keys)), cfg.view("m")
            seen = {view[f"k{i}"] for i in range(20)}
            if len(many) != 1 or len(seen) != 1:
                failures.append(f"mixed: {many} {seen}")
            own = cfg.handle(f"m.k{last % 20}")
            now = own()
            if min(now, handle(), cfg["m.k3"]) < last:
                failures.append(f"backwards: after {last}")
            last = now

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for value in range(1, 400):
        publish(**{f"k{i}": value for i in range(20)})
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (handle(), cfg["m.k19"]) == (399, 399)


def test_a_directory_that_was_moved_away_is_left_for_the_one_in_its_place(directory: Path) -> None:
    publisher = Publisher(directory)
    publisher.publish({"m": {"a": 1}})
    cfg = configedge.open(directory)
    directory.rename(directory.with_name("away"))
    assert cfg.health().ok
    assert cfg["m.a"] == 1
    other = Publisher(directory)
    other.publish({"m": {"a": 2}})
    cfg.health()
    assert cfg["m.a"] == 2


def test_a_relative_path_is_followed_from_anywhere(
    publish: Publish, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(a=1)
    monkeypatch.chdir(directory.parent)
    cfg = configedge.open(directory.name)
    monkeypatch.chdir("/")
    shutil.rmtree(directory)
    Publisher(directory).publish({"m": {"a": 2}})
    cfg.health()
    assert cfg["m.a"] == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_publishing_in_the_directory_of_another_is_refused(directory: Path) -> None:
    directory.mkdir()
    os.chown(directory, 12345, -1)
    with pytest.raises(OSError, match=r"owned by uid 12345, and this runs as uid 0: chown 0 "):
        Publisher(directory)
