"""Being told of changes: by a loop, by `async for`, or by a callback. Woken by the publish itself, without polling."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType

    from configedge._core import Reader, Snapshot

_log = logging.getLogger("configedge")

# Longest sleep in one piece. Waking is by futex, so this only bounds how late a directory is noticed that was replaced
# under a relay that could not say so, and how late a notifier ends that nobody needs any more.
_SLICE_S = 1.0


class Change(NamedTuple):
    """Something that was published under a watched key."""

    generation: int
    commit: str
    keys: tuple[str, ...]
    """Keys that were added, removed or got another value since the last change, and their containers, sorted."""
    snapshot: Snapshot


class Watch:
    """Changes under one key; made by `Reader.watch`."""

    def __init__(self, reader: Reader, key: str, callback: Callable[[Change], object] | None) -> None:
        self._reader = reader
        self._key = key
        self._seen = reader.snapshot()
        self._callback = callback
        self._closed = False
        self._sleeping: list[Callable[[], None]] = []
        if callback is not None:
            notifier_of(reader).add(self._call_back)

    def next_change(self, timeout: float | None = None) -> Change | None:
        """The next change, or None if none comes within `timeout` seconds (None: wait for ever) or the watch is closed.

        Raises TypeError if a callback takes the changes.
        """
        if self._callback is not None:
            raise TypeError("this watch gives its changes to a callback: make another one to wait for them")
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._closed:
            if change := self._take():
                return change
            left = _SLICE_S if deadline is None else min(_SLICE_S, deadline - time.monotonic())
            if left <= 0:
                break
            self._reader.wait(self._seen.generation, left)
        return None

    def close(self) -> None:
        """Ends the watch: its loops end, a blocking one within a second. A running callback is not cut off."""
        self._closed = True
        for tell in list(self._sleeping):
            tell()
        if self._callback is not None:
            notifier_of(self._reader).remove(self._call_back)

    def _take(self) -> Change | None:
        """What changed since the last call, if anything did."""
        new = self._reader.snapshot()
        if new is self._seen:
            return None
        keys = new.changed_since(self._seen, self._key)
        self._seen = new
        return Change(new.generation, new.commit, tuple(keys), new) if keys else None

    def _call_back(self) -> None:
        assert self._callback is not None
        try:
            if not self._closed and (change := self._take()):
                self._callback(change)
        except Exception:
            _log.exception("a callback for changes of %r failed; it will be called again", self._key or "everything")

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        if change := self.next_change():
            return change
        raise StopIteration

    async def __aiter__(self) -> AsyncIterator[Change]:
        """Sleeps without a thread of its own; cancelling is prompt."""
        import asyncio

        if self._callback is not None:
            raise TypeError("this watch gives its changes to a callback: make another one to iterate")
        loop, published = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            # A loop that was closed without finishing this one.
            if not loop.is_closed():
                loop.call_soon_threadsafe(published.set)

        notifier = notifier_of(self._reader)
        notifier.add(tell)
        self._sleeping.append(tell)
        try:
            while not self._closed:
                published.clear()
                if change := self._take():
                    yield change
                else:
                    await published.wait()
        finally:
            self._sleeping.remove(tell)
            notifier.remove(tell)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Notifier:
    """One sleeping thread a reader that tells others: there while somebody wants to be told."""

    def __init__(self, reader: Reader) -> None:
        self._reader = weakref.ref(reader)
        self._lock = threading.Lock()
        self._told: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None
        self._again = False

    def add(self, tell: Callable[[], None]) -> None:
        """`tell` is called, soon and not in the caller's thread, after each publish from now on."""
        with self._lock:
            self._told.append(tell)
            # A thread that runs already may have told of a publish just before: it looks again.
            self._again = True
            self._start()

    def remove(self, tell: Callable[[], None]) -> None:
        with self._lock:
            if tell in self._told:
                self._told.remove(tell)

    def after_fork(self) -> None:
        """The thread does not exist in a child; nor does whoever may have held the lock."""
        self._lock = threading.Lock()
        self._thread = None
        with self._lock:
            self._start()

    def _start(self) -> None:
        if self._thread is None and self._told and self._reader() is not None:
            thread = threading.Thread(target=self._run, name="configedge", daemon=True)
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        seen: Snapshot | None = None
        while (reader := self._reader()) is not None:
            now = reader.snapshot()
            with self._lock:
                told, again, self._again = list(self._told), self._again, False
                if not told:
                    self._thread = None
                    return
            # By identity: a directory that was made anew counts its generations from one again.
            if now is not seen or again:
                seen = now
                for tell in told:
                    self._tell(tell)
            reader.wait(now.generation, _SLICE_S)
            del reader

    def _tell(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except BaseException:
            # Whatever it is: the others still want to be told. A closed event loop ends up here, too.
            _log.exception("a listener for changes failed and is told no more")
            self.remove(tell)


_notifiers: weakref.WeakKeyDictionary[Reader, Notifier] = weakref.WeakKeyDictionary()


def notifier_of(reader: Reader) -> Notifier:
    notifier = _notifiers.get(reader)
    if notifier is None:
        notifier = _notifiers.setdefault(reader, Notifier(reader))
    return notifier


def _after_fork() -> None:
    for notifier in list(_notifiers.values()):
        notifier.after_fork()


os.register_at_fork(after_in_child=_after_fork)
