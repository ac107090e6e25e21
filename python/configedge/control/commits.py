"""Commit objects: signed if there is a signer, from the very first."""

from __future__ import annotations

from collections.abc import Sequence

import pygit2

from configedge.signing import FIELD, Signer


def make(
    repo: pygit2.Repository,
    signer: Signer | None,
    who: pygit2.Signature,
    message: str,
    tree: pygit2.Oid,
    parents: Sequence[str],
) -> str:
    """Writes a commit that no branch has yet; gives its id. Raises pygit2.GitError, OSError."""
    if signer is None:
        return str(repo.create_commit(None, who, who, message, tree, list(parents)))
    content: str = repo.create_commit_string(who, who, message, tree, list(parents))  # type: ignore[assignment]
    return str(repo.create_commit_with_signature(content, signer.sign(content.encode()), FIELD))
