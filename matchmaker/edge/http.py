"""HTTP/1.1 connections: one request after the other, answered in order, whatever the client pipelines."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import unquote_to_bytes

import httptools

from matchmaker.edge.edge import HEAD_S, IDLE_S, LINGER_S, UNREAD_S, Edge, address_of
from matchmaker.edge.exchange import PROBLEM, Exchange, failure
from matchmaker.edge.parser import BadRequest, Parser, Request
from matchmaker.edge.routes import dispatch
from matchmaker.edge.ws import WebSocket, handshake

_NEVER = float("inf")
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
# Of one connection; then others get their turn.
_REQUESTS_A_TURN = 50
_WS_PATH = "/v1/ws"


def listener(host: str, port: int, *, shared: bool = False, backlog: int = 4096) -> socket.socket:
    """A socket that listens; with `shared` other processes may listen there too. Raises OSError with what to do."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.create_server((host, port), family=family, backlog=backlog, reuse_port=shared)
    except OSError as error:
        why = error.strerror or error
        raise OSError(f"cannot listen on {host}:{port}: {why}: choose another --port, or 0 for any") from error
    # Accepted sockets inherit it; without it small answers wait 40 ms for an acknowledgement.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, which is quicker; the standard one where there is none."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


class HttpConnection(asyncio.Protocol):
    """Reads while nothing waits to be answered; a request that waits for its ticket holds back those behind it."""

    __slots__ = (
        "_busy",
        "_deadline",
        "_edge",
        "_ends",
        "_exchange",
        "_parser",
        "_paused",
        "_request",
        "_transport",
        "_unread",
        "_waiting",
    )

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._transport: asyncio.Transport
        self._parser: Parser | None = None
        self._exchange: Exchange | None = None
        """What is being answered."""
        self._request: Request | None = None
        self._waiting: deque[Request | BadRequest] | None = None
        self._deadline = _NEVER
        self._busy = self._ends = self._paused = self._unread = False

    # Bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        edge = self._edge
        self._transport = cast(asyncio.Transport, transport)
        self._deadline = self._edge.now + HEAD_S
        turned_away = edge.full
        edge.connections.add(self)
        if turned_away or edge.stopping:
            edge.turned_away += 1
            self._refuse(BadRequest(503, "too many connections", "try again later, or elsewhere"))

    def data_received(self, data: bytes) -> None:
        if self._ends:
            return
        edge = self._edge
        parser = self._parser or edge.parser()
        requests, error = parser.feed(data)
        waiting = self._waiting
        if waiting is None and len(requests) == 1 and error is None and not self._busy:
            # Nearly always: one request, whole.
            if self._parser is None and parser.idle and parser.reusable:
                edge.put_back(parser)
                self._deadline = edge.now + IDLE_S
            else:
                self._settle(parser)
            self._take(requests[0])
            return
        if waiting is None:
            waiting = self._waiting = deque()
        waiting += requests
        if error is not None:
            waiting.append(error)
            self._parser = None
        else:
            self._settle(parser)
        if self._busy and waiting:
            self._hold()
        else:
            self._work()

    def _settle(self, parser: Parser) -> None:
        """Keeps the parser if it is amid a request."""
        if parser.idle:
            self._parser = None
            if parser.reusable:
                self._edge.put_back(parser)
            seconds = IDLE_S
        elif self._parser is None:
            # Not put off by what trickles in later.
            self._parser = parser
            seconds = HEAD_S
        else:
            seconds = 0.0
        if seconds and not self._busy:
            self._deadline = self._edge.now + seconds
        if parser.wants_to_go_on and not self._busy:
            parser.wants_to_go_on = False
            self._transport.write(_GO_ON)

    def connection_lost(self, error: Exception | None) -> None:
        self._ends = True
        if self._exchange is not None:
            self._exchange.abandon()
        self._exchange = self._waiting = self._parser = None
        self._edge.lost(self)

    def pause_writing(self) -> None:
        self._unread = True
        self._deadline = self._edge.now + UNREAD_S
        self._hold()

    def resume_writing(self) -> None:
        self._unread = False
        self._deadline = self._edge.now + (LINGER_S if self._ends else IDLE_S)
        if not self._busy:
            self._work()

    def _hold(self) -> None:
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _read_on(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    # Requests

    def _work(self) -> None:
        """Answers what waits, as far as that is possible now."""
        waiting, left = self._waiting, _REQUESTS_A_TURN
        while waiting and not (self._busy or self._unread or self._ends):
            if not left:
                self._hold()
                asyncio.get_running_loop().call_soon(self._work)
                return
            left -= 1
            self._take(waiting.popleft())
        if not waiting and not self._busy:
            self._waiting = None
            self._read_on()

    def _take(self, request: Request | BadRequest) -> None:
        if isinstance(request, BadRequest):
            self._refuse(request)
            return
        path, query = _split(request.target)
        if request.upgrade and path == _WS_PATH:
            self._upgrade(request, query)
            return
        key = request.headers.get(b"idempotency-key")
        self._request, self._busy = request, True
        self._exchange = exchange = Exchange(
            self._edge.backend, self, query, request.body, key.decode("latin-1") if key else ""
        )
        dispatch(self._edge, request.method.decode(), path, exchange)
        if self._busy:
            # Its answer is still to come, and no time is running.
            self._deadline = _NEVER

    def reply(self, status: int, body: bytes, media: bytes, headers: Mapping[str, str]) -> None:
        edge, request = self._edge, self._request
        edge.answers[status] += 1
        ends = edge.stopping or request is None or not request.keep_alive
        more = b"\r\n"
        if headers:
            more += "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()
        if ends:
            more += b"Connection: close\r\n"
        message = edge.head(status, media) + b"%d" % len(body) + more + b"\r\n"
        self._transport.write(message if request is not None and request.method == b"HEAD" else message + body)
        waited = self._deadline is _NEVER
        self._exchange = self._request = None
        self._busy = False
        if ends:
            self._end()
        elif waited:
            self._deadline = self._edge.now + (UNREAD_S if self._unread else IDLE_S)
            self._work()

    def address(self) -> str:
        request = self._request
        return address_of(self._transport, request.headers.get(b"x-forwarded-for", b"") if request else b"")

    def _upgrade(self, request: Request, query: bytes) -> None:
        answer = handshake(request)
        if isinstance(answer, BadRequest):
            headers = b"Sec-WebSocket-Version: 13\r\n" if answer.status == 426 else b""
            self._refuse(answer, headers)
            return
        self._ends = True
        self._edge.connections.discard(self)
        forwarded = request.headers.get(b"x-forwarded-for", b"")
        websocket = WebSocket(self._edge, self._transport, forwarded, acks=b"acks=false" not in query.split(b"&"))
        self._transport.set_protocol(websocket)
        self._transport.write(b"HTTP/1.1 101 Switching Protocols\r\n" + self._edge.date + answer)
        self._edge.answers[101] += 1
        if self._unread:
            websocket.pause_writing()
        self._read_on()
        if request.rest:
            websocket.data_received(request.rest)

    # The end

    def _refuse(self, error: BadRequest, headers: bytes = b"") -> None:
        """Says why the connection ends."""
        edge = self._edge
        edge.answers[error.status] += 1
        if error.status in (408, 503):
            headers += b"Retry-After: 1\r\n"
        body = failure(error.status, str(error), error.hint)
        more = b"\r\nConnection: close\r\n" + headers + b"\r\n"
        self._transport.write(edge.head(error.status, PROBLEM) + b"%d" % len(body) + more + body)
        self._end()

    def _end(self) -> None:
        """Closes behind what was written. What still comes in is thrown away, for closing at once would reset the
        connection before the other side has read its end."""
        self._ends = True
        self._waiting = None
        if self._transport.is_closing():
            return
        self._deadline = self._edge.now + LINGER_S
        self._read_on()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def overdue(self, now: float) -> None:
        if now < self._deadline:
            return
        if self._ends or self._unread:
            self._transport.abort()
        elif self._parser is not None:
            self._parser = None
            told = f"the request was not whole after {HEAD_S:g} s"
            self._refuse(BadRequest(408, told, "send it at once"))
        else:
            self._end()

    def stop(self) -> None:
        if self._exchange is not None:
            self._exchange.hurry()
        elif self._parser is None and not self._waiting and not self._ends:
            self._end()

    def abort(self) -> None:
        self._transport.abort()


def _split(target: bytes) -> tuple[str, bytes]:
    """Path and query."""
    if not target.startswith(b"/"):
        # RFC 9112, 3.2.2: servers take the absolute form too.
        try:
            url = httptools.parse_url(target)
        except httptools.HttpParserInvalidURLError:
            return target.decode("latin-1"), b""
        path, query = url.path or b"/", url.query or b""
    else:
        path, _, query = target.partition(b"?")
    if b"%" in path:
        path = unquote_to_bytes(path)
    return path.decode("utf-8", "replace"), query
