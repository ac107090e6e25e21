"""A request that is repeated is committed once: its key is kept in the commit itself, and looked up in the history.

So a process that is killed between the commit and its answer, and another replica, know it as well. There is no other
record that could say something else.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass

import pygit2
from pygit2.enums import SortMode

from configedge.control import layout

REMEMBERED_S = 86_400
"""A key is looked for in the commits of a day."""
_MOST = 50_000
TRAILER = re.compile(r"^(Idempotency-Key|Request): ([0-9a-f]{64})$", re.MULTILINE)


class KeyReused(Exception):
    """The key was used by the same client for another request."""


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key for one request. What Git sees are digests: keys may be guessable, or mean something."""

    digest: str
    request: str

    @classmethod
    def of(cls, subject: str, key: str, method: str, target: str, body: bytes) -> Key:
        """`subject` is who asks: a key is that client's alone. `target` is path and query, with what it requires."""
        request = hashlib.sha256(b"\0".join([method.encode(), target.encode(), body]))
        return cls(hashlib.sha256(f"{subject}\0{key}".encode()).hexdigest(), request.hexdigest())

    def trailers(self) -> str:
        return f"Idempotency-Key: {self.digest}\nRequest: {self.request}\n"


class Keys:
    """The keys in the newest commits of a branch, read as far as they were not. One thread at a time."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._tip = ""

    def find(self, repo: pygit2.Repository, tip: str, key: Key) -> str | None:
        """The commit that was made for the key; None if there is none. Raises KeyReused."""
        self._read(repo, tip)
        commit, request = self._found.get(key.digest, (None, key.request))
        if request != key.request:
            raise KeyReused("this Idempotency-Key was used for another request; use a new one for each")
        return commit

    def _read(self, repo: pygit2.Repository, tip: str) -> None:
        if tip == self._tip:
            return
        oldest = time.time() - REMEMBERED_S
        new: list[tuple[str, str, str]] = []
        # All parents, not the first alone: what a merge brought in was committed too.
        walk = repo.walk(tip, SortMode.TIME)
        if self._tip:
            walk.hide(self._tip)
        for at in walk:
            if at.commit_time < oldest or len(new) == _MOST:
                break
            # The last paragraph only: what a client wrote is quoted, and stands before it.
            trailers = dict(TRAILER.findall(layout.message(at).rstrip().rpartition("\n\n")[2]))
            if len(trailers) == 2:
                new.append((trailers["Idempotency-Key"], str(at.id), trailers["Request"]))
        for digest, commit, request in reversed(new):
            self._found.setdefault(digest, (commit, request))
        while len(self._found) > _MOST:
            self._found.popitem(last=False)
        self._tip = tip
