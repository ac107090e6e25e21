"""How often nodes are to report, by how many there are: a control plane is asked no more than it can carry.

A heartbeat costs about 1.8 ms of processor time (docs/scale.md), so those of some thousand nodes every five seconds
would leave nothing for operators. Each answer says when the next one is wanted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from configedge.control.fleet import INTERVAL_S, LOST_AFTER, MAX_NODES

HEARTBEATS_S: Final = 250.0
"""Heartbeats a second that nodes are asked for in all: less than half of a core."""
LONGEST_S: Final = 120.0
"""Seconds between two heartbeats of a node, at most: from 30,000 nodes on there are more heartbeats a second."""


class Pacing:
    """Counts the nodes that report to this process, whoever else keeps the same fleet. Safe to call from any thread.

    `clock` gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MAX_NODES) -> None:
        self._clock = clock
        self._most = most
        self._lock = Lock()
        # Until when each node counts, by its last heartbeat, oldest first.
        self._until: dict[str, float] = {}

    def heard(self, node: str) -> float:
        """Counts a node; gives the seconds after which it is to report again."""
        now = self._clock()
        with self._lock:
            self._until.pop(node, None)
            self._forget(now)
            next_s = self._next_s(len(self._until) + 1)
            self._until[node] = now + LOST_AFTER * next_s
        return next_s

    def lost_s(self) -> float:
        """The seconds within which every node reports that is told so now, and is not lost."""
        with self._lock:
            self._forget(self._clock())
            return LOST_AFTER * self._next_s(len(self._until))

    def _forget(self, now: float) -> None:
        while self._until:
            oldest = next(iter(self._until))
            if self._until[oldest] >= now and len(self._until) < self._most:
                return
            del self._until[oldest]

    @staticmethod
    def _next_s(nodes: int) -> float:
        return round(min(max(INTERVAL_S, nodes / HEARTBEATS_S), LONGEST_S), 1)
