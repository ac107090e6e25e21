"""The file that a recording engine writes, and its reader: JSON Lines, with gzip if the name ends in .gz.

A thread writes, so that a slow disk stops nobody. When something goes wrong with it, logging stops and the engine does
not.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import queue
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from matchmaker.history.records import FORMAT, Header, Record, decoder

log = logging.getLogger(__name__)

MAX_BYTES = 256 << 20
KEEP = 8
_CHUNK = 64 << 10
_FLUSH_S = 1.0
_BACKLOG = 64 << 20


class LogError(Exception):
    """A log cannot be read. The message names the file, the line, and what to do."""


class EventLog:
    """Lines go out when there are 64 KiB of them, and once a second. One thread calls it, beside its own."""

    def __init__(self, path: str | os.PathLike[str], max_bytes: int = MAX_BYTES, keep: int = KEEP) -> None:
        """Opens the file; one that is there already becomes PATH.1. Raises OSError."""
        self.path = Path(path)
        self.max_bytes = max_bytes
        self.failed = False
        self._keep = keep
        self._lines: list[bytes] = []
        self._waiting = 0
        self._handed = self._done = 0
        self._flush_at = 0.0
        self._size = 0
        self._asked = self._opened = 0
        self._zip: zlib._Compress | None = None
        self._file = self._open()
        self._todo: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        self._thread.start()

    @property
    def full(self) -> float:
        """How full the file is; 1: as large as it should get."""
        return self._size / self.max_bytes if self._asked == self._opened else 0.0

    @property
    def behind(self) -> int:
        """Bytes handed over that the thread has not written yet."""
        return self._handed - self._done

    def begin(self, header: bytes) -> None:
        """Begins the file, or the next one, with a header line."""
        self.flush()
        self._asked += 1
        if self._asked > 1:
            self._todo.put(("next", b""))
        self._hand(header + b"\n")

    def write(self, line: bytes) -> None:
        if self.failed:
            return
        self._lines.append(line)
        self._waiting += len(line) + 1
        if self._waiting >= _CHUNK:
            self.flush()

    def keep_up(self, now: float) -> None:
        """Sends out what has waited a second; `now` is of any clock in seconds."""
        if now >= self._flush_at:
            self._flush_at = now + _FLUSH_S
            self.flush()

    def flush(self) -> None:
        """Hands all lines to the thread that writes."""
        if not self._lines:
            return
        lines, self._lines, self._waiting = self._lines, [], 0
        if self.behind > _BACKLOG:
            self.fail(f"the disk is {_BACKLOG >> 20} MiB behind")
        self._hand(b"\n".join(lines) + b"\n")

    def close(self) -> None:
        """Writes what is left, and waits for that."""
        self.flush()
        self._todo.put(("close", b""))
        self._thread.join(timeout=10)

    def fail(self, why: str) -> None:
        """Stops logging for good."""
        if not self.failed:
            self.failed = True
            self._lines.clear()
            log.error(
                "event log stopped: %s: %s; the matchmaker goes on without, restart it to log again", self.path, why
            )

    def _hand(self, chunk: bytes) -> None:
        if not self.failed:
            self._handed += len(chunk)
            self._todo.put(("write", chunk))

    def _run(self) -> None:
        while True:
            what, chunk = self._todo.get()
            try:
                if what == "write" and not self.failed:
                    self._put(chunk, zlib.Z_SYNC_FLUSH)
                elif what != "write":
                    self._put(b"", zlib.Z_FINISH)
                    self._file.close()
                    if what == "next" and not self.failed:
                        self._file = self._open()
            except (OSError, ValueError) as error:
                self.fail(getattr(error, "strerror", None) or str(error))
            self._done += len(chunk)
            if what == "close":
                return

    def _put(self, chunk: bytes, flush: int) -> None:
        if self._zip is not None:
            chunk = self._zip.compress(chunk) + self._zip.flush(flush)
        self._file.write(chunk)
        self._file.flush()
        self._size += len(chunk)

    def _open(self) -> BinaryIO:
        if self.path.exists():
            # Nobody wants /dev/null renamed.
            if not self.path.is_file():
                raise OSError(errno.EINVAL, "not a regular file", str(self.path))
            for number in range(self._keep, 0, -1):
                older = self._numbered(number - 1) if number > 1 else self.path
                if older.exists():
                    older.replace(self._numbered(number))
            if not self._keep:
                self.path.unlink()
        # Level 1: half the time of the usual one, for a tenth more bytes.
        self._zip = zlib.compressobj(1, wbits=31) if self.path.suffix == ".gz" else None
        # There are players' ids in it.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._size = 0
        self._opened += 1
        return os.fdopen(descriptor, "wb")

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def add_log_options(parser: argparse.ArgumentParser) -> None:
    """The server's options for a log."""
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="write an event log there, with players' ids; gzip if it ends in .gz"
    )
    parser.add_argument(
        "--log-max-mb", type=float, default=MAX_BYTES >> 20, metavar="MB", help="then a new file [default: %(default)s]"
    )
    parser.add_argument(
        "--log-keep",
        type=int,
        default=KEEP,
        metavar="N",
        help="older files kept, as FILE.1 to N [default: %(default)s]",
    )
    parser.add_argument("--log-hash-ids", action="store_true", help="hash the players' ids in the log")


def open_log(options: argparse.Namespace) -> EventLog | None:
    """The log that the options ask for. Raises OSError, ValueError."""
    if options.log is None:
        return None
    if options.log_max_mb <= 0 or options.log_keep < 0:
        raise ValueError("--log-max-mb must be more than 0, and --log-keep not negative")
    try:
        return EventLog(options.log, int(options.log_max_mb * (1 << 20)), options.log_keep)
    except OSError as error:
        raise OSError(f"cannot write the event log {options.log}: {error.strerror}: choose another --log") from error


class LogFile:
    """A log to read. Whether it is gzip is told by its first bytes, so rotated files may have any name."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Reads the header. Raises LogError, OSError."""
        self.path = Path(path)
        self.torn = False
        """Whether the file ends within a line, as after a crash; that line is left out. Known at the end."""
        self.read = 0
        """Bytes of the file so far."""
        self.size = self.path.stat().st_size
        self._decoder = decoder()
        first = next(self._lines(), None)
        if first is None:
            raise LogError(f"{self.path}: there is no whole line in it; give a log that --log has written")
        header = self._decode(1, first)
        if not isinstance(header, Header):
            raise LogError(f"{self.path}: line 1 is not a header; give the file from its beginning")
        if header.format != FORMAT:
            raise LogError(f"{self.path}: format {header.format}, and this version reads {FORMAT}; use the other one")
        self.header = header

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Lines with their numbers, counted from 1; the header is line 1. Raises LogError."""
        lines = self._lines()
        next(lines)
        for number, line in enumerate(lines, 2):
            record = self._decode(number, line)
            if isinstance(record, Header):
                raise LogError(f"{self.path}: line {number} is a second header; split the file before it")
            yield number, record

    def _decode(self, number: int, line: bytes) -> Header | Record:
        try:
            return self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise LogError(f"{self.path}: line {number}: {error}; nothing after it can be trusted") from None

    def _lines(self) -> Iterator[bytes]:
        self.torn, self.read = False, 0
        rest = b""
        for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
        self.torn = self.torn or bool(rest)

    def _chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            chunk = file.read(1 << 20)
            unzip = zlib.decompressobj(wbits=31) if chunk[:2] == b"\x1f\x8b" else None
            while chunk:
                self.read += len(chunk)
                try:
                    yield unzip.decompress(chunk) if unzip else chunk
                except zlib.error as error:
                    raise LogError(f"{self.path}: not whole as gzip: {error}; use a copy that is") from None
                chunk = file.read(1 << 20)
            self.torn = unzip is not None and not unzip.eof
