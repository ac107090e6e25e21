"""Fair queuing: one thread that works for many subjects, one piece of work of each in turn.

Somebody who sends a thousand changes at once waits for them; anybody else waits for the one that is under way, and for
one of each who came before. In kind it is what Kubernetes has as API Priority and Fairness: a flow is a subject, each
has a queue of its own, queues are bounded, and what is over a bound is refused at once instead of waiting for ever.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Literal, NamedTuple, TypeVar

T = TypeVar("T")

Limit = Literal["subject", "total"]
MOST: Final = 256
"""Pieces of work that may wait."""
MOST_OF_ONE: Final = 128
"""... of one subject."""
_LONGEST_WAIT_S = 30
# How much the newest piece of work counts for how long one takes.
_NEWEST = 0.1


class Crowded(Exception):
    """Too much waits already: of this subject, or in `total`. Nothing was done, and nothing will be."""

    def __init__(self, limit: Limit, most: int, retry_after_s: int) -> None:
        self.limit = limit
        self.retry_after_s = retry_after_s
        whose = "of yours" if limit == "subject" else "of all clients"
        super().__init__(
            f"{most} requests {whose} wait for their turn already, and nothing came of this one; send fewer at once, "
            f"or many changes in one POST /v1/changes, and try again in {retry_after_s} s"
        )


class Waiting(NamedTuple):
    """What waits now."""

    work: int
    subjects: int


@dataclass(frozen=True, slots=True)
class _Work:
    call: Callable[[], Any]
    future: Future[Any]
    since: float

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.call()
        except BaseException as error:
            self.future.set_exception(error)
            # Its traceback has this frame, which would have it: a circle.
            del self
        else:
            self.future.set_result(result)

    def refuse(self, error: Crowded) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


class FairQueue:
    """Safe to use from any thread. `clock` gives seconds that never go back.

    `waited` is called with the seconds that a piece of work waited, `refused` with the limit that one was over.
    """

    def __init__(
        self,
        name: str,
        waited: Callable[[float], None] = lambda seconds: None,
        refused: Callable[[Limit], None] = lambda limit: None,
        *,
        most: int = MOST,
        most_of_one: int = MOST_OF_ONE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._waited = waited
        self._refused = refused
        self._most = most
        self._most_of_one = most_of_one
        self._clock = clock
        self._lock = Lock()
        # Those who wait for something, in the order of their turns. As many calls of `_next` are with the thread as
        # there is work here.
        self._queues: OrderedDict[str, deque[_Work]] = OrderedDict()
        self._size = 0
        self._served = ""
        self._takes_s = 0.0

    def submit(self, subject: str, call: Callable[[], T]) -> Future[T]:
        """Has `call` done when it is the subject's turn. Raises Crowded; so may the future, which was waiting then.

        With all places taken, one goes from whoever has most of them to somebody who has less.
        """
        future: Future[T] = Future()
        with self._lock:
            own = len(self._queues.get(subject, ()))
            if own >= self._most_of_one:
                raise self._crowded("subject")
            if self._size < self._most:
                self._thread.submit(self._next)
                self._size += 1
            else:
                longest = max(self._queues.values(), key=len)
                if len(longest) <= own + 1:
                    raise self._crowded("total")
                longest.pop().refuse(self._crowded("total"))
            self._queues.setdefault(subject, deque()).append(_Work(call, future, self._clock()))
        return future

    def waiting(self) -> Waiting:
        with self._lock:
            return Waiting(self._size, len(self._queues))

    def close(self) -> None:
        """Waits for what is under way; what still waits is cancelled."""
        self._thread.shutdown(cancel_futures=True)
        with self._lock:
            for work in (work for queue in self._queues.values() for work in queue):
                work.future.cancel()
            self._queues.clear()
            self._size = 0

    def _next(self) -> None:
        begun = self._clock()
        self._take(begun).run()
        self._takes_s += _NEWEST * (self._clock() - begun - self._takes_s)

    def _take(self, now: float) -> _Work:
        with self._lock:
            if self._served in self._queues:
                # Only now: whoever came while it was served comes first.
                self._queues.move_to_end(self._served)
            subject, queue = next(iter(self._queues.items()))
            work = queue.popleft()
            if not queue:
                del self._queues[subject]
            self._size -= 1
            self._served = subject
        self._waited(max(0.0, now - work.since))
        return work

    def _crowded(self, limit: Limit) -> Crowded:
        self._refused(limit)
        most = self._most_of_one if limit == "subject" else self._most
        wait_s = min(_LONGEST_WAIT_S, max(1, math.ceil(self._size * self._takes_s)))
        return Crowded(limit, most, wait_s)
