"""The reader as services use it: the compiled one, plus watching."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from configedge import _core

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

Mapping.register(_core.Snapshot)

# Longest sleep in one piece. Waking is by futex, so this only bounds how late a replaced directory or a cancelled
# task is noticed.
_SLICE_S = 1.0


class Change(NamedTuple):
    """Something that was published under a watched key."""

    generation: int
    commit: str
    keys: tuple[str, ...]
    """Keys that were added, removed or got another value since the last change, sorted."""
    snapshot: _core.Snapshot


class Reader(_core.Reader):
    """The newest configuration of a snapshot directory.

    `reader[key]`, `reader.get(key, default)` and `key in reader` read what is published now. No read blocks, and none
    raises because of what the relay does: while the newest snapshot cannot be taken the one before is served, and
    `health()` says why. Safe to share between threads, and to inherit over fork.
    """

    __slots__ = ("__weakref__",)

    def watch(self, key: str = "") -> Watch:
        """Changes from now on of `key`, of everything below it, or of everything at all if it is empty.

        Iterate with `for` or `async for`, or call `next_change(timeout)`. Changes that come quicker than they are
        taken are merged into one.
        """
        return Watch(self, key)

    def __repr__(self) -> str:
        return f"<Reader {self.path} generation={self.generation}>"


class Watch:
    """Changes under one key. Woken by the publish itself; there is no polling and no thread of its own."""

    def __init__(self, reader: Reader, key: str) -> None:
        self._reader = reader
        self._key = key
        self._seen = reader.snapshot()

    def next_change(self, timeout: float | None = None) -> Change | None:
        """The next change, or None if there is none within `timeout` seconds (None: wait for ever)."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            if change := self._take():
                return change
            left = _SLICE_S if deadline is None else min(_SLICE_S, deadline - time.monotonic())
            if left <= 0:
                return None
            self._reader.wait(self._seen.generation, left)

    def _take(self) -> Change | None:
        """What changed since the last call, if anything did."""
        new = self._reader.snapshot()
        if new is self._seen:
            return None
        keys = new.changed_since(self._seen, self._key)
        self._seen = new
        return Change(new.generation, new.commit, tuple(keys), new) if keys else None

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        change = self.next_change()
        assert change is not None
        return change

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        """Sleeps in a worker thread of the event loop, in slices, so that cancelling is prompt."""
        import asyncio

        while True:
            if change := await asyncio.to_thread(self.next_change, _SLICE_S):
                return change
