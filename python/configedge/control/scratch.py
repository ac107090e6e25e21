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
        self._plans = 0

    def repo(self) -> tuple[pygit2.Repository, bool]:
        """The handle, and whether it is a new one: nothing that was written before is there then."""
        self._plans += 1
        if self._repo is not None and self._plans % _MOST:
            return self._repo, False
        self.close()
        self._directory.mkdir(mode=0o700, exist_ok=True)
        repo = pygit2.Repository(str(self._repository))
        repo.odb.add_backend(pygit2.OdbBackendLoose(str(self._directory), -1, False), _PRIORITY)
        self._repo = repo
        return repo, True

    def close(self) -> None:
        self._repo = None
        shutil.rmtree(self._directory, ignore_errors=True)
