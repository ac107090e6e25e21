"""The Git repository as a store: what is committed there, and commits on `main` by compare-and-swap.

A commit that is returned is on disk, and at the remote if there is one. Nothing is ever checked out, so no name can
reach a work tree.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pygit2

from configedge.bundle import BundlePath
from configedge.control import commits, layout
from configedge.control.archive import SUBJECT, Archive, StoreError, Unwritable
from configedge.control.idempotency import Key, Keys
from configedge.control.layout import BRANCH, LayoutError
from configedge.control.refs import Moved, moving, target
from configedge.control.remote import Rejected, Remote
from configedge.control.repository import Repository
from configedge.control.vouching import Vouching
from configedge.signing import AllowedSigners, Signer

log = logging.getLogger(__name__)

_ATTEMPTS = 12
_PAUSE_S = 0.02
# Bytes: less than a document and its trees may need.
_LITTLE = 2 << 20
# So many versions of a document are looked through for the one that a change was made on.
_OLD = 50


class Stale(StoreError):
    """The bundle is not what the caller's precondition says. `etag` is what it is now, None if it does not exist."""

    def __init__(self, message: str, etag: str | None) -> None:
        super().__init__(message)
        self.etag = etag


class Changed(Stale):
    """It is there, but it is none of those `wanted`."""

    def __init__(self, path: BundlePath, wanted: frozenset[str], etag: str) -> None:
        super().__init__(f"{path} has changed since you read it", etag)
        self.path = path
        self.wanted = wanted


class Unvouched(Unwritable):
    """Nothing was written: a commit of ours would speak for one that nobody signed."""


class Full(Unwritable):
    """Nothing was written: no space on the repository's file system."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes a commit. Raises ValueError for text that could forge a part of the commit."""

    name: str
    email: str

    def __post_init__(self) -> None:
        for part in (self.name, self.email):
            if not part.strip() or len(part) > 200 or not part.isprintable() or set(part) & set("<>"):
                raise ValueError(f"{part!r} cannot stand in a commit as a name or address")


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must be true of a bundle for a write to happen."""

    etags: frozenset[str] | None = None
    """The bundle is one of these; None: it is there, whatever it is."""
    absent: bool = False
    """The bundle is not there. `etags` is then ignored."""
    anyhow: bool = False
    """Nothing is required."""

    def check(self, path: BundlePath, etag: str | None) -> None:
        """Raises Stale if it is not so."""
        if self.anyhow:
            return
        if self.absent:
            if etag is not None:
                raise Stale(f"{path} is there already", etag)
        elif etag is None:
            raise Stale(f"{path} does not exist", None)
        elif self.etags is not None and etag not in self.etags:
            raise Changed(path, self.etags, etag)


@dataclass(frozen=True, slots=True)
class Move:
    """A ref other than main that is to point to another commit."""

    ref: str
    commit: str
    before: str | None
    """Where it must be now; None: it must not exist."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit that is to be made on top of the one that it was computed from."""

    tree: pygit2.Oid
    message: str
    """Ends with a paragraph of trailers, of which the first is the subject."""
    also: Callable[[str], Move] | None = None
    """What else is moved together with main, from the new commit's id."""


def message_of(summary: str, note: str, subject: str, request_id: str) -> str:
    """A commit's message. What a client wrote is quoted, so that nothing in it can pass for a trailer."""
    lines = ("".join(c if c.isprintable() else " " for c in line).rstrip() for line in note.splitlines())
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    paragraphs = [summary, *([quoted] if quoted else []), f"{SUBJECT}{subject}\nRequest-Id: {request_id}\n"]
    return "\n\n".join(paragraphs)


@dataclass(frozen=True, slots=True)
class Advanced:
    commit: str
    changed: bool
    """False if the tree was already so; there is no new commit then."""
    repeated: bool = False
    """The commit is that of an earlier request with the same key."""


class Store(Archive):
    """The documents of one repository. Safe to call from any thread; writes wait for each other.

    `Store(path)` creates the repository if there is none; it raises RepositoryError. With a `signer` its commits are
    signed, and only on top of what `vouching` takes (default: what it signed itself); with a `remote` that one decides
    between writers, and this repository is a copy of it.
    """

    def __init__(
        self,
        path: Path,
        *,
        signer: Signer | None = None,
        vouching: Vouching | None = None,
        remote: Remote | None = None,
        mirror: str | None = None,
    ) -> None:
        super().__init__(Repository(path, mirror, remote.url if remote is not None else None, signer))
        self._signer = signer
        self._vouching = vouching or (Vouching(signer.public) if signer is not None else None)
        self._remote = remote
        self._writing = threading.RLock()
        self._keys = Keys()
        self.on_commit: list[Callable[[str, float], None]] = []
        """Called after each of our commits with its id and the time (Unix seconds) when it was on disk."""
        self.on_retry: list[Callable[[], None]] = []
        """Called when another writer was first, before the next attempt."""
        if remote is not None:
            remote.attach(self.repository)

    def close(self) -> None:
        self.staged.close()
        self.repository.close()

    @property
    def signers(self) -> AllowedSigners | None:
        """Who signs the commits of control planes: all of one remote have the same key. None if this one signs none."""
        return self._vouching.own if self._vouching is not None else None

    def advance(
        self,
        draft: Callable[[str], Draft],
        author: Identity,
        key: Key | None = None,
    ) -> Advanced:
        """Makes what `draft` makes of the tip the next commit of main.

        It is called again if another writer was first, so it must look at everything anew. With a `key`, a request that
        was committed before is not committed again. Raises KeyReused, Unwritable, Full, and what `draft` raises.
        """
        with self._writing:
            for attempt in range(_ATTEMPTS):
                try:
                    tip = self.tip()
                    if key is not None and (done := self._keys.find(self.repo, tip, key)):
                        return Advanced(done, True, True)
                    try:
                        wanted = draft(tip)
                    except StoreError as error:
                        # Another replica may have what this change is made on, or have made it.
                        if not (key is None and self._is_over(error, tip)) and self._behind(tip):
                            continue
                        raise
                    if wanted.tree == layout.root(self.repo, tip).id:
                        return Advanced(tip, False)
                    self._require_vouched(tip)
                    commit = self._commit_on(tip, wanted, author, key)
                except LayoutError:
                    raise
                except (pygit2.GitError, OSError) as error:
                    refuse(error, self.repository.path)
                except (Rejected, Moved):
                    self.repository.drop_stale_lock()
                    for tell in self.on_retry:
                        tell()
                    # Somebody else's push holds the branch, or moved it: look again whether we still may.
                    time.sleep(_PAUSE_S * random.uniform(0.5, 1.5) * (attempt + 1))
                    continue
                now = time.time()
                for call in self.on_commit:
                    call(commit, now)
                return Advanced(commit, True)
        raise Unwritable("other writers kept the branch busy; try again")

    def _require_vouched(self, tip: str) -> None:
        """Raises Unvouched."""
        if self._vouching is None or not (said := self._vouching.objection(self.repo, tip)):
            return
        raise Unvouched(
            f"main is at {tip} by {self._commit(tip).author.name}, and a signed commit on top would speak for it: "
            f"{said}. Take it back at the remote, push a signed one on top, name its signer in --allowed-signers, or "
            f"start with --adopt {tip}"
        )

    def _behind(self, tip: str) -> bool:
        """Whether the remote, or somebody's push, has more than `tip`; it is here then. Raises Unreachable."""
        if self._remote is not None:
            # To refuse what was done elsewhere already would be untrue, so without the remote there is no answer.
            with suppress(pygit2.GitError, OSError, Moved):
                self._remote.fetch()
        return self.tip() != tip

    def _is_over(self, error: StoreError, tip: str) -> bool:
        """Whether a change was made on what a document was once, and is not any more: the remote cannot undo that."""
        if not isinstance(error, Changed):
            return False
        commits = self.history(error.path, _OLD, tip).items
        found = (layout.find(self.repo, change.commit, error.path) for change in commits)
        return error.wanted <= {one.blob for one in found if one is not None}

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """No commit is made meanwhile, but by the one who has it: for maintenance, and for what is staged."""
        with self._writing:
            yield

    def _commit_on(self, tip: str, draft: Draft, author: Identity, key: Key | None) -> str:
        """One commit on top of `tip`; the branch moves only if it is still there."""
        if self.tip() != tip:
            raise Moved(BRANCH)
        # Time never goes back along the history, whatever a clock does.
        when = max(int(time.time()), self._commit(tip).commit_time)
        who = pygit2.Signature(author.name, author.email, when, 0)
        message = draft.message if key is None else draft.message + key.trailers()
        commit = self.make_commit(who, message, draft.tree, [tip])
        move = draft.also(commit) if draft.also is not None else None
        made = [commit] if move is None else [commit, move.commit]
        if self._remote is not None:
            self.staged.keep(*made)
            self._remote.push(commit, tip, also=move)
        try:
            with moving(self.repo, BRANCH, commit, tip, f"{author.name} <{author.email}> {when} +0000"):
                self.staged.keep(*made)
        except (pygit2.GitError, OSError, Moved):
            # A failure after the rename: the commit is there for all to see, so it has to be made to stay.
            # Or what was pushed comes back already, by the thread that fetches.
            if not self._is_there(commit):
                raise
            self.repository.sync_branch()
        if move is not None:
            try:
                self._move(move)
            except (pygit2.GitError, OSError, Moved) as error:
                # Main says so, and that is what counts.
                log.warning("%s was not moved: %s", move.ref, error)
        return commit

    def _is_there(self, commit: str) -> bool:
        """Whether main has a commit; waits for the thread that fetches, if there may be one."""
        for _ in range(50 if self._remote is not None else 1):
            tip = self.tip()
            if tip == commit or (commit in self.repo and self.repo.descendant_of(tip, commit)):
                return True
            time.sleep(_PAUSE_S)
        return False

    def move(self, move: Move) -> None:
        """Moves a ref other than main, at the remote too. Raises Moved if it is not as before, OSError, Unreachable."""
        if self._remote is not None:
            self.staged.keep(move.commit)
            self._remote.push(move.commit, move.before or "", move.ref)
        self._move(move)

    def drop(self, ref: str, commit: str) -> None:
        """Removes a ref other than main that is at a commit, at the remote too. Raises Unreachable, GitError."""
        if self._remote is not None:
            self._remote.drop(ref, commit)
        self.repo.references.delete(ref)

    def _move(self, move: Move) -> None:
        if target(self.repo, move.ref) == move.commit:
            # What was pushed came back already, by the thread that fetches.
            return
        with moving(self.repo, move.ref, move.commit, move.before):
            self.staged.keep(move.commit)

    def refresh(self) -> None:
        """Brings here what the remote has, if there is one. Raises Unreachable."""
        if self._remote is not None:
            self._remote.fetch()

    def make_commit(self, who: pygit2.Signature, message: str, tree: pygit2.Oid, parents: Sequence[str]) -> str:
        """A commit object that no branch has yet, signed if there is a signer; gives its id."""
        return commits.make(self.stage, self._signer, who, message, tree, parents)

    @property
    def stage(self) -> pygit2.Repository:
        """The calling thread's own handle for what a commit is to have. For whoever has the store `exclusively`."""
        return self.handle("stage", self.staged.open)


def refuse(error: Exception, path: Path) -> NoReturn:
    """Raises Full or Unwritable for what kept a commit from being written into the repository at `path`."""
    # libgit2 hands on the system's words, not its number, and sometimes words of something before.
    reason = str(error)
    log.error("a commit failed: %s", reason)
    if any(words in reason for words in ("No space left", "quota exceeded", "File too large")) or _is_full(path):
        raise Full(f"the repository's file system is full ({reason}); free space, then try again") from error
    raise Unwritable(f"the repository cannot be written ({reason})") from error


def _is_full(path: Path) -> bool:
    try:
        space = os.statvfs(path)
    except OSError:
        return False
    # Some have no number of files to run out of.
    return space.f_bavail * space.f_frsize < _LITTLE or (space.f_files > 0 and space.f_favail == 0)
