"""Packing the repository, so that it stays quick."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

# git's own gc begins at 6,700; each commit of ours adds about five.
LOOSE_LIMIT = 4_000
_TIMEOUT_S = 300.0


def loose_objects(path: Path) -> int:
    """About how many objects are not packed: one directory of 256 stands for all."""
    try:
        return 256 * len(os.listdir(path / "objects" / "17"))
    except FileNotFoundError:
        return 0


def pack(path: Path) -> None:
    """Packs loose objects, beside whoever reads and writes. Raises subprocess.SubprocessError, OSError."""
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

    def __init__(self, path: Path, run_alone: Callable[[Callable[[], None]], None]) -> None:
        self._path = path
        self._run_alone = run_alone
        self.problem: str | None = None

    def look(self) -> bool:
        """Packs if there are many loose objects; gives whether it did."""
        if loose_objects(self._path) < LOOSE_LIMIT:
            return False
        try:
            pack(self._path)
            self._run_alone(lambda: tidy(self._path))
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            self.problem = f"the repository cannot be packed ({str(said)[:200]}); run git repack -d in it"
            log.error("%s", self.problem)
            return False
        self.problem = None
        log.info("packed the repository")
        return True
