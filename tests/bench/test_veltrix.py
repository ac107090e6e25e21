"""The rival does what it is said to do: it would be no rival otherwise."""

from __future__ import annotations

import asyncio
import copy
import itertools
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benches.veltrix import Overlay, key_of, redis
from benches.veltrix.cache import Cache
from benches.veltrix.process import samples
from benches.veltrix.system import Node, Veltrix, running
from configedge.cli import example
from matchmaker.client import RequestRefused, connect
from matchmaker.core.settings import BUNDLE

pytest.importorskip("grpc", reason="grpcio is not installed: make bench installs it")
pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no redis-server on the path")

# Far more than anything here takes on a busy machine.
_PATIENCE_S = 30.0


def values(weight: float = 1.0) -> dict[str, Any]:
    made = copy.deepcopy(example.document()["spec"]["values"])
    made["regions"]["eu-west-1"]["weight"] = weight
    return made  # type: ignore[no-any-return]


@contextmanager
def veltrix(root: Path, *overlays: Overlay) -> Iterator[Veltrix]:
    with running(root, overlays, values()) as system:
        yield system


def decided(node: Node) -> dict[str, Any]:
    """Plays one duel; gives what its winner, or loser, was told. Raises RequestRefused."""

    async def play() -> dict[str, Any]:
        async with await connect(node.gateway) as client:
            name = f"{time.monotonic_ns():x}"
            both = [
                client.enqueue({"mode": "duel", "players": [{"id": f"{name}{side}", "rating": 1500}]}) for side in "ab"
            ]
            told = [await one.result() for one in both]
            return told[0]

    return asyncio.run(asyncio.wait_for(play(), _PATIENCE_S))


def until_decided_under(node: Node, version: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while decided(node)["generation"] != version:
        assert time.monotonic() < deadline, f"no decision under version {version}"
        time.sleep(0.02)


def until_counted(file: Path, name: str, least: float) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not (lines := samples(file)) or lines[-1][name] < least:
        assert time.monotonic() < deadline, f"{name} never came to {least}: {lines[-1:]}"
        time.sleep(0.05)


def test_a_push_empties_every_cache_and_the_next_requests_are_decided_by_it(tmp_path: Path) -> None:
    with veltrix(tmp_path, Overlay(instances=2)) as system:
        node = system.nodes[0]
        assert decided(node)["generation"] == 1
        assert system.push(values(1.5)) == 2
        for file in node.caches:
            until_counted(file, "flushes", 1)
        until_decided_under(node, 2)
        # And by no older one again, whichever of the two answers.
        assert [decided(node)["generation"] for _ in range(6)] == [2] * 6
        until_counted(node.calls, "calls", 12)


def test_a_stall_upstream_after_a_flush_is_an_outage_and_ends_with_it(tmp_path: Path) -> None:
    with veltrix(tmp_path, Overlay()) as system:
        node = system.nodes[0]
        system.stall(600)
        assert decided(node)["generation"] == 1, "what is in the cache needs no upstream"
        system.push(values(1.5), work_ms=47)
        until_counted(node.caches[0], "flushes", 1)
        with pytest.raises(RequestRefused, match="no answer in 3 tries") as refused:
            decided(node)
        assert refused.value.status == 503
        assert refused.value.retry_after_s
        until_counted(node.calls, "retries", 2)
        system.stall(0)
        until_decided_under(node, 2)


def test_answers_from_before_would_have_served_through_the_stall(tmp_path: Path) -> None:
    with veltrix(tmp_path, Overlay(stale=True)) as system:
        node = system.nodes[0]
        system.stall(600)
        system.push(values(1.5))
        until_counted(node.caches[0], "flushes", 1)
        assert decided(node)["generation"] == 1


def test_without_a_flush_two_nodes_decide_by_different_versions_until_their_timers_end(tmp_path: Path) -> None:
    early = Overlay(ttl_s=1, flush=False, replica=True)
    late = Overlay(ttl_s=600, flush=False, replica=True)
    with veltrix(tmp_path, early, late) as system:
        assert system.push(values(3.0)) == 2
        until_decided_under(system.nodes[0], 2)
        assert decided(system.nodes[1])["generation"] == 1


def test_redis_is_near_its_limit_and_keeps_the_configuration(tmp_path: Path) -> None:
    with veltrix(tmp_path) as system:
        client = system.store.client
        memory = client.info("memory")
        assert memory["used_memory"] > 0.9 * memory["maxmemory"]
        # More sessions than fit: others go, the bundle stays.
        for number in range(20):
            client.set(f"session:more-{number}", b"x" * (1 << 20), ex=60)
        assert client.info("stats")["evicted_keys"]
        version, held = redis.tree(client.hgetall(key_of(BUNDLE)))
        assert (version, held) == (1, values())


async def test_a_miss_is_loaded_once_and_what_a_flush_overtook_is_not_kept() -> None:
    loads: list[asyncio.Future[str]] = []

    def load(key: str) -> asyncio.Future[str]:
        loads.append(asyncio.get_running_loop().create_future())
        return loads[-1]

    cache = Cache[str](load, ttl_s=60)
    first, second = (asyncio.create_task(cache.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (cache.misses, len(loads)) == (2, 1)
    cache.flush()
    third = asyncio.create_task(cache.get("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loads[0].set_result("old")
    loads[1].set_result("new")
    assert [await first, await second, await third] == ["old", "old", "new"]
    assert cache.fresh("a") == "new"


async def test_a_failed_load_is_told_to_all_that_waited_and_not_kept() -> None:
    answers = iter([OSError("gone"), None])

    async def load(key: str) -> str:
        if error := next(answers):
            raise error
        return "there"

    cache = Cache[str](load, ttl_s=60)
    told = await asyncio.gather(cache.get("a"), cache.get("a"), return_exceptions=True)
    assert [str(one) for one in told] == ["gone", "gone"]
    assert cache.failed == 1
    assert await cache.get("a") == "there"


@pytest.mark.parametrize("phase_s", [None, 0.0])
async def test_an_entry_lives_until_its_time_or_the_timers(phase_s: float | None) -> None:
    loaded = itertools.count()

    async def load(key: str) -> int:
        return next(loaded)

    cache = Cache[int](load, ttl_s=0.05, phase_s=phase_s)
    first = await cache.get("a")
    deadline = time.monotonic() + _PATIENCE_S
    while await cache.get("a") == first:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def test_timers_of_different_phases_end_at_different_times() -> None:
    async def load(key: str) -> str:
        return key

    begun = time.monotonic()
    # One ended just before it was loaded, so it lives for 600 s; the other one ends in a moment.
    late, early = (Cache[str](load, ttl_s=600, phase_s=begun + at) for at in (0.0, 0.05))
    await late.get("a")
    await early.get("a")
    await asyncio.sleep(0.1)
    assert late.fresh("a") == "a"
    assert early.fresh("a") is None
