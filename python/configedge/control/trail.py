"""Which commits of main changed which document: worked out once a commit, and kept for the newest of them.

All of it follows from Git; what is not known here is looked up there.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import pygit2

from configedge.bundle import BundlePath
from configedge.control import layout

MOST = 50_000
"""Commits that are kept, and documents that they changed, counted together."""

_Step = tuple[str, tuple[BundlePath, ...]]


@dataclass(slots=True)
class _Known:
    """Commits along first parents without a gap, oldest first."""

    before: str | None
    """The commit before the oldest; None if there is none."""
    steps: list[_Step] = field(default_factory=list)
    at: dict[str, int] = field(default_factory=dict)
    of: dict[BundlePath, list[int]] = field(default_factory=dict)
    size: int = 0

    def add(self, steps: Sequence[_Step]) -> None:
        for commit, touched in steps:
            position = len(self.steps)
            self.at[commit] = position
            self.steps.append((commit, touched))
            self.size += _size(touched)
            for path in touched:
                self.of.setdefault(path, []).append(position)

    def newest(self, most: int) -> _Known:
        """A copy without the oldest, so that it is of that size at most, or has one commit."""
        first = len(self.steps) - 1
        left = most - _size(self.steps[first][1])
        while first > 0 and (left := left - _size(self.steps[first - 1][1])) >= 0:
            first -= 1
        rest = _Known(self.steps[first - 1][0] if first else self.before)
        rest.add(self.steps[first:])
        return rest

    def up_to(self, commit: str) -> _Known:
        """A copy without those after a commit."""
        rest = _Known(self.before)
        rest.add(self.steps[: self.at[commit] + 1])
        return rest


def _touched(commit: pygit2.Commit) -> tuple[BundlePath, ...]:
    before = commit.parents[0].tree if commit.parents else None
    return tuple(layout.touched(before, commit.tree))


def _size(touched: Sequence[BundlePath]) -> int:
    return 1 + len(touched)


class Trail:
    """The newest commits of one branch. Safe to call from any thread, with a repository handle of that thread's own."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def follow(self, repo: pygit2.Repository, tip: str, most: int | None = None) -> bool:
        """Makes `tip` the newest commit that is known; gives whether it is.

        With `most`, it is not if more commits than that have to be looked at. Raises pygit2.GitError, KeyError for a
        repository that lost some of them.
        """
        with self._lock:
            known = self._known
            last = known.steps[-1][0] if known is not None and known.steps else None
        if last == tip:
            return True
        new: list[_Step] = []
        size = 0
        at: pygit2.Commit | None = repo[tip].peel(pygit2.Commit)
        while at is not None and (known is None or str(at.id) not in known.at) and size < self._most:
            if most is not None and len(new) >= most:
                return False
            touched = _touched(at)
            new.append((str(at.id), touched))
            size += _size(touched)
            at = at.parents[0] if at.parents else None
        reached = str(at.id) if at is not None else None
        with self._lock:
            if self._known is not known or (known is not None and known.steps[-1][0] != last):
                # Another thread was here; what it found is as good.
                return self._known is not None and tip in self._known.at
            if known is None or reached not in known.at:
                known = _Known(reached)
            elif reached != last:
                known = known.up_to(reached)
            known.add(new[::-1])
            if known.size > self._most * 3 // 2:
                known = known.newest(self._most)
            self._known = known
        return True

    def touched(self, commit: pygit2.Commit) -> tuple[BundlePath, ...]:
        """The documents that a commit changed."""
        id = str(commit.id)
        with self._lock:
            known = self._known
            if known is not None and id in known.at:
                return known.steps[known.at[id]][1]
        touched = _touched(commit)
        with self._lock:
            # The next one: a hundred watchers ask for it at once.
            known = self._known
            if known is not None and commit.parents and known.steps[-1][0] == str(commit.parents[0].id):
                known.add([(id, touched)])
        return touched

    def changes(self, path: BundlePath, start: str, limit: int) -> tuple[list[str], str | None] | None:
        """Commits that changed a document, newest first, from `start` on; and the commit to go on from, None if
        nothing is left. What comes before that is not known. None if `start` is not known."""
        with self._lock:
            known = self._known
            if known is None or start not in known.at:
                return None
            positions = known.of.get(path, [])
            end = bisect_right(positions, known.at[start])
            found = [known.steps[position][0] for position in reversed(positions[max(0, end - limit) : end])]
            rest = known.steps[positions[end - limit - 1]][0] if end > limit else known.before
            return found, rest
