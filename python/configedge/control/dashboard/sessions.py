"""Who is signed in at the dashboard. A browser has a random id and nothing else; what it stands for stays here.

The credential is kept for as long as the session, and asked again at least once a minute: a token that is revoked, or
an ID token that expires, ends the session with it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from configedge.control.auth import Principal, Unauthenticated

LIFE_S: Final = 8 * 3600.0
FRESH_S: Final = 60.0
MOST: Final = 1_000
MOST_EACH: Final = 20
"""Sessions of one subject; one more ends its oldest."""

Identify = Callable[[Sequence[str]], Principal]


@dataclass(slots=True, eq=False)
class Session:
    id: str = field(repr=False)
    csrf: str = field(repr=False)
    """Must come back with everything that changes something: another site cannot know it."""
    who: Principal
    started: float
    checked: float
    credential: str = field(repr=False)


class Sessions:
    """The sessions of one process; they end with it. Thread-safe; `open` and `find` may block as `identify` does.

    `clock` gives seconds that never go back.
    """

    def __init__(self, identify: Identify, clock: Callable[[], float] = time.monotonic) -> None:
        self._identify = identify
        self._clock = clock
        self._lock = threading.Lock()
        # Oldest first.
        self._open: OrderedDict[str, Session] = OrderedDict()
        self.everybody = self._without_credentials()
        """The one session of a control plane that asks nobody who they are; None where one has to sign in."""

    def open(self, credential: str) -> Session:
        """A new session for who has this token. Raises Unauthenticated."""
        who = self._identify([f"Bearer {credential}"])
        session = self._new(who, credential)
        with self._lock:
            self._sweep()
            theirs = [one for one in self._open.values() if one.who.subject == who.subject]
            if len(theirs) >= MOST_EACH:
                del self._open[theirs[0].id]
            elif len(self._open) >= MOST:
                self._open.popitem(last=False)
            self._open[session.id] = session
        return session

    def find(self, id: str) -> Session | None:
        """The session with this id, whose credential is still good; None if there is none.

        Raises Unauthenticated for one that ended just now because its credential is good no longer.
        """
        with self._lock:
            self._sweep()
            session = self._open.get(id)
        if session is None:
            return None
        now = self._clock()
        if now - session.checked >= FRESH_S:
            try:
                session.who = self._identify([f"Bearer {session.credential}"])
            except Unauthenticated:
                self.close(id)
                raise
            session.checked = now
        return session

    def close(self, id: str) -> None:
        with self._lock:
            self._open.pop(id, None)

    def __len__(self) -> int:
        return len(self._open)

    def _new(self, who: Principal, credential: str) -> Session:
        now = self._clock()
        return Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), who, now, now, credential)

    def _without_credentials(self) -> Session | None:
        try:
            who = self._identify([])
        except Unauthenticated:
            return None
        return self._new(who, "")

    def _sweep(self) -> None:
        oldest = self._clock() - LIFE_S
        while self._open and next(iter(self._open.values())).started <= oldest:
            self._open.popitem(last=False)
