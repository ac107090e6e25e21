"""A damaged repository: what is not whole is set aside, main is made whole from a mirror, or goes back to what is.

Nothing is deleted: what was damaged lies in the repository's directory `damaged`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from configedge.control.flushing import flush
from configedge.control.layout import BRANCH
from configedge.control.refs import log_of
from configedge.control.remote import without_password

log = logging.getLogger(__name__)

_TIMEOUT_S = 300.0
_RESTORE_S = 60.0
_REST = re.compile(r"[0-9a-f]{38}", re.ASCII)
_CHUNK = 1 << 16
_MIRRORED = "refs/repair/main"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What had to be done. One line."""

    text: str
    lost: bool
    """Something that was committed is not there any more."""


def repair(path: Path, mirror: str | None) -> Repaired | None:
    """Makes main whole if it is not; gives what was done, None if nothing had to be.

    Raises pygit2.GitError if nothing helps, OSError.
    """
    aside = _set_objects_aside(path)
    _set_references_aside(path)
    repo = pygit2.Repository(str(path))
    tip = _tip(repo)
    logged = list(_logged(path))
    if tip is None and not logged and not (path / BRANCH).exists():
        # There never was one.
        return None
    why = broken(repo, tip) if tip else "the branch main cannot be read"
    if why is None:
        if not aside:
            return None
        # Old versions, or what nothing refers to.
        healed = mirror is not None and _take_from(path, mirror)
        how = "were taken from the mirror anew" if healed else f"are in {path / 'damaged'}"
        return Repaired(f"main is whole, but {len(aside)} older objects were damaged; they {how}", False)
    log.error("the tip of main is damaged: %s", why)
    _set_packs_aside(path)
    there = _take_from(path, mirror) if mirror is not None else None
    repo = pygit2.Repository(str(path))
    if tip and broken(repo, tip) is None:
        return Repaired(f"main was damaged ({why}) and was made whole, with nothing lost", False)
    ours = next((commit for commit in logged if broken(repo, commit) is None), None)
    if there is not None and broken(repo, there) is None and (ours is None or _follows(repo, there, ours)):
        _move(path, repo, there)
        said = f"main was damaged ({why}) and was made whole from the mirror, at {there}"
        return Repaired(said, there not in logged[:1])
    if ours is not None:
        _move(path, repo, ours)
        said = f"main was damaged ({why}); it went back to {ours}, the newest that is whole (it was {tip or 'unknown'})"
        return Repaired(said, ours != logged[0])
    raise pygit2.GitError(
        f"main is damaged ({why}) and no older commit of it is whole; restore the repository, or give a mirror"
    )


def restore(path: Path, mirror: str) -> bool:
    """Takes the history of a mirror into a repository that has none; gives whether there was one. Logs failures."""
    refs = [f"+{BRANCH}:{BRANCH}", "+refs/proposals/*:refs/proposals/*"]
    command = ["git", "-c", "core.fsync=all", "-C", str(path), "fetch", "-q", "--no-tags", mirror, *refs]
    done = _run(command, _RESTORE_S)
    if done is None or done.returncode != 0:
        log.warning("no history was taken from the mirror: %s", _said(done))
        return False
    log.warning("the repository was empty; its history was taken from the mirror")
    return True


def broken(repo: pygit2.Repository, commit: str) -> str | None:
    """What of a commit's tree cannot be read, or is not what its name says; None if all of it is well."""
    try:
        found = repo[commit]
        if not isinstance(found, pygit2.Commit):
            return f"{commit} is no commit"
        for oid in _below(repo, found.tree.id):
            # libgit2 compares what it reads with the name.
            repo.odb.read(oid)
    except (KeyError, pygit2.GitError, ValueError, OSError) as error:
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


def _set_objects_aside(path: Path) -> list[str]:
    """Loose objects that are not what they are called.

    Read without libgit2, which never comes back from one that is truncated.
    """
    found = []
    for directory in os.scandir(path / "objects"):
        if len(directory.name) != 2 or not directory.is_dir():
            continue
        for file in os.scandir(directory):
            if _REST.fullmatch(file.name) and not _is_whole(file.path, directory.name + file.name):
                _set_aside(path, Path(file.path), directory.name + file.name)
                found.append(directory.name + file.name)
    if found:
        log.error("%d damaged objects were put into %s", len(found), path / "damaged")
        # They may name what is not there any more; git makes them anew.
        for derived in ("commit-graph", "commit-graphs"):
            if (path / "objects/info" / derived).exists():
                _set_aside(path, path / "objects/info" / derived, derived)
    return found


def _is_whole(file: str, oid: str) -> bool:
    digest, inflate = hashlib.sha1(usedforsecurity=False), zlib.decompressobj()
    try:
        with open(file, "rb") as content:
            while chunk := content.read(_CHUNK):
                while chunk:
                    digest.update(inflate.decompress(chunk, _CHUNK))
                    chunk = inflate.unconsumed_tail
    except (OSError, zlib.error):
        return False
    return inflate.eof and digest.hexdigest() == oid


def _set_references_aside(path: Path) -> None:
    try:
        pygit2.Repository(str(path)).references.get("refs/configedge/none")
    except pygit2.GitError as error:
        log.error("packed-refs is damaged: %s", error)
        _set_aside(path, path / "packed-refs", "packed-refs")


def _set_packs_aside(path: Path) -> None:
    """Packs that are damaged; what of them can be read is kept as loose objects."""
    for pack in sorted((path / "objects/pack").glob("*.pack")):
        done = _run(["git", "-C", str(path), "verify-pack", str(pack.with_suffix(".idx"))])
        if done is not None and done.returncode == 0:
            continue
        log.error("the pack %s is damaged: %s", pack.name, _said(done))
        for file in sorted(pack.parent.glob(f"{pack.stem}.*")):
            _set_aside(path, file, file.name)
        with open(path / "damaged" / pack.name, "rb") as content:
            command = ["git", "-c", "core.fsync=all", "-C", str(path), "unpack-objects", "-q", "-r"]
            subprocess.run(command, stdin=content, capture_output=True, timeout=_TIMEOUT_S, check=False)


def _set_aside(path: Path, file: Path, name: str) -> None:
    damaged = path / "damaged"
    damaged.mkdir(exist_ok=True)
    os.replace(file, damaged / name)


def _take_from(path: Path, mirror: str) -> str | None:
    """Adds all objects that a mirror has; gives where its main is. None, and a line in the log, if it has none."""
    with tempfile.TemporaryDirectory(prefix="configedge-repair-", dir=path) as scratch:
        clone = Path(scratch) / "clone"
        done = _run(["git", "-c", "core.fsync=all", "clone", "-q", "--bare", "--no-local", mirror, str(clone)])
        if done is None or done.returncode != 0:
            log.error("the mirror cannot be cloned: %s", _said(done))
            return None
        tip = _tip(pygit2.Repository(str(clone)))
        if tip is None:
            return None
        # The index last: with it the pack is there.
        for file in sorted((clone / "objects/pack").iterdir(), key=lambda file: file.suffix == ".idx"):
            target = path / "objects/pack" / file.name
            shutil.copyfile(file, target)
            flush(target)
        flush(path / "objects/pack")
    return tip


def _follows(repo: pygit2.Repository, commit: str, other: str) -> bool:
    try:
        return commit == other or repo.descendant_of(commit, other)
    except pygit2.GitError:
        return False


def _tip(repo: pygit2.Repository) -> str | None:
    try:
        return str(repo.references[BRANCH].target)
    except (KeyError, pygit2.GitError, ValueError, OSError):
        return None


def _logged(path: Path) -> Iterator[str]:
    """Where main was, the newest first."""
    try:
        lines = log_of(path, BRANCH).read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in reversed(lines):
        parts = line.split(" ", 2)
        yield from (part for part in (parts[1:2] + parts[:1]) if len(part) == 40 and part.strip("0"))


def _move(path: Path, repo: pygit2.Repository, commit: str) -> None:
    # A damaged reference cannot be read, so it cannot be compared either.
    (path / BRANCH).unlink(missing_ok=True)
    repo.references.create(BRANCH, commit, force=True)


def _run(command: list[str], timeout: float = _TIMEOUT_S) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            check=False,
        )
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return None


def _said(done: subprocess.CompletedProcess[str] | None) -> str:
    return without_password(done.stderr.strip())[:300] if done is not None else "git did not run, or did not end"
