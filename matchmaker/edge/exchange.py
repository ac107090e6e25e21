"""One HTTP request and its answer, whatever carries them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import msgspec

from matchmaker.core.refused import Busy, Refused
from matchmaker.edge.backend import FINAL, Backend, state_of, ticket_of
from matchmaker.edge.frames import Kind
from matchmaker.request import Malformed, problem

JSON = b"application/json"
PROBLEM = b"application/problem+json"
_OPEN = ("queued", "proposed")
# Plain numbers: these are looked at for each answer.
_QUEUED, _REQUEUED, _STATE = int(Kind.QUEUED), int(Kind.REQUEUED), int(Kind.STATE)
_REFUSALS = frozenset({Kind.REFUSED, Kind.GOING_AWAY})
_NONE: Mapping[str, str] = {}
_encode = msgspec.json.encode


class Carrier(Protocol):
    """A connection, or whatever takes the answer to where the request came from."""

    def reply(self, status: int, body: bytes, media: bytes, headers: Mapping[str, str]) -> None: ...

    def address(self) -> str:
        """Where the player is, or empty."""


class _Told(msgspec.Struct):
    status: int
    retry_after_s: float | None = None


_told = msgspec.json.Decoder(_Told).decode


class Exchange:
    """Answered once, by `answer`, `refuse` or `fail`; as a watcher, by what the backend tells it."""

    id = ""
    """What stands in the path for `{id}`."""
    wait = 0.0
    """How long, in s, the answer may be put off while the ticket is open."""
    taking = False
    """It asks for a new ticket: an open one is answered with 202."""
    _timer: asyncio.TimerHandle | None = None
    _following = ""
    _known = False

    def __init__(
        self, backend: Backend, carrier: Carrier, query: bytes = b"", body: bytes = b"", key: str = ""
    ) -> None:
        self._backend = backend
        self._carrier: Carrier | None = carrier
        self.query = query
        self.body = body
        self.key = key
        """The header Idempotency-Key."""

    def address(self) -> str:
        return self._carrier.address() if self._carrier is not None else ""

    # Answers

    def answer(self, status: int, body: bytes, media: bytes = JSON, headers: Mapping[str, str] = _NONE) -> None:
        carrier, self._carrier = self._carrier, None
        if carrier is not None:
            if self._following:
                self._let_go()
            carrier.reply(status, body, media, headers)

    def tell(self, content: Any, status: int = 200) -> None:
        self.answer(status, _encode(content), JSON)

    def refuse(self, error: Refused) -> None:
        told = problem(error)
        retry = error.retry_after_s or 1 if isinstance(error, Busy) else None
        self.answer(told["status"], _encode(told), PROBLEM, _later(retry))

    def fail(self, status: int, detail: str, hint: str = "", headers: Mapping[str, str] = _NONE) -> None:
        self.answer(status, failure(status, detail, hint), PROBLEM, headers)

    # As a watcher

    def heard(self, kind: int, body: bytes) -> None:
        if self._carrier is None:
            return
        if kind in _REFUSALS:
            told = _told(body)
            self.answer(told.status, body, PROBLEM, _later(told.retry_after_s))
            return
        if kind == _REQUEUED or (kind == _QUEUED and self._following):
            return
        if kind == _QUEUED and b'"deduplicated":true' in body:
            self._known = True
        elif self._known and self.taking:
            body = body[:-1] + b',"deduplicated":true}'
        if kind in FINAL:
            self.answer(200, body)
        elif self.wait and (kind == _QUEUED or (kind == _STATE and state_of(body) in _OPEN)):
            self._put_off(ticket_of(body))
        else:
            self.answer(202 if self.taking and state_of(body) in _OPEN else 200, body)

    def _put_off(self, id: str) -> None:
        wait, self.wait = min(self.wait, self._backend.max_long_poll_s()), 0.0
        self._following = id
        self._timer = asyncio.get_running_loop().call_later(wait, self.hurry)
        self._ask(lambda: self._backend.follow(id, self))

    def hurry(self) -> None:
        """Answers a request that waits with what is so now."""
        if id := self._following:
            self._let_go()
            self._ask(lambda: self._backend.operate(Kind.GET, id, self))

    def _ask(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Refused as error:
            self.refuse(error)
        except KeyError:
            self.fail(404, UNKNOWN, HINT)

    def abandon(self) -> None:
        """Nobody waits for the answer any more."""
        self._carrier = None
        self._let_go()

    def _let_go(self) -> None:
        id, self._following = self._following, ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if id:
            self._backend.leave(id, self)

    def seconds(self) -> float:
        """`?wait=S`, 0 if it is not there. Raises Malformed."""
        if not self.query:
            return 0.0
        text = dict(part.partition(b"=")[::2] for part in self.query.split(b"&")).get(b"wait", b"0").decode("latin-1")
        try:
            wait = float(text)
        except ValueError:
            wait = -1
        if not 0 <= wait <= 3600:
            raise Malformed(f"{text!r} is not a number of seconds from 0 to 3600", "wait", "send ?wait=SECONDS")
        return wait


UNKNOWN = "no such ticket: it never was, or it ended more than limits.finished_ttl_s ago"
UNASKED = "no match is proposed to that ticket, or not to that player"
HINT = "name an open ticket, or one that ended a moment ago"


def failure(status: int, detail: str, hint: str) -> bytes:
    """A problem document of one that is not about a ticket's request."""
    title = HTTPStatus(status).phrase
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, "field": "", "hint": hint}
    return _encode(told)


def _later(seconds: float | None) -> Mapping[str, str]:
    # Whole seconds, as RFC 9110 has it, and not too early; the body has the finer figure.
    return _NONE if seconds is None else {"Retry-After": str(max(1, math.ceil(seconds)))}
