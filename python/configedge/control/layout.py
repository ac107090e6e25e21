"""Where bundles are in a Git tree: reading `bundles/<namespace>/<name>.yaml`, and changing one of them.

Everything works on objects in the database; nothing is ever checked out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

import pygit2
from pygit2.enums import FileMode

from configedge.bundle import MAX_DOCUMENT, BundleError, BundlePath, Problem
from configedge.policy import DIRECTORY, is_policy_file

log = logging.getLogger(__name__)

BRANCH = "refs/heads/main"
_SUFFIX = ".yaml"


class LayoutError(ValueError):
    """A tree that somebody pushed has a file where a directory of bundles belongs."""


@dataclass(frozen=True, slots=True)
class Found:
    """A bundle's entry in a tree."""

    path: BundlePath
    blob: str
    """Object id, 40 hexadecimal digits. It is the bundle's ETag: the same text has the same id."""
    mode: int

    def read(self, repo: pygit2.Repository) -> bytes:
        """The text. Raises BundleError for what cannot be a document: a link, a directory, something huge."""
        if self.mode not in (FileMode.BLOB, FileMode.BLOB_EXECUTABLE):
            raise self._refused("type", "it is not a regular file", "push a regular file, or delete this one")
        _, size = repo.odb.read_header(self.blob)
        if size > MAX_DOCUMENT:
            raise self._refused("limit", f"it has {size} bytes; the limit is {MAX_DOCUMENT}", "split it into bundles")
        _, text = repo.odb.read(self.blob)
        return text

    def _refused(self, code: str, message: str, hint: str) -> BundleError:
        return BundleError([Problem.of(code, message, hint, file=self.path.git)])


def root(repo: pygit2.Repository, commit: str) -> pygit2.Tree:
    """The tree of a commit that is known to be there. Raises pygit2.GitError if the repository lost it."""
    try:
        return repo[commit].peel(pygit2.Commit).tree
    except KeyError:
        raise pygit2.GitError(f"the commit {commit} is not in the repository any more") from None


def bundles(repo: pygit2.Repository, commit: str, namespace: str | None = None) -> Iterator[Found]:
    """All bundles at a commit, or those of a namespace, by namespace and name.

    Files whose names are no bundle's are passed over: the repository may hold other things.
    """
    for directory_name, directory in _entries(root(repo, commit), "bundles", ""):
        if not isinstance(directory, pygit2.Tree) or namespace not in (None, directory_name):
            continue
        for name, entry in _entries(directory, "", _SUFFIX):
            try:
                yield Found(BundlePath(directory_name, name), str(entry.id), entry.filemode)
            except BundleError:
                continue


def find(repo: pygit2.Repository, commit: str, path: BundlePath) -> Found | None:
    """One bundle's entry at a commit."""
    # Step by step: a look-up by the whole path cannot tell a name that is not there from an object that is lost.
    *directories, file = path.git.split("/")
    tree = root(repo, commit)
    for name in directories:
        if name not in tree or not isinstance(inner := tree[name], pygit2.Tree):
            return None
        tree = inner
    if file not in tree:
        return None
    entry = tree[file]
    return Found(path, str(entry.id), entry.filemode)


def texts(repo: pygit2.Repository, commit: str, namespace: str | None = None) -> dict[BundlePath, bytes]:
    """The text of every bundle at a commit, whether or not it would pass a check, in the order of their names."""
    found = {}
    for entry in bundles(repo, commit, namespace):
        try:
            found[entry.path] = entry.read(repo)
        except BundleError as error:
            log.warning("passed over: %s", error)
    return found


def policies_id(repo: pygit2.Repository, commit: str) -> str:
    """The object id of the directory `policies` at a commit; empty if there is none."""
    top = root(repo, commit)
    return str(top[DIRECTORY].id) if DIRECTORY in top and isinstance(top[DIRECTORY], pygit2.Tree) else ""


def policies(repo: pygit2.Repository, commit: str) -> dict[str, bytes]:
    """The files of the directory `policies` at a commit, by name.

    Links, directories and what is too large are passed over, and so refused by name where they are needed.
    """
    directory = policies_id(repo, commit)
    if not directory:
        return {}
    files = {}
    for entry in repo[directory].peel(pygit2.Tree):
        name, regular = entry.name or "", entry.filemode in (FileMode.BLOB, FileMode.BLOB_EXECUTABLE)
        if regular and is_policy_file(name) and repo.odb.read_header(entry.id)[1] <= MAX_DOCUMENT:
            files[name] = repo.odb.read(entry.id)[1]
    return files


def differs(repo: pygit2.Repository, before: pygit2.Commit | None, after: pygit2.Commit, path: BundlePath) -> bool:
    """Whether the bundle is another one at `after` than at `before` (None: before there was anything)."""
    if before is not None and before.tree.id == after.tree.id:
        return False
    old = find(repo, str(before.id), path) if before is not None else None
    return old != find(repo, str(after.id), path)


def changed(repo: pygit2.Repository, tree: pygit2.Tree, path: BundlePath, text: bytes | None) -> pygit2.Oid:
    """A new root tree in which the bundle has this text, or is gone (None). Raises LayoutError."""
    top = _directory(repo, tree, "bundles")
    namespace = _directory(repo, top, path.namespace)
    blob = None if text is None else repo.create_blob(text)
    within = _with(repo, namespace, path.name + _SUFFIX, blob, FileMode.BLOB)
    among = _with(repo, top, path.namespace, within, FileMode.TREE)
    return _with(repo, tree, "bundles", among, FileMode.TREE) or repo.TreeBuilder().write()


def _directory(repo: pygit2.Repository, parent: pygit2.Tree | None, name: str) -> pygit2.Tree | None:
    if parent is None or name not in parent:
        return None
    entry = parent[name]
    if not isinstance(entry, pygit2.Tree):
        raise LayoutError(f"{name!r} in the repository is not a directory; push a commit that removes it")
    return entry


def _entries(tree: pygit2.Tree, under: str, suffix: str) -> list[tuple[str, pygit2.Object]]:
    """The tree's entries with that suffix, or those of a directory in it, sorted by name without the suffix.

    A name that is not ASCII becomes one that no bundle has.
    """
    if under:
        if under not in tree or not isinstance(inner := tree[under], pygit2.Tree):
            return []
        tree = inner
    named = [((entry.raw_name or b"").decode("ascii", "replace"), entry) for entry in tree]
    return sorted(
        ((name.removesuffix(suffix), entry) for name, entry in named if name.endswith(suffix)), key=itemgetter(0)
    )


def _with(
    repo: pygit2.Repository, tree: pygit2.Tree | None, name: str, child: pygit2.Oid | None, mode: FileMode
) -> pygit2.Oid | None:
    """The tree with one entry set or removed; None when that leaves it empty, as Git has no empty directories."""
    builder = repo.TreeBuilder(tree) if tree is not None else repo.TreeBuilder()
    if child is not None:
        builder.insert(name, child, mode)
    elif tree is not None and name in tree:
        builder.remove(name)
    return builder.write() if len(builder) else None
