"""HTTP/1.1 as uvicorn does it, with limits on what comes before a request is one.

With httptools uvicorn has none: a head may be endless, or take for ever to come, and a client that does not read its
answer keeps it in memory for as long as it likes. uvicorn's own answers are bare texts; so are these.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S: Final = 8.0
"""A request's head, from its first byte or the start of the connection, must be there by then."""
MAX_HEAD: Final = 64 << 10
"""Bytes that a request's target and headers may have, or anything else that is not the content of a body."""
MAX_PIPELINED: Final = 32
"""Requests of one connection that may wait for the one before."""
STALLED_S: Final = 30.0
"""A client that reads nothing of its answer for so long is cut off."""
LINGER_S: Final = 2.0
"""How long what is left of a body is read after its answer, so that the client sees that."""
_MOST_CONNECTIONS: Final = 4_096
# For the repository, for what is logged and asked elsewhere.
_OTHER_FILES: Final = 256


class _Refused(Exception):
    """What comes is cut off here."""


def most_connections() -> int:
    """How many clients may be connected; raises the process's limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(64, min(_MOST_CONNECTIONS, soft - _OTHER_FILES)) if soft >= 0 else _MOST_CONNECTIONS


class Protocol(HttpToolsProtocol):
    """One connection."""

    most = _MOST_CONNECTIONS
    """How many there may be in the process."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # Bytes since something came of them, and those of this head.
        self._unread = 0
        self._head = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        # So that whatever is not sent at once is seen as stalled.
        transport.set_write_buffer_limits(high=0)
        if len(self.connections) > self.most:
            # Not even an answer: that would be work for whoever makes most of it.
            transport.abort()
            return
        self._await(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._await(HEAD_S)
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self._unread = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        # Also those that follow a chunked body.
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._unread = 0
        self._await(None)
        if len(self.pipeline) >= MAX_PIPELINED:
            raise _Refused
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.cycle.response_complete:
            self._await(HEAD_S)

    def on_response_complete(self) -> None:
        body_to_come = self.cycle.response_complete and self.cycle.more_body
        super().on_response_complete()
        if body_to_come and not self.transport.is_closing():
            self._await(LINGER_S)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _await(self, seconds: float | None) -> None:
        """Closes the connection then, unless what is awaited comes (None: it has)."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > MAX_HEAD:
            raise _Refused
