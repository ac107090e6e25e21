"""What is committed: documents at any commit, and the history of main. Nothing is written here."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

import pygit2

from configedge import _core
from configedge.bundle import Bundle, BundleError, BundlePath, Problem
from configedge.control import layout, tombstones
from configedge.control.layout import BRANCH
from configedge.control.memo import Memo
from configedge.control.repository import Repository
from configedge.control.staged import Staged
from configedge.control.tombstones import Tombstone
from configedge.control.trail import Trail

# A page of one bundle's history looks at this many commits at most; the cursor then goes on from there.
_SCAN = 2_000
# ... and for so long: others read too.
_SCAN_S = 0.25
# What parsed documents may take together, in bytes, and about what one does beside its text and for each byte of that.
_PARSED = 16 << 20
_LEAST, _AS_OBJECTS = 2_000, 4
# A request looks at so many new commits itself; the rest is for `learn`.
_CATCH_UP = 20
_COMMIT_ID = re.compile(r"[0-9a-f]{40}", re.ASCII)


class StoreError(Exception):
    """The store cannot do what was asked. The message is for the caller."""


class NotFound(StoreError):
    """There is no such bundle or commit."""


class Unwritable(StoreError):
    """Nothing was written, and the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A bundle as it is in Git. One that somebody pushed may be broken: then `bundle` is None and `problems` is not."""

    path: BundlePath
    etag: str
    commit: str
    text: bytes
    bundle: Bundle | None
    problems: tuple[Problem, ...]


SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class Change:
    """One commit on main."""

    commit: str
    parent: str | None
    """The commit before; None of the first."""
    time: int
    """Unix seconds."""
    author: str
    subject: str | None
    """Who it was to the control plane, as in `token:ci`; None for a commit that was pushed."""
    message: str


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    commit: str
    """The tip when the page was read."""
    items: tuple[Item, ...]
    next: str | None
    """Give it back as the cursor for what follows; None: that was all."""


class Archive:
    """The documents of one repository, and its history. Safe to call from any thread."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.staged = Staged(repository.path)
        self._local = threading.local()
        # What parsing gave, by object id: a text never changes under its id.
        self._parsed: Memo[tuple[BundlePath, str, str], _Parsed] = Memo(_PARSED)
        self._trail = Trail()
        # The newest policies by the object id of their directory.
        self._policies: tuple[str, _core.Policies] = ("", _core.Policies({}))

    @property
    def repo(self) -> pygit2.Repository:
        """The calling thread's own handle."""
        return self.handle("repo", self.repository.open)

    def handle(self, name: str, make: Callable[[], pygit2.Repository]) -> pygit2.Repository:
        """The calling thread's own, made anew after packs were merged."""
        merged, repo = getattr(self._local, name, (-1, None))
        if repo is None or merged != self.staged.merged:
            repo = make()
            setattr(self._local, name, (self.staged.merged, repo))
        return repo

    def tip(self) -> str:
        """The commit that main is at."""
        try:
            return str(self.repo.references[BRANCH].target)
        except KeyError:
            raise Unwritable("the repository has no branch main any more; push it again") from None

    def tip_with_time(self) -> tuple[str, float]:
        """The commit that main is at and when it was made, in Unix seconds."""
        tip = self.tip()
        return tip, float(self._commit(tip).commit_time)

    def list(
        self,
        namespace: str | None = None,
        limit: int = 100,
        after: BundlePath | None = None,
        at: str | None = None,
        visible: Callable[[BundlePath], bool] = lambda path: True,
    ) -> Page[Stored]:
        """Bundles by namespace and name, those that follow `after`. Raises NotFound for a commit that is not there."""
        commit = self.resolve(at)
        entries = layout.bundles(self.repo, commit, namespace)
        wanted = (one for one in entries if (after is None or one.path > after) and visible(one.path))
        found = list(islice(wanted, limit + 1))
        items = tuple(self._stored(entry, commit) for entry in found[:limit])
        return Page(commit, items, str(items[-1].path) if len(found) > limit else None)

    def get(self, path: BundlePath, at: str | None = None) -> Stored:
        """A bundle now, or as it was at a commit. Raises NotFound."""
        commit = self.resolve(at)
        found = layout.find(self.repo, commit, path)
        if found is None:
            raise NotFound(f"there is no bundle {path}" + (f" at {at}" if at else ""))
        return self._stored(found, commit)

    def overlays(self, path: BundlePath, at: str | None = None) -> tuple[Stored, ...]:
        """The overlays of a bundle: environments before their regions."""
        commit = self.resolve(at)
        tree = layout.root(self.repo, commit)
        return tuple(self._stored(found, commit) for found in layout.overlays(self.repo, tree, path))

    def texts(self, commit: str, namespace: str | None = None, layer: str = "") -> dict[BundlePath, bytes]:
        """The text of every bundle that nodes of a layer get, also of those that would not pass a check."""
        return layout.texts(self.repo, commit, namespace, layer)

    def file(self, name: str, at: str | None = None) -> bytes | None:
        """The content of any file at a commit; None if there is none."""
        entry = layout.entry_at(self.repo, layout.root(self.repo, self.resolve(at)), name)
        return self.repo.odb.read(entry.id)[1] if isinstance(entry, pygit2.Blob) else None

    def tombstones(self, path: BundlePath, at: str | None = None) -> tuple[Tombstone, ...]:
        """The deleted keys of a bundle that are remembered."""
        return tombstones.read(self.file(tombstones.file_of(path), at))

    def policies_of(self, commit: str) -> tuple[str, _core.Policies]:
        """The policies that bundles are checked with at a commit, and the object id of their directory."""
        return self._policies_by(layout.policies_id(self.repo, commit))

    def policies_in(self, tree: pygit2.Oid | None) -> tuple[str, _core.Policies]:
        """Those of a directory that no commit may have yet."""
        return self._policies_by(str(tree) if tree is not None else "")

    def policy_files(self, commit: str) -> dict[str, bytes]:
        """The content of the directory `policies` at a commit, by file name."""
        return layout.policies(self.repo, commit)

    def history(
        self,
        path: BundlePath | None = None,
        limit: int = 50,
        cursor: str | None = None,
        visible: Callable[[BundlePath], bool] | None = None,
    ) -> Page[Change]:
        """Commits on main that changed the document (None: all commits), newest first.

        With `visible`, only those of which everything that they touched is.

        A merge counts as one change. A page may have fewer items than asked for and still have a `next`: it looks at
        a bounded number of commits. Raises NotFound for a cursor that is no commit.
        """
        tip = self.tip()
        start = self.resolve(cursor) if cursor is not None else tip
        items: list[Change] = []
        if path is not None and visible is None and self._trail.follow(self.repo, tip, _CATCH_UP):
            known = self._trail.changes(path, start, limit)
            if known is not None:
                items = [self.change(commit) for commit in known[0]]
                if len(items) == limit or known[1] is None:
                    return Page(tip, tuple(items), known[1])
                start = known[1]
        at: pygit2.Commit | None = self._commit(start)
        until = time.monotonic() + _SCAN_S
        for _ in range(_SCAN):
            if at is None or len(items) == limit or time.monotonic() > until:
                break
            before = at.parents[0] if at.parents else None
            wanted = path is None or layout.differs(self.repo, before, at, path)
            if wanted and (visible is None or self._shown(at, visible)):
                items.append(self._change(at))
            at = before
        return Page(tip, tuple(items), str(at.id) if at else None)

    def _shown(self, commit: pygit2.Commit, visible: Callable[[BundlePath], bool]) -> bool:
        # One that touches no document, policies for one, is for those who may see everything.
        touched = self.touched(commit)
        return bool(touched) and all(map(visible, touched))

    def change(self, commit: str) -> Change:
        """What a commit says of itself. Raises NotFound."""
        return self._change(self._commit(self.resolve(commit)))

    def parent(self, commit: str) -> str | None:
        """The commit before."""
        parents = self._commit(commit).parents
        return str(parents[0].id) if parents else None

    def touched(self, commit: str | pygit2.Commit, since: str | None = None) -> tuple[BundlePath, ...]:
        """The documents that a commit changed, or that are others than at the commit `since`."""
        after = self._commit(commit) if isinstance(commit, str) else commit
        if since is None:
            return self._trail.touched(after)
        return tuple(layout.touched(self._commit(since).tree, after.tree))

    def learn(self) -> None:
        """Looks through the newest commits, so that histories are quick. Takes a second for 10,000 of them."""
        self._trail.follow(self.repo, self.tip())

    def since(self, commit: str, most: int = 10_000) -> tuple[str, ...] | None:
        """The commits of main after `commit`, oldest first; None if it is not one of the newest `most`."""
        found: list[str] = []
        at: pygit2.Commit | None = self._commit(self.tip())
        while at is not None and len(found) <= most:
            if str(at.id) == commit:
                return tuple(reversed(found))
            found.append(str(at.id))
            at = at.parents[0] if at.parents else None
        return None

    def on_main(self, commit: str) -> str:
        """A commit that main came by. Raises NotFound."""
        there, tip = self.resolve(commit), self.tip()
        if there != tip and not self.repo.descendant_of(tip, there):
            raise NotFound(f"{commit} is no commit of main; GET /v1/history lists them")
        return there

    def since_when(self, file: str) -> str | None:
        """The commit that brought a file that is there; None if that is too long ago to look for."""
        at = self._commit(self.tip())
        for _ in range(_SCAN):
            before = at.parents[0] if at.parents else None
            if before is None or layout.entry_at(self.repo, before.tree, file) is None:
                return str(at.id)
            at = before
        return None

    @staticmethod
    def _change(commit: pygit2.Commit) -> Change:
        whole = layout.message(commit).strip()
        message, _, trailers = whole.rpartition("\n\n")
        if trailers.startswith(SUBJECT):
            subject: str | None = trailers.partition("\n")[0].removeprefix(SUBJECT)
        else:
            message, subject = whole, None
        parent = str(commit.parent_ids[0]) if commit.parent_ids else None
        return Change(str(commit.id), parent, commit.commit_time, commit.author.name, subject, message)

    def resolve(self, at: str | None) -> str:
        if at is None:
            return self.tip()
        if not _COMMIT_ID.fullmatch(at):
            raise NotFound(f"{at[:80]!r} is not a commit id; give all 40 hexadecimal digits")
        try:
            return str(self._commit(at).id)
        except pygit2.GitError:
            raise NotFound(f"there is no commit {at}") from None

    def _commit(self, commit: str) -> pygit2.Commit:
        """One that should be there. Raises GitError if the repository lost it."""
        try:
            return self.repo[commit].peel(pygit2.Commit)
        except KeyError:
            raise pygit2.GitError(f"the commit {commit} cannot be found") from None

    def _policies_by(self, directory: str) -> tuple[str, _core.Policies]:
        known = self._policies
        if directory != known[0]:
            self._policies = known = (directory, _core.Policies(layout.policy_files(self.repo, directory)))
        return known

    def remember(self, path: BundlePath, text: bytes, bundle: Bundle, policies_id: str) -> None:
        """What parsing a text gave with these policies, which is the document at `path` now or soon."""
        if bundle.path == path.base:
            key = (path, str(pygit2.hash(text)), policies_id)
            self._parsed.keep(key, (text, bundle, ()), _LEAST + _AS_OBJECTS * len(text))

    def _stored(self, found: layout.Found, commit: str) -> Stored:
        tree, policies = self.policies_of(commit)
        key = (found.path, found.blob, tree)
        if (parsed := self._parsed.get(key)) is None:
            parsed = _parse(self.repo, found, policies)
            self._parsed.keep(key, parsed, _LEAST + _AS_OBJECTS * len(parsed[0]))
        return Stored(found.path, found.blob, commit, *parsed)


_Parsed = tuple[bytes, Bundle | None, tuple[Problem, ...]]


def _parse(repo: pygit2.Repository, found: layout.Found, policies: _core.Policies) -> _Parsed:
    text = b""
    try:
        text = found.read(repo)
        bundle = Bundle.parse(text, found.path.git, policies)
    except BundleError as error:
        return text, None, error.problems
    if bundle.path != found.path.base:
        problem = Problem.of(
            "name", f"the document says it is {bundle.path}", "rename the file or the bundle", file=found.path.git
        )
        return text, None, (problem,)
    return text, bundle, ()
