"""The gateway stream over real sockets: what a gateway sends, and what it is told."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import configedge
from configedge.testing import Publisher
from matchmaker.client import Client, GatewayError, Lost, RequestRefused, Unreachable, connect
from matchmaker.core.engine import Engine
from matchmaker.core.events import Event
from matchmaker.edge import gateway as edge
from matchmaker.edge.frames import TO_GATEWAY, TO_SERVER, Kind, Splitter, encode_frame
from matchmaker.edge.gateway import Gateway, serve
from matchmaker.live import LiveSettings
from matchmaker.overload import LagController
from matchmaker.service import Service
from tests.support.matchmaker import values

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gateway.md"
_names = itertools.count()


def duel(*players: str, rating: float = 1500, **more: Any) -> dict[str, Any]:
    return {"mode": "duel", "players": [{"id": id, "rating": rating} for id in players], **more}


def stranger(**more: Any) -> dict[str, Any]:
    """A player nobody has seen before, whom nobody is near to."""
    number = next(_names)
    return duel(f"s{number}", rating=4999 - 2000 * (number % 2), **more)


class Raw:
    """A gateway that writes its own bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._splitter = Splitter(TO_GATEWAY)
        self._came: list[tuple[int, int, bytes]] = []

    def send(self, kind: int, session: int, body: Any = None) -> None:
        self.writer.write(encode_frame(kind, session, b"" if body is None else json.dumps(body).encode()))

    async def next(self) -> tuple[int, int, Any]:
        """The next frame. Raises EOFError behind the last one."""
        while not self._came:
            data = await asyncio.wait_for(self.reader.read(65536), 10)
            if not data:
                raise EOFError
            self._came += self._splitter.feed(data, 1 << 24)
        kind, session, body = self._came.pop(0)
        return kind, session, json.loads(body) if kind != Kind.PONG else body

    async def rest(self) -> list[tuple[int, int, Any]]:
        """All frames up to the end of the stream."""
        frames = []
        try:
            while True:
                frames.append(await self.next())
        except EOFError:
            return frames


class Server:
    def __init__(self, service: Service, gateway: Gateway, publisher: Publisher, stack: AsyncExitStack) -> None:
        self.service, self.gateway, self.publisher = service, gateway, publisher
        self._stack = stack

    async def raw(self, **hello: Any) -> Raw:
        host, _, port = self.gateway.address.rpartition(":")
        raw = Raw(*await asyncio.open_connection(host, int(port)))
        self._stack.callback(raw.writer.close)
        if hello:
            raw.send(Kind.HELLO, 0, hello)
        return raw

    async def client(self, **options: Any) -> Client:
        return await self._stack.enter_async_context(await connect(self.gateway.address, **options))

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(directory: Path, path: str = "", **changes: Any) -> AsyncIterator[Server]:
    changes = {"limits__requests_per_player_per_s": 1000, "limits__target_lag_ms": 10000, **changes}
    publisher = Publisher(directory / "cfg")
    publisher.publish({"matchmaking": values(**changes)}, "ab" * 20)
    service = Service(LiveSettings(configedge.open(directory / "cfg")))
    sweep = asyncio.create_task(service.run())
    async with AsyncExitStack() as stack:
        gateway = await serve(service, path=path)
        yield Server(service, gateway, publisher, stack)
        gateway.close()
    sweep.cancel()
    await asyncio.gather(sweep, return_exceptions=True)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


# The life of a ticket


async def test_two_sessions_of_one_connection_get_the_same_match(server: Server) -> None:
    raw = await server.raw()
    raw.send(0, 1, duel("a"))
    kind, session, queued = await raw.next()
    assert (kind, session, queued["state"], queued["mode"]) == (Kind.QUEUED, 1, "queued", "duel")
    raw.send(0, 0xFFFFFFFF, duel("b"))
    told = {session: (kind, body) for kind, session, body in [await raw.next(), await raw.next()]}
    assert {kind for kind, _ in told.values()} == {Kind.ASSIGNED}
    one, two = told[1][1], told[0xFFFFFFFF][1]
    assert one["ticket_id"] == queued["ticket_id"]
    assert int(one["ticket_id"][-8:], 16) == 1
    assert one["match_id"] == two["match_id"]
    assert sorted(id for team in one["teams"] for id in team) == ["a", "b"]
    assert (one["generation"], one["commit"]) == (1, "ab" * 20)


async def test_without_acks_there_is_one_frame_a_ticket(server: Server) -> None:
    raw = await server.raw(acks=False, name="quiet")
    for session in range(1, 21):
        raw.send(0, session, duel(f"p{session}"))
    raw.send(Kind.PING, 0)
    frames = [await raw.next() for _ in range(21)]
    assert [kind for kind, _, _ in frames] == [Kind.ASSIGNED] * 20 + [Kind.PONG]
    assert {session for _, session, _ in frames[:20]} == set(range(1, 21))


async def test_two_gateways_play_each_other(server: Server) -> None:
    one, two = await server.client(), await server.client(acks=False)
    a = one.enqueue(duel("a"))
    await one.ping()
    b = two.enqueue(duel("b"))
    first, second = await a.result(), await b.result()
    assert (first["state"], first["match_id"]) == ("assigned", second["match_id"])
    assert [happened.name async for happened in a] == ["queued", "assigned"]
    assert [happened.name async for happened in b] == ["assigned"]


async def test_a_party_is_one_ticket_of_one_session(server: Server) -> None:
    client = await server.client()
    parties = [[f"{party}{player}" for player in range(5)] for party in "xy"]
    sessions = [client.enqueue({**duel(*party), "mode": "squad"}) for party in parties]
    told = [await session.result() for session in sessions]
    assert told[0]["teams"] == told[1]["teams"]
    assert sorted(told[0]["teams"]) == parties


async def test_the_class_in_the_header_is_the_priority(server: Server) -> None:
    client = await server.client()
    session = client.enqueue({**stranger(), "priority": 1}, priority=3)
    queued = await anext(aiter(session))
    assert server.service.engine.tickets.get(server.service.find(queued.body["ticket_id"])).priority == 3  # type: ignore[union-attr]
    assert (await session.cancel())["state"] == "cancelled"


async def test_a_match_that_all_accept_comes_about(tmp_path: Path) -> None:
    async with serving(tmp_path, modes__duel__accept_s=30) as server:
        client = await server.client()
        a, b = client.enqueue(duel("a")), client.enqueue(duel("b"))
        events = [aiter(a), aiter(b)]
        assert (await anext(events[0])).name == "queued"
        proposed = [await anext(each) for each in events]
        assert [happened.name for happened in proposed] == ["proposed", "proposed"]
        assert 0 < proposed[0].body["accept_within_s"] <= 30
        with pytest.raises(RequestRefused) as refused:
            await a.accept("b")
        assert (refused.value.status, refused.value.problem["op"]) == (404, "accept")
        told = await a.accept("a")
        assert told["state"] == "proposed"
        assert (told["match_id"], told["teams"]) == (proposed[0].body["match_id"], proposed[0].body["teams"])
        assert 0 < told["accept_within_s"] <= 30, "also to a session that comes to it later"
        assert (await b.accept("b"))["state"] == "assigned"
        assert (await a.result())["match_id"] == (await b.result())["match_id"]


async def test_who_declines_is_out_and_the_other_waits_again(tmp_path: Path) -> None:
    async with serving(tmp_path, modes__duel__accept_s=30) as server:
        client = await server.client()
        a, b = client.enqueue(duel("a")), client.enqueue(duel("b"))
        await server.until(lambda: server.service.counts["proposed"] == 1)
        assert (await b.decline())["state"] == "rejected"
        assert [happened.name async for happened in b] == ["proposed", "rejected"]
        events = aiter(a)
        assert [(await anext(events)).name for _ in range(3)] == ["queued", "proposed", "requeued"]
        assert (await a.get())["state"] == "queued"
        assert (await a.cancel())["state"] == "cancelled"
        assert [happened.name async for happened in a] == ["cancelled"]


async def test_a_ticket_expires(tmp_path: Path) -> None:
    async with serving(tmp_path, modes__duel__max_wait_s=0.05) as server:
        told = await (await server.client()).enqueue(stranger()).result()
        assert (told["state"], told["reason"]) == ("expired", "no match within 0.05 s")


# Cancelling and asking


async def test_each_cancel_has_one_answer_and_a_match_before_it_stays(server: Server) -> None:
    raw = await server.raw(acks=False)
    raw.send(0, 1, duel("a"))
    raw.send(0, 2, duel("b"))
    raw.send(Kind.CANCEL, 1)
    frames = [await raw.next() for _ in range(3)]
    assert [(kind, session) for kind, session, _ in frames[:2]] in (
        [(Kind.ASSIGNED, 1), (Kind.ASSIGNED, 2)],
        [(Kind.ASSIGNED, 2), (Kind.ASSIGNED, 1)],
    )
    kind, session, told = frames[2]
    assert (kind, session, told["status"], told["op"]) == (Kind.REFUSED, 1, 404, "cancel")
    match = frames[0][2]
    raw.send(Kind.CANCEL, 9, {"ticket_id": match["ticket_id"]})
    kind, session, told = await raw.next()
    assert (kind, session) == (Kind.STATE, 9)
    assert (told["state"], told["match_id"], told["teams"]) == ("assigned", match["match_id"], match["teams"])


async def test_a_cancelled_ticket_is_told_as_ended_and_the_session_is_free(server: Server) -> None:
    raw = await server.raw(acks=False)
    raw.send(0, 5, duel("a"))
    raw.send(Kind.CANCEL, 5)
    raw.send(0, 5, duel("c"))
    raw.send(Kind.GET, 5)
    ended, state, got = [await raw.next() for _ in range(3)]
    assert (ended[:2], ended[2]["state"]) == ((Kind.ENDED, 5), "cancelled")
    assert (state[:2], state[2]["state"]) == ((Kind.STATE, 5), "cancelled")
    assert (got[0], got[2]["state"]) == (Kind.STATE, "queued")
    assert got[2]["ticket_id"] != state[2]["ticket_id"]


async def test_cancels_and_matches_that_race_leave_each_ticket_with_one_end(server: Server) -> None:
    clients = [await server.client(), await server.client()]
    random, sessions, cancels = Random(1), [], {}
    for n in range(200):
        sessions.append(clients[n % 2].enqueue(duel(f"r{n}")))
        if random.random() < 0.4:
            cancels[n] = asyncio.create_task(sessions[-1].cancel())
        if random.random() < 0.4:
            await asyncio.sleep(0.002)
    told = await asyncio.gather(*cancels.values())
    # Nobody is left for the last ones.
    await asyncio.gather(*[session.cancel() for session in sessions if not session.done])
    ends = [await session.result() for session in sessions]
    assert [ends[n]["ticket_id"] for n in cancels] == [state["ticket_id"] for state in told]
    assert [ends[n]["state"] for n in cancels] == [state["state"] for state in told]
    states = [end["state"] for end in ends]
    assert states.count("assigned") == server.service.counts["assigned"] > 0
    assert states.count("cancelled") == server.service.counts["cancelled"] > 0
    assert len(server.service.engine) == 0


async def test_a_session_has_one_open_ticket(server: Server) -> None:
    raw = await server.raw()
    raw.send(0, 1, duel("a"))
    raw.send(0, 1, duel("b"))
    raw.send(0, 1, duel("a"))
    queued, refused, again = [await raw.next() for _ in range(3)]
    assert (refused[0], refused[2]["op"], refused[2]["status"]) == (Kind.REFUSED, "enqueue", 422)
    assert "open ticket" in refused[2]["detail"]
    assert again[2]["deduplicated"] is True
    assert again[2]["ticket_id"] == queued[2]["ticket_id"]
    raw.send(Kind.CANCEL, 1)
    assert [(await raw.next())[0] for _ in range(2)] == [Kind.ENDED, Kind.STATE]


async def test_all_sessions_that_ask_for_a_player_are_told_once(server: Server) -> None:
    one, two = await server.raw(acks=False), await server.raw(acks=False)
    for raw, session in ((one, 1), (one, 2), (two, 1), (two, 3)):
        raw.send(0, session, duel("a"))
        raw.send(Kind.PING, 0)
        frames = [await raw.next()]
        if frames[0][0] != Kind.PONG:
            assert (frames[0][:2], frames[0][2]["deduplicated"]) == ((Kind.QUEUED, session), True)
            assert (await raw.next())[0] == Kind.PONG
    two.send(0, 9, duel("b"))
    for raw, sessions in ((one, [1, 2]), (two, [1, 3, 9])):
        raw.send(Kind.PING, 0)
        frames = [await raw.next() for _ in range(len(sessions) + 1)]
        told = sorted(session for kind, session, _ in frames if kind == Kind.ASSIGNED)
        if len(told) < len(sessions):
            frames.append(await raw.next())
            told = sorted(session for kind, session, _ in frames if kind == Kind.ASSIGNED)
        assert told == sessions
    # And each of them is free again.
    for raw in (one, two):
        raw.send(Kind.GET, 1)
        assert (await raw.next())[2]["status"] == 404


async def test_a_request_with_the_same_key_gets_the_same_answer_after_the_match_too(server: Server) -> None:
    client = await server.client()
    request = duel("a", key="k1")
    first = client.enqueue(request)
    client.enqueue(duel("b"))
    told = await first.result()
    assert (await client.enqueue(request).result())["match_id"] == told["match_id"]
    assert (await (await server.client()).enqueue(request).result())["ticket_id"] == told["ticket_id"]
    with pytest.raises(RequestRefused) as refused:
        await client.enqueue(duel("a", rating=1, key="k1")).result()
    assert (refused.value.status, refused.value.problem["field"]) == (409, "key")


# Connections that come and go


async def test_a_lost_connection_is_made_again_and_follows_its_tickets(server: Server) -> None:
    client = await server.client()
    session, other = client.enqueue(duel("a", rating=1000)), client.enqueue(duel("c", rating=3000))
    assert [(await anext(aiter(each))).name for each in (session, other)] == ["queued", "queued"]
    for connection in server.gateway.connections:
        connection._transport.abort()
    # One is matched while nobody is told, the other one afterwards.
    matched = server.service.counts["assigned"]
    rival = await server.client()
    rival.enqueue(duel("b", rating=1000))
    assert (await session.result())["state"] == "assigned"
    assert server.service.counts["assigned"] == matched + 2
    await server.until(lambda: client.generation == 2)
    await client.ping()
    rival.enqueue(duel("d", rating=3000))
    assert (await other.result())["state"] == "assigned"


async def test_what_was_not_answered_is_sent_again_only_with_a_key(server: Server) -> None:
    client = await server.client(acks=False)
    safe, unsafe = client.enqueue(stranger(key="once")), client.enqueue(stranger())
    await client.ping()
    for connection in server.gateway.connections:
        connection._transport.abort()
    with pytest.raises(Lost, match="with a key"):
        await unsafe.result()
    assert (await anext(aiter(safe))).body["deduplicated"] is True
    assert (await safe.cancel())["state"] == "cancelled"
    assert server.service.counts["enqueued"] == 2


async def test_another_process_follows_a_ticket_by_its_id(server: Server) -> None:
    client = await server.client()
    ticket_id = (await anext(aiter(client.enqueue(duel("a"))))).body["ticket_id"]
    await client.close()
    await server.until(lambda: not server.gateway.connections)
    client = await server.client()
    session = client.follow(ticket_id)
    assert (await session.get())["state"] == "queued"
    client.enqueue(duel("b"))
    assert (await session.result())["ticket_id"] == ticket_id
    with pytest.raises(Lost, match="not known"):
        await client.follow("nothing").result()


async def test_a_matchmaker_that_does_not_come_back_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="is a matchmaker listening"):
        await connect(str(tmp_path / "nothing.sock"))
    with pytest.raises(ValueError, match="HOST:PORT"):
        await connect("nowhere")
    async with serving(tmp_path) as server:
        client = await server.client(give_up_s=0.2)
        session = client.enqueue(stranger())
        await anext(aiter(session))
        server.gateway.close()
        await server.gateway.wait_closed()
        with pytest.raises(Unreachable, match="not reached again"):
            await session.result()
        with pytest.raises(Unreachable):
            client.enqueue(stranger())
        with pytest.raises(Unreachable):
            await client.drain()


async def test_a_unix_socket_does_as_well_and_is_not_taken_from_who_listens_there(tmp_path: Path) -> None:
    path = str(tmp_path / "gateway.sock")
    async with serving(tmp_path, path=path) as server:
        client = await server.client()
        assert client.address == path
        a, b = client.enqueue(duel("a")), client.enqueue(duel("b"))
        assert (await a.result())["match_id"] == (await b.result())["match_id"]
        with pytest.raises(OSError, match="another process listens there: choose another"):
            await serve(server.service, path=path)
    assert not Path(path).exists()


# Refusals


async def test_who_stops_says_so_and_refuses_without_reading_the_request(tmp_path: Path) -> None:
    async with serving(tmp_path, limits__drain_s=0.1) as server:
        raw, client = await server.raw(), await server.client()
        waiting = client.enqueue(stranger())
        await anext(aiter(waiting))
        raw.send(Kind.PING, 0)
        assert (await raw.next())[0] == Kind.PONG
        server.gateway.go_away()
        drained = asyncio.create_task(server.service.drain())
        await asyncio.sleep(0)
        kind, session, body = await raw.next()
        assert (kind, session) == (Kind.GOING_AWAY, 0)
        assert "stopping" in body["detail"]
        raw.writer.write(encode_frame(3, 1, b"{ not even JSON"))
        kind, session, problem = await raw.next()
        assert (kind, session, problem["status"], problem["op"]) == (Kind.REFUSED, 1, 503, "enqueue")
        assert problem["retry_after_s"] >= 2
        with pytest.raises(RequestRefused) as refused:
            await client.enqueue(stranger()).result()
        assert client.going_away
        assert refused.value.retry_after_s == refused.value.problem["retry_after_s"]
        assert (await waiting.result())["state"] == "returned"
        assert (await (await server.raw()).next())[0] == Kind.GOING_AWAY
        await drained


async def test_late_requests_of_a_low_class_are_refused_and_counted(server: Server) -> None:
    client = await server.client()

    class Late(LagController):
        """As if requests waited for twice the target now, whatever the clock says."""

        def read(self, lag_s: float, target_s: float) -> None:
            self.shedding = True
            super().read(2 * target_s, target_s)

    server.service.lag = Late()
    low, high = client.enqueue(stranger(), priority=1), client.enqueue(stranger(), priority=2)
    with pytest.raises(RequestRefused, match="wait too long"):
        await low.result()
    assert (await anext(aiter(high))).name == "queued"
    assert server.service.counts["shed"] == 1


async def test_a_sweep_that_fails_takes_nobody_else_along(server: Server) -> None:
    class Failing(Engine):
        failing = True

        def tick(self, now: float) -> list[Event]:
            if self.failing:
                self.failing = False
                raise RuntimeError("a pair score")
            return super().tick(now)

    server.service.engine = Failing(server.service.engine.settings)
    await server.until(lambda: server.service.counts["faults"] == 1)
    client = await server.client()
    a, b = client.enqueue(duel("a", rating=1000)), client.enqueue(duel("b", rating=1200))
    assert (await a.result())["match_id"] == (await b.result())["match_id"], "by a window that a sweep has widened"


@pytest.mark.parametrize(
    ("kind", "body", "status", "field"),
    [
        (0, b"{", 400, ""),
        (0, b"", 400, ""),
        (0, b"[" * 5000, 400, ""),
        (0, b"\xff\xfe", 400, ""),
        (0, b'{"mode": "duel", "players": []}', 400, "players"),
        (1, b'{"mode": "duel", "players": [{"id": "a", "rating": "high"}]}', 400, "players.0.rating"),
        (0, b'{"mode": "chess", "players": [{"id": "a", "rating": 1}]}', 422, "mode"),
        (Kind.CANCEL, b"", 404, "ticket_id"),
        (Kind.CANCEL, b'{"ticket_id": "x"}', 404, "ticket_id"),
        (Kind.CANCEL, b'{"ticket": "x"}', 400, "ticket"),
        (Kind.GET, b"[]", 400, ""),
        (Kind.ACCEPT, b"", 400, "player"),
        (Kind.DECLINE, b"\x00", 400, ""),
    ],
)
async def test_a_bad_body_refuses_its_session_alone(
    server: Server, kind: int, body: bytes, status: int, field: str
) -> None:
    raw = await server.raw(acks=False)
    raw.writer.write(encode_frame(kind, 4, body))
    raw.send(0, 5, stranger())
    raw.send(Kind.GET, 5)
    refused, state = await raw.next(), await raw.next()
    assert (refused[:2], refused[2]["status"], refused[2]["field"]) == ((Kind.REFUSED, 4), status, field)
    assert refused[2]["detail"]
    assert refused[2]["hint"]
    assert (state[:2], state[2]["state"]) == ((Kind.STATE, 5), "queued")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (encode_frame(99, 1, b"{}"), "99 is not a kind"),
        (encode_frame(Kind.QUEUED, 1), "64 is not a kind"),
        (encode_frame(0, 1, b" " * 20000)[:100], "at most 16384"),
        (encode_frame(0, 0, b"{}"), "session 0"),
        (encode_frame(Kind.CANCEL, 0), "session 0"),
        (encode_frame(Kind.HELLO, 3), "session 0"),
        (encode_frame(Kind.HELLO, 0, b'{"acks": 1}'), "hello: "),
        (b"GET / HTTP/1.1\r\n\r\n", "a body of 5522759 bytes"),
    ],
)
async def test_a_stream_that_cannot_be_understood_ends_with_the_reason(server: Server, data: bytes, why: str) -> None:
    other = await server.raw()
    raw = await server.raw()
    raw.send(0, 1, stranger())
    raw.writer.write(data + encode_frame(0, 2, json.dumps(stranger()).encode()) * 1000)
    queued, refused = await raw.rest()
    assert queued[:2] == (Kind.QUEUED, 1)
    assert refused[:2] == (Kind.REFUSED, 0)
    assert why in refused[2]["detail"]
    assert refused[2]["hint"]
    assert len(server.service.engine) == 1
    other.send(Kind.PING, 0)
    assert (await other.next())[0] == Kind.PONG


async def test_a_fault_inside_is_told_to_one_session(server: Server) -> None:
    class Failing(Engine):
        failing = True

        def enqueue(self, *arguments: Any) -> list[Event]:
            if self.failing:
                self.failing = False
                raise ZeroDivisionError
            return super().enqueue(*arguments)

    server.service.engine = Failing(server.service.engine.settings)
    raw = await server.raw()
    raw.send(0, 1, stranger())
    assert (await raw.next())[2]["status"] == 500
    raw.send(0, 1, stranger())
    assert (await raw.next())[0] == Kind.QUEUED


bodies = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", b"{}", b"null", b'{"ticket_id": ""}', b'{"player": "p0"}', b'{"acks": false}']),
    st.builds(lambda id: json.dumps(duel(id)).encode(), st.sampled_from(["p0", "p1", "p2"])),
    st.builds(lambda id: json.dumps(duel(id, key="k")).encode(), st.sampled_from(["p0", "p1", "p2"])),
)
kinds = st.sampled_from([0, 0, 0, 1, 3, *(kind for kind in Kind if kind < Kind.QUEUED)])
streams = st.lists(st.builds(encode_frame, kinds, st.integers(1, 3), bodies) | st.binary(max_size=30), max_size=30)


@pytest.mark.parametrize("accept_s", [0, 5])
def test_any_bytes_leave_the_others_alone(tmp_path: Path, accept_s: float) -> None:
    loop = asyncio.new_event_loop()
    stack = AsyncExitStack()
    server = loop.run_until_complete(
        stack.enter_async_context(serving(tmp_path, modes__duel__accept_s=accept_s, limits__finished_ttl_s=0.05))
    )
    bystander = loop.run_until_complete(server.raw())

    async def throw(frames: list[bytes]) -> None:
        raw = await server.raw()
        raw.writer.write(b"".join(frames))
        raw.writer.write_eof()
        for kind, session, body in await raw.rest():
            assert session or kind in (Kind.REFUSED, Kind.PONG)
            assert isinstance(body, bytes if kind == Kind.PONG else dict)
            assert kind != Kind.REFUSED or body["status"] != 500, body
        bystander.send(Kind.PING, 7)
        assert (await bystander.next())[:2] == (Kind.PONG, 7)

    @settings(max_examples=150, deadline=None)
    @given(streams)
    def fuzz(frames: list[bytes]) -> None:
        loop.run_until_complete(throw(frames))

    try:
        fuzz()
    finally:
        loop.run_until_complete(stack.aclose())
        loop.close()


# The page


def example() -> list[tuple[str, bytes]]:
    """The frames of the page's example, and their direction."""
    text = PAGE.read_text().split("```frames\n")[1].split("```")[0]
    lines = re.findall(r"^([<>]) ((?:[0-9a-f]{2} ){7}[0-9a-f]{2})(?:  (.*))?$", text, re.MULTILINE)
    assert len(lines) == len(text.splitlines())
    return [(side, bytes.fromhex(header) + body.encode()) for side, header, body in lines]


async def test_the_example_of_the_page_runs_as_it_says(server: Server) -> None:
    raw = await server.raw()
    parts = {">": Splitter(TO_SERVER | {99}), "<": Splitter(TO_GATEWAY)}
    for side, data in example():
        ((kind, session, body),) = parts[side].feed(data, 1 << 24)
        if side == ">":
            raw.writer.write(data)
            continue
        came = await raw.next()
        assert came[:2] == (kind, session)
        if kind != Kind.PONG:
            told = json.loads(body)
            assert list(came[2]) == list(told)
            assert [came[2].get(key) for key in ("state", "status", "detail")] == [
                told.get(key) for key in ("state", "status", "detail")
            ]
    with pytest.raises(EOFError):
        await raw.next()


def test_the_page_names_every_kind() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| ([a-z ]+) \|", PAGE.read_text(), re.MULTILINE))
    assert {int(number): name.replace(" ", "_").upper() for number, name in rows.items() if int(number) < 100} == {
        int(kind): kind.name for kind in Kind
    }


# Back pressure


async def test_much_at_once_is_answered_in_order_and_does_not_keep_others_waiting(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "_FRAMES_A_TURN", 5)
    raw, other = await server.raw(), await server.raw()
    other.send(Kind.PING, 0)
    await other.next()
    raw.writer.write(b"".join(encode_frame(Kind.PING, n) for n in range(5000)))
    other.send(Kind.PING, 0)
    assert (await other.next())[0] == Kind.PONG
    assert any(connection._working for connection in server.gateway.connections)
    assert [(await raw.next())[1] for _ in range(5000)] == list(range(5000))
    assert not any(connection._working for connection in server.gateway.connections)


async def test_who_does_not_read_is_not_read_from_and_loses_nothing(server: Server) -> None:
    raw = await server.raw()
    reading = raw.reader
    body = b" " * 8000
    sent = 0
    # The socket's own buffers take some megabytes; then the server stops reading, and so writing here stands still.
    while True:
        raw.writer.write(encode_frame(Kind.PING, 1, body) * 100)
        sent += 100
        try:
            await asyncio.wait_for(raw.writer.drain(), 0.5)
        except TimeoutError:
            break
        assert sent < 20_000
    (connection,) = server.gateway.connections
    assert not connection._transport.is_reading()
    assert connection._transport.get_write_buffer_size() < 4 << 20
    other = await server.raw()
    other.send(Kind.PING, 0)
    assert (await other.next())[0] == Kind.PONG
    for _ in range(sent):
        header = await asyncio.wait_for(reading.readexactly(8), 10)
        assert (header[3], len(await reading.readexactly(8000))) == (Kind.PONG, 8000)
    assert connection._transport.is_reading()


async def test_who_leaves_too_much_unread_is_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "UNREAD_LIMIT_BYTES", 2 << 20)
    raw = await server.raw(acks=False)
    raw.send(Kind.PING, 0)
    await raw.next()
    raw.writer.transport.pause_reading()
    (connection,) = server.gateway.connections
    for _ in range(100):
        connection.send(Kind.PONG, 0, b" " * 100_000)
        await asyncio.sleep(0)
    await server.until(lambda: not server.gateway.connections)
    other = await server.raw()
    other.send(Kind.PING, 0)
    assert (await other.next())[0] == Kind.PONG


async def test_the_client_waits_while_the_matchmaker_takes_no_more(server: Server) -> None:
    client = await server.client(acks=False)
    sessions = []
    for number in range(2000):
        sessions.append(client.enqueue(duel(f"d{number}")))
        await client.drain()
    states = [(await session.result())["state"] for session in sessions]
    assert states == ["assigned"] * 2000
    await client.close()
    with pytest.raises(GatewayError):
        await client.ping()
