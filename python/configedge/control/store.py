"""The Git repository as a store of bundles: every write is one commit on `main`, made by compare-and-swap.

A write that returns is on disk. Nothing is ever checked out, so no name can reach a work tree.
"""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

import pygit2

from configedge import _core
from configedge.bundle import Bundle, BundleError, BundlePath, Problem
from configedge.control import layout
from configedge.control.layout import BRANCH, LayoutError
from configedge.control.repository import Repository

log = logging.getLogger(__name__)

_ATTEMPTS = 12
_PAUSE_S = 0.02
# A page of one bundle's history looks at this many commits at most; the cursor then goes on from there.
_SCAN = 2_000
_PARSED = 4_096
_COMMIT_ID = re.compile(r"[0-9a-f]{40}", re.ASCII)


class StoreError(Exception):
    """The store cannot do what was asked. The message is for the caller."""


class NotFound(StoreError):
    """There is no such bundle or commit."""


class Stale(StoreError):
    """The bundle is not what the caller's precondition says. `etag` is what it is now, None if it does not exist."""

    def __init__(self, message: str, etag: str | None) -> None:
        super().__init__(message)
        self.etag = etag


class Unwritable(StoreError):
    """Nothing was written, and the same request may succeed later."""


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

    def check(self, path: BundlePath, etag: str | None) -> None:
        """Raises Stale if it is not so."""
        if self.absent:
            if etag is not None:
                raise Stale(f"{path} is there already", etag)
        elif etag is None:
            raise Stale(f"{path} does not exist", None)
        elif self.etags is not None and etag not in self.etags:
            raise Stale(f"{path} has changed since you read it", etag)

    def on(self, etag: str) -> Precondition:
        """The narrower one that holds for this version alone: for a write that was computed from it."""
        return Precondition(frozenset({etag}))


@dataclass(frozen=True, slots=True)
class Stored:
    """A bundle as it is in Git. One that somebody pushed may be broken: then `bundle` is None and `problems` is not."""

    path: BundlePath
    etag: str
    commit: str
    text: bytes
    bundle: Bundle | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Written:
    commit: str
    etag: str | None
    """None after a deletion."""
    changed: bool
    """False if the bundle was already so; there is no new commit then."""


@dataclass(frozen=True, slots=True)
class Change:
    """One commit on main."""

    commit: str
    time: int
    """Unix seconds."""
    author: str
    message: str


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    commit: str
    """The tip when the page was read."""
    items: tuple[Item, ...]
    next: str | None
    """Give it back as the cursor for what follows; None: that was all."""


class Store:
    """The bundles of one repository. Safe to call from any thread; writes wait for each other.

    `Store(path)` creates the repository if there is none; it raises RepositoryError.
    """

    def __init__(self, path: Path) -> None:
        self._repository = Repository(path)
        self._local = threading.local()
        self._writing = threading.Lock()
        # What parsing gave, by object id: a text never changes under its id.
        self._parsed: dict[tuple[BundlePath, str, str], tuple[bytes, Bundle | None, tuple[Problem, ...]]] = {}
        # The newest policies by the object id of their directory.
        self._policies: tuple[str, _core.Policies] = ("", _core.Policies({}))
        self.on_commit: list[Callable[[str, float], None]] = []
        """Called after each of our commits with its id and the time (Unix seconds) when it was on disk."""

    def close(self) -> None:
        self._repository.close()

    # Reading

    def tip(self) -> str:
        """The commit that main is at."""
        try:
            return str(self._repo.references[BRANCH].target)
        except KeyError:
            raise Unwritable("the repository has no branch main any more; push it again") from None

    def tip_with_time(self) -> tuple[str, float]:
        """The commit that main is at and when it was made, in Unix seconds."""
        tip = self.tip()
        return tip, float(self._commit(tip).commit_time)

    def list(
        self, namespace: str | None = None, limit: int = 100, after: BundlePath | None = None, at: str | None = None
    ) -> Page[Stored]:
        """Bundles by namespace and name, those that follow `after`. Raises NotFound for a commit that is not there."""
        commit = self._resolve(at)
        found = [f for f in layout.bundles(self._repo, commit, namespace) if after is None or f.path > after]
        items = tuple(self._stored(entry, commit) for entry in found[:limit])
        return Page(commit, items, str(items[-1].path) if len(found) > limit else None)

    def get(self, path: BundlePath, at: str | None = None) -> Stored:
        """A bundle now, or as it was at a commit. Raises NotFound."""
        commit = self._resolve(at)
        found = layout.find(self._repo, commit, path)
        if found is None:
            raise NotFound(f"there is no bundle {path}" + (f" at {at}" if at else ""))
        return self._stored(found, commit)

    def texts(self, commit: str, namespace: str | None = None) -> dict[BundlePath, bytes]:
        """The text of every bundle at a commit, also of those that would not pass a check."""
        return layout.texts(self._repo, commit, namespace)

    def policies(self, at: str | None = None) -> _core.Policies:
        """The policies that bundles are checked with at a commit, or now."""
        return self._policies_at(self._resolve(at))[1]

    def policy_files(self, commit: str) -> dict[str, bytes]:
        """The content of the directory `policies` at a commit, by file name."""
        return layout.policies(self._repo, commit)

    def history(self, path: BundlePath | None = None, limit: int = 50, cursor: str | None = None) -> Page[Change]:
        """Commits on main that changed the bundle (None: all commits), newest first.

        A merge counts as one change. A page may have fewer items than asked for and still have a `next`: it looks at
        a bounded number of commits. Raises NotFound for a cursor that is no commit.
        """
        tip = self.tip()
        at: pygit2.Commit | None = self._commit(self._resolve(cursor)) if cursor else self._commit(tip)
        items: list[Change] = []
        for _ in range(_SCAN):
            if at is None or len(items) == limit:
                break
            before = at.parents[0] if at.parents else None
            if path is None or layout.differs(self._repo, before, at, path):
                items.append(Change(str(at.id), at.commit_time, at.author.name, at.message.strip()))
            at = before
        return Page(tip, tuple(items), str(at.id) if at else None)

    # Writing

    def put(self, path: BundlePath, text: bytes, require: Precondition, author: Identity) -> Written:
        """Commits the text of a bundle, which the caller has checked. Raises Stale, Unwritable, Full, LayoutError."""
        return self._write(path, text, require, author)

    def delete(self, path: BundlePath, require: Precondition, author: Identity) -> Written:
        """Commits the absence of a bundle. Raises what `put` raises."""
        return self._write(path, None, require, author)

    def would_put(self, path: BundlePath, text: bytes, require: Precondition) -> Written:
        """What `put` would answer, without writing. `commit` is the tip."""
        tip, etag = self._current(path)
        require.check(path, etag)
        new = str(pygit2.hash(text))
        return Written(tip, new, new != etag)

    def would_delete(self, path: BundlePath, require: Precondition) -> Written:
        """What `delete` would answer, without writing. `commit` is the tip."""
        tip, etag = self._current(path)
        require.check(path, etag)
        return Written(tip, None, True)

    def _write(self, path: BundlePath, text: bytes | None, require: Precondition, author: Identity) -> Written:
        with self._writing:
            for attempt in range(_ATTEMPTS):
                tip, etag = self._current(path)
                require.check(path, etag)
                if text is not None and str(pygit2.hash(text)) == etag:
                    return Written(tip, etag, False)
                try:
                    commit = self._commit_on(tip, path, text, _message(path, text, etag), author)
                except LayoutError:
                    raise
                except (pygit2.GitError, OSError) as error:
                    if not _lost_race(error):
                        _refuse(error)
                    # Somebody else's push holds the branch, or moved it: look again whether we still may.
                    time.sleep(_PAUSE_S * random.uniform(0.5, 1.5) * (attempt + 1))
                    continue
                now = time.time()
                for call in self.on_commit:
                    call(commit, now)
                return Written(commit, None if text is None else str(pygit2.hash(text)), True)
        raise Unwritable("other writers kept the branch busy; try again")

    def _commit_on(self, tip: str, path: BundlePath, text: bytes | None, message: str, author: Identity) -> str:
        """One commit on top of `tip`; the branch moves only if it is still there."""
        repo = self._repo
        branch = repo.references[BRANCH]
        if str(branch.target) != tip:
            raise pygit2.GitError(_MOVED)
        tree = layout.changed(repo, layout.root(repo, tip), path, text)
        who = pygit2.Signature(author.name, author.email)
        commit = repo.create_commit(None, who, who, message, tree, [tip])
        try:
            branch.set_target(commit)
        except (pygit2.GitError, OSError):
            # A failure after the rename: the commit is there for all to see, so it has to be made to stay.
            if self.tip() != str(commit):
                raise
            self._repository.sync_branch()
        return str(commit)

    # Inside

    @property
    def _repo(self) -> pygit2.Repository:
        repo: pygit2.Repository | None = getattr(self._local, "repo", None)
        if repo is None:
            repo = self._local.repo = self._repository.open()
        return repo

    def _current(self, path: BundlePath) -> tuple[str, str | None]:
        tip = self.tip()
        found = layout.find(self._repo, tip, path)
        return tip, found.blob if found else None

    def _resolve(self, at: str | None) -> str:
        if at is None:
            return self.tip()
        if not _COMMIT_ID.fullmatch(at):
            raise NotFound(f"{at[:80]!r} is not a commit id; give all 40 hexadecimal digits")
        return str(self._commit(at).id)

    def _commit(self, commit: str) -> pygit2.Commit:
        try:
            return self._repo[commit].peel(pygit2.Commit)
        except (KeyError, pygit2.GitError):
            raise NotFound(f"there is no commit {commit}") from None

    def _policies_at(self, commit: str) -> tuple[str, _core.Policies]:
        known, directory = self._policies, layout.policies_id(self._repo, commit)
        if directory != known[0]:
            self._policies = known = (directory, _core.Policies(layout.policies(self._repo, commit)))
        return known

    def _stored(self, found: layout.Found, commit: str) -> Stored:
        tree, policies = self._policies_at(commit)
        key = (found.path, found.blob, tree)
        if (parsed := self._parsed.get(key)) is None:
            parsed = _parse(self._repo, found, policies)
            if len(self._parsed) >= _PARSED:
                self._parsed.clear()
            self._parsed[key] = parsed
        return Stored(found.path, found.blob, commit, *parsed)


_MOVED = "old reference value does not match"


def _parse(
    repo: pygit2.Repository, found: layout.Found, policies: _core.Policies
) -> tuple[bytes, Bundle | None, tuple[Problem, ...]]:
    text = b""
    try:
        text = found.read(repo)
        bundle = Bundle.parse(text, found.path.git, policies)
    except BundleError as error:
        return text, None, error.problems
    if bundle.path != found.path:
        problem = Problem.of(
            "name", f"the document says it is {bundle.path}", "rename the file or the bundle", file=found.path.git
        )
        return text, None, (problem,)
    return text, bundle, ()


def _message(path: BundlePath, text: bytes | None, etag: str | None) -> str:
    return f"{'Delete' if text is None else 'Update' if etag else 'Create'} {path}\n"


def _lost_race(error: Exception) -> bool:
    return _MOVED in str(error) or "failed to lock file" in str(error)


def _refuse(error: Exception) -> NoReturn:
    # libgit2 hands on the system's words, not its number.
    reason = str(error)
    log.error("a commit failed: %s", reason)
    if any(words in reason for words in ("No space left", "quota exceeded", "File too large")):
        raise Full(f"the repository's file system is full ({reason}); free space, then try again") from error
    raise Unwritable(f"the repository cannot be written ({reason})") from error
