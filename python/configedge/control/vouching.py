"""What a control plane that signs may build on.

Whoever verifies looks at the newest commit alone: its signature speaks for everything below. So a commit of ours on top
of what somebody pushed to the remote, without a key, would make it pass everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pygit2

from configedge.signing import AllowedSigners, SigningError, verify_commit

_COMMIT_ID = re.compile(r"[0-9a-f]{40}", re.ASCII)


class Vouching:
    """Takes commits that were signed by our own key, whose public half (`ssh-ed25519 AAAA...`) is `public`, or by one
    in the file `allowed`, which is read again each time.

    `adopted` is one that counts as signed, because an operator has looked at it: where signing begins, or after a key
    was changed. Control planes of one remote have the same key. Raises SigningError.
    """

    def __init__(self, public: str, allowed: Path | None = None, adopted: str = "") -> None:
        self.own = AllowedSigners.parse(f"configedge {public}\n".encode(), "--sign")
        self._public = public
        self._allowed = allowed
        if allowed is not None:
            AllowedSigners.load(allowed)
        if adopted and not _COMMIT_ID.fullmatch(adopted):
            raise SigningError(f"{adopted[:80]!r} is not a commit id; give --adopt all 40 hexadecimal digits")
        self._adopted = adopted
        # The newest of ours that was looked at.
        self._good = ""

    def options(self) -> dict[str, str]:
        """What makes another one like this, as JSON has it: for `of`."""
        allowed = str(self._allowed.absolute()) if self._allowed is not None else ""
        return {"public": self._public, "allowed": allowed, "adopted": self._adopted}

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        """Raises SigningError."""
        allowed = Path(options["allowed"]) if options["allowed"] else None
        return cls(options["public"], allowed, options["adopted"])

    def objection(self, repo: pygit2.Repository, commit: str) -> str:
        """Why nothing of ours may be on top of a commit; empty if it may."""
        if commit in (self._good, self._adopted):
            return ""
        found = repo[commit].peel(pygit2.Commit)
        if not found.parent_ids and not len(found.tree):
            # There is nothing in it to speak for.
            return ""
        try:
            verify_commit(repo, commit, self.own)
            self._good = commit
            return ""
        except SigningError as error:
            said = str(error)
        if self._allowed is None:
            return said
        try:
            verify_commit(repo, commit, AllowedSigners.load(self._allowed))
        except SigningError as error:
            return str(error)
        return ""
