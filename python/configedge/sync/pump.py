"""The loop of every adapter: look at a source, export what is new, keep the last good on any error."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from configedge.bundle import BundlePath
from configedge.sync.spool import export

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Revision:
    """All bundles at a commit."""

    commit: str
    committed_at: float
    """Unix seconds."""
    files: dict[BundlePath, bytes]
    policies: dict[str, bytes] = field(default_factory=dict)
    """The files of the directory `policies`, by name."""
    proof: dict[str, bytes] = field(default_factory=dict)
    """What proves that these are the commit's, by file name; empty if it is not signed."""


class Source(Protocol):
    def poll(self, known: str | None) -> Revision | None:
        """What is there now, or None if that is still the commit `known`. May raise anything."""


def every(seconds: float) -> Callable[[], float]:
    """Pauses of so many seconds, give or take a tenth: what was started together is not to look together for ever."""
    return lambda: seconds * random.uniform(0.9, 1.1)


class Pump:
    """Copies a source into a spool: when woken, and after each pause, in seconds.

    As a context manager it runs in a thread of its own. Wakes that come while it works are one.
    """

    def __init__(
        self,
        source: Source,
        spool: Path,
        pause: Callable[[], float],
        on_export: Callable[[Revision], None] | None = None,
    ) -> None:
        self._source = source
        self._spool = spool
        self._pause = pause
        self._on_export = on_export
        self._known: str | None = None
        self._problem: str | None = "nothing is exported yet"
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self.run, name="export", daemon=True)

    def wake(self) -> None:
        """Asks for a look now. Returns at once; may be called from anywhere, a signal handler too."""
        self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def problem(self) -> str | None:
        """Why the spool is not what the source is, None if it is."""
        return self._problem

    def once(self) -> bool:
        """Exports what is new. False if that failed; the spool is then as it was."""
        try:
            revision = self._source.poll(self._known)
            if revision is not None:
                new = export(
                    revision.files,
                    revision.commit,
                    revision.committed_at,
                    self._spool,
                    revision.policies,
                    revision.proof,
                )
                if new and self._on_export:
                    self._on_export(revision)
                self._known = revision.commit
            elif not (self._spool / "..data").exists():
                # Somebody removed the spool under us: fill it again at the next look.
                self._known = None
                self.wake()
        except Exception as error:
            problem = f"{self._spool}: {error}" if isinstance(error, OSError) else str(error) or repr(error)
            # Said once, however often it is tried.
            if problem != self._problem:
                log.error("not exported, the last good stays: %s", problem)
            self._problem = problem
            return False
        if self._problem is not None:
            log.info("exporting to %s", self._spool)
        self._problem = None
        return True

    def run(self) -> None:
        """Works until `stop`."""
        while not self._stopping:
            self._wake.clear()
            self.once()
            if not self._stopping:
                self._wake.wait(self._pause())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        # A fetch that hangs must not hold up the end of the process.
        self._thread.join(timeout=1.0)
