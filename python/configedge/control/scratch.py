"""A handle on the repository whose writes go nowhere: for dry runs, which may come as often as somebody types."""

from __future__ import annotations

import shutil
from pathlib import Path

import pygit2

_MOST = 300
# What is written has to come before what is there.
_PRIORITY = 1_000


class Scratch:
    """Reads what the repository has, and keeps what is written in a directory that is emptied again and again.

    Of the repository's own, so that what a killed process left goes at the next start; nothing in it is flushed. One
    thread at a time.
    """

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._directory = repository / "configedge-scratch"
        shutil.rmtree(self._directory, ignore_errors=True)
        self._repo: pygit2.Repository | None = None
        self._merged = 0
        self._plans = 0

    def repo(self, merged: int) -> tuple[pygit2.Repository, bool]:
        """The handle, and whether nothing that was written before is there. `merged` is that of `Staged`."""
        self._plans += 1
        emptied = self._repo is None or not self._plans % _MOST
        if emptied:
            self.close()
            self._directory.mkdir(mode=0o700, exist_ok=True)
        if self._repo is None or merged != self._merged:
            self._repo = pygit2.Repository(str(self._repository))
            self._repo.odb.add_backend(pygit2.OdbBackendLoose(str(self._directory), -1, False), _PRIORITY)
            self._merged = merged
        return self._repo, emptied

    def close(self) -> None:
        self._repo = None
        shutil.rmtree(self._directory, ignore_errors=True)
