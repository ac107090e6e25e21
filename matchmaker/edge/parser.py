"""HTTP/1.1 requests out of bytes, with limits. No I/O; the grammar is llhttp's, by httptools."""

from __future__ import annotations

from collections.abc import Callable

import httptools

MAX_TARGET_BYTES = 8_192
MAX_HEAD_BYTES = 16_384
MAX_HEADERS = 100
# Chunks of one byte take six on the wire; what takes more than this is only meant to keep us busy.
_BODY_ON_THE_WIRE = 8

_WANTED = frozenset(
    {
        b"content-length",
        b"expect",
        b"host",
        b"idempotency-key",
        b"sec-websocket-key",
        b"sec-websocket-version",
        b"upgrade",
        b"x-forwarded-for",
    }
)


class BadRequest(Exception):
    """What came is no request, or is beyond a limit: `status` says which. The connection ends behind it."""

    def __init__(self, status: int, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.status = status
        self.hint = hint


class Request:
    """One request. `headers` are those that anybody here looks at, by their names in lower case."""

    upgrade = False
    """It asks for a WebSocket; `rest` is what came behind it."""
    rest = b""

    def __init__(self, method: bytes, target: bytes, headers: dict[bytes, bytes], keep_alive: bool) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.keep_alive = keep_alive
        self.body = b""


class Parser:
    """One connection's bytes at a time. Between two requests it has no state, so it may be lent to another one."""

    def __init__(self, max_body_bytes: Callable[[], int]) -> None:
        self._max_body_bytes = max_body_bytes
        self._http = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._request: Request | None = None
        """Once its headers are whole."""
        self._done: list[Request] = []
        self._chunks: list[bytes] = []
        self._fed = self._head = self._fields = self._length = 0
        self._error: BadRequest | None = None
        self.idle = True
        """No request has begun."""
        self.wants_to_go_on = False
        """The client waits for `100 Continue` before it sends the body."""
        self.reusable = True

    def feed(self, data: bytes) -> tuple[list[Request], BadRequest | None]:
        """The requests that are whole now, and why the stream cannot be understood behind them, if so."""
        self._fed += len(data)
        error: BadRequest | None = None
        try:
            self._http.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as wrong:
            self.reusable = False
            # What is sent behind a request that ends the connection is not looked at.
            if not (self._done and not self._done[-1].keep_alive):
                error = self._error or BadRequest(400, f"not HTTP/1.1: {wrong}", "send a request as RFC 9112 has it")
        else:
            error = self._too_long()
        done, self._done = self._done, []
        return done, error

    def _upgrade(self, rest: bytes) -> tuple[list[Request], BadRequest | None]:
        """The last request asks for another protocol, and `rest` came behind it."""
        done, self._done = self._done, []
        last = done[-1]
        if last.method == b"CONNECT":
            self.reusable = False
            return done[:-1], BadRequest(501, "this is no proxy", "send a request to this server")
        if last.headers.get(b"upgrade", b"").lower() == b"websocket":
            self.reusable = last.keep_alive = False
            last.upgrade, last.rest = True, rest
            return done, None
        # A protocol that is not spoken here: what follows is HTTP/1.1 as before.
        self._http = httptools.HttpRequestParser(self)
        more, error = self.feed(rest) if rest and last.keep_alive else ([], None)
        return done + more, error

    def _too_long(self) -> BadRequest | None:
        """Checks what has come of a request that is not whole yet."""
        if self.idle:
            return None
        if self._request is None:
            if len(self._target) > MAX_TARGET_BYTES:
                return _long_target()
            return _long_head() if self._fed > MAX_HEAD_BYTES + MAX_TARGET_BYTES else None
        limit = self._max_body_bytes()
        return long_body(limit) if self._fed > MAX_HEAD_BYTES + _BODY_ON_THE_WIRE * limit else None

    # What httptools calls

    def on_message_begin(self) -> None:
        self.idle = False
        self._target = b""
        self._headers = {}
        self._request = None
        self._head = self._fields = 0

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers are counted, and otherwise left alone.
        self._head += len(name) + len(value) + 4
        self._fields += 1
        if self._head > MAX_HEAD_BYTES or self._fields > MAX_HEADERS:
            self._fail(_long_head())
        name = name.lower()
        if name in _WANTED and self._request is None:
            headers = self._headers
            if name in headers:
                if name != b"x-forwarded-for":
                    told = f"the header {name.decode()} comes twice"
                    self._fail(BadRequest(400, told, "send it once"))
                value = headers[name] + b"," + value
            headers[name] = value

    def on_headers_complete(self) -> None:
        http, headers = self._http, self._headers
        if len(self._target) > MAX_TARGET_BYTES:
            self._fail(_long_target())
        version = http.get_http_version()
        if version != "1.1":
            if version != "1.0":
                self._fail(BadRequest(505, f"HTTP/{version} is not spoken here", "speak HTTP/1.1"))
        elif b"host" not in headers:
            self._fail(BadRequest(400, "no Host", "send the header Host"))
        if b"content-length" in headers and int(headers[b"content-length"]) > (limit := self._max_body_bytes()):
            self._fail(long_body(limit))
        if b"expect" in headers:
            if headers[b"expect"].lower() != b"100-continue":
                self._fail(BadRequest(417, "only 100-continue can be expected", "leave the header Expect out"))
            self.wants_to_go_on = version == "1.1"
        self._request = Request(http.get_method(), self._target, headers, http.should_keep_alive())

    def on_body(self, part: bytes) -> None:
        self.wants_to_go_on = False
        self._length += len(part)
        if self._length > (limit := self._max_body_bytes()):
            self._fail(long_body(limit))
        self._chunks.append(part)

    def on_message_complete(self) -> None:
        request = self._request
        assert request is not None
        if self._length:
            chunks, self._chunks, self._length = self._chunks, [], 0
            request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self.idle, self.wants_to_go_on = True, False
        self._fed = 0
        if not request.keep_alive:
            self.reusable = False
        self._done.append(request)

    def _fail(self, error: BadRequest) -> None:
        self._error = error
        raise error


def _long_target() -> BadRequest:
    return BadRequest(414, f"a target of more than {MAX_TARGET_BYTES} bytes", "ask for less")


def _long_head() -> BadRequest:
    told = f"headers of more than {MAX_HEAD_BYTES} bytes, or more than {MAX_HEADERS} of them"
    return BadRequest(431, told, "send fewer and shorter headers")


def long_body(limit: int) -> BadRequest:
    return BadRequest(413, f"more than {limit} bytes", "send less: limits.max_body_bytes is the limit")
