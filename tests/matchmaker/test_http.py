"""The HTTP edge on the wire: order, limits, malformed requests, time-outs, the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import configedge
from configedge.testing import Publisher
from matchmaker.edge import edge, http
from matchmaker.edge.backend import Local
from matchmaker.edge.edge import Edge
from matchmaker.edge.parser import MAX_HEAD_BYTES, MAX_TARGET_BYTES, Parser
from matchmaker.edge.routes import TABLE, Routes
from matchmaker.live import LiveSettings
from matchmaker.service import Service
from tests.support.matchmaker import Matchmaker, running, values
from tests.support.wire import Answer, Wire, wire

LIMIT = 2048
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matchmaker]:
    with running(tmp_path_factory.mktemp("m") / "cfg", limits__max_body_bytes=LIMIT) as matchmaker:
        yield matchmaker


@pytest.fixture
def connection(server: Matchmaker) -> Iterator[Wire]:
    with wire(server.url) as made:
        yield made


def ticket(id: str, rating: float = 1500) -> bytes:
    return json.dumps({"mode": "duel", "players": [{"id": id, "rating": rating}]}).encode()


def problem(answer: Answer, status: int) -> dict[str, Any]:
    """Of an answer that must be one."""
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json
    assert told["status"] == status and told["title"] and told["detail"] and told["hint"]
    return told


# Requests


def test_a_connection_is_kept_and_used_again(connection: Wire) -> None:
    for _ in range(3):
        connection.request("GET", "/healthz")
        answer = connection.answer()
        assert answer.status == 200 and "connection" not in answer.headers and answer.headers["date"].endswith("GMT")


def test_pipelined_requests_are_answered_in_order_also_behind_one_that_waits(connection: Wire) -> None:
    connection.request("POST", "/v1/tickets?wait=0.3", ticket("pipelined", 200))
    connection.request("GET", "/healthz")
    connection.request("GET", "/v1/tickets/nothing")
    connection.request("GET", "/readyz")
    answers = [connection.answer() for _ in range(4)]
    assert [answer.status for answer in answers] == [202, 200, 404, 200]
    assert answers[0].json["state"] == "queued" and answers[1].json["ok"]


def test_hundreds_of_pipelined_requests_are_all_answered(connection: Wire) -> None:
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(connection.send, GET * 500)
        assert [connection.answer().status for _ in range(500)] == [200] * 500
        sent.result()


def test_a_chunked_body_is_put_together(connection: Wire) -> None:
    body = ticket("chunked", 4400)
    chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:30], body[30:]))
    connection.send(b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.send(chunks + b"0\r\nTrailer: x\r\n\r\n" + GET)
    assert connection.answer().status == 202
    assert connection.answer().status == 200


def test_a_client_that_waits_for_it_is_told_to_go_on(connection: Wire) -> None:
    body = ticket("expects", 4600)
    connection.request("POST", "/v1/tickets", Expect="100-continue", Content_Length=str(len(body)))
    assert connection.answer().status == 100
    connection.send(body)
    assert connection.answer().status == 202


def test_head_has_the_headers_of_get_and_no_body(connection: Wire) -> None:
    connection.request("HEAD", "/readyz")
    answer = connection.answer(head=True)
    assert answer.status == 200 and int(answer.headers["content-length"]) > 0
    connection.request("GET", "/readyz")
    assert connection.answer().body == b'{"ready":true}'


def test_a_wrong_method_is_told_which_are_right(connection: Wire) -> None:
    connection.request("PUT", "/v1/tickets")
    answer = connection.answer()
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"
    connection.request("POST", "/v1/tickets/x")
    assert connection.answer().headers["allow"] == "DELETE, GET, HEAD"


def test_an_absolute_target_and_escapes_are_understood(connection: Wire) -> None:
    connection.send(b"GET http://x/healthz?a=b HTTP/1.1\r\nHost: x\r\n\r\nGET /%68ealthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [connection.answer().status for _ in range(2)] == [200, 200]


def test_an_upgrade_to_what_is_not_spoken_is_served_as_it_is(connection: Wire) -> None:
    connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + GET)
    assert [connection.answer().status for _ in range(2)] == [200, 200]


def test_what_asks_to_be_closed_is_closed_behind_its_answer(server: Matchmaker) -> None:
    for request in (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + GET,
        b"GET /healthz HTTP/1.0\r\n\r\n",
    ):
        with wire(server.url) as connection:
            connection.send(request)
            answer = connection.answer()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert connection.ended()


# What cannot be understood, or is too much


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"hello\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\nHost: x\n\n", 400),
        (b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na", 400),
        (b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (LIMIT + 1), 413),
        (b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + b"a" * 0xFFF, 413),
        (b"GET /" + b"a" * MAX_TARGET_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"a" * (MAX_TARGET_BYTES + 1), 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (MAX_HEAD_BYTES + MAX_TARGET_BYTES), 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", 417),
        (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    ],
)
def test_what_is_no_request_is_told_why_and_the_connection_ends(
    server: Matchmaker, request_: bytes, status: int
) -> None:
    with wire(server.url) as connection:
        connection.send(GET)
        assert connection.answer().status == 200
        connection.send(request_)
        answer = connection.answer()
        problem(answer, status)
        assert answer.headers["connection"] == "close"
        assert connection.ended()


def test_what_came_well_before_it_is_answered_first(connection: Wire) -> None:
    connection.send(GET + GET + b"GET / HTTP/3.7\r\n\r\n")
    assert [connection.answer().status for _ in range(3)] == [200, 200, 400]
    assert connection.ended()


def test_an_endless_chunked_body_of_nothing_is_cut_off(connection: Wire) -> None:
    connection.send(b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    with ThreadPoolExecutor(1) as pool:

        def flood() -> None:
            try:
                for _ in range(2000):
                    connection.send(b"1;" + b"x" * 500 + b"\r\na\r\n")
            except OSError:
                return

        flooding = pool.submit(flood)
        problem(connection.answer(), 413)
        flooding.result()


@given(st.lists(st.integers(1, 400), max_size=60), st.data())
def test_requests_are_the_same_however_they_are_cut(cuts: list[int], data: st.DataObject) -> None:
    stream = (
        b"POST /v1/tickets?wait=1 HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Length: 5\r\n\r\nhello"
        b"\r\nGET /a HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
        b"POST /b HTTP/1.1\r\nHost: y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nHost: z\r\n\r\n"
        b"HEAD /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    def parsed(parts: list[bytes]) -> list[tuple[Any, ...]]:
        parser, found = Parser(lambda: 100), []
        for part in parts:
            requests, error = parser.feed(part)
            assert error is None
            found += [(one.method, one.target, one.headers, one.body, one.keep_alive) for one in requests]
        assert parser.idle
        return found

    parts, at = [], 0
    for cut in cuts:
        parts.append(stream[at : at + cut])
        at += cut
    whole = parsed([stream])
    assert [one[0] for one in whole] == [b"POST", b"GET", b"POST", b"HEAD"]
    assert whole[2][2:4] == ({b"host": b"y"}, b"abcde")
    assert parsed([part for part in [*parts, stream[at:]] if part]) == whole


# Time, number, and the end


class Here:
    """The server in this process, so that its times can be changed."""

    def __init__(self, path: Path) -> None:
        Publisher(path).publish({"matchmaking": values()})
        settings = LiveSettings(configedge.open(path, wait=5))
        self.service = Service(settings)
        self.edge = Edge(Local(self.service), settings, Routes(TABLE), b"{}", self.service)

    async def __aenter__(self) -> Here:
        loop = asyncio.get_running_loop()
        self.socket = http.listener("127.0.0.1", 0)
        self.server = await loop.create_server(lambda: http.HttpConnection(self.edge), sock=self.socket)
        self.running = asyncio.create_task(self.edge.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        self.server.close()
        await self.edge.stop(0.1)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.socket.getsockname())


@pytest.mark.parametrize("part", [b"GET /heal", b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"])
async def test_a_request_that_trickles_in_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    monkeypatch.setattr(http, "HEAD_S", 0.1)
    async with Here(tmp_path / "cfg") as here:
        reader, writer = await here.connect()
        writer.write(part)
        told = await asyncio.wait_for(reader.read(), 30)
        assert told.startswith(b"HTTP/1.1 408 ") and b"\r\nConnection: close\r\n" in told
        writer.close()


async def test_an_idle_connection_is_closed_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "IDLE_S", 0.1)
    async with Here(tmp_path / "cfg") as here:
        reader, writer = await here.connect()
        writer.write(GET)
        told = await asyncio.wait_for(reader.read(), 30)
        assert told.startswith(b"HTTP/1.1 200 ") and told.count(b"HTTP/1.1") == 1
        writer.close()


async def test_who_does_not_read_is_not_read_from_and_then_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "UNREAD_S", 0.1)
    async with Here(tmp_path / "cfg") as here:
        _, writer = await here.connect()
        stopped = asyncio.create_task(_write_on(writer, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 1000))
        await asyncio.wait_for(stopped, 60)
        for connection in here.edge.connections:
            assert isinstance(connection, http.HttpConnection)
        writer.transport.abort()


async def _write_on(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Until the connection is lost."""
    try:
        while True:
            writer.write(data)
            await writer.drain()
    except OSError:
        return


async def test_a_websocket_that_is_silent_is_pinged_and_one_that_does_not_answer_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "PING_S", 0.1)
    async with Here(tmp_path / "cfg") as here:
        reader, writer = await here.connect()
        writer.write(
            b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)).startswith(b"HTTP/1.1 101 ")
        assert await asyncio.wait_for(reader.readexactly(2), 30) == b"\x89\x00"
        writer.write(b"\x8a\x80abcd")
        assert await asyncio.wait_for(reader.readexactly(2), 30) == b"\x89\x00"
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 30) == b""
        assert not here.edge.websockets
        writer.close()


async def test_a_long_poll_whose_client_leaves_is_forgotten(tmp_path: Path) -> None:
    async with Here(tmp_path / "cfg") as here:
        _, writer = await here.connect()
        body = ticket("leaves")
        writer.write(b"POST /v1/tickets?wait=30 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        until = time.monotonic() + 30
        while not len(here.service.engine):
            assert time.monotonic() < until
            await asyncio.sleep(0.01)
        [waiting] = here.service.engine.tickets
        assert waiting.sink is not None
        writer.close()
        while here.edge.connections:
            assert time.monotonic() < until
            await asyncio.sleep(0.01)
        assert waiting.sink is None and here.service.engine.tickets.get(waiting.id) is waiting


def test_more_connections_than_allowed_are_turned_away_with_a_time_to_come_back(tmp_path: Path) -> None:
    with (
        running(tmp_path / "cfg", options=("--max-connections", "2")) as server,
        wire(server.url) as first,
        wire(server.url) as second,
    ):
        for connection in (first, second):
            connection.request("GET", "/readyz")
            assert connection.answer().status == 200
        with wire(server.url) as third:
            answer = third.answer()
            problem(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1
            assert third.ended()
        first.socket.close()
        until = time.monotonic() + 30
        while True:
            with wire(server.url) as again:
                again.request("GET", "/metrics")
                if (answer := again.answer()).status == 200:
                    break
            assert time.monotonic() < until
        assert b'matchmaker_edge_connections{kind="http"} 2' in answer.body


def test_a_stopping_server_answers_what_waits_and_closes(tmp_path: Path) -> None:
    with (
        running(tmp_path / "cfg", limits__drain_s=60) as server,
        wire(server.url) as waiting,
        wire(server.url) as idle,
        wire(server.url) as late,
    ):
        idle.request("GET", "/readyz")
        assert idle.answer().status == 200
        id = server.http.post("/v1/tickets", content=ticket("drained")).json()["ticket_id"]
        waiting.request("GET", f"/v1/tickets/{id}?wait=60")
        server.process.send_signal(signal.SIGTERM)
        while True:
            late.request("GET", "/readyz")
            if late.answer().status == 503:
                break
        # No ticket is taken any more, and the refusal says when to come back; the others may still be taken back.
        late.request("POST", "/v1/tickets", ticket("late"))
        answer = late.answer()
        problem(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
        late.request("DELETE", f"/v1/tickets/{id}")
        assert late.answer().json["state"] == "cancelled"
        # That was the last one.
        assert waiting.answer().json["state"] == "cancelled"
        assert waiting.ended() and idle.ended() and late.ended()
        assert server.process.wait(timeout=30) == 0
