"""Shadow reads: a service goes on deciding by its legacy configuration, and finds out where ConfigEdge says otherwise.

    shadow = Shadow(configedge.open("/run/configedge"), sample=0.01)
    limit = shadow.read("matchmaking.max_ping_ms", legacy_get("mm:max_ping_ms"))   # always the legacy value

Of every hundred reads one is compared, on a thread of its own. A read that is not costs a call of a Python method
(benches/shadow.py). Nothing of it blocks the service or raises into it: what comes quicker than it is compared is
dropped, and counted.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

from configedge import Reader, Snapshot
from configedge.migrate import text
from configedge.migrate.secrets import looks_secret

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

__all__ = ["Outcome", "Shadow"]

log = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M", bound=Mapping[str, Any])
Outcome = Literal["match", "mismatch", "settling", "missing", "error"]
"""`settling`: they differ, and the key was changed so lately that one of the two may not have it yet. `missing`:
ConfigEdge has no such key. `error`: the two could not be compared."""

_OUTCOMES: Final[tuple[Outcome, ...]] = ("match", "mismatch", "settling", "missing", "error")
# Every set of labels and every memory is bounded, whatever keys a service reads.
_MOST_KEYS = 10_000
_MOST_LABELS = 100
_OTHER, _HIDDEN = "other", "(secret)"
# How long the thread lets reads gather.
_PAUSE_S = 0.2
_SHOWN = 100
_MISSING: Any = object()


class _Reads(NamedTuple):
    """What was read together, by the service's keys."""

    values: dict[str, Any]
    snapshot: Snapshot
    at: float
    """Unix seconds."""


class _Line:
    """What waits to be compared. The thread is woken only if it sleeps: to wake it costs more than all the rest."""

    def __init__(self) -> None:
        self._items: deque[_Reads | threading.Event | None] = deque()
        self._woken = threading.Event()
        self._awake = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: _Reads | threading.Event | None) -> None:
        self._items.append(item)
        if not self._awake:
            self._woken.set()

    def taken(self) -> Iterator[_Reads | threading.Event]:
        """What is put, until that is None."""
        while True:
            while self._items:
                if (item := self._items.popleft()) is None:
                    return
                yield item
                # A snapshot that nothing else holds goes now, and not with the next read.
                del item
            time.sleep(_PAUSE_S)
            if not self._items:
                self._awake = False
                # Who put something before it read that has not set the event.
                if not self._items:
                    self._woken.wait()
                self._awake = True
                self._woken.clear()


class Shadow:
    """Compares a sample of a service's reads with `cfg`. One for a process; threads may share it.

    `sample` is the share of reads that are compared, above 0 and at most 1. `queue` is how many may wait for that.
    `key` makes the key in ConfigEdge of what the service calls it (None: there is none, nothing is compared), as
    `LegacyMap.reader_key` does; without it they have the same name. A mismatch within `settle_s` seconds of a change of
    the key counts as `settling`: set it above what the legacy system needs to forget, such as the life of its cache.
    `secret` says of a key whether its values stay out of the log, beside what bundles mark as secret.
    `same(legacy, ours)` compares. Without it a text or bytes equals the value that is written so, also as a field of a
    hash; containers and numbers count by content; None equals a key that is not there. A key's first mismatch is
    logged as a warning, and again every `log_every_s` seconds while there are more.

    Metrics go to `registry`, by default that of prometheus_client; False: nowhere. A registry takes one Shadow.

    Raises ValueError for a sample or queue out of range, or a registry that has one already.
    """

    def __init__(
        self,
        cfg: Reader,
        *,
        sample: float = 0.01,
        queue: int = 1_000,
        key: Callable[[str], str | None] | None = None,
        settle_s: float = 60.0,
        secret: Callable[[str], bool] = looks_secret,
        same: Callable[[Any, Any], bool] | None = None,
        log_every_s: float = 60.0,
        registry: CollectorRegistry | Literal[False] | None = None,
    ) -> None:
        if not 0 < sample <= 1:
            raise ValueError(f"sample is {sample}; give a share above 0 and at most 1, as in 0.01")
        if queue < 1:
            raise ValueError(f"queue is {queue}; give at least 1")
        self._cfg = cfg
        self._sample = sample
        self._most = queue
        self._key = key
        self._settle_s = settle_s
        self._secret = secret
        self._same = same or _same
        self._log_every_s = log_every_s
        # When a key got the value it has, as far as that is known: generation, Unix seconds.
        self._changed: dict[str, tuple[int, float]] = {}
        # When a key was logged last (monotonic), and how often it was not since then.
        self._logged: dict[str, tuple[float, int]] = {}
        self._closed = False
        self._begin()
        _ALL.add(self)
        if registry is not False:
            from configedge._shadow_metrics import register

            register(self, registry)

    # No __call__: CPython calls a method of Python in half the time.
    def read(self, key: str, value: T) -> T:
        """The legacy `value`, as it is. Never raises, never waits."""
        # Threads that count at once lose a count now and then, which a sample can bear.
        self._left -= 1
        if self._left <= 0:
            self._take({key: value})
        return value

    def read_all(self, values: M) -> M:
        """The legacy values by key that were read together, as they are; all of them or none are compared.

        So it costs what one read does.
        """
        self._left -= 1
        if self._left <= 0:
            self._take(values)
        return values

    def wrap(self, get: Callable[[str], T]) -> Callable[[str], T]:
        """A function of a key that reads as the legacy one does, with its reads sampled."""

        def read(key: str) -> T:
            return self.read(key, get(key))

        return read

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Waits until what was sampled before is compared; False if that takes longer. For tests and the end."""
        if self._thread is None:
            return True
        done = threading.Event()
        self._line.put(done)
        return done.wait(timeout_s)

    @property
    def waiting(self) -> int:
        """Sampled calls of `read` and `read_all` that are still to be compared."""
        return len(self._line)

    def close(self, timeout_s: float = 5.0) -> None:
        """Compares what waits, and ends the thread. Reads go on giving the legacy value."""
        self.flush(timeout_s)
        self._closed = True
        self._line.put(None)
        if self._thread is not None:
            self._thread.join(timeout_s)

    def __del__(self) -> None:
        # Its thread holds nothing but the queue.
        if (line := getattr(self, "_line", None)) is not None:
            line.put(None)

    def _take(self, values: Mapping[str, Any]) -> None:
        try:
            self._left = self._gap()
            if self._closed:
                return
            # The thread may be held up for long, and the queue must not grow meanwhile.
            if len(self._line) >= self._most or not self._start():
                self.dropped += 1
                return
            # What ConfigEdge says now, and not when it is compared.
            self._line.put(_Reads(dict(values), self._cfg.snapshot(), time.time()))
        except Exception:
            self.dropped += 1

    def _gap(self) -> int:
        """Reads until the next that is compared: at random, so that no loop of the service is in step with it."""
        return 1 if self._sample == 1 else 1 + int(self._random.expovariate(1) / self._sample)

    def _begin(self) -> None:
        """As at the start, and in a forked child, which inherits no thread and maybe a lock that is held."""
        self.counts: dict[Outcome, int] = dict.fromkeys(_OUTCOMES, 0)
        """Reads that were compared in this process, by outcome."""
        self.dropped = 0
        """Reads that were sampled and not compared, as too many waited or no thread could be had."""
        self.mismatches: dict[str, int] = {}
        """Mismatches by key, those that are missing too; beyond 100 keys under `other`."""
        self._random = random.Random()
        self._left = self._gap()
        self._line = _Line()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def _start(self) -> bool:
        """Whether there is a thread that compares."""
        if self._thread is not None:
            return True
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=_work, args=(self._line, weakref.ref(self)), daemon=True)
                thread.name = "configedge-shadow"
                thread.start()
                self._thread = thread
        return True

    def _compare(self, reads: _Reads) -> None:
        for name, theirs in reads.values.items():
            outcome: Outcome = "error"
            key: str | None = name
            try:
                if self._key is not None and (key := self._key(name)) is None:
                    continue
                assert key is not None
                ours = reads.snapshot.get(key, _MISSING)
                outcome = self._outcome(key, theirs, ours, reads)
                if outcome in ("mismatch", "missing"):
                    self._count(key)
                    self._tell(key, theirs, ours, reads.snapshot)
            except Exception as error:
                outcome = "error"
                self._tell_error(key or name, error)
            self.counts[outcome] += 1

    def _outcome(self, key: str, theirs: Any, ours: Any, reads: _Reads) -> Outcome:
        if ours is _MISSING:
            return "match" if theirs is None else "missing"
        if self._same(theirs, ours):
            return "match"
        return "settling" if reads.at - self._since(key, reads.snapshot) < self._settle_s else "mismatch"

    def _since(self, key: str, snapshot: Snapshot) -> float:
        """When the key got its value, at the latest, in Unix seconds."""
        generation = snapshot.changed(key)
        known = self._changed.get(key)
        if known is None or known[0] != generation:
            if len(self._changed) >= _MOST_KEYS:
                self._changed.clear()
            known = self._changed[key] = (generation, snapshot.created_at)
        return known[1]

    def _count(self, key: str) -> None:
        label = key if key in self.mismatches or len(self.mismatches) < _MOST_LABELS else _OTHER
        self.mismatches[label] = self.mismatches.get(label, 0) + 1

    def _tell(self, key: str, theirs: Any, ours: Any, snapshot: Snapshot) -> None:
        if (more := self._may_log(key)) is None:
            return
        hidden = self._secret(key) or (ours is not _MISSING and snapshot.is_secret(key))
        hidden = hidden or looks_secret(key, theirs) or looks_secret(key, ours)
        log.warning(
            "%s: the legacy configuration says %s, ConfigEdge %s (generation %d, commit %s)%s",
            _shown_key(key),
            _HIDDEN if hidden else _shown(theirs),
            _HIDDEN if hidden else _shown(ours),
            snapshot.generation,
            snapshot.commit[:12] or "unknown",
            f"; {more} more since the last line of it" if more else "",
        )

    def _tell_error(self, key: str, error: Exception) -> None:
        if self._may_log(key) is not None:
            # Its text may have a value in it.
            log.warning("%s: the two could not be compared: %s", _shown_key(key), type(error).__name__)

    def _may_log(self, key: str) -> int | None:
        """How many were not logged since the last time; None: this one is not, either."""
        now = time.monotonic()
        last, more = self._logged.get(key, (None, 0))
        if last is not None and now - last < self._log_every_s:
            self._logged[key] = (last, more + 1)
            return None
        if len(self._logged) >= _MOST_KEYS:
            self._logged.clear()
        self._logged[key] = (now, 0)
        return more


def _work(line: _Line, owner: weakref.ref[Shadow]) -> None:
    """Compares what comes, until it is told to end."""
    for item in line.taken():
        if isinstance(item, threading.Event):
            item.set()
        elif (shadow := owner()) is not None:
            shadow._compare(item)
            del shadow
        del item


_ALL: weakref.WeakSet[Shadow] = weakref.WeakSet()


def _forked() -> None:
    for shadow in list(_ALL):
        shadow._begin()


os.register_at_fork(after_in_child=_forked)


def _same(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        # A hash of Redis has a text, or bytes, for each member.
        fields = {name.decode() if isinstance(name, bytes) else name: value for name, value in theirs.items()}
        return fields.keys() == ours.keys() and all(_same_value(fields[name], ours[name]) for name in fields)
    return _same_value(theirs, ours)


def _same_value(theirs: Any, ours: Any) -> bool:
    if type(theirs) is type(ours) and isinstance(ours, str | int | float):
        return bool(theirs == ours)
    ours = _plain(ours)
    if isinstance(theirs, bytes) and not isinstance(ours, bytes):
        try:
            theirs = theirs.decode()
        except UnicodeDecodeError:
            return False
    if isinstance(theirs, str) and not isinstance(ours, str):
        return text.same(theirs, ours)
    return text.equal(_plain(theirs), ours)


def _plain(value: Any) -> Any:
    """Read-only containers as dicts and lists."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "has no such key"
    told = ascii(_plain(value))
    return told if len(told) <= _SHOWN else f"{told[: _SHOWN - 3]}..."


def _shown_key(key: str) -> str:
    return ascii(key)[1:-1][:256]
