"""The configuration service's cache."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """Entries live `ttl_s`. A miss is loaded once for all that wait for it, and failing is not remembered.

    With `phase_s` all entries end by a timer, each `ttl_s` and at that monotonic time among others. With `stale`, an
    entry whose time is over is given when there is no new one after `patience_s`.
    """

    def __init__(
        self,
        load: Callable[[str], Awaitable[Value]],
        ttl_s: float,
        *,
        phase_s: float | None = None,
        stale: bool = False,
        patience_s: float = 0.02,
    ) -> None:
        self._load = load
        self._ttl_s = ttl_s
        self._phase_s = phase_s
        self._stale = stale
        self._patience_s = patience_s
        self._entries: dict[str, tuple[Value, float]] = {}
        """Values, and until when they are fresh, in monotonic s."""
        self._loading: dict[str, asyncio.Task[Value]] = {}
        self._era = 0
        self.hits = 0
        self.misses = 0
        """Calls that found nothing fresh."""
        self.loads = 0
        self.failed = 0
        """Loads that gave nothing."""
        self.flushes = 0

    def fresh(self, key: str) -> Value | None:
        """An entry that lives, at once; whoever gets None awaits `get`."""
        entry = self._entries.get(key)
        if entry is None or entry[1] <= time.monotonic():
            return None
        self.hits += 1
        return entry[0]

    async def get(self, key: str) -> Value:
        """An entry, loaded if need be. Raises what loading raises."""
        found = self.fresh(key)
        if found is not None:
            return found
        self.misses += 1
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._fill(key, self._era))
            task.add_done_callback(lambda done: self._loaded(key, done))
        # A caller that gives up does not end it for the others.
        if not self._stale or key not in self._entries:
            return await asyncio.shield(task)
        try:
            return await asyncio.wait_for(asyncio.shield(task), self._patience_s)
        except Exception:
            return self._entries[key][0]

    def flush(self) -> None:
        """Every entry's time is over, and what is being loaded may be from before."""
        self.flushes += 1
        self._era += 1
        self._loading.clear()
        if self._stale:
            self._entries = {key: (value, 0.0) for key, (value, _) in self._entries.items()}
        else:
            self._entries.clear()

    async def _fill(self, key: str, era: int) -> Value:
        self.loads += 1
        value = await self._load(key)
        if era == self._era:
            now = time.monotonic()
            gone = 0.0 if self._phase_s is None else (now - self._phase_s) % self._ttl_s
            self._entries[key] = value, now + self._ttl_s - gone
        return value

    def _loaded(self, key: str, task: asyncio.Task[Value]) -> None:
        if self._loading.get(key) is task:
            del self._loading[key]
        # Looked at even if all that waited for it gave up.
        if not task.cancelled() and task.exception() is not None:
            self.failed += 1
