"""Keeping the repository well: looking through its tip at the start, going back to what is whole, packing it."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from configedge.control.layout import BRANCH
from configedge.control.remote import without_password

log = logging.getLogger(__name__)

# git's own gc begins at 6,700; each commit of ours adds about five.
LOOSE_LIMIT = 4_000
_TIMEOUT_S = 300.0


def broken(repo: pygit2.Repository, commit: str) -> str | None:
    """What of a commit's tree cannot be read, or is not what its name says; None if all of it is well."""
    try:
        found = repo[commit]
        if not isinstance(found, pygit2.Commit):
            return f"{commit} is no commit"
        for oid in _below(repo, found.tree.id):
            # libgit2 compares what it reads with the name.
            repo.odb.read(oid)
    except (KeyError, pygit2.GitError, ValueError) as error:
        return str(error)[:300] or "an object is missing"
    return None


def _below(repo: pygit2.Repository, tree: pygit2.Oid) -> Iterator[pygit2.Oid]:
    """A tree and all in it, each once."""
    seen: set[pygit2.Oid] = set()
    left = [tree]
    while left:
        oid = left.pop()
        if oid in seen:
            continue
        seen.add(oid)
        yield oid
        if repo.odb.read_header(oid)[0] == ObjectType.TREE:
            left += [entry.id for entry in repo[oid].peel(pygit2.Tree)]


def repair(path: Path, mirror: str | None) -> str | None:
    """Makes main whole if it is not: from the mirror, or by going back in the log of the branch.

    Gives what was done, None if nothing had to be. Raises pygit2.GitError if nothing helps.
    """
    repo = pygit2.Repository(str(path))
    tip = _tip(repo)
    why = broken(repo, tip) if tip else "the branch main cannot be read"
    if why is None:
        return None
    log.error("the tip of main is damaged: %s", why)
    if mirror is not None and _take_from(path, mirror):
        repo = pygit2.Repository(str(path))
        there = _mirrored(repo)
        for candidate in (tip, there):
            if candidate and broken(repo, candidate) is None:
                _move(path, repo, candidate)
                return f"main was damaged ({why}) and was made whole from the mirror, at {candidate}"
    for commit in _logged(path):
        if broken(repo, commit) is None:
            _move(path, repo, commit)
            lost = f"{tip or 'unknown'}"
            return f"main was damaged ({why}); it went back to {commit}, the newest that is whole (it was {lost})"
    raise pygit2.GitError(
        f"main is damaged ({why}) and no older commit of it is whole; restore the repository, or give a mirror"
    )


def loose_objects(path: Path) -> int:
    """About how many objects are not packed: one directory of 256 stands for all."""
    try:
        return 256 * len(os.listdir(path / "objects" / "17"))
    except FileNotFoundError:
        return 0


def pack(path: Path) -> None:
    """Packs loose objects. Nobody may be writing. Raises subprocess.SubprocessError, OSError.

    What nothing refers to is pruned after two weeks only, as git does it.
    """
    for command in (
        ["repack", "-d", "-l", "-q", "--geometric=2"],
        ["prune", "--expire=2.weeks.ago"],
        ["pack-refs", "--no-all"],
    ):
        subprocess.run(
            ["git", "-c", "core.fsync=all", "-C", str(path), *command],
            check=True,
            capture_output=True,
            timeout=_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )


class Packer:
    """Packs when there is reason to, between writes."""

    def __init__(self, path: Path, run_alone: Callable[[Callable[[], None]], None]) -> None:
        self._path = path
        self._run_alone = run_alone
        self.problem: str | None = None

    def look(self) -> bool:
        """Packs if there are many loose objects; gives whether it did."""
        if loose_objects(self._path) < LOOSE_LIMIT:
            return False
        try:
            self._run_alone(lambda: pack(self._path))
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            self.problem = f"the repository cannot be packed ({str(said)[:200]}); run git repack -d in it"
            log.error("%s", self.problem)
            return False
        self.problem = None
        log.info("packed the repository")
        return True


def _tip(repo: pygit2.Repository) -> str | None:
    try:
        return str(repo.references[BRANCH].target)
    except (KeyError, pygit2.GitError, ValueError):
        return None


def _mirrored(repo: pygit2.Repository) -> str | None:
    try:
        return str(repo.references["refs/repair/main"].target)
    except KeyError:
        return None


def _take_from(path: Path, mirror: str) -> bool:
    """Adds all objects that a mirror has, beside damaged ones of the same name, which go."""
    with tempfile.TemporaryDirectory(prefix="configedge-repair-", dir=path) as scratch:
        clone = Path(scratch) / "clone"
        command = ["git", "clone", "-q", "--bare", "--no-local", mirror, str(clone)]
        try:
            done = subprocess.run(
                command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            log.error("the mirror did not answer within %g s", _TIMEOUT_S)
            return False
        if done.returncode != 0:
            log.error("the mirror cannot be cloned: %s", without_password(done.stderr.decode(errors="replace"))[:300])
            return False
        for pack_file in sorted((clone / "objects" / "pack").iterdir(), key=lambda file: file.suffix == ".idx"):
            shutil.copy(pack_file, path / "objects" / "pack" / pack_file.name)
        theirs = pygit2.Repository(str(clone))
        tip = _tip(theirs)
        if tip is None:
            return False
        for damaged in _damaged(path):
            damaged.unlink(missing_ok=True)
        pygit2.Repository(str(path)).references.create("refs/repair/main", tip, force=True)
    return True


def _damaged(path: Path) -> Iterator[Path]:
    """Loose objects that cannot be read as what they are called."""
    repo = pygit2.Repository(str(path))
    for directory in sorted((path / "objects").iterdir()):
        if len(directory.name) != 2:
            continue
        for file in directory.iterdir():
            try:
                repo.odb.read(directory.name + file.name)
            except (KeyError, ValueError, pygit2.GitError):
                yield file


def _logged(path: Path) -> Iterator[str]:
    """Where main was, the newest first."""
    try:
        lines = (path / "logs" / BRANCH).read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in reversed(lines):
        parts = line.split(" ", 2)
        yield from (part for part in (parts[1:2] + parts[:1]) if len(part) == 40 and part.strip("0"))


def _move(path: Path, repo: pygit2.Repository, commit: str) -> None:
    if _tip(repo) == commit:
        return
    # A damaged reference cannot be read, so it cannot be compared either.
    (path / BRANCH).unlink(missing_ok=True)
    repo.references.create(BRANCH, commit, force=True)
