"""Hints: a control plane says that there is a newer commit, and it is fetched from Git now and not at the next look.

A hint and no more. What it names is looked for where it always is, and verified as always; without hints the looks go
on as if there were none.
"""

from __future__ import annotations

import logging
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from configedge.sync.pump import Revision, Source
from configedge.sync.server import Server, SyncError

log = logging.getLogger(__name__)

PATH: Final = "/v1/watch/tip"
NET_S: Final = 30.0
"""Seconds between looks while hints come, give or take half: they are the net, and not how changes are found."""
LOOKS: Final = 7
"""How often a commit that was told of and is not at the remote yet is looked for, within about ten seconds."""

_FIRST_LOOK_S = 0.05
# The server says something every 15 s, if only that it is there.
_SILENCE_S = 45.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_MOST_SPREAD_S = 30.0
# A connection costs a control plane about as much as four commits that it tells of (2 ms).
_RECONNECT = 4
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)


class Repository(Source, Protocol):
    """A source that knows commits."""

    def has(self, commit: str) -> bool:
        """Whether a fetch has brought it."""

    def covers(self, known: str, commit: str) -> bool:
        """Whether `known` is that commit or came after it."""


class Hinted:
    """A source that a control plane gives hints for. `poll` and `pause` are for the thread of a Pump.

    `interval` is in seconds, between looks while there are no hints.
    """

    def __init__(self, source: Repository, server: Server, interval: float) -> None:
        self._source = source
        self._server = server
        self._interval = interval
        self._wanted = ""
        self._told = False
        self._looks = 0
        self._heard = False
        self._spread_s = 0.0
        self._problem: str | None = "nothing was heard yet"
        self._stopping = threading.Event()

    def poll(self, known: str | None) -> Revision | None:
        """As the source does; nothing is fetched for a hint of what is here already."""
        told, self._told = self._told, False
        if told and known is not None and self._source.covers(known, self._wanted):
            return None
        return self._source.poll(known)

    def pause(self) -> float:
        """Seconds until the next look."""
        missing = bool(self._wanted) and not self._source.has(self._wanted)
        if missing and self._looks < LOOKS:
            # With several control planes, or a mirror, the hint can be quicker than the commit.
            self._looks += 1
            return float(_FIRST_LOOK_S * 2**self._looks * random.uniform(0.5, 1.0))
        if missing or not self._heard:
            return self._interval * random.uniform(0.9, 1.1)
        return max(self._interval, NET_S) * random.uniform(0.5, 1.5)

    @contextmanager
    def listening(self, wake: Callable[[], None]) -> Iterator[None]:
        """Calls `wake` for each hint, from a thread of its own."""
        thread = threading.Thread(target=self._listen, args=(wake,), name="hints", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()

    def _listen(self, wake: Callable[[], None]) -> None:
        failures = 0
        while not self._stopping.is_set():
            why = "it ended the connection"
            try:
                for hint in self._server.events(PATH, _SILENCE_S):
                    failures = 0
                    self._hear(hint, wake)
            except SyncError as error:
                why = str(error)
            self._heard = False
            failures += 1
            if failures == 2:
                # Not at the first: a control plane that restarts would send all nodes to Git at once.
                self._say(why)
                wake()
            # What it told of the others: a control plane that comes back is met by all of them.
            longest = max(_FIRST_PAUSE_S * 2.0 ** min(failures, 10), _RECONNECT * self._spread_s)
            self._stopping.wait(random.uniform(0.0, min(_LONGEST_PAUSE_S, longest)))

    def _hear(self, hint: dict[str, Any], wake: Callable[[], None]) -> None:
        commit, spread = hint.get("commit"), hint.get("spread_s")
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            return
        if self._problem is not None:
            log.info("hints come from %s", self._server.address)
        self._heard, self._problem = True, None
        self._spread_s = max(0.0, min(spread, _MOST_SPREAD_S)) if isinstance(spread, (int, float)) else 0.0
        # All nodes are told in the same moment; the Git host is not to be asked by all in the same.
        self._stopping.wait(random.uniform(0.0, self._spread_s))
        self._wanted, self._looks, self._told = commit, 0, True
        wake()

    def _say(self, problem: str) -> None:
        # Once, however often it is tried.
        if problem != self._problem:
            log.warning("no hints, looking every %g s: %s", self._interval, problem)
        self._problem = problem
