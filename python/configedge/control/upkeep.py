"""Packing the repository, so that it stays quick."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

log = logging.getLogger(__name__)

# git's own gc begins at 6,700 objects, and at 50 packs; 32 commits of ours are a pack.
LOOSE_LIMIT = 4_000
PACKS_LIMIT = 50 + 32
FSYNC = "committed,pack-metadata,reference"
"""What git has to flush: without its index a pack is not there."""
_TIMEOUT_S = 300.0

Alone = Callable[[], AbstractContextManager[None]]


def loose_objects(path: Path) -> int:
    """About how many objects are not packed: one directory of 256 stands for all."""
    try:
        return 256 * len(os.listdir(path / "objects" / "17"))
    except FileNotFoundError:
        return 0


def has_loose_objects(path: Path) -> bool:
    """Whether there is one at all."""
    return any(path.glob("objects/[0-9a-f][0-9a-f]/*"))


def packs(path: Path) -> int:
    """How many packs there are."""
    return sum(name.endswith(".idx") for name in os.listdir(path / "objects" / "pack"))


def pack(path: Path) -> None:
    """Packs loose objects and merges packs, beside whoever writes. Raises subprocess.SubprocessError, OSError."""
    _git(path, "repack", "-d", "-l", "-q", "--geometric=2")


def tidy(path: Path) -> None:
    """Removes what nothing refers to. Nobody may be writing. Raises subprocess.SubprocessError, OSError.

    Pruned is what is two weeks old, as git does it.
    """
    _git(path, "prune", "--expire=2.weeks.ago")
    _git(path, "pack-refs", "--no-all")


def _git(path: Path, *command: str) -> None:
    subprocess.run(
        ["git", "-c", "core.fsync=all", "-C", str(path), *command],
        check=True,
        capture_output=True,
        timeout=_TIMEOUT_S,
        stdin=subprocess.DEVNULL,
    )


class Packer:
    """Packs when there is reason to. Only tidying up afterwards makes writes wait: packing can take seconds."""

    def __init__(self, path: Path, unmerged: Alone, exclusively: Alone) -> None:
        """Within `unmerged` nobody else removes packs; within `exclusively` nobody writes."""
        self._path = path
        self._unmerged = unmerged
        self._exclusively = exclusively
        self._looked = False
        self.problem: str | None = None

    def look(self) -> bool:
        """Packs if there are many loose objects, or packs; gives whether it did.

        The first time, if there are any: no file of one object can be damaged then, which libgit2 may read for ever.
        """
        first, self._looked = not self._looked, True
        many = loose_objects(self._path) >= LOOSE_LIMIT or packs(self._path) >= PACKS_LIMIT
        if not many and not (first and has_loose_objects(self._path)):
            return False
        try:
            with self._unmerged():
                pack(self._path)
            with self._exclusively():
                tidy(self._path)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            self.problem = f"the repository cannot be packed ({str(said)[:200]}); run git repack -d in it"
            log.error("%s", self.problem)
            return False
        self.problem = None
        log.info("packed the repository")
        return True
