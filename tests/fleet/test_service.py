"""Players of a whole fleet: edges and owners on one log, and what each player is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

import configedge
from configedge.testing import Publisher
from matchmaker.age_token import sign_age
from matchmaker.core.refused import Refused
from matchmaker.edge.frames import Kind
from matchmaker.fleet import Log, MemoryLog
from matchmaker.fleet.backend import FleetBackend
from matchmaker.fleet.partition import Pace
from matchmaker.fleet.partitions import Partitions
from matchmaker.fleet.service import FleetService
from matchmaker.live import LiveSettings
from matchmaker.request import Enqueue, PlayerIn
from tests.support.matchmaker import values as example


def values(**changes: Any) -> dict[str, Any]:
    """Without what depends on how busy this machine is."""
    return example(limits__target_lag_ms=10_000, limits__requests_per_player_per_s=1000, **changes)


PACE = Pace(sweep=0.005, snapshot=0.2)
PARTITIONS = Partitions(["eu-west-1/duel,squad", "us-east-1/duel"])


class Heard:
    """What a player hears, as (kind, body)."""

    def __init__(self) -> None:
        self.all: list[tuple[int, dict[str, Any]]] = []
        self._more = asyncio.Event()

    def heard(self, kind: int, body: bytes) -> None:
        self.all.append((kind, msgspec.json.decode(body)))
        self._more.set()

    async def until(self, kind: Kind) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while not any(k == kind for k, _ in self.all):
                self._more.clear()
                await self._more.wait()
        return next(body for k, body in self.all if k == kind)


@pytest.fixture
def published(tmp_path: Path) -> Publisher:
    publisher = Publisher(tmp_path / "config")
    publisher.publish({"matchmaking": values()}, "ab" * 20)
    return publisher


@asynccontextmanager
async def members(
    path: Path,
    log: Log,
    *names: str,
    own: bool = True,
    partitions: Partitions | None = PARTITIONS,
    key: bytes | None = None,
) -> AsyncIterator[list[FleetBackend]]:
    services = []
    for name in names:
        settings = LiveSettings(configedge.open(path / "config", wait=10))
        services.append(FleetService(settings, log, name, partitions, key, ttl=0.5, pace=PACE, own=own))
    tasks = [asyncio.create_task(service.run()) for service in services]
    try:
        yield [FleetBackend(service) for service in services]
    finally:
        await asyncio.gather(*(service.drain() for service in services))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def request(*players: str, region: str = "eu-west-1", mode: str = "duel", **more: Any) -> Enqueue:
    return Enqueue([PlayerIn(player, 1500.0, {region: 10.0, "sa-east-1": 200.0}) for player in players], mode, **more)


async def play(backend: FleetBackend, wanted: Enqueue) -> Heard:
    heard = Heard()
    backend.enqueue(wanted, heard, watch=True, address=str)
    return heard


async def asked(backend: FleetBackend, kind: Kind, id: str, player: str = "") -> dict[str, Any]:
    heard = Heard()
    backend.operate(kind, id, heard, player)
    return await heard.until(Kind.STATE)


async def test_players_at_two_edges_meet_and_hear_the_same_match(tmp_path: Path, published: Publisher) -> None:
    async with members(tmp_path, MemoryLog(), "one", "two") as (one, two):
        ann, bob = await play(one, request("ann")), await play(two, request("bob"))
        told = await ann.until(Kind.ASSIGNED), await bob.until(Kind.ASSIGNED)
    assert told[0]["match_id"] == told[1]["match_id"] and told[0]["ticket_id"] != told[1]["ticket_id"]
    assert sorted(told[0]["teams"]) == [["ann"], ["bob"]]
    assert (told[0]["commit"], told[0]["generation"]) == ("ab" * 20, 1)
    assert {kind for kind, _ in ann.all} <= {Kind.QUEUED, Kind.ASSIGNED}


async def test_a_ticket_is_found_cancelled_and_asked_for_at_any_edge(tmp_path: Path, published: Publisher) -> None:
    async with members(tmp_path, MemoryLog(), "one", "two") as (one, two):
        ann = await play(one, request("ann"))
        id = (await ann.until(Kind.QUEUED))["ticket_id"]
        assert (await asked(two, Kind.GET, id))["state"] == "queued"
        follower = Heard()
        two.follow(id, follower)
        assert (await asked(two, Kind.CANCEL, id))["state"] == "cancelled"
        assert (await ann.until(Kind.ENDED))["state"] == (await follower.until(Kind.ENDED))["state"] == "cancelled"
        assert (await asked(one, Kind.CANCEL, id))["reason"] == "cancelled by the player"
        async with members(tmp_path, one.service.log, "three", own=False) as (three,):
            await asyncio.sleep(0.1)
            assert (await asked(three, Kind.GET, id))["state"] == "cancelled"
        lost = Heard()
        one.operate(Kind.GET, id[:-1] + ("1" if id[-1] == "0" else "0"), lost)
        assert (await lost.until(Kind.REFUSED))["status"] == 404
        with pytest.raises(KeyError):
            one.operate(Kind.GET, "nowhere.1", lost)


async def test_who_waited_elsewhere_before_keeps_his_age_in_the_log(tmp_path: Path, published: Publisher) -> None:
    async with members(tmp_path, MemoryLog(), "one", "two", key=bytes(32)) as (one, two):
        token = sign_age(bytes(32), ["ann"], time.time() - 10, time.time())
        ann = await play(one, request("ann", age_token=token))
        queued = await ann.until(Kind.QUEUED)
        seen = await asked(two, Kind.GET, queued["ticket_id"])
        await play(two, request("bob"))
        # Edge and log look at the clock one after the other, and a token has milliseconds.
        for told in (queued, seen, await ann.until(Kind.ASSIGNED)):
            assert 9_900 <= told["waited_ms"] < 20_000


async def test_a_player_who_waits_gets_the_same_ticket_wherever_he_asks_again(
    tmp_path: Path, published: Publisher
) -> None:
    async with members(tmp_path, MemoryLog(), "one", "two") as (one, two):
        first = await play(one, request("ann"))
        id = (await first.until(Kind.QUEUED))["ticket_id"]
        again = await play(two, request("ann"))
        async with asyncio.timeout(30):
            while not any(body.get("deduplicated") for _, body in again.all):
                await asyncio.sleep(0.01)
        own = again.all[0][1]["ticket_id"]
        assert again.all[-1][1]["ticket_id"] == id != own
        # The name that the second request was acknowledged with stands for the ticket too.
        assert (await asked(one, Kind.GET, own))["ticket_id"] == id
        # Also at an edge that did not hear of it, and is told of all that follows.
        async with members(tmp_path, one.service.log, "late", own=False) as (late,):
            late.service.front._others.clear()
            assert (await asked(late, Kind.GET, own))["ticket_id"] == id
            follower = Heard()
            late.follow(own, follower)
            await play(two, request("bob"))
            assert (await follower.until(Kind.ASSIGNED))["ticket_id"] == id
        assert (await again.until(Kind.ASSIGNED))["ticket_id"] == (await first.until(Kind.ASSIGNED))["ticket_id"] == id


async def test_a_request_with_a_key_has_one_ticket_also_after_that_has_ended(
    tmp_path: Path, published: Publisher
) -> None:
    async with members(tmp_path, MemoryLog(), "one", "two") as (one, two):
        first = await play(one, request("ann", key="k"))
        await play(two, request("bob"))
        match = await first.until(Kind.ASSIGNED)
        again = await play(two, request("ann", key="k"))
        told = await again.until(Kind.ASSIGNED)
        assert (told["match_id"], told["ticket_id"]) == (match["match_id"], match["ticket_id"])
        other = await play(two, request("ann", mode="squad", key="k"))
        assert (await other.until(Kind.REFUSED))["status"] == 409


async def test_what_only_the_owner_can_refuse_is_refused_later(tmp_path: Path, published: Publisher) -> None:
    published.publish({"matchmaking": values(limits__max_queued_per_pool=1)}, "ab" * 20)
    async with members(tmp_path, MemoryLog(), "one") as (one,):
        await (await play(one, request("ann", mode="squad"))).until(Kind.QUEUED)
        full = await play(one, request("bob", mode="squad"))
        told = await full.until(Kind.REFUSED)
        assert (told["status"], told["op"]) == (503, "enqueue")
        assert len(one.service.engine) == 1
        with pytest.raises(Refused, match="no partition"):
            await play(one, request("cat", region="us-east-1", mode="squad"))


async def test_players_accept_a_match_at_their_own_edges(tmp_path: Path, published: Publisher) -> None:
    published.publish({"matchmaking": values(modes__duel__accept_s=30)}, "ab" * 20)
    async with members(tmp_path, MemoryLog(), "one", "two") as (one, two):
        ann, bob = await play(one, request("ann")), await play(two, request("bob"))
        a, b = await ann.until(Kind.PROPOSED), await bob.until(Kind.PROPOSED)
        assert 0 < a["accept_within_s"] <= 30
        assert (await asked(one, Kind.ACCEPT, a["ticket_id"], "ann"))["state"] == "proposed"
        assert (await asked(two, Kind.DECLINE, b["ticket_id"]))["state"] == "rejected"
        await ann.until(Kind.REQUEUED)
        cat = await play(two, request("cat"))
        c = await cat.until(Kind.PROPOSED)
        assert (await asked(two, Kind.ACCEPT, c["ticket_id"], "cat"))["state"] == "proposed"
        assert (await asked(two, Kind.ACCEPT, a["ticket_id"], "ann"))["state"] == "assigned"
        assert (await ann.until(Kind.ASSIGNED))["match_id"] == (await cat.until(Kind.ASSIGNED))["match_id"]


async def test_settings_go_through_the_log_and_every_match_says_which(tmp_path: Path, published: Publisher) -> None:
    async with members(tmp_path, MemoryLog(), "one", "two") as (one, two):
        ann = await play(one, request("ann"))
        await ann.until(Kind.QUEUED)
        generation = published.publish({"matchmaking": values()}, "cd" * 20)
        async with asyncio.timeout(30):
            while not all(
                machine.engine and machine.engine.settings.generation == generation
                for backend in (one, two)
                for name, machine in backend.service.machines.items()
                if name in backend.service.owner.serving
            ):
                await asyncio.sleep(0.01)
        await play(two, request("bob"))
        told = await ann.until(Kind.ASSIGNED)
        assert (told["generation"], told["commit"]) == (generation, "cd" * 20)


async def test_tickets_outlive_a_member_and_keep_their_age(tmp_path: Path, published: Publisher) -> None:
    log = MemoryLog()
    async with members(tmp_path, log, "edge", own=False) as (edge,):
        async with members(tmp_path, log, "first"):
            ann = await play(edge, request("ann"))
            id = (await ann.until(Kind.QUEUED))["ticket_id"]
            await asyncio.sleep(0.3)
        async with members(tmp_path, log, "second"):
            assert (await asked(edge, Kind.GET, id))["waited_ms"] >= 300
            await play(edge, request("bob"))
            assert (await ann.until(Kind.ASSIGNED))["waited_ms"] >= 300


async def test_without_a_list_each_region_is_a_partition_also_a_new_one(tmp_path: Path, published: Publisher) -> None:
    async with members(tmp_path, MemoryLog(), "one", partitions=None) as (one,):
        changed = values()
        changed["regions"]["af-south-1"] = {"weight": 1.0, "open": True, "load": 0.0}
        published.publish({"matchmaking": changed}, "cd" * 20)
        async with asyncio.timeout(30):
            while "af-south-1/*" not in one.service.owner.serving:
                await asyncio.sleep(0.01)
        ann = await play(one, request("ann", region="af-south-1"))
        await play(one, request("bob", region="af-south-1"))
        assert (await ann.until(Kind.ASSIGNED))["region"] == "af-south-1"


async def test_a_fleet_gives_each_match_a_server_and_remembers_which_are_out(
    tmp_path: Path, published: Publisher
) -> None:
    servers = [f"10.0.0.{number}:7" for number in range(1, 9)]
    allocation = {"provider": "static", "servers": {"eu-west-1": servers, "us-east-1": servers[:0]}, "wait_s": 60}
    published.publish({"matchmaking": {**values(), "allocation": allocation}}, "ab" * 20)
    log, given = MemoryLog(), []
    async with members(tmp_path, log, "edge", own=False) as (edge,):
        for owner in ("first", "second"):
            async with members(tmp_path, log, owner):
                for number in range(4):
                    ann = await play(edge, request(f"{owner}{number}a"))
                    await play(edge, request(f"{owner}{number}b"))
                    given.append((await ann.until(Kind.ASSIGNED))["server"])
        assert sorted(given) == servers, "a server was given out twice, or by who was not to know of it"
        async with members(tmp_path, log, "third") as (third,):
            ann, bob = await play(edge, request("ann")), await play(edge, request("bob"))
            async with asyncio.timeout(30):
                while "all 8 servers" not in third.service.stats()["allocation"]["error"]:
                    await asyncio.sleep(0.02)
            assert (await asked(edge, Kind.GET, ann.all[0][1]["ticket_id"]))["state"] in ("queued", "proposed")
            edge.service.release(servers[2])
            assert (await ann.until(Kind.ASSIGNED))["server"] == servers[2]
            assert (await bob.until(Kind.ASSIGNED))["server"] == servers[2]
