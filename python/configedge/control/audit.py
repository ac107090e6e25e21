"""The audit: who did or tried what, one JSON line each, chained by hashes: no line can be altered or taken out unseen.

The chain cannot show by itself that its end was cut off: note `head` elsewhere at times, and give it to `verify`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple, get_args

from configedge.control.auth.files import flush_directory

Outcome = Literal["allowed", "denied", "failed"]

GENESIS: Final = "0" * 64
"""What stands for the hash before the first entry."""
MAX_FILE: Final = 64 << 20

_LIMITS: Final = {"subject": 300, "action": 100, "target": 300, "commit": 100, "request_id": 100, "detail": 500}
_MEMBERS: Final = (
    *("seq", "time", "subject", "action", "target", "outcome"),
    *("commit", "request_id", "detail", "prev", "hash"),
)
# All texts at their limits, every character escaped as a surrogate pair, fit well into this.
_MAX_LINE = 64 << 10
_ROOM = 4 * _MAX_LINE
_MAX_PROBLEMS = 100
_MODE = 0o600


class AuditError(Exception):
    """The file is no audit that could be continued. One line, says what to do."""


class Head(NamedTuple):
    """The newest entry; it stands for all before it."""

    seq: int
    """Counts from 1; 0 if there is no entry."""
    hash: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found."""

    entries: int
    first: int
    """The number of the first entry that is there, as `last` is of the last; 0 if there is none."""
    last: int
    problems: list[str]
    """What is wrong, in the order of the entries; empty if nothing is."""

    @property
    def ok(self) -> bool:
        return not self.problems


class Audit:
    """Appends entries. Several threads and processes may have the same file open.

    A file that reaches `max_file` bytes is renamed to `<name>.<number of its first entry>` and a new one goes on. An
    unfinished last line, which only a crash leaves, is put aside in `<name>.torn`. With `durable` an entry is on disk
    when `append` returns. `clock` gives Unix seconds. Raises AuditError, and OSError if the file cannot be used.
    """

    def __init__(
        self, path: Path, durable: bool = True, max_file: int = MAX_FILE, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = path.absolute()
        self._durable = durable
        self._max_file = max_file
        self._clock = clock
        self._thread = threading.Lock()
        self._handle = -1
        self._inode = 0
        self._size = 0
        self._head = Head(0, GENESIS)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(_lock_path(self.path), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
        try:
            with self._locked():
                pass
        except BaseException:
            self.close()
            raise

    def append(
        self,
        *,
        subject: str,
        action: str,
        target: str,
        outcome: Outcome,
        commit: str = "",
        request_id: str = "",
        detail: str = "",
    ) -> Head:
        """Adds an entry, texts cut to their limits, and gives its number and hash.

        Raises OSError if it could not be written, on a full disk for one: nothing was added then. Raises AuditError if
        what is in the file now cannot be continued.
        """
        if outcome not in get_args(Outcome):
            raise ValueError(f"{outcome!r} is not an outcome; use one of {', '.join(get_args(Outcome))}")
        texts = {
            "subject": subject,
            "action": action,
            "target": target,
            "outcome": outcome,
            "commit": commit,
            "request_id": request_id,
            "detail": detail,
        }
        with self._locked():
            return self._add(texts)

    def has_room(self) -> bool:
        """Whether its file system has space for some entries more. Raises OSError."""
        space = os.statvfs(self.path.parent)
        return space.f_bavail * space.f_frsize >= _ROOM

    def head(self) -> Head:
        """The newest entry."""
        with self._locked():
            return self._head

    def close(self) -> None:
        with self._thread:
            for handle in (self._handle, self._lock):
                if handle >= 0:
                    os.close(handle)
            self._handle = self._lock = -1

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among threads and processes, with the file and its head as they are now."""
        with self._thread:
            if self._lock < 0:
                raise ValueError("the audit is closed")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                self._look()
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _look(self) -> None:
        """Opens what is at the path now, and reads its end if that is not what we wrote last."""
        try:
            there = os.stat(self.path, follow_symlinks=False).st_ino
        except FileNotFoundError:
            there = 0
        if self._handle < 0 or there != self._inode:
            self._open()
        if os.fstat(self._handle).st_size == self._size:
            return
        self._size = -1
        size, torn = _tail(self._handle, self.path)
        self._head = self._last(size)
        if torn:
            self._put_aside(size, torn)
        self._size = size
        if torn:
            detail = f"{len(torn)} bytes of an unfinished entry were put aside in {self.path.name}.torn"
            repaired = {"subject": "local:audit", "action": "audit.repaired", "target": self.path.name}
            self._add({**repaired, "outcome": "allowed", "commit": "", "request_id": "", "detail": detail})

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(self.path, flags, _MODE)
        status = os.fstat(handle)
        others = status.st_mode & (stat.S_IWGRP | stat.S_IRWXO) or status.st_uid != os.geteuid()
        if others or not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise AuditError(f"{self.path} is not a regular file of ours alone; chown it and chmod 600 it")
        if self._handle >= 0:
            os.close(self._handle)
        self._handle, self._inode, self._size = handle, status.st_ino, -1
        if status.st_size == 0 and self._durable:
            flush_directory(self.path.parent)

    def _last(self, size: int) -> Head:
        """The newest entry among the first `size` bytes, or of the newest part if there are none."""
        if size:
            return _head_of(_last_line(self._handle, size), self.path)
        parts = _parts(self.path)
        if not parts:
            return Head(0, GENESIS)
        newest = parts[-1][1]
        with open(newest, "rb") as part:
            size, torn = _tail(part.fileno(), newest)
            if torn or not size:
                raise _unusable(newest)
            return _head_of(_last_line(part.fileno(), size), newest)

    def _put_aside(self, size: int, torn: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(f"{self.path}.torn", flags, _MODE), "ab") as file:
            file.write(torn + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.ftruncate(self._handle, size)
        os.fsync(self._handle)

    def _add(self, texts: dict[str, str]) -> Head:
        if self._size >= self._max_file:
            self._rotate()
        entry: dict[str, Any] = {
            "seq": self._head.seq + 1,
            "time": _rfc3339(self._clock()),
            **{name: _cut(text, _LIMITS.get(name, len(text))) for name, text in texts.items()},
            "prev": self._head.hash,
        }
        entry["hash"] = _hash(entry)
        line = _canonical(entry) + b"\n"
        try:
            if os.write(self._handle, line) < len(line):
                raise OSError(errno.ENOSPC, "no space for the whole entry", str(self.path))
            if self._durable:
                os.fdatasync(self._handle)
        except OSError:
            # Whoever asked is told that this entry is not there, so it must not be, as far as we can help it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)
            self._size = -1
            raise
        self._size += len(line)
        self._head = Head(entry["seq"], entry["hash"])
        return self._head

    def _rotate(self) -> None:
        with open(self.path, "rb") as file:
            first = _head_of(file.readline(_MAX_LINE), self.path).seq
        part = self.path.with_name(f"{self.path.name}.{first}")
        if os.path.lexists(part):
            raise AuditError(f"{part} is there already, so {self.path} cannot be put aside; move one of them away")
        self.path.rename(part)
        self._open()
        self._size = 0


def verify(path: Path, head: tuple[int, str] | None = None) -> Verified:
    """Checks every entry, of all rotated files too, and that each follows from the one before.

    `head` is what `Audit.head` gave at some time: that entry has to be there, so that nothing up to it was cut off.
    Reads one line at a time. Raises OSError for files that cannot be read. May run beside writers.
    """
    checker = _Checker(head)
    with contextlib.ExitStack() as stack:
        for part in _opened(path.absolute(), stack):
            checker.part(*part)
    return checker.done()


class _Checker:
    """Walks the chain. After a fault it goes on from what it found, so that one fault is not told a thousand times."""

    def __init__(self, head: tuple[int, str] | None) -> None:
        self._wanted = head
        self._found = head is None or head == (0, GENESIS)
        self._at = Head(0, GENESIS)
        self._entries = 0
        self._first = 0
        self._problems: list[str] = []
        self._unsaid = 0

    def part(self, name: str, first: int | None, file: BinaryIO, size: int) -> None:
        """`first` is the number that the file's name says its first entry has."""
        number = 0
        while size > 0:
            number += 1
            line = file.readline(min(size, _MAX_LINE))
            if not line:
                self._say(f"{name}: it ends early")
                return
            size -= len(line)
            self._line(f"{name}:{number}", line, first if number == 1 else None)
        if not number and first is not None:
            self._say(f"{name}: it is empty")

    def done(self) -> Verified:
        if not self._found and self._wanted is not None:
            self._say(f"entry {self._wanted[0]} with the noted hash is not there: it was cut off or rewritten")
        if self._unsaid:
            self._problems.append(f"and {self._unsaid} more")
        return Verified(self._entries, self._first, self._at.seq, self._problems)

    def _line(self, where: str, line: bytes, first: int | None) -> None:
        self._entries += 1
        entry = _parsed(line)
        if entry is None:
            self._say(f"{where}: is not a whole entry as we write them")
            # What follows names this line by a hash that cannot be known any more.
            self._at = Head(self._at.seq + 1, "")
            return
        seq, prev, hash = entry["seq"], entry["prev"], entry["hash"]
        self._first = self._first or seq
        if _canonical(entry) + b"\n" != line or _hash(entry) != hash:
            self._say(f"{where}: entry {seq} was altered")
        if seq != self._at.seq + 1:
            self._say(f"{where}: entry {seq} follows entry {self._at.seq}")
        elif self._at.hash and prev != self._at.hash:
            self._say(f"{where}: entry {seq} does not continue the one before it")
        if first is not None and seq != first:
            self._say(f"{where}: the file begins with entry {seq}, not with that of its name")
        self._found = self._found or (seq, hash) == self._wanted
        self._at = Head(seq, hash)

    def _say(self, problem: str) -> None:
        if len(self._problems) < _MAX_PROBLEMS:
            self._problems.append(problem)
        else:
            self._unsaid += 1


def _opened(path: Path, stack: contextlib.ExitStack) -> list[tuple[str, int | None, BinaryIO, int]]:
    """The files of an audit in order, each with the size it has between two entries."""
    with contextlib.ExitStack() as locked:
        # A copy of an audit has no lock, and nobody who writes to it.
        with contextlib.suppress(FileNotFoundError):
            lock = locked.enter_context(open(_lock_path(path), "rb"))
            fcntl.flock(lock, fcntl.LOCK_SH)
        files: list[tuple[int | None, Path]] = [*_parts(path)]
        # A crash while the files change places leaves none at the path itself.
        if not files or path.exists():
            files.append((None, path))
        opened: list[tuple[str, int | None, BinaryIO, int]] = []
        for first, name in files:
            file = stack.enter_context(open(name, "rb"))
            opened.append((name.name, first, file, os.fstat(file.fileno()).st_size))
    return opened


def parts_of(path: Path) -> list[Path]:
    """The files of an audit in order, as far as they are there."""
    return [*(name for _, name in _parts(path.absolute())), *([path] if path.exists() else [])]


def _parts(path: Path) -> list[tuple[int, Path]]:
    """The rotated files and the numbers of their first entries, oldest first."""
    named = re.compile(re.escape(path.name) + r"\.([1-9][0-9]{0,17})", re.ASCII)
    matches = ((named.fullmatch(name), name) for name in os.listdir(path.parent))
    return sorted((int(match[1]), path.with_name(name)) for match, name in matches if match)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or tuple(entry) != _MEMBERS or type(entry["seq"]) is not int:
        return None
    return entry if all(isinstance(entry[name], str) for name in _MEMBERS[1:]) else None


def _canonical(entry: dict[str, Any]) -> bytes:
    """Members in their order, no spaces, ASCII only: nothing in it can move a terminal's cursor or begin a line."""
    return json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode()


def _hash(entry: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical({name: entry[name] for name in entry if name != "hash"})).hexdigest()


def _tail(handle: int, path: Path) -> tuple[int, bytes]:
    """The size up to the last line's end, and what follows it: an unfinished line, or nothing."""
    size = os.fstat(handle).st_size
    end = os.pread(handle, _MAX_LINE, max(0, size - _MAX_LINE))
    torn = end[end.rfind(b"\n") + 1 :]
    if len(torn) == _MAX_LINE:
        raise _unusable(path)
    return size - len(torn), torn


def _last_line(handle: int, size: int) -> bytes:
    end = os.pread(handle, min(size, _MAX_LINE), max(0, size - _MAX_LINE))
    return end[end.rfind(b"\n", 0, -1) + 1 :]


def _head_of(line: bytes, path: Path) -> Head:
    entry = _parsed(line)
    if entry is None or _hash(entry) != entry["hash"]:
        raise _unusable(path)
    return Head(entry["seq"], entry["hash"])


def _unusable(path: Path) -> AuditError:
    return AuditError(f"the end of {path} is no entry that could be continued; verify it, then move the files away")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")
