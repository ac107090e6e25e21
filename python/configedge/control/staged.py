"""Objects that a commit is to have: in memory until the commit is made, then in one pack, on disk.

libgit2 writes a file for each object, and flushes the file and its directory before it goes on: ten flushes for a
commit of one document, where a pack takes three. The packs of the newest commits are merged again and again, beside who
writes, so that there are never many; what is refused is never written.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pygit2
from pygit2.enums import ObjectType

from configedge.control.flushing import flush, flush_all

log = logging.getLogger(__name__)

# What is written has to come before what is there.
_PRIORITY = 1_000
# So many packs, or bytes, are merged into one: a look for what is not there takes longer with each.
_MERGED = 32
_MERGED_BYTES = 4 << 20
# What refused plans may leave in memory, in bytes.
_LEFT = 16 << 20
_ASIDE = "tmp_pack_"


class _Pack(NamedTuple):
    name: str
    """Without its suffix."""
    size: int
    """In bytes."""
    objects: list[bytes]


class Staged:
    """What was written through its handles and is in no commit yet. Threads share it, one at a time, by turns."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._directory = repository / "objects/pack"
        self._objects: dict[bytes, tuple[int, bytes]] = {}
        self._recent: list[_Pack] = []
        # What was merged goes at the next time only: who clones, or packs, may be reading it.
        self._superseded: list[str] = []
        self._merging = threading.Lock()
        # Around what is known of packs: the one who writes and the one who merges change it.
        self._known = threading.Lock()
        self._whole: tuple[int, pygit2.Repository] | None = None
        for left in repository.glob(f"{_ASIDE}*"):
            # Of one that was killed.
            shutil.rmtree(left, ignore_errors=True)
        self.dropped = 0
        """How often what was left of refused plans was dropped: until then it is there for those who remember it."""
        self.merged = 0
        """How often packs were merged. A handle from before knows those that are gone, and never forgets them."""

    def open(self) -> pygit2.Repository:
        """A handle that reads what the repository has, and what is staged."""
        repo = pygit2.Repository(str(self._repository))
        repo.odb.add_backend(_Memory(self._objects), _PRIORITY)
        return repo

    def keep(self, *commits: str) -> None:
        """These commits, and what is staged of all that they have, are on disk when it returns.

        Raises OSError, GitError.
        """
        wanted = self._below(commits)
        if wanted:
            self._write(wanted)
            for oid in wanted:
                del self._objects[oid]
        if sum(len(data) for _, data in self._objects.values()) > _LEFT:
            self._objects.clear()
            self.dropped += 1

    @contextmanager
    def unmerged(self) -> Iterator[None]:
        """No pack goes meanwhile but by the caller, who merges them."""
        with self._merging:
            yield
            with self._known:
                self.merged += 1

    def _below(self, commits: Sequence[str]) -> list[bytes]:
        """All of them that are staged, each once."""
        found: dict[bytes, None] = {}
        left = [bytes.fromhex(commit) for commit in commits]
        while left:
            oid = left.pop()
            if oid in self._objects and oid not in found:
                found[oid] = None
                left += _named_in(*self._objects[oid])
        return list(found)

    def close(self) -> None:
        """Waits for a merge that goes on."""
        with self._merging:
            pass

    def _write(self, objects: list[bytes]) -> None:
        if self._whole is None or self._whole[0] != self.merged:
            self._whole = self.merged, self.open()
        made = self._pack(self._whole[1], objects)
        with self._known:
            self._recent.append(made)
            while sum(pack.size for pack in self._recent) > _MERGED_BYTES:
                # It stays a pack of its own.
                self._recent.pop(0)
            packs = list(self._recent) if len(self._recent) >= _MERGED else []
        if packs and self._merging.acquire(blocking=False):
            try:
                threading.Thread(target=self._merge, args=(packs,), name="merge", daemon=True).start()
            except RuntimeError as error:
                # There is no thread to be had now; the commit is on disk all the same.
                self._merging.release()
                log.warning("packs were not merged: %s", error)

    def _merge(self, packs: list[_Pack]) -> None:
        """Makes one pack of these, while others are written: libgit2 lets other threads run meanwhile."""
        try:
            objects = dict.fromkeys(oid for pack in packs for oid in pack.objects)
            made = self._pack(pygit2.Repository(str(self._repository)), list(objects))
            self._remove(self._superseded)
            # One of the same objects has the same name.
            self._superseded = [pack.name for pack in packs if pack.name != made.name]
            with self._known:
                self._recent = [pack for pack in self._recent if pack not in packs]
                self.merged += 1
        except (pygit2.GitError, OSError) as error:
            # The next commit tries again; who packs the repository says so if there are too many.
            log.warning("packs were not merged: %s", error)
        finally:
            self._merging.release()

    def _remove(self, names: list[str]) -> None:
        for name in names:
            for suffix in (".idx", ".pack"):
                with suppress(OSError):
                    (self._directory / f"{name}{suffix}").unlink()

    def _pack(self, repo: pygit2.Repository, objects: list[bytes]) -> _Pack:
        """Puts objects into a pack aside, on disk, and then in its place: the index, which tells of it, comes last."""
        builder = pygit2.PackBuilder(repo)
        # Starting threads takes longer than what they would do.
        builder.set_threads(1)
        for oid in map(pygit2.Oid, objects):
            # Not what was in no history after all, and pruned.
            if oid in repo.odb:
                builder.add(oid)
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self._repository))
        try:
            builder.write(aside)
            (pack,) = aside.glob("*.pack")
            size = pack.stat().st_size
            self._directory.mkdir(exist_ok=True)
            files = (pack, pack.with_suffix(".idx"))
            # libgit2 does not, of a pack.
            flush_all(*files)
            for file in files:
                file.replace(self._directory / file.name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        flush(self._directory)
        return _Pack(pack.stem, size, objects)


class _Memory(pygit2.OdbBackend):
    """The objects, as libgit2 asks for them: it takes a KeyError for a no."""

    def __init__(self, objects: dict[bytes, tuple[int, bytes]]) -> None:
        super().__init__()
        self._objects = objects

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        return self._objects[oid.raw]

    def read_prefix_cb(self, digits: str) -> tuple[int, bytes, pygit2.Oid]:
        oid = pygit2.Oid(hex=digits)
        if len(digits) < 40:
            raise KeyError(digits)
        return *self._objects[oid.raw], oid

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        kind, data = self._objects[oid.raw]
        return kind, len(data)

    def write_cb(self, oid: pygit2.Oid, data: bytes, kind: int) -> None:
        self._objects[oid.raw] = (kind, data)

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        return oid.raw in self._objects

    def exists_prefix_cb(self, digits: str) -> pygit2.Oid:
        raise KeyError(digits)

    def refresh_cb(self) -> None:
        """There is nothing to look for."""


def _named_in(kind: int, data: bytes) -> Iterator[bytes]:
    """The objects that a commit or a tree is made of."""
    if kind == ObjectType.COMMIT:
        for line in data.partition(b"\n\n")[0].splitlines():
            name, _, digits = line.partition(b" ")
            if name in (b"tree", b"parent"):
                yield bytes.fromhex(digits.decode())
    elif kind == ObjectType.TREE:
        end = 0
        while end < len(data):
            begin = data.index(0, end) + 1
            end = begin + 20
            yield data[begin:end]
