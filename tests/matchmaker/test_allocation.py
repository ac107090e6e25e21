"""Game servers for matches: the static pool, the reserve, and matches that have to wait or go back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import configedge
from configedge.testing import Publisher
from matchmaker.allocate.provider import NoServer
from matchmaker.allocate.static import StaticPool, read_servers
from matchmaker.core.settings import SettingsError
from matchmaker.core.ticket import State
from matchmaker.history.eventlog import EventLog, LogFile
from matchmaker.history.replay import replay
from matchmaker.live import LiveSettings
from matchmaker.request import Enqueue, PlayerIn
from matchmaker.service import Service
from tests.support.clock import Clock
from tests.support.matchmaker import engine_of, match_of, queue, settings_of, settle, values

STATIC = {"provider": "static", "servers": {"us-east-1": ["10.0.0.1:7777"]}, "wait_s": 30, "attempts": 1}


def publish(directory: Path, **allocation: Any) -> Publisher:
    publisher = Publisher(directory / "config")
    publish_with(publisher, **allocation)
    return publisher


def publish_with(publisher: Publisher, **allocation: Any) -> None:
    limits = {"limits__target_lag_ms": 10_000, "limits__requests_per_player_per_s": 1000}
    publisher.publish({"matchmaking": {**values(**limits), "allocation": {**STATIC, **allocation}}}, "ab" * 20)


@asynccontextmanager
async def running(directory: Path, log: EventLog | None = None) -> AsyncIterator[Service]:
    service = Service(LiveSettings(configedge.open(directory / "config", wait=10)), log=log)
    task = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def play(service: Service, player: str) -> int:
    return service.enqueue(Enqueue([PlayerIn(player, 1500.0)], "duel"))[0].id


async def ended(service: Service, *ids: int) -> list[dict[str, Any]]:
    await until(lambda: all(service.engine.tickets.get(id) is None for id in ids))
    return [service.describe(id) for id in ids]


async def test_a_match_is_told_with_its_server_to_all_players(tmp_path: Path) -> None:
    publish(tmp_path)
    async with running(tmp_path) as service:
        told = await ended(service, play(service, "ann"), play(service, "bob"))
    assert [one["server"] for one in told] == ["10.0.0.1:7777"] * 2
    assert told[0]["state"] == "assigned"


async def test_a_match_waits_until_a_server_is_released(tmp_path: Path) -> None:
    publish(tmp_path, attempts=2)
    async with running(tmp_path) as service:
        await ended(service, play(service, "ann"), play(service, "bob"))
        cat, dan = play(service, "cat"), play(service, "dan")
        await until(lambda: service.allocation.counts["failed"] > 0)
        assert "all 1 servers of us-east-1 are out" in service.allocation.error
        assert service.describe(cat)["state"] == "proposed"
        assert service.enqueue(Enqueue([PlayerIn("cat", 1500.0)], "duel"))[1], "who is in a match may not wait twice"
        assert service.allocation.release("10.0.0.1:7777") and not service.allocation.release("10.0.0.9:1")
        assert {one["server"] for one in await ended(service, cat, dan)} == {"10.0.0.1:7777"}


async def test_without_a_server_in_time_tickets_go_back_with_their_age(tmp_path: Path) -> None:
    publisher = publish(tmp_path, wait_s=0.2, servers={"eu-west-1": ["10.0.0.2:1"]})
    async with running(tmp_path) as service:
        ann, bob = play(service, "ann"), play(service, "bob")
        since = service.engine.tickets.get(ann).enqueued_at
        await until(lambda: service.counts["requeued"] >= 2)
        assert service.engine.tickets.get(ann).enqueued_at == since
        publish_with(publisher, wait_s=30, servers={"us-east-1": ["10.0.0.3:1"]})
        assert {one["server"] for one in await ended(service, ann, bob)} == {"10.0.0.3:1"}
    assert service.counts["assigned"] == 2


async def test_a_reserve_is_kept_where_there_are_matches(tmp_path: Path) -> None:
    publish(tmp_path, reserve=2, servers={"us-east-1": [f"10.0.0.{number}:7" for number in range(1, 6)]})
    async with running(tmp_path) as service:
        assert not service.allocation.ready(), "nobody plays yet"
        await ended(service, play(service, "ann"), play(service, "bob"))
        await until(lambda: service.allocation.ready() == {("us-east-1", "duel"): 2})
        again = play(service, "cat"), play(service, "dan")
        assert service.engine.tickets.get(again[0]) is None, "a server was there, so the match was told at once"
        await until(lambda: service.allocation.ready() == {("us-east-1", "duel"): 2})


async def test_who_cancels_while_a_server_is_sought_sets_the_others_free(tmp_path: Path) -> None:
    publish(tmp_path, servers={"eu-west-1": ["10.0.0.2:1"]})
    async with running(tmp_path) as service:
        ann, bob = play(service, "ann"), play(service, "bob")
        service.cancel(ann)
        assert service.describe(ann)["state"] == "cancelled"
        assert service.describe(bob)["state"] == "queued"
        assert list(service.engine.unserved()) == []


async def test_a_log_with_servers_replays_to_the_same(tmp_path: Path) -> None:
    publish(tmp_path)
    log = EventLog(tmp_path / "log", 1 << 20, 1)
    async with running(tmp_path, log) as service:
        await ended(service, play(service, "ann"), play(service, "bob"))
    log.close()
    counts = replay(LogFile(tmp_path / "log"))
    assert (counts["matches"], counts["unserved"]) == (1, 1)


def test_players_accept_before_a_server_is_sought() -> None:
    engine = engine_of(allocation=STATIC, modes__duel__accept_s=10)
    queue(engine, 0, "ann")
    queue(engine, 0, "bob")
    ids = [ticket.id for ticket in engine.tickets]
    assert not list(engine.unserved())
    engine.accept(ids[0], "ann", 1)
    engine.accept(ids[1], "bob", 1)
    [match] = engine.unserved()
    assert engine.accept(ids[0], "ann", 2) == []
    assert match_of(engine.serve(match.id, "10.0.0.1:1", 3)).server == "10.0.0.1:1"
    with pytest.raises(KeyError):
        engine.serve(match.id, "10.0.0.1:1", 3)
    assert len(engine) == 0


def test_a_match_without_server_is_dissolved_when_its_time_is_over() -> None:
    engine = engine_of(allocation=STATIC | {"wait_s": 5})
    queue(engine, 0, "ann")
    queue(engine, 0, "bob")
    events = settle(engine, 6)
    assert [event.reason for event in events if hasattr(event, "reason")] == [
        "no game server was to be had in time"
    ] * 2
    assert {ticket.state for ticket in engine.tickets} == {State.PROPOSED}, "they are matched again, and wait again"


async def test_the_pool_gives_out_what_has_been_free_for_longest_and_takes_back_what_is_old() -> None:
    clock = Clock()
    pool = StaticPool({"a": ["1", "2"]}, ttl_s=60, clock=clock)
    assert [await pool.allocate("a", "m"), await pool.allocate("a", "m")] == ["1", "2"]
    with pytest.raises(NoServer):
        await pool.allocate("a", "m")
    assert pool.release("2") and not pool.release("2")
    assert await pool.allocate("a", "m") == "2"
    clock.now += 60
    assert await pool.allocate("a", "m") == "1"
    with pytest.raises(NoServer, match="all 0 servers of b"):
        await pool.allocate("b", "m")


async def test_the_pool_follows_its_list() -> None:
    pool = StaticPool({"a": ["1", "2"], "b": ["3"]}, ttl_s=60)
    assert await pool.allocate("a", "m") == "1"
    pool.follow({"a": ["1", "3"], "b": []})
    assert await pool.allocate("a", "m") == "3"
    with pytest.raises(NoServer):
        await pool.allocate("a", "m")
    assert pool.release("1") and await pool.allocate("a", "m") == "1"


def test_servers_come_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("eu-west-1: [10.0.0.1:7777]\n")
    assert read_servers(str(tmp_path / "s.yaml")) == {"eu-west-1": ("10.0.0.1:7777",)}
    (tmp_path / "s.yaml").write_text("eu-west-1: 5\n")
    with pytest.raises(NoServer, match=r"s\.yaml: Expected `array`"):
        read_servers(str(tmp_path / "s.yaml"))


@pytest.mark.parametrize(
    ("allocation", "key"),
    [
        ({"provider": "magic"}, "allocation.provider"),
        ({"provider": "static"}, "allocation.servers"),
        ({"provider": "agones", "agones": {"url": "agones"}}, "allocation.agones.url"),
        ({"provider": "agones", "agones": {"url": "https://a", "api": "x"}}, "allocation.agones.api"),
        ({"provider": "agones", "agones": {"url": "https://a", "cert_file": "c"}}, "allocation.agones.cert_file"),
    ],
)
def test_settings_that_make_no_sense_are_named(allocation: dict[str, Any], key: str) -> None:
    with pytest.raises(SettingsError, match=key):
        settings_of(allocation=allocation)


async def test_a_match_made_while_another_is_told_of_its_server_gets_another_one(tmp_path: Path) -> None:
    publish(tmp_path, servers={"us-east-1": [f"s{n}:1" for n in range(4)]}, reserve=2)
    async with running(tmp_path) as service:
        # The reserve is for places that had matches.
        await ended(service, play(service, "first"), play(service, "second"))
        await until(lambda: sum(service.allocation.ready().values()) == 2)
        told: list[dict[str, Any]] = []

        def heard(ticket: Any, event: Any) -> None:
            if not told:
                told.append({})
                play(service, "c")
                told.append(service.describe(play(service, "d")))

        service.enqueue(Enqueue([PlayerIn("a", 1500.0)], "duel"), heard)
        outer = play(service, "b")
        assert {told[1]["state"], service.describe(outer)["state"]} == {"assigned"}
        assert told[1]["server"] != service.describe(outer)["server"]
