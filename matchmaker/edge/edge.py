"""What the connections of one process share: the backend, the limits, who is connected."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Iterator
from email.utils import formatdate
from http import HTTPStatus
from ipaddress import ip_address
from math import ceil
from typing import TYPE_CHECKING, Protocol

from matchmaker.edge.backend import Backend
from matchmaker.edge.parser import Parser
from matchmaker.live import LiveSettings
from matchmaker.service import Service

if TYPE_CHECKING:
    from matchmaker.edge.routes import Routes

HEAD_S = 15.0
"""A request must be whole this long after its first byte, or after the connection was made."""
IDLE_S = 75.0
"""A connection without requests is closed after that."""
UNREAD_S = 30.0
"""One that does not read what it asked for is closed after that."""
LINGER_S = 2.0
"""How long the other side may take to read why its connection ends."""
PING_S = 300.0
"""A WebSocket that was silent for so long is pinged, and cut off if it then stays silent as long. The kernel's own
keepalive would send the probes of all connections that were opened together at one moment, and lose most of them."""
_SWEEP_S = 1.0
_LENT = 64
# Listeners, streams, the log, snapshots.
_OWN_FILES = 64


class Connection(Protocol):
    """One of the two kinds, HTTP or WebSocket."""

    def overdue(self, now: float) -> None:
        """Looks whether something was to have happened by now (loop time)."""

    def stop(self) -> None:
        """Ends as soon as what was asked is answered; what waits is answered now."""

    def abort(self) -> None: ...


class Edge:
    """`service` is there where the matchmaker is in this process."""

    def __init__(
        self,
        backend: Backend,
        settings: LiveSettings,
        routes: Routes,
        description: bytes,
        service: Service | None = None,
        max_connections: int = 0,
        quiet: Backend | None = None,
    ) -> None:
        self.backend = backend
        self.quiet = quiet or backend
        """For WebSockets that do not want to hear of tickets that merely wait."""
        self.settings = settings
        self.routes = routes
        self.description = description
        """The answer to /openapi.json."""
        self.service = service
        self.max_connections = max_connections or _files()
        self.stopping = False
        self.connections: set[Connection] = set()
        self.websockets: set[Connection] = set()
        self.answers: Counter[int] = Counter()
        """By status."""
        self.messages = self.turned_away = 0
        self.now = 0.0
        """Loop time, to the second: enough for what is timed here, and much asked for."""
        self.date = b""
        """The header Date, whole line."""
        self._heads: dict[tuple[int, bytes], bytes] = {}
        self._parsers: list[Parser] = []
        self._round: list[Connection] = []
        self._share = 0
        self._gone = asyncio.Event()
        self._tick()

    def parser(self) -> Parser:
        """A parser to have while a request comes in; a connection at rest needs none."""
        return self._parsers.pop() if self._parsers else Parser(self.backend.max_body_bytes)

    def put_back(self, parser: Parser) -> None:
        if len(self._parsers) < _LENT:
            self._parsers.append(parser)

    @property
    def full(self) -> bool:
        return len(self.connections) + len(self.websockets) >= self.max_connections

    def lost(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self.websockets.discard(connection)
        if self.stopping and not (self.connections or self.websockets):
            self._gone.set()

    async def run(self) -> None:
        """Keeps times, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._tick()
            for connection in list(self.connections):
                connection.overdue(self.now)
            for connection in self._some():
                connection.overdue(self.now)

    def _some(self) -> list[Connection]:
        """So many of the WebSockets that each is looked at once in PING_S."""
        if not self._round:
            self._round = list(self.websockets)
            self._share = ceil(len(self._round) * _SWEEP_S / PING_S)
        some, self._round = self._round[: self._share], self._round[self._share :]
        return some

    async def stop(self, grace_s: float = LINGER_S) -> None:
        """Ends all connections behind what they were to be answered; cuts off those that are there after `grace_s`."""
        self.stopping = True
        everybody = [*self.connections, *self.websockets]
        for number, connection in enumerate(everybody):
            connection.stop()
            if number % 1000 == 999:
                await asyncio.sleep(0)
        if self.connections or self.websockets:
            try:
                await asyncio.wait_for(self._gone.wait(), grace_s)
            except TimeoutError:
                for connection in [*self.connections, *self.websockets]:
                    connection.abort()

    def metrics(self) -> str:
        return "".join(line + "\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield "# HELP matchmaker_edge_ready Whether tickets are taken: the matchmaker is there, and does not stop."
        yield "# TYPE matchmaker_edge_ready gauge"
        yield f"matchmaker_edge_ready {int(self.backend.ready and not self.stopping)}"
        yield "# HELP matchmaker_edge_connections Connections of players to this process."
        yield "# TYPE matchmaker_edge_connections gauge"
        yield f'matchmaker_edge_connections{{kind="http"}} {len(self.connections)}'
        yield f'matchmaker_edge_connections{{kind="websocket"}} {len(self.websockets)}'
        yield "# HELP matchmaker_edge_turned_away_total Connections that were too many."
        yield "# TYPE matchmaker_edge_turned_away_total counter"
        yield f"matchmaker_edge_turned_away_total {self.turned_away}"
        yield "# HELP matchmaker_edge_answers_total HTTP answers by status."
        yield "# TYPE matchmaker_edge_answers_total counter"
        for status, count in sorted(self.answers.items()):
            yield f'matchmaker_edge_answers_total{{status="{status}"}} {count}'
        yield "# HELP matchmaker_edge_messages_total Messages that came over WebSockets."
        yield "# TYPE matchmaker_edge_messages_total counter"
        yield f"matchmaker_edge_messages_total {self.messages}"

    def head(self, status: int, media: bytes) -> bytes:
        """How an answer begins, up to its length."""
        found = self._heads.get((status, media))
        if found is None:
            line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
            found = line + self.date + b"Content-Type: " + media + b"\r\nContent-Length: "
            self._heads[status, media] = found
        return found

    def _tick(self) -> None:
        self.now = asyncio.get_running_loop().time()
        self.date = f"Date: {formatdate(usegmt=True)}\r\n".encode()
        self._heads.clear()


def address_of(transport: asyncio.Transport, forwarded: bytes) -> str:
    """The peer's, or what a proxy on this machine says of it in X-Forwarded-For; empty if neither is known."""
    peer = transport.get_extra_info("peername")
    host = str(peer[0]) if isinstance(peer, tuple) else ""
    if not forwarded or not host or not ip_address(host).is_loopback:
        return host
    return forwarded.rpartition(b",")[2].strip().decode("latin-1")


def _files() -> int:
    """As many connections as this process may have descriptors, less its own."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, soft - _OWN_FILES) if soft != resource.RLIM_INFINITY else 1 << 20
