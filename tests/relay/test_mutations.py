"""Random sequences of everything that can happen to a spool: in the end, what it says is what is read.

Thirteen kinds of mutation; a reader runs all the while and must never see two versions mixed. `MUTATIONS=10000` runs
that many sequences; a usual run takes fewer. Mounts and the kernel's limits need root, and are left out by name
without it.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import configedge
from tests.support.relay import Relay, bundle, wait_for

SEQUENCES = int(os.environ.get("MUTATIONS", "150"))
QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


def values(version: int) -> dict[str, object]:
    return {"a": version, "list": [version, {"b": version}], "pad": "x" * (version % 500)}


class Spool:
    """A spool and what is to be read of it, once it is left alone."""

    def __init__(self, relay: Relay, seed: int) -> None:
        self.path = relay.spool
        self.random = random.Random(seed)
        self.version = 0
        self.content: int | None = None
        self.mounted = 0
        self.kinds: Counter[str] = Counter()

    @property
    def file(self) -> Path:
        return self.path / "m.yaml"

    def text(self) -> str:
        self.version += 1
        return bundle(values(self.version))

    def flat(self) -> None:
        """Back to plain files, whatever was before."""
        (self.path / "..data").unlink(missing_ok=True)

    # The kinds.

    def atomic_rename(self) -> None:
        self.flat()
        temporary = self.path / ".m.yaml.swp"
        temporary.write_text(self.text())
        temporary.rename(self.file)

    def in_place(self) -> None:
        self.flat()
        with self.file.open("w") as file:
            text = self.text()
            # As an editor that is slow does it.
            half = self.random.randrange(len(text))
            file.write(text[:half])
            file.flush()
            file.write(text[half:])

    def symlink_swap(self) -> None:
        data = self.path / f"..{self.version}-{self.random.random()}"
        data.mkdir()
        (data / "m.yaml").write_text(self.text())
        old = os.readlink(self.path / "..data") if (self.path / "..data").is_symlink() else None
        link = self.path / "..data_tmp"
        link.unlink(missing_ok=True)
        link.symlink_to(data.name)
        link.rename(self.path / "..data")
        if old:
            shutil.rmtree(self.path / old, ignore_errors=True)

    def delete_and_recreate_the_file(self) -> None:
        self.flat()
        self.file.unlink(missing_ok=True)
        self.file.write_text(self.text())

    def delete_and_recreate_the_directory(self) -> None:
        if self.mounted:
            return self.atomic_rename()
        shutil.rmtree(self.path)
        self.path.mkdir()
        self.file.write_text(self.text())
        return None

    def move_away_and_back(self) -> None:
        if self.mounted:
            return self.atomic_rename()
        away = self.path.with_name(f"away-{self.version}")
        self.path.rename(away)
        if self.random.random() < 0.5:
            away.rename(self.path)
            self.atomic_rename()
        else:
            self.path.mkdir()
            self.file.write_text(self.text())
            shutil.rmtree(away)
        return None

    def change_the_mode(self) -> None:
        self.atomic_rename()
        self.file.chmod(0o600)
        self.file.chmod(0o644)

    def truncate(self) -> None:
        self.flat()
        os.truncate(self.file, 0) if self.file.exists() else None
        self.file.write_text(self.text())

    def hard_link(self) -> None:
        self.flat()
        other = self.path / ".other"
        other.unlink(missing_ok=True)
        other.write_text(self.text())
        self.file.unlink(missing_ok=True)
        os.link(other, self.file)

    def overflow(self) -> None:
        for number in range(200):
            noise = self.path / f".noise-{number}"
            noise.touch()
            noise.unlink()
        self.atomic_rename()

    def bind_mount_over(self) -> None:
        if self.mounted > 2:
            return self.unmount()
        source = self.path.with_name(f"source-{self.version}")
        source.mkdir()
        (source / "m.yaml").write_text(self.text())
        subprocess.run(["mount", "--bind", source, self.path], check=True)
        self.mounted += 1
        return None

    def unmount(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "--lazy", self.path], check=True)
            self.mounted -= 1
        self.atomic_rename()

    def no_space(self) -> None:
        """A writer that runs out of space leaves half a file, tries again, and has room then."""
        self.flat()
        text = self.text()
        temporary = self.path / ".m.yaml.new"
        temporary.write_text(text[: len(text) // 2])
        temporary.rename(self.file)
        self.file.write_text(text)

    def current(self) -> int:
        directory = self.path / "..data" if (self.path / "..data").exists() else self.path
        text = (directory / "m.yaml").read_text()
        version: int = json.loads(text.split("values: ")[1].splitlines()[0])["a"]
        return version


@contextmanager
def short_queue() -> Iterator[None]:
    """With a kernel that keeps 64 events only, and then says that it lost some."""
    before = QUEUE.read_text()
    QUEUE.write_text("64")
    try:
        yield
    finally:
        QUEUE.write_text(before)


def as_root() -> str:
    """Empty, or why mounts and limits cannot be had."""
    if os.geteuid() != 0:
        return "only root can mount and change limits"
    try:
        QUEUE.write_text(QUEUE.read_text())
    except OSError as error:
        return f"the kernel's limits cannot be changed: {errno.errorcode.get(error.errno or 0)}"
    return ""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", ["inotify", "poll"])
def test_every_final_state_is_found_and_no_read_is_mixed(tmp_path: Path, mode: str) -> None:
    why_not = as_root()
    plain = ["atomic_rename", "in_place", "symlink_swap", "delete_and_recreate_the_file",
             "delete_and_recreate_the_directory", "move_away_and_back", "change_the_mode", "truncate", "hard_link",
             "overflow", "no_space"]  # fmt: skip
    kinds = plain if why_not else [*plain, "bind_mount_over", "unmount"]
    if why_not:
        print(f"left out: bind_mount_over, unmount, a short queue: {why_not}")
    # Polling takes a second a sequence.
    count = SEQUENCES if mode == "inotify" else max(5, SEQUENCES // 100)
    relay = Relay(tmp_path, "--watch", "auto" if mode == "inotify" else "poll")
    relay.put(bundle(values(0)))
    stopping = threading.Event()
    mixed: list[object] = []
    reads = 0

    def read() -> None:
        nonlocal reads
        mine = configedge.open(relay.out)
        while not stopping.is_set():
            found = mine.many(("m.a", "m.list.0", "m.list.1.b", "m.list"))
            reads += 1
            if not found[0] == found[1] == found[2] == found[3][0]:
                mixed.append(found)
            time.sleep(0)

    def run() -> Counter[str]:
        relay.start()
        relay.ready()
        cfg = configedge.open(relay.out)
        reader = threading.Thread(target=read)
        reader.start()
        spool = Spool(relay, seed=7)
        slowest = 0.0
        try:
            for number in range(count):
                chosen = [spool.random.choice(kinds) for _ in range(spool.random.randint(1, 4))]
                for kind in chosen:
                    mutate: Callable[[], None] = getattr(spool, kind)
                    mutate()
                    spool.kinds[kind] += 1
                    if spool.random.random() < 0.2:
                        time.sleep(spool.random.random() * 0.03)
                begun, wanted = time.perf_counter(), spool.current()
                try:
                    wait_for(lambda wanted=wanted: cfg["m.a"] == wanted)
                except AssertionError:
                    raise AssertionError(f"sequence {number} {chosen}: {cfg['m.a']} is read, not {wanted}") from None
                slowest = max(slowest, time.perf_counter() - begun)
        finally:
            stopping.set()
            reader.join()
            for _ in range(spool.mounted):
                subprocess.run(["umount", "--lazy", relay.spool])
            relay.stop()
        print(
            f"{count} sequences ({mode}), 0 missed, {reads} reads, {len(mixed)} mixed, slowest {slowest:.3f} s, "
            f"of {dict(spool.kinds)}"
        )
        return spool.kinds

    if why_not:
        seen = run()
    else:
        with short_queue():
            seen = run()
    assert mixed == []
    assert count < 100 or set(seen) == set(kinds)
