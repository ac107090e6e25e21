"""Opening the bare repository: created at first start, one control plane at a time, cleaned of what a crash left."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pygit2
from pygit2.enums import Option

from configedge.control import commits, repair, upkeep
from configedge.control.flushing import flush
from configedge.control.layout import BRANCH
from configedge.control.refs import log_of
from configedge.signing import Signer

log = logging.getLogger(__name__)

_OURS = "configedge.lock"
# A lock this old belongs to nobody: git and libgit2 hold one for milliseconds.
_STALE_S = 1.0
# While pushes come and go, one has to be this old.
_DEAD_S = 10.0
_SETTINGS = {
    # What others push must not rewrite the history that ETags and audits rest on, and must be as durable as our own.
    "receive.denyNonFastForwards": "true",
    "receive.denyDeletes": "true",
    "receive.fsckObjects": "true",
    "core.fsync": upkeep.FSYNC,
    # No file an object: libgit2 never comes back from reading one that is truncated while we run.
    "transfer.unpackLimit": "1",
    # Repacking is for whoever holds our lock, not for a process that a push happens to start.
    "receive.autogc": "false",
    "gc.auto": "0",
    # Where main was, to go back to if its tip is damaged.
    "core.logAllRefUpdates": "always",
    # What the control plane remembers is not for pushes.
    "receive.hideRefs": "refs/proposals",
}


class RepositoryError(Exception):
    """The directory cannot be used as the repository. One line, says what to do."""


def require_durable_commits() -> None:
    """Makes libgit2 flush objects, references and their directories before it reports success.

    It does not by itself: power cuts then lose acknowledged commits. The option is for the whole process.
    """
    pygit2.option(Option.ENABLE_FSYNC_GITDIR, True)


def flush_ourselves() -> None:
    """Ends that: what is written from now on is flushed by `Staged` and `moving`, and scratch need not be."""
    pygit2.option(Option.ENABLE_FSYNC_GITDIR, False)


def bound_memory() -> None:
    """Lets libgit2 keep 4 MiB of objects, counted as they are stored, and not 256: in memory they take four times as
    much, and they save nothing that can be measured. And 32 packs open, of which there may be more. The options are for
    the whole process."""
    pygit2.option(Option.SET_CACHE_MAX_SIZE, 4 << 20)
    pygit2.settings.mwindow_file_limit = 32


class Repository:
    """The right to write to a repository, held until `close` or the end of the process.

    At the start it looks through the tip, and makes it whole again if it is damaged: from `mirror` or `remote` (URLs or
    paths) if there is one, else by going back. An empty one takes the history of the mirror, or begins one with an
    empty commit, which `signer` signs. Raises RepositoryError if the directory cannot be made, is something else,
    another control plane has it, or nothing of it is whole.
    """

    def __init__(
        self, path: Path, mirror: str | None = None, remote: str | None = None, signer: Signer | None = None
    ) -> None:
        self.path = path.absolute()
        self._mirror = mirror
        self._remote = remote
        self._signer = signer
        self.repaired: repair.Repaired | None = None
        """What had to be done at the start to make it whole; None if nothing had to be."""
        require_durable_commits()
        bound_memory()
        try:
            fresh = _prepare(self.path)
            self._lock = _take(self.path)
            try:
                self._open(fresh)
            except BaseException:
                self.close()
                raise
            flush_ourselves()
        except OSError as error:
            raise RepositoryError(
                f"cannot use {path} as the repository: {error.strerror or error}; give --repo a writable directory"
            ) from error

    def open(self) -> pygit2.Repository:
        """A handle for the calling thread; libgit2's must not be shared between threads."""
        return pygit2.Repository(str(self.path))

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def drop_stale_lock(self) -> None:
        """Removes the branch's lock if whoever made it must be dead: a push that was killed leaves one."""
        lock = self.path / f"{BRANCH}.lock"
        if (_age(lock) or 0.0) > _DEAD_S:
            log.warning("removed %s, which nobody can hold any more", lock)
            lock.unlink(missing_ok=True)

    def loose_objects(self) -> int:
        """About how many objects are not packed."""
        return upkeep.loose_objects(self.path)

    def sync_branch(self) -> None:
        """Flushes the branch file, its directory and its log."""
        branch = self.path / BRANCH
        for path in (branch, branch.parent, log_of(self.path, BRANCH)):
            if path.exists():
                flush(path)

    def _open(self, fresh: bool) -> None:
        try:
            if fresh:
                pygit2.init_repository(str(self.path), bare=True, initial_head="main")
            repo = self.open()
        except pygit2.GitError as error:
            raise RepositoryError(
                f"{self.path} is not a Git repository ({error}); give --repo a bare one or an empty directory"
            ) from error
        if not repo.is_bare:
            raise RepositoryError(f"{self.path} has a work tree; give --repo a bare repository or an empty directory")
        for lock in _abandoned(self.path):
            lock.unlink(missing_ok=True)
        if fresh:
            _set(repo)
        else:
            self._repair()
            repo = self.open()
        if BRANCH not in repo.references and not (self._mirror and repair.restore(self.path, self._mirror)):
            # An empty first commit, so that there is always a tip: to export, to clone, to compare with.
            who = pygit2.Signature("configedge", "configedge@localhost")
            tree = repo.TreeBuilder().write()
            commit = commits.make(repo, self._signer, who, "Begin the history\n", tree, [])
            repo.set_ident(who.name, who.email)
            repo.create_reference(BRANCH, commit, message="commit (initial): Begin the history")
            _flush_all(self.path)

    def _repair(self) -> None:
        # One that was made before a setting was.
        _set(self.open())
        try:
            self.repaired = repair.repair(self.path, self._mirror or self._remote)
        except (pygit2.GitError, OSError) as error:
            raise RepositoryError(f"{self.path}: {error}") from error
        if self.repaired is not None:
            log.critical("%s", self.repaired.text)


def _set(repo: pygit2.Repository) -> None:
    for name, value in _SETTINGS.items():
        if name not in repo.config or repo.config[name] != value:
            repo.config[name] = value


def _prepare(path: Path) -> bool:
    """Makes the directory. True if there is no repository in it yet."""
    if path.exists() and not path.is_dir():
        raise RepositoryError(f"{path} is not a directory; give --repo a directory")
    path.mkdir(parents=True, exist_ok=True)
    there = set(os.listdir(path)) - {"lost+found"}
    if "HEAD" in there and {"objects", "refs"} <= there:
        return False
    # Our lock without a repository: we were stopped while making it.
    if there and _OURS not in there:
        raise RepositoryError(
            f"{path} is not empty and not a bare Git repository; give --repo one of those, or a new directory"
        )
    return True


def _take(path: Path) -> int:
    lock = os.open(path / _OURS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode("ascii", "replace").strip()
        os.close(lock)
        raise RepositoryError(
            f"another control plane (process {holder or 'unknown'}) has {path}; stop it or give another --repo"
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _abandoned(path: Path) -> Iterator[Path]:
    """Locks and half-written objects of a process that was killed. Waits for a young lock to go or to grow old."""
    yield from path.glob("objects/tmp_object*_git2_*")
    yield from path.glob("objects/pack/tmp_pack-*")
    for lock in [*path.glob("*.lock"), *(path / "refs").rglob("*.lock")]:
        if lock.name == _OURS:
            continue
        while (age := _age(lock)) is not None:
            if age >= _STALE_S:
                yield lock
                break
            time.sleep(0.05)


def _age(path: Path) -> float | None:
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return None
    # One from the future is from before the clock was set.
    return age if age >= 0 else _STALE_S


def _flush_all(path: Path) -> None:
    for directory, _, files in os.walk(path):
        for name in files:
            flush(Path(directory, name))
        flush(Path(directory))
    flush(path.parent)
