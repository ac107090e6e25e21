"""The Git repository as a store: documents at any commit, history, and commits on `main` by compare-and-swap.

A commit that is returned is on disk, and at the remote if there is one. Nothing is ever checked out, so no name can
reach a work tree.
"""

from __future__ import annotations

import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

import pygit2

from configedge import _core
from configedge.bundle import Bundle, BundleError, BundlePath, Problem
from configedge.control import layout, tombstones
from configedge.control.idempotency import Key, Keys
from configedge.control.layout import BRANCH, LayoutError
from configedge.control.memo import Memo
from configedge.control.refs import Moved, moving, target
from configedge.control.remote import Rejected, Remote
from configedge.control.repository import Repository
from configedge.control.staged import Staged
from configedge.control.tombstones import Tombstone
from configedge.control.trail import Trail
from configedge.control.vouching import Vouching
from configedge.signing import AllowedSigners, Signer

log = logging.getLogger(__name__)

_ATTEMPTS = 12
_PAUSE_S = 0.02
# A page of one bundle's history looks at this many commits at most; the cursor then goes on from there.
_SCAN = 2_000
# ... and for so long: others read too.
_SCAN_S = 0.25
# What parsed documents may take together, in bytes, and about what one does beside its text and for each byte of that.
_PARSED = 16 << 20
# Bytes: less than a document and its trees may need.
_LITTLE = 2 << 20
_LEAST, _AS_OBJECTS = 2_000, 4
# So many versions of a document are looked through for the one that a change was made on.
_OLD = 50
# A request looks at so many new commits itself; the rest is for `learn`.
_CATCH_UP = 20
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


class Changed(Stale):
    """It is there, but it is none of those `wanted`."""

    def __init__(self, path: BundlePath, wanted: frozenset[str], etag: str) -> None:
        super().__init__(f"{path} has changed since you read it", etag)
        self.path = path
        self.wanted = wanted


class Unwritable(StoreError):
    """Nothing was written, and the same request may succeed later."""


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


class Store:
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
        self.repository = Repository(path, mirror, remote.url if remote is not None else None)
        self._signer = signer
        self._vouching = vouching or (Vouching(signer.public) if signer is not None else None)
        self._remote = remote
        self._local = threading.local()
        self.staged = Staged(self.repository.path)
        self._writing = threading.RLock()
        self._keys = Keys()
        # What parsing gave, by object id: a text never changes under its id.
        self._parsed: Memo[tuple[BundlePath, str, str], _Parsed] = Memo(_PARSED)
        self._trail = Trail()
        # The newest policies by the object id of their directory.
        self._policies: tuple[str, _core.Policies] = ("", _core.Policies({}))
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

    # Reading

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

    # Writing

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
        commits = [commit] if move is None else [commit, move.commit]
        if self._remote is not None:
            self.staged.keep(*commits)
            self._remote.push(commit, tip, also=move)
        try:
            with moving(self.repo, BRANCH, commit, tip, f"{author.name} <{author.email}> {when} +0000"):
                self.staged.keep(*commits)
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
        repo = self.stage
        if self._signer is None:
            return str(repo.create_commit(None, who, who, message, tree, list(parents)))
        content: str = repo.create_commit_string(who, who, message, tree, list(parents))  # type: ignore[assignment]
        return str(repo.create_commit_with_signature(content, self._signer.sign(content.encode()), "gpgsig"))

    # Inside

    @property
    def repo(self) -> pygit2.Repository:
        """The calling thread's own handle."""
        return self._handle("repo", self.repository.open)

    @property
    def stage(self) -> pygit2.Repository:
        """The calling thread's own handle for what a commit is to have. For whoever has the store `exclusively`."""
        return self._handle("stage", self.staged.open)

    def _handle(self, name: str, make: Callable[[], pygit2.Repository]) -> pygit2.Repository:
        merged, repo = getattr(self._local, name, (-1, None))
        if repo is None or merged != self.staged.merged:
            repo = make()
            setattr(self._local, name, (self.staged.merged, repo))
        return repo

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
