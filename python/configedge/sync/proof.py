"""The proof that travels with the files: a signed commit, and the trees that lead from it to each of them.

Whoever has the signer's public key can then tell without Git that a file is what the commit has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from configedge.bundle import BundleError, BundlePath
from configedge.policy import DIRECTORY as POLICIES
from configedge.signing import is_signed

DIRECTORY: Final = ".proof"
"""The directory of a spool that has the proof."""
COMMIT: Final = "commit"
"""The file in it with the commit; each other file is a tree, named by its object id."""


def of(repo: pygit2.Repository, commit: str, directories: Iterable[str]) -> dict[str, bytes]:
    """The files of the proof by name: the commit, its root tree, and the trees of these directories and those above.

    Directories are as in `bundles/game`; one that the commit does not have is passed over. Empty if nobody signed.
    Raises KeyError or pygit2.GitError if the repository lost an object.
    """
    _, content = repo.odb.read(commit)
    if not is_signed(content):
        return {}
    root = repo[commit].peel(pygit2.Commit).tree
    files = {COMMIT: content, str(root.id): root.read_raw()}
    for directory in directories:
        tree = root
        for part in directory.split("/"):
            if part not in tree or not isinstance(inner := tree[part], pygit2.Tree):
                break
            tree = inner
            files[str(tree.id)] = tree.read_raw()
    return files


def directories(
    repo: pygit2.Repository, commit: str, namespace: str | None = None, top: str = "bundles"
) -> Iterator[str]:
    """Those that an export needs proof of: `top`, its namespaces (or one of them), the layers, the policies."""
    yield POLICIES
    # Also for nodes without a layer, or of one that has none: that there is none is to be seen.
    yield "rendered"
    yield top
    tree = repo[commit].peel(pygit2.Commit).tree
    for part in top.split("/"):
        if part not in tree or not isinstance(inner := tree[part], pygit2.Tree):
            return
        tree = inner
    for entry in tree:
        name = entry.name or ""
        if entry.type == ObjectType.TREE and namespace in (None, name) and _is_namespace(name):
            yield f"{top}/{name}"


def _is_namespace(name: str) -> bool:
    try:
        BundlePath(name, "any")
    except BundleError:
        return False
    return True
