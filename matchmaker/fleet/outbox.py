"""What an edge sends to the logs. Of each partition one append is under way; what comes meanwhile makes up the next."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence

from matchmaker.fleet.calls import Call, encode
from matchmaker.fleet.log import Doubtful, Log, LogError

log = logging.getLogger(__name__)

Outcome = Callable[[str, Sequence[Call], LogError | None], None]
"""Told of the calls of a partition that the log has, or of those it is not known to have, with the error."""

# One entry is applied whole: some 10 ms of an engine's work.
_CALLS = 500
_BYTES = 64 << 10
_PAUSE_S = 0.1
# Between two appends to a partition, at least; the first goes at once.
_GATHER_S = 0.01
# An append is repeated for this share of the time for which the log knows it by its id.
_PATIENCE = 0.75


class Outbox:
    """Calls of one partition reach its log in their order, each once."""

    def __init__(self, log: Log, outcome: Outcome, limit: int = 100_000) -> None:
        """`limit`: calls that may wait here, in all."""
        self.limit = limit
        self.waiting = 0
        self.retries = 0
        self._log = log
        self._outcome = outcome
        self._run = secrets.token_hex(8)
        self._batches = 0
        self._queues: dict[str, deque[Call]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def full(self) -> bool:
        return self.waiting >= self.limit

    def send(self, partition: str, call: Call) -> None:
        queue = self._queues.get(partition)
        if queue is None:
            queue = self._queues[partition] = deque()
        queue.append(call)
        self.waiting += 1
        if partition not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._work(partition, queue))
            self._tasks[partition] = task

    async def flush(self) -> None:
        """Until nothing waits."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def _work(self, partition: str, queue: deque[Call]) -> None:
        loop = asyncio.get_running_loop()
        try:
            # What the same turn of the loop brings goes along.
            await asyncio.sleep(0)
            while queue:
                calls = [queue.popleft() for _ in range(min(_CALLS, len(queue)))]
                began = loop.time()
                await self._append(partition, calls)
                if (early := began + _GATHER_S - loop.time()) > 0:
                    await asyncio.sleep(early)
        finally:
            del self._tasks[partition]

    async def _append(self, partition: str, calls: Sequence[Call]) -> None:
        payload = encode(calls)
        if len(payload) > min(_BYTES, self._log.max_payload) and len(calls) > 1:
            half = len(calls) // 2
            await self._append(partition, calls[:half])
            await self._append(partition, calls[half:])
            return
        self._batches += 1
        error = await self._repeat(partition, f"{self._run}.{self._batches}", payload)
        self.waiting -= len(calls)
        self._outcome(partition, calls, error)

    async def _repeat(self, partition: str, id: str, payload: bytes) -> LogError | None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE * self._log.dedupe_window
        while True:
            try:
                await self._log.append_in(partition, id, payload)
                return None
            except Doubtful as error:
                if loop.time() >= until:
                    log.error("%s: given up after many attempts: %s", partition, error)
                    return error
                self.retries += 1
                await asyncio.sleep(_PAUSE_S)
            except LogError as error:
                log.error("%s: %s", partition, error)
                return error
