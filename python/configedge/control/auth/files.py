"""Files that only we may read: opened with suspicion, replaced whole, changed by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configedge.control.auth.errors import AccessError

Signature = tuple[int, ...]
"""Another one whenever the file has changed."""


def signature(path: Path) -> Signature | None:
    """None if there is no such file. Follows links. Raises OSError."""
    try:
        return _signature(path.stat())
    except FileNotFoundError:
        return None


def read_private(path: Path, limit: int) -> tuple[bytes, Signature]:
    """The content and the signature that goes with it.

    Raises FileNotFoundError, and AccessError for a file that others may read or own, that is no regular file, that
    has more than `limit` bytes or cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        why = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise AccessError(f"{path}: cannot be opened: {why}; put a regular file of ours there") from None
    with open(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise AccessError(f"{path}: is not a regular file; put one there")
        if status.st_uid != os.geteuid():
            raise AccessError(f"{path}: belongs to user {status.st_uid}; chown it to user {os.geteuid()}")
        if status.st_mode & 0o077:
            raise AccessError(f"{path}: others may read or write it; chmod 600 it, and replace what was in it")
        try:
            content = file.read(limit + 1)
        except OSError as error:
            raise AccessError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > limit:
        raise AccessError(f"{path}: has more than {limit} bytes; it is not what we wrote, restore it from a copy")
    return content, _signature(status)


def replace_private(path: Path, content: bytes) -> None:
    """Puts the content there at once, mode 0600, on disk when it returns. The caller holds a lock. Raises OSError."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    before = path.lstat().st_mtime_ns if os.path.lexists(path) else 0
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            # Two writes within a tick of the clock may get the same inode number and size: only time tells them apart.
            if os.fstat(handle).st_mtime_ns <= before:
                os.utime(handle, ns=(before + 1, before + 1))
            os.fsync(handle)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_directory(path.parent)


def flush_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps all other holders of this lock out, threads and processes. Makes the lock file. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _signature(status: os.stat_result) -> Signature:
    return (
        status.st_dev,
        status.st_ino,
        status.st_mode,
        status.st_uid,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
