"""One append-only file of frames, each: length (4 bytes), CRC-32 of length and body (4 bytes), body; little-endian.

A crash can tear the last frames, never those that were synced before. A torn tail is cut off at open; damage with
whole frames behind it is no torn tail, and refused.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal
from zlib import crc32

MAGIC = b"cefleet1"
MAX_BODY = 64 << 20

Sync = Literal["always", "never"]
"""always: an append is done when the disk has it; never: when the kernel has it (survives the process, not power)."""

_HEAD = struct.Struct("<II")


class JournalError(Exception):
    """The file cannot be used; the message says what to do about it."""


class Journal:
    """One process at a time. Any error of a write or a sync leaves it `broken` unless the write could be undone."""

    def __init__(self, path: Path, sync: Sync = "always") -> None:
        """Creates the file if there is none. Raises JournalError if it is in use, damaged, or something else."""
        self.path = path
        self.sync = sync
        self.broken = ""
        self._fd = _locked(path, os.O_RDWR | os.O_CREAT)
        try:
            self._size = self._check_magic()
        except BaseException:
            os.close(self._fd)
            raise
        self._synced = 0
        self._syncing = asyncio.Lock()

    def replay(self) -> Iterator[bytes]:
        """All bodies, then cuts off a torn tail. Call it once, before anything is appended."""
        data = self.path.read_bytes()
        offset = len(MAGIC)
        while (body := _frame(data, offset)) is not None:
            yield body
            offset += _HEAD.size + len(body)
        if offset < len(data):
            for later in range(offset + 1, len(data) - _HEAD.size):
                if _frame(data, later) is not None:
                    raise JournalError(
                        f"{self.path}: damaged at byte {offset}, with good records from byte {later} on. "
                        f"Restore it from a copy, or give up what follows: truncate -s {offset} {self.path}"
                    )
            os.ftruncate(self._fd, offset)
            os.fsync(self._fd)
        self._size = self._synced = offset

    @property
    def size(self) -> int:
        return self._size

    def write(self, body: bytes) -> None:
        """Hands a frame to the kernel. Raises OSError (nothing of it is left), or JournalError if it is broken."""
        if self.broken:
            raise JournalError(f"{self.path}: closed after an error ({self.broken}); open it again")
        frame = _framed(body)
        try:
            if os.pwrite(self._fd, frame, self._size) < len(frame):
                raise OSError(f"{self.path}: only a part was written; is the disk full?")
        except OSError:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError as error:
                self.broken = str(error)
            raise
        self._size += len(frame)

    async def durable(self) -> None:
        """Returns when all that was written before is as durable as `sync` says. Writers share a sync.

        Raises JournalError: after a failed fsync nobody knows what the disk has.
        """
        wanted = self._size
        if self.sync == "never":
            return
        async with self._syncing:
            if self.broken:
                raise JournalError(f"{self.path}: {self.broken}")
            if self._synced >= wanted:
                return
            now = self._size
            try:
                await asyncio.shield(asyncio.to_thread(os.fsync, self._fd))
            except OSError as error:
                self.broken = str(error)
                raise JournalError(f"{self.path}: {error}") from error
            self._synced = now

    async def rewrite(self, bodies: Iterable[bytes]) -> None:
        """Replaces all of the file at once, whatever happens on the way. `bodies` must tell all that was written."""
        async with self._syncing:
            new = self.path.with_name(self.path.name + ".new")
            fd = _locked(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            try:
                data = MAGIC + b"".join(map(_framed, bodies))
                with open(fd, "wb", closefd=False) as file:
                    file.write(data)
                os.fsync(fd)
                os.replace(new, self.path)
            except BaseException:
                os.close(fd)
                raise
            _sync_directory(self.path.parent)
            os.close(self._fd)
            self._fd, self._size, self._synced = fd, len(data), len(data)

    def close(self) -> None:
        if self._fd >= 0:
            self.broken = self.broken or "closed"
            os.close(self._fd)
            self._fd = -1

    def _check_magic(self) -> int:
        head = os.pread(self._fd, len(MAGIC), 0)
        if head == MAGIC:
            return os.fstat(self._fd).st_size
        if not MAGIC.startswith(head):
            raise JournalError(f"{self.path}: not a journal of the matchmaker; give another path")
        os.pwrite(self._fd, MAGIC, 0)
        os.fsync(self._fd)
        _sync_directory(self.path.parent)
        return len(MAGIC)


def _framed(body: bytes) -> bytes:
    length = len(body).to_bytes(4, "little")
    return length + crc32(body, crc32(length)).to_bytes(4, "little") + body


def _frame(data: bytes, offset: int) -> bytes | None:
    """The body of the frame there, if there is a whole and good one."""
    if offset + _HEAD.size > len(data):
        return None
    length, check = _HEAD.unpack_from(data, offset)
    begin = offset + _HEAD.size
    if not 0 < length <= MAX_BODY or begin + length > len(data):
        return None
    body = data[begin : begin + length]
    return body if crc32(body, crc32(data[offset : offset + 4])) == check else None


def _locked(path: Path, flags: int) -> int:
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise JournalError(f"{path}: in use by another process; stop that one, or give another path") from None
    return fd


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
