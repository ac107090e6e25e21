"""A machine whose power can be cut at any moment, made of three file systems, each in a file of the one before.

    host    in memory; clones a file in an instant, and that is the cut
    drive   its page cache is the drive's own cache: what no flush command followed need not be in the clone
    disk    what the machine has mounted, ext4 or XFS

A cut clones the drive while everything goes on. The next boot mounts the clone, and the disk in it, whose journal is
replayed. What was only in the page cache of the disk, or of the drive, is gone, as it is when the power goes.

Between two flushes this drive seldom writes anything of its cache, where a real one may write any part of it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.support.relay import binary, bundle, wait_for

PACKAGES = {"btrfs": "btrfs-progs", "xfs": "xfsprogs", "ext4": "e2fsprogs"}
SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
MIB = 1 << 20
# linux/fs.h: _IOW(0x94, 9, int), as x86 and Arm have it.
FICLONE = 0x40049409


class Missing(Exception):
    """This machine cannot do it. The message says what it lacks."""


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": SEARCH})
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip().partition(chr(10))[0]}")


def _format(image: Path, kind: str, size: int) -> None:
    if shutil.which(f"mkfs.{kind}", path=SEARCH) is None:
        raise Missing(f"mkfs.{kind} is not installed: apt-get install {PACKAGES[kind]}")
    with image.open("wb") as file:
        file.truncate(size)
        _run(f"mkfs.{kind}", "-q", image)
        # It comes formatted: nothing of that is in a cache.
        os.fsync(file.fileno())


@contextmanager
def _mounted(source: str | Path, target: Path, kind: str, *options: str) -> Iterator[Path]:
    """At the end it is gone, and its loop device too."""
    target.mkdir()
    try:
        _run("mount", "-t", kind, "-o", ",".join(("noatime", *options)), source, target)
        try:
            yield target
        finally:
            _unmount(target)
    finally:
        target.rmdir()


def _unmount(target: Path) -> None:
    for _ in range(100):
        if subprocess.run(["umount", target], capture_output=True).returncode == 0:
            return
        time.sleep(0.02)
    # Something still uses it; so it goes when that does.
    _run("umount", "--lazy", target)


def _clone(source: Path, target: Path) -> None:
    with source.open("rb") as old, target.open("wb") as new:
        fcntl.ioctl(new, FICLONE, old.fileno())


class Machine:
    """Its disk is mounted at `disk`; `memory` is a tmpfs."""

    def __init__(self, stack: ExitStack, root: Path, kind: str, *options: str) -> None:
        self._stack, self._root, self._kind = stack, root, kind
        try:
            self.memory = stack.enter_context(_mounted("tmpfs", root / "memory", "tmpfs", "size=2G", "mode=755"))
        except RuntimeError as error:
            raise Missing(f"mounting is not allowed here, though this is root: {error}") from error
        self._host, self.host_kind = self._make_host()
        self._drive = self._make("ext4", self._host / "drive.img", root / "drive", 600)
        # mkfs.xfs makes none below 300 MiB.
        self.disk = self._make(kind, self._drive / "disk.img", root / "disk", 320, *options)

    def _make(self, kind: str, image: Path, target: Path, mib: int, *options: str) -> Path:
        _format(image, kind, mib * MIB)
        try:
            return self._stack.enter_context(_mounted(image, target, kind, "loop", *options))
        except RuntimeError as error:
            raise Missing(f"the kernel mounts no {kind} by loop device: modprobe {kind} loop ({error})") from error

    def _make_host(self) -> tuple[Path, str]:
        lacking = []
        # In place, because btrfs is slow to give room back otherwise.
        for kind, options in (("btrfs", ["nodatacow"]), ("xfs", [])):
            try:
                host = self._make(kind, self.memory / f"{kind}.img", self._root / kind, 1024, *options)
                (host / "one").write_text("x")
                _clone(host / "one", host / "two")
                return host, kind
            except Missing as missing:
                lacking.append(str(missing))
            except OSError as error:
                lacking.append(f"{kind} clones no files here: {error}")
        raise Missing(f"no file system that clones files: {'; '.join(lacking)}")

    def flush(self) -> None:
        """What was written so far is safe."""
        _run("sync", "--file-system", self.disk)
        _run("sync", "--file-system", self._drive)

    def cut(self) -> None:
        """The power goes now."""
        _clone(self._host / "drive.img", self._host / "cut.img")

    @contextmanager
    def next_boot(self) -> Iterator[Path]:
        """The disk after the last cut, when the power is back."""
        # The disk before the cut is mounted too, and is the same to XFS.
        options = ["nouuid"] if self._kind == "xfs" else []
        image = self._host / "cut.img"
        try:
            with (
                _mounted(image, self._root / "cut-drive", "ext4", "loop") as drive,
                _mounted(drive / "disk.img", self._root / "cut-disk", self._kind, "loop", *options) as disk,
            ):
                yield disk
        finally:
            image.unlink()


@contextmanager
def machine(root: Path, kind: str, *options: str) -> Iterator[Machine]:
    """A machine with a disk of this kind, mounted with `options`. Raises Missing where none can be made."""
    if os.geteuid() != 0:
        raise Missing("only root can mount: run this as root")
    for command, package in {"mount": "mount", "umount": "mount", "sync": "coreutils"}.items():
        if shutil.which(command, path=SEARCH) is None:
            raise Missing(f"{command} is not installed: apt-get install {package}")
    if not Path("/dev/loop-control").exists():
        raise Missing("there is no /dev/loop-control: modprobe loop, or give the container its loop devices")
    with ExitStack() as stack:
        stack.callback(_check_all_gone, root)
        yield Machine(stack, root, kind, *options)


def _check_all_gone(root: Path) -> None:
    assert f" {root}/" not in Path("/proc/self/mounts").read_text(), "something is still mounted"
    wait_for(lambda: not any(file.is_relative_to(root) for file in _in_loop_devices()))


def _in_loop_devices() -> Iterator[Path]:
    for file in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            yield Path(file.read_text().strip())
        except OSError:
            # Detached in this moment.
            continue


def content(number: int) -> dict[str, Any]:
    """The number all over, in a size that is another for the next, but not twice or half: the relay refuses that."""
    return {"n": number, **{f"k{at}": number for at in range(30)}, "pad": "x" * 1000 * (20 + number * 7 % 20)}


def fill(spool: Path, number: int) -> None:
    """Swaps the number's content into a spool, as `configedge sync` does."""
    data = spool / f"..{number}"
    data.mkdir(parents=True)
    (data / "m.yaml").write_text(bundle(content(number)))
    (data / ".configedge.json").write_text(json.dumps({"commit": f"{number:040x}"}))
    (spool / "..data_tmp").symlink_to(data.name)
    (spool / "..data_tmp").rename(spool / "..data")
    shutil.rmtree(spool / f"..{number - 2}", ignore_errors=True)


class Writer:
    """A real relay that is given one number after the other. All but its durable copy is in memory."""

    def __init__(self, root: Path, durable: Path, *wrapper: str) -> None:
        self._spool, self._out, self._log = root / "spool", root / "out", root / "log"
        self.number = 1
        self.usual = 0.0
        """Seconds that the last publish took."""
        fill(self._spool, self.number)
        files: list[str | Path] = ["--spool", self._spool, "--out", self._out, "--durable", durable]
        with self._log.open("w") as log:
            # A group, because the wrapper is a process too.
            command = [*wrapper, binary(), *files]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def put(self) -> None:
        """Gives it the next number, tells it to look, and does not wait."""
        self.number += 1
        fill(self._spool, self.number)
        # Else it may wait for more to come, and most cuts would find it waiting.
        os.kill(self._status()["pid"], signal.SIGHUP)

    def publish(self) -> None:
        """Gives it the next number and waits until that is acknowledged."""
        begun = time.monotonic()
        self.put()
        self.settle()
        self.usual = time.monotonic() - begun

    def settle(self) -> None:
        deadline = time.monotonic() + 20
        while self.acknowledged() != self.number:
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.0002)

    def acknowledged(self) -> int:
        """The number that the relay says is published, and durable."""
        status = self._status()
        assert status.get("state") != "degraded", status
        return int(status.get("commit") or "0", 16)

    def _status(self) -> dict[str, Any]:
        try:
            status: dict[str, Any] = json.loads((self._out / "status.json").read_text())
        except FileNotFoundError:
            return {}
        return status

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def writing(root: Path, durable: Path, *wrapper: str) -> Iterator[Writer]:
    writer = Writer(root, durable, *wrapper)
    try:
        yield writer
    finally:
        writer.close()
