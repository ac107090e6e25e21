"""Reads a subject from a seq on, in order, each message once, over restarts of the broker.

An ephemeral push consumer, made anew from the last seq delivered whenever its numbers have a gap, its heartbeat stops,
or the connection was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from matchmaker.fleet.log import Entry

log = logging.getLogger(__name__)

HEARTBEAT = 1.0
_PAUSE = 0.1
_CONTROL = "100"


class _Broken(Exception):
    """The consumer does not go on; a new one is needed."""


class Readers:
    """All readers of one connection."""

    def __init__(self, client: Client, js: JetStreamContext, timeout: float) -> None:
        self._client = client
        self._js = js
        self._timeout = timeout
        self._queues: set[asyncio.Queue[Msg | None]] = set()
        self._closed = False

    def rebuild(self) -> None:
        """The connection is another one: consumers of the old one may be gone."""
        for queue in self._queues:
            queue.put_nowait(None)

    def close(self) -> None:
        self._closed = True
        self.rebuild()

    async def read(self, stream: str, subject: str, after: int) -> AsyncGenerator[Entry, None]:
        while not self._closed:
            consumer = self._consume(stream, subject, after)
            try:
                async for entry in consumer:
                    after = entry.seq
                    yield entry
            except Exception as error:
                if not self._closed:
                    log.info("reader of %s goes on after %s with a new consumer: %s", subject, after, error)
                    await asyncio.sleep(_PAUSE)
            finally:
                await consumer.aclose()

    async def _consume(self, stream: str, subject: str, after: int) -> AsyncGenerator[Entry, None]:
        queue: asyncio.Queue[Msg | None] = asyncio.Queue()

        async def received(message: Msg) -> None:
            queue.put_nowait(message)

        inbox = self._client.new_inbox()
        self._queues.add(queue)
        subscription = None
        try:
            async with asyncio.timeout(self._timeout):
                subscription = await self._client.subscribe(inbox, cb=received)
                await self._js.add_consumer(
                    stream,
                    ConsumerConfig(
                        filter_subject=subject,
                        deliver_subject=inbox,
                        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                        opt_start_seq=after + 1,
                        ack_policy=AckPolicy.NONE,
                        max_deliver=1,
                        flow_control=True,
                        idle_heartbeat=HEARTBEAT,
                        inactive_threshold=10 * HEARTBEAT,
                        mem_storage=True,
                        num_replicas=1,
                    ),
                    timeout=self._timeout,
                )
            delivered = 0
            while True:
                message = await _next(queue)
                if message.headers and message.headers.get("Status") == _CONTROL:
                    await self._control(message, delivered)
                    continue
                about = message.metadata
                if about.sequence.consumer != delivered + 1:
                    raise _Broken(f"messages after {delivered} are missing")
                delivered += 1
                yield Entry(about.sequence.stream, message.data, about.timestamp.timestamp())
        finally:
            self._queues.discard(queue)
            if subscription:
                with contextlib.suppress(Exception):
                    await subscription.unsubscribe()

    async def _control(self, message: Msg, delivered: int) -> None:
        headers = message.headers or {}
        if reply := message.reply or headers.get("Nats-Consumer-Stalled"):
            await self._client.publish(reply)
        sent = headers.get("Nats-Last-Consumer")
        if sent is not None and int(sent) != delivered:
            raise _Broken(f"{sent} messages were sent and {delivered} came")


async def _next(queue: asyncio.Queue[Msg | None]) -> Msg:
    try:
        async with asyncio.timeout(3 * HEARTBEAT):
            message = await queue.get()
    except TimeoutError:
        raise _Broken("no sign of life from the broker") from None
    if message is None:
        raise _Broken("connected anew")
    return message
