"""Moving a ref as git does: under its lock, if it is where it should be, by renaming the lock over it.

Not by libgit2: that flushes the lock, the directory and the logs of the ref and of HEAD one after the other, and cannot
be told to leave a log out. Whoever reads or pushes sees no difference.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pygit2

from configedge.control.flushing import begin, flush_all

_ZERO = "0" * 40


class Moved(Exception):
    """Somebody else moves the ref, or it is not where it should be any more."""


@contextmanager
def moving(
    repo: pygit2.Repository, ref: str, commit: str, before: str | None, who: str | None = None
) -> Iterator[None]:
    """Moves a ref from `before` (None: it must not be there) to `commit` when the block ends.

    The commit has to be on disk by then. With `who`, as Git writes people with their time, the move is written into
    the ref's log. On disk when it returns. Raises Moved, OSError; after an OSError the ref may have moved all the same.
    """
    place = Path(repo.path, ref)
    lock = place.with_name(f"{place.name}.lock")
    new = not place.parent.exists()
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        raise Moved(f"{lock} is there: somebody else moves {ref}") from None
    log = log_of(Path(repo.path), ref)
    try:
        with open(handle, "w") as file:
            file.write(f"{commit}\n")
        if target(repo, ref) != before:
            raise Moved(f"{ref} is not at {before or 'nothing'} any more")
        flushed = begin(lock)
        yield
        flushed.result()
        # Not before: the log must not name what is not on disk.
        line = f"{before or _ZERO} {commit} {who}\n".encode()
        with _logged(log, line) if who is not None else nullcontext():
            lock.replace(place)
    except BaseException:
        lock.unlink(missing_ok=True)
        raise
    flush_all(place.parent, *([place.parent.parent] if new else ()), *([log] if who is not None else ()))


def log_of(repository: Path, ref: str) -> Path:
    """Where a ref was, the newest last."""
    return repository / "logs" / ref


def target(repo: pygit2.Repository, ref: str) -> str | None:
    """The commit that a ref is at; None if there is no such ref."""
    found = repo.references.get(ref)
    return str(found.target) if found is not None else None


@contextmanager
def _logged(log: Path, line: bytes) -> Iterator[None]:
    """Appends a line; takes it back if the block raises."""
    log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    try:
        size = os.fstat(handle).st_size
        try:
            if os.write(handle, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(log))
            yield
        except BaseException:
            with suppress(OSError):
                os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)
