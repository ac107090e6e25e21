"""Where things are in a Git tree: reading them, and making a tree that has others.

    bundles/<namespace>/<name>.yaml             what operators wrote
    overlays/<layer>/<namespace>/<name>.yaml    what an environment, or a region in it, has otherwise
    rendered/<layer>/<namespace>/<name>.yaml    what nodes of that layer get: every bundle, merged
    policies/                                   what bundles may name in spec.policies
    tombstones/, approvals/                     what the control plane remembers of deleted keys and second persons

Everything works on objects in the database; nothing is ever checked out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

import pygit2
from pygit2.enums import FileMode, ObjectType

from configedge.bundle import MAX_DOCUMENT, BundleError, BundlePath, Problem
from configedge.policy import DIRECTORY, is_policy_file

log = logging.getLogger(__name__)

BRANCH = "refs/heads/main"
_SUFFIX = ".yaml"


class LayoutError(ValueError):
    """A tree that somebody pushed has a file where a directory of ours belongs."""


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


def message(commit: pygit2.Commit) -> str:
    """A commit's message, whatever encoding it claims to have."""
    return commit.raw_message.decode("utf-8", "replace")


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
    yield from documents(directory(repo, root(repo, commit), "bundles"), "", namespace)


def overlays(repo: pygit2.Repository, tree: pygit2.Tree, path: BundlePath | None = None) -> Iterator[Found]:
    """All overlays in a root tree, or those of a bundle: environments before their regions."""
    for layer, below in layers(repo, tree):
        for found in documents(below, layer, path.namespace if path is not None else None):
            if path is None or found.path.base == path:
                yield found


def layers(repo: pygit2.Repository, tree: pygit2.Tree) -> list[tuple[str, pygit2.Tree]]:
    """The layers that have an overlay, with the tree of each: an environment before its regions."""
    found = []
    for name, below in _entries(directory(repo, tree, "overlays"), ""):
        try:
            BundlePath("any", "any", name)
        except BundleError:
            continue
        if isinstance(below, pygit2.Tree):
            found.append((name, below))
    return found


def documents(top: pygit2.Tree | None, layer: str, namespace: str | None) -> Iterator[Found]:
    """The documents in a tree of namespaces, as those of a layer, by namespace and name."""
    for directory_name, below in _entries(top, ""):
        if isinstance(below, pygit2.Tree) and namespace in (None, directory_name):
            yield from namespace_documents(below, directory_name, layer)


def namespace_documents(below: pygit2.Tree, namespace: str, layer: str) -> Iterator[Found]:
    """The documents in the tree of one namespace, as those of a layer, by name."""
    for name, entry in _entries(below, _SUFFIX):
        try:
            yield Found(BundlePath(namespace, name, layer), str(entry.id), entry.filemode)
        except BundleError:
            continue


def find(repo: pygit2.Repository, commit: str, path: BundlePath) -> Found | None:
    """One document's entry at a commit."""
    entry = entry_at(repo, root(repo, commit), path.git)
    return Found(path, str(entry.id), entry.filemode) if entry is not None else None


def entry_at(repo: pygit2.Repository, tree: pygit2.Tree, file: str) -> pygit2.Object | None:
    """What a tree has under a path; None if nothing."""
    # Step by step: a look-up by the whole path cannot tell a name that is not there from an object that is lost.
    *above, name = file.split("/")
    for part in above:
        if not isinstance(inner := look_up(tree, part), pygit2.Tree):
            return None
        tree = inner
    return look_up(tree, name)


# Names that are, or were, in some tree, each once.
_names: dict[str, str] = {}


def look_up(tree: pygit2.Tree, name: str) -> pygit2.Object | None:
    """A tree's entry of that name; None if there is none.

    pygit2 (1.21) never frees a name that a tree is asked for. So it is asked for known ones, always with the same
    object, and looked through for those that somebody may have made up.
    """
    if (known := _names.get(name)) is not None:
        return tree[known] if known in tree else None  # noqa: SIM401 (a tree has no get)
    raw = name.encode()
    for entry in tree:
        if entry.raw_name == raw:
            _names[name] = name
            return entry
    return None


def rendered(repo: pygit2.Repository, commit: str, layer: str) -> tuple[str, pygit2.Tree | None]:
    """Where nodes of a layer find their bundles, and the tree there: the nearest layer above that has overlays."""
    top = root(repo, commit)
    for name in (layer, layer.partition(".")[0]):
        place = f"rendered/{name}"
        if name and isinstance(found := entry_at(repo, top, place), pygit2.Tree):
            return place, found
    return "bundles", directory(repo, top, "bundles")


def texts(
    repo: pygit2.Repository, commit: str, namespace: str | None = None, layer: str = ""
) -> dict[BundlePath, bytes]:
    """The text of every bundle that nodes of a layer get at a commit, in the order of their names.

    Whether or not it would pass a check; what is no text is passed over.
    """
    found = {}
    for entry in documents(rendered(repo, commit, layer)[1], "", namespace):
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
    """The files of the directory `policies` at a commit, by name."""
    return policy_files(repo, policies_id(repo, commit))


def policy_files(repo: pygit2.Repository, directory: str) -> dict[str, bytes]:
    """The files of a directory of policies, by name; `directory` is what `policies_id` gave.

    Links, directories and what is too large are passed over, and so refused by name where they are needed.
    """
    if not directory:
        return {}
    files = {}
    for entry in repo[directory].peel(pygit2.Tree):
        name, regular = entry.name or "", entry.filemode in (FileMode.BLOB, FileMode.BLOB_EXECUTABLE)
        if regular and is_policy_file(name) and repo.odb.read_header(entry.id)[1] <= MAX_DOCUMENT:
            files[name] = repo.odb.read(entry.id)[1]
    return files


def differs(repo: pygit2.Repository, before: pygit2.Commit | None, after: pygit2.Commit, path: BundlePath) -> bool:
    """Whether the document is another one at `after` than at `before` (None: before there was anything)."""
    if before is not None and before.tree.id == after.tree.id:
        return False
    old = find(repo, str(before.id), path) if before is not None else None
    return old != find(repo, str(after.id), path)


def touched(before: pygit2.Tree | None, after: pygit2.Tree) -> list[BundlePath]:
    """The documents that are not the same in two root trees, by name."""
    if before is not None and before.id == after.id:
        return []
    # Only where operators write: what is rendered follows from that.
    paths = ["bundles", "overlays"]
    found = set()
    for top in paths:
        old, new = (tree[top] if tree is not None and top in tree else None for tree in (before, after))
        for file in _different(old, new, f"{top}/"):
            if (path := path_of(file)) is not None:
                found.add(path)
    return sorted(found)


def path_of(file: str) -> BundlePath | None:
    """Which document a file of the repository is; None if it is none."""
    match file.removesuffix(_SUFFIX).split("/"):
        case ["bundles", namespace, name]:
            parts = (namespace, name, "")
        case ["overlays", layer, namespace, name] if layer:
            parts = (namespace, name, layer)
        case _:
            return None
    try:
        return BundlePath(*parts) if file.endswith(_SUFFIX) else None
    except BundleError:
        return None


# A document lies no deeper than this; somebody's own files may.
_DEEPEST = 4


def _different(old: pygit2.Object | None, new: pygit2.Object | None, under: str) -> Iterator[str]:
    """Files by path that are in one of two trees alone, or are others."""
    if old is not None and new is not None and old.id == new.id and old.filemode == new.filemode:
        return
    trees = [one if isinstance(one, pygit2.Tree) else None for one in (old, new)]
    if trees == [None, None]:
        yield under.removesuffix("/")
        return
    if under.count("/") > _DEEPEST:
        return
    was, now = ({entry.raw_name or b"": entry for entry in tree or ()} for tree in trees)
    for name in sorted(was.keys() | now.keys()):
        left, right = was.get(name), now.get(name)
        if left is None or right is None or (left.id, left.filemode) != (right.id, right.filemode):
            yield from _different(left, right, f"{under}{name.decode('utf-8', 'replace')}/")


Files = Mapping[str, pygit2.Oid | None]
"""Blobs, or trees, by path from the top; None: nothing is there."""


def changed(repo: pygit2.Repository, tree: pygit2.Tree | None, files: Files) -> pygit2.Oid:
    """A new root tree that has these. Raises LayoutError if a file is where a directory is needed."""
    return _changed(repo, tree, files) or repo.TreeBuilder().write()


def _changed(repo: pygit2.Repository, tree: pygit2.Tree | None, files: Files) -> pygit2.Oid | None:
    """None when that leaves nothing, as Git has no empty directories."""
    builder = repo.TreeBuilder(tree) if tree is not None else repo.TreeBuilder()
    below: dict[str, dict[str, pygit2.Oid | None]] = {}
    for path, child in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = child
        else:
            _set(repo, builder, name, child)
    for name, inner in below.items():
        _set(repo, builder, name, _changed(repo, directory(repo, tree, name), inner))
    return builder.write() if len(builder) else None


def _set(repo: pygit2.Repository, builder: pygit2.TreeBuilder, name: str, child: pygit2.Oid | None) -> None:
    if child is None:
        # As in `look_up`: the same object each time.
        known = _names.setdefault(name, name)
        if builder.get(known) is not None:
            builder.remove(known)
        return
    is_tree = repo.odb.read_header(child)[0] == ObjectType.TREE
    builder.insert(name, child, FileMode.TREE if is_tree else FileMode.BLOB)


def directory(repo: pygit2.Repository, parent: pygit2.Tree | None, name: str) -> pygit2.Tree | None:
    """The tree under a name, None if there is nothing. Raises LayoutError for something else."""
    if parent is None or (entry := look_up(parent, name)) is None:
        return None
    if not isinstance(entry, pygit2.Tree):
        raise LayoutError(f"{name!r} in the repository is not a directory; push a commit that removes it")
    return entry


def _entries(tree: pygit2.Tree | None, suffix: str) -> list[tuple[str, pygit2.Object]]:
    """The tree's entries with that suffix, sorted by name without it.

    A name that is not ASCII becomes one that no bundle has.
    """
    named = [((entry.raw_name or b"").decode("ascii", "replace"), entry) for entry in tree or ()]
    return sorted(
        ((name.removesuffix(suffix), entry) for name, entry in named if name.endswith(suffix)), key=itemgetter(0)
    )
