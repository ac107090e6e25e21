"""Tells nodes that there is a newer commit, and which: never what is in it. They fetch it from Git themselves.

For thousands of nodes, so it is a state and no queue: whoever was slow is told the newest commit alone, and one that
waits costs a coroutine that sleeps. `Events` is for people and pipelines, who want every commit and what it changed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

MAX_WAITING: Final = 3_000
"""Nodes that may wait at once; others look at Git by themselves until one of these goes."""
FETCHES_S: Final = 500.0
"""Fetches a second that a Git host is to get from all who are told of one commit."""

_STILL_S = 60.0


class TooMany(Exception):
    """There are too many watchers, or nodes that wait."""


@dataclass(frozen=True, slots=True)
class Tip:
    commit: str
    spread_s: float
    """Within so many seconds, each at a moment of its own, those who are told now are to fetch it."""


class Tips:
    """The newest commit, and those that wait for the next. For one event loop."""

    def __init__(self) -> None:
        self._tip = ""
        self._moved = asyncio.Event()
        self._waiting = 0
        self._closed = False

    def __len__(self) -> int:
        return self._waiting

    def move(self, commit: str) -> None:
        """Main is at this commit now."""
        if commit != self._tip:
            self._tip = commit
            self._wake()

    def close(self) -> None:
        """Ends every wait."""
        self._closed = True
        self._wake()

    async def follow(self, still: Callable[[], Awaitable[bool]]) -> AsyncIterator[Tip]:
        """The newest commit now, and again whenever it is another. Ends when the control plane does.

        `still` says whether it is still somebody who may ask; it is asked about once a minute. Raises TooMany.
        """
        if self._waiting >= MAX_WAITING:
            raise TooMany(f"{MAX_WAITING:,} nodes wait already; look at Git yourself, and ask again later")
        self._waiting += 1
        try:
            told = ""
            while not self._closed:
                moved = self._moved
                if told != self._tip:
                    told = self._tip
                    yield Tip(told, round(self._waiting / FETCHES_S, 3))
                    continue
                try:
                    await asyncio.wait_for(moved.wait(), _STILL_S * random.uniform(0.75, 1.25))
                except TimeoutError:
                    if not await still():
                        return
        finally:
            self._waiting -= 1

    def _wake(self) -> None:
        # A new event for each move: nobody has to clear one that others still wait for.
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
