"""The last change of every document, kept as the history grows, so that a list of bundles need not walk it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from configedge.bundle import BundlePath
from configedge.control.archive import Change
from configedge.control.store import Store

_SCAN = 5_000


@dataclass(frozen=True, slots=True)
class LastChange:
    commit: str
    time: int
    author: str
    summary: str


class Recent:
    """Looks at each commit once, at the newest 5,000 the first time. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._tip = ""
        self._last: dict[BundlePath, LastChange] = {}

    def changes(self) -> dict[BundlePath, LastChange]:
        """By document, as of now. One that is not in it was changed too long ago."""
        with self._lock:
            tip = self._store.tip()
            if tip != self._tip:
                self._read(tip)
            return self._last

    def _read(self, tip: str) -> None:
        found: dict[BundlePath, LastChange] = {}
        at: str | None = tip
        for _ in range(_SCAN):
            if at is None or at == self._tip:
                break
            touched = [path for path in self._store.touched(at) if path not in found]
            if touched:
                last = _last(self._store.change(at))
                found |= dict.fromkeys(touched, last)
            at = self._store.parent(at)
        self._last = {**self._last, **found}
        self._tip = tip


def _last(change: Change) -> LastChange:
    return LastChange(change.commit, change.time, change.author, change.message.partition("\n")[0])
