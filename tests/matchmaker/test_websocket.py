"""The WebSocket edge: its frames, its messages, and tickets that outlive their connection. The other side is the
package `websockets`, and bare bytes for what it would not send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect

from matchmaker.edge.rfc6455 import Close, Frames, Op, Violation, frame
from tests.support.matchmaker import Matchmaker, running
from tests.support.wire import Answer, Wire, wire

LIMIT = 2048
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"abcd"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matchmaker]:
    with running(tmp_path_factory.mktemp("m") / "cfg", limits__max_body_bytes=LIMIT) as matchmaker:
        yield matchmaker


def dial(server: Matchmaker, path: str = "/v1/ws") -> ClientConnection:
    return connect(server.url.replace("http", "ws") + path, compression=None, open_timeout=30)


def say(ws: ClientConnection, **message: Any) -> None:
    ws.send(json.dumps(message))


def hear(ws: ClientConnection) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ws.recv(timeout=30))
    return told


def enqueue(id: str, rating: float) -> dict[str, Any]:
    return {"op": "enqueue", "mode": "duel", "players": [{"id": id, "rating": rating}]}


# The handshake


def upgrade(connection: Wire, method: str = "GET", **changes: str) -> Answer:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": KEY}
    connection.request(method, "/v1/ws", b"", **(headers | changes))
    return connection.answer()


def test_the_handshake_is_that_of_rfc_6455(server: Matchmaker) -> None:
    with wire(server.url) as connection:
        answer = upgrade(connection)
        assert answer.status == 101
        assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Key": "ä"}, 400),
        ({"method": "POST"}, 405),
    ],
)
def test_a_handshake_that_is_none_is_told_why(server: Matchmaker, changes: dict[str, str], status: int) -> None:
    with wire(server.url) as connection:
        answer = upgrade(connection, **changes)
        assert answer.status == answer.json["status"] == status
        assert answer.headers.get("sec-websocket-version") == ("13" if status == 426 else None)
        assert connection.ended()


def test_asking_for_it_without_an_upgrade_is_told_so(server: Matchmaker) -> None:
    answer = server.http.get("/v1/ws")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")


# Frames


def test_messages_in_parts_pings_and_the_close_are_answered_as_they_should_be(server: Matchmaker) -> None:
    with dial(server) as ws:
        ws.send(iter(['{"op": "get", "ref"', ': 1, "ticket_id"', ': "none"}']))
        assert (hear(ws)["status"], ws.ping(b"are you there?").wait(30)) == (404, True)
        ws.close(1000, "bye")
        assert ws.close_code == 1000


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(Op.TEXT, b"{}"), Close.PROTOCOL),
        (frame(Op.BINARY, b"{}", MASK), Close.UNSUPPORTED),
        (frame(Op.TEXT, b'"\xff"', MASK), Close.NOT_UTF8),
        (frame(Op.TEXT, b" " * (LIMIT + 1), MASK), Close.TOO_LONG),
        (frame(Op.CONTINUATION, b"{}", MASK), Close.PROTOCOL),
        (frame(Op.PING, b"a" * 126, MASK), Close.PROTOCOL),
        (b"\xc1" + frame(Op.TEXT, b"{}", MASK)[1:], Close.PROTOCOL),
        (b"\x83" + frame(Op.TEXT, b"{}", MASK)[1:], Close.PROTOCOL),
        (b"\x01" + frame(Op.TEXT, b"{", MASK)[1:] + frame(Op.TEXT, b"}", MASK), Close.PROTOCOL),
        (b"\x81\xff" + b"\xff" * 8, Close.TOO_LONG),
        ((b"\x01" + frame(Op.TEXT, b" " * 1500, MASK)[1:]) + (b"\x00" + frame(0, b" " * 1500, MASK)[1:]), 1009),
    ],
)
def test_what_is_no_message_ends_the_connection_with_the_reason(server: Matchmaker, sent: bytes, code: int) -> None:
    with wire(server.url) as connection:
        assert upgrade(connection).status == 101
        connection.send(frame(Op.PING, b"x", MASK) + sent)
        (_, pong), (op, payload) = Frames(masked=False).feed(connection.everything(), LIMIT)
        assert (pong, op, int.from_bytes(payload[:2], "big")) == (b"x", Op.CLOSE, code)


_messages = st.tuples(st.sampled_from([Op.TEXT, Op.BINARY, Op.PING, Op.PONG]), st.binary(max_size=125)) | st.tuples(
    st.just(Op.TEXT), st.binary(min_size=120, max_size=70_000)
)


@given(st.lists(_messages, max_size=6), st.lists(st.integers(1, 70_000), max_size=8), st.booleans())
def test_messages_are_the_same_however_they_are_cut(
    messages: list[tuple[Op, bytes]], cuts: list[int], masked: bool
) -> None:
    stream = b"".join(frame(op, payload, MASK if masked else b"") for op, payload in messages)
    frames, found, at = Frames(masked), [], 0
    for cut in [*cuts, len(stream)]:
        found += frames.feed(stream[at : at + cut], 70_000)
        at += cut
    assert found == messages


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_messages_or_a_violation(data: bytes, masked: bool) -> None:
    try:
        found = Frames(masked).feed(data, 100)
    except Violation as wrong:
        found = wrong.before
        assert wrong.code in (Close.PROTOCOL, Close.TOO_LONG)
    assert all(len(payload) <= 125 for _, payload in found)


# Messages


def test_hundreds_of_messages_at_once_are_all_answered_in_order(server: Matchmaker) -> None:
    with wire(server.url) as connection:
        assert upgrade(connection).status == 101
        asked = [frame(Op.TEXT, b'{"op":"get","ref":%d,"ticket_id":"x"}' % ref, MASK) for ref in range(500)]
        connection.send(b"".join(asked) + frame(Op.CLOSE, b"", MASK))
        told = Frames(masked=False).feed(connection.everything(), LIMIT)
        assert [json.loads(payload)["ref"] for op, payload in told if op == Op.TEXT] == [*range(500)]
        assert told[-1] == (Op.CLOSE, b"")


def test_what_is_wrong_in_a_message_is_told_under_its_ref(server: Matchmaker) -> None:
    with dial(server) as ws:
        for message, field in (
            ({"op": "enqueue", "mode": "duel", "players": [{"id": "a", "rating": "x"}]}, "players.0.rating"),
            ({"op": "enqueue", "extra": 1, "mode": "duel", "players": []}, "extra"),
            ({"op": "enqueue", "players": [{"id": "a", "rating": 1}]}, "mode"),
            ({"op": "cancel", "ticket_id": 7}, "ticket_id"),
            ({"op": "dance"}, "op"),
        ):
            say(ws, ref=["r", {"x": 1}], **message)
            told = hear(ws)
            assert (told["event"], told["status"], told["field"]) == ("error", 400, field)
            assert told["ref"] == ["r", {"x": 1}]
        say(ws, ref="r" * 200, op="get", ticket_id="x")
        assert hear(ws)["field"] == "ref"
        say(ws, ref=1, op="accept", ticket_id="x", player="y")
        assert (told := hear(ws))["status"] == 404 and "proposed" in told["detail"]


def test_a_ticket_is_followed_again_from_another_connection(server: Matchmaker) -> None:
    with dial(server) as ws:
        say(ws, ref="a", **enqueue("follows", 700))
        id = hear(ws)["ticket_id"]
    with dial(server) as ws:
        say(ws, op="get", ref="b", ticket_id=id)
        say(ws, op="get", ref="c", ticket_id=id)
        assert [(told["event"], told["ref"]) for told in (hear(ws), hear(ws))] == [("state", "b"), ("state", "c")]
        server.enqueue("followed", rating=700)
        told = hear(ws)
        assert (told["event"], told["ref"], told["ticket_id"]) == ("assigned", "b", id)
        # Once: the second question is of the same connection.
        say(ws, op="get", ref="d", ticket_id=id)
        assert (hear(ws)["ref"], told["state"]) == ("d", "assigned")


def test_without_acks_only_what_is_new_is_told(server: Matchmaker) -> None:
    with dial(server, "/v1/ws?acks=false") as ws:
        say(ws, ref=1, **enqueue("quiet", 900))
        say(ws, ref=2, **enqueue("quiet", 900))
        told = hear(ws)
        assert (told["event"], told["ref"], told["deduplicated"]) == ("queued", 2, True)
        say(ws, ref=3, op="cancel", ticket_id=told["ticket_id"])
        assert {(one["event"], one["ref"]) for one in (hear(ws), hear(ws), hear(ws))} == {
            ("cancelled", 1), ("cancelled", 2), ("state", 3)
        }  # fmt: skip


def test_a_stopping_server_says_that_it_goes_away(server: Matchmaker, tmp_path: Any) -> None:
    with running(tmp_path / "cfg", limits__drain_s=0.1) as other, dial(other) as ws:
        say(ws, ref=1, **enqueue("alone", 900))
        assert hear(ws)["event"] == "queued"
        other.process.terminate()
        assert (told := hear(ws))["event"] == "returned" and "stopping" in told["reason"]
        with pytest.raises(ConnectionClosedOK):
            hear(ws)
        assert ws.close_code == Close.GOING_AWAY
        assert other.process.wait(timeout=30) == 0
