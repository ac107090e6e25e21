"""Whatever comes over the wire, the server tells what is wrong with it or closes, and goes on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchmaker.edge.rfc6455 import Frames, Op, frame
from tests.support.matchmaker import Matchmaker, running
from tests.support.wire import Answer, wire

LIMIT = 2048
MASK = b"abcd"
# Not one of these statuses is a fault of ours.
REFUSALS = {400, 404, 405, 408, 409, 413, 414, 417, 422, 426, 429, 431, 501, 505}
UPGRADE = (
    b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
GOOD = (
    b"POST /v1/tickets?wait=0 HTTP/1.1\r\nHost: x\r\nContent-Length: 57\r\n\r\n"
    b'{"mode": "duel", "players": [{"id": "fuzz", "rating": 1}]}',
    b"POST /v1/tickets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\n{}}\r\n0\r\n\r\n",
    b"GET /v1/tickets/abc?wait=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    b"POST /v1/tickets/abc/accept HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    UPGRADE,
)
_sockets = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matchmaker]:
    path = tmp_path_factory.mktemp("m") / "cfg"
    limits: dict[str, Any] = {
        "limits__max_body_bytes": LIMIT,
        "limits__requests_per_player_per_s": 1e6,
        "limits__target_lag_ms": 1e4,
    }
    with running(path, **limits) as matchmaker:
        yield matchmaker
        assert matchmaker.process.poll() is None


def answers(told: bytes) -> list[int]:
    """The statuses of what a server wrote, up to where another protocol begins."""
    found = []
    for line in told.split(b"\r\n"):
        # Bodies are JSON on one line, and none begins so.
        at = line.rfind(b"HTTP/1.1 ")
        if at >= 0 and b'"detail"' not in line[at:]:
            found.append(int(line[at + 9 : at + 12]))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Requests, with some of their bytes cut out, changed, or said twice."""
    data = bytearray(b"".join(draw(st.lists(st.sampled_from(GOOD), min_size=1, max_size=4))))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 20)))
        data[at:end] = draw(st.binary(max_size=12) | st.just(bytes(data[at:end]) * 2) | st.just(b"\r\n"))
    return bytes(data)


def survives(server: Matchmaker, data: bytes) -> list[int]:
    """What the server answered to it, and then closed; it serves others on."""
    with wire(server.url) as connection:
        with contextlib.suppress(OSError):
            connection.send(data)
        found = answers(connection.everything())
    with wire(server.url) as connection:
        connection.request("GET", "/healthz")
        assert connection.answer().status == 200
    return found


@_sockets
@given(data=mutated())
def test_mutated_requests_are_answered_or_told_why_not(server: Matchmaker, data: bytes) -> None:
    found = survives(server, data)
    assert set(found) <= REFUSALS | {100, 101, 200, 202}, data


@_sockets
@given(data=st.binary(min_size=1, max_size=300))
def test_any_bytes_are_told_to_be_no_request(server: Matchmaker, data: bytes) -> None:
    found = survives(server, data + b"\r\n\r\n")
    assert set(found) <= REFUSALS, data


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = ("mode", "modes", "players", "priority", "max_wait_s", "key", "edge", "address", "id", "rating", "rtts_ms")
_requests = st.fixed_dictionaries(
    {}, optional={name: _json | st.sampled_from(["duel", "squad", [{"id": "f", "rating": 1}]]) for name in _FIELDS}
)


def posted(server: Matchmaker, path: str, body: bytes) -> Answer:
    with wire(server.url) as connection:
        connection.request("POST", path, body, Connection="close")
        return connection.answer()


@_sockets
@given(body=_json.map(json.dumps).map(str.encode) | _requests.map(json.dumps).map(str.encode) | st.binary(max_size=99))
@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/backfills", "/v1/tickets/x/accept"])
def test_any_body_is_taken_or_told_what_is_wrong_with_it(server: Matchmaker, path: str, body: bytes) -> None:
    answer = posted(server, path, body)
    assert answer.status in (200, 201, 202) or answer.status in REFUSALS, body
    told = answer.json
    if answer.status >= 400:
        assert {"type", "title", "status", "detail", "field", "hint"} <= set(told), told


def _message(what: Any) -> bytes:
    return frame(Op.TEXT, json.dumps(what).encode(), MASK)


_operations = st.sampled_from(["enqueue", "cancel", "accept", "decline", "get", "dance"])
_messages = (
    st.binary(max_size=200)
    | st.tuples(st.sampled_from([*Op]), st.binary(max_size=120)).map(lambda pair: frame(*pair, MASK))
    | _json.map(_message)
    | st.tuples(_requests, _operations, _json).map(
        lambda parts: _message({**parts[0], "op": parts[1], "ref": parts[2]})
    )
)


@_sockets
@given(messages=st.lists(_messages, max_size=6))
def test_any_messages_on_a_websocket_are_answered_or_end_it(server: Matchmaker, messages: list[bytes]) -> None:
    with wire(server.url) as connection:
        connection.send(UPGRADE)
        assert connection.answer().status == 101
        with contextlib.suppress(OSError):
            connection.send(b"".join(messages))
        for op, payload in Frames(masked=False).feed(connection.everything(), 1 << 20):
            if op == Op.TEXT:
                told = json.loads(payload)
                assert told.get("status", 400) in REFUSALS, told
    with wire(server.url) as connection:
        connection.request("GET", "/healthz")
        assert connection.answer().status == 200
