"""Flushing to disk."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

# As many as one commit has at once.
_POOL = ThreadPoolExecutor(4, thread_name_prefix="flush")


def flush(path: Path) -> None:
    """A file's content, or a directory's names, are on disk when it returns. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def begin(path: Path) -> Future[None]:
    """Flushes beside the caller. File systems write what is asked for at once in one go: a journal has one commit for
    all, so three together take hardly longer than one."""
    return _POOL.submit(flush, path)


def flush_all(*paths: Path) -> None:
    """All of them are on disk when it returns. Raises OSError, the first there is, when all are done."""
    begun = [begin(path) for path in paths[1:]]
    try:
        flush(paths[0])
    finally:
        failed = [error for future in begun if (error := future.exception()) is not None]
    if failed:
        raise failed[0]
