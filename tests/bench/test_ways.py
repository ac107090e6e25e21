"""Each way that is measured really brings what was pushed, and those who measure really count it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from benches.headline import visible
from benches.headline.requests import Customer
from benches.headline.sources import Source
from benches.night.runs import values
from benches.peers import Missing
from benches.veltrix import Overlay, redis, system
from benches.ways import Way, etcd, file, opened
from configedge.testing import Publisher
from matchmaker.core.settings import BUNDLE

# Far more than anything here takes on a busy machine.
_PATIENCE_S = 30.0
REGION = "eu-west-1"
NEEDS_REDIS = pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no redis-server on the path")

Push = Callable[[dict[str, Any]], object]
"""Publishes these values of the bundle."""


def source(stack: ExitStack, name: str, root: Path) -> tuple[str, Push]:
    """Where the way has it from, and how to push. Weight 1 is there."""
    if name == "file":
        path, versions = root / "config.json", iter(range(1, 100))
        file.write(path, values(1.0, REGION), next(versions))
        return str(path), lambda changed: file.write(path, changed, next(versions))
    if name == "configedge":
        publisher = Publisher(root / "snapshots")
        publisher.publish({BUNDLE: values(1.0, REGION)})
        return str(root / "snapshots"), lambda changed: publisher.publish({BUNDLE: changed})
    if name == "etcd":
        try:
            running = stack.enter_context(etcd.running(root))
        except Missing as lack:
            pytest.skip(str(lack))
        etcd.write(running.url, values(1.0, REGION))
        return running.url, lambda changed: etcd.write(running.url, changed)
    if name == "veltrix":
        pytest.importorskip("grpc", reason="grpcio is not installed: make bench installs it")
        rival = stack.enter_context(system.running(root, [Overlay()], values(1.0, REGION)))
        return str(rival.nodes[0].ports[0]), rival.push
    server = stack.enter_context(redis.running(root))
    redis.push(server.client, BUNDLE, values(1.0, REGION))
    return str(server.port), lambda changed: redis.push(server.client, BUNDLE, changed)


@asynccontextmanager
async def following(way: Way) -> AsyncIterator[None]:
    if way.follow is None:
        yield
        return
    task = asyncio.create_task(way.follow)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    "name",
    [
        "file",
        "configedge",
        "etcd",
        pytest.param("redis", marks=NEEDS_REDIS),
        pytest.param("redis_cache", marks=NEEDS_REDIS),
        pytest.param("veltrix", marks=NEEDS_REDIS),
    ],
)
async def test_a_way_brings_what_was_pushed(tmp_path: Path, name: str) -> None:
    with ExitStack() as stack:
        at, push = source(stack, name, tmp_path)
        way = await opened(name, at)
        assert way.settings.current().regions[REGION].weight == 1.0
        exec(way.statement, dict(way.scope))
        async with following(way):
            push(values(1.5, REGION))
            deadline = time.monotonic() + _PATIENCE_S
            while way.settings.current().regions[REGION].weight != 1.5:
                assert time.monotonic() < deadline, f"{name} never brought the push"
                await asyncio.sleep(0.02)
                if way.ask:
                    await way.ask()


async def test_a_way_that_there_is_not_is_no_way() -> None:
    with pytest.raises(KeyError):
        await opened("by post", "")


def test_a_customer_tells_what_it_was_served(tmp_path: Path) -> None:
    with ExitStack() as stack:
        at, _ = source(stack, "configedge", tmp_path)
        customer = Customer("configedge", Source(at), tmp_path / "customer.log")
        stack.callback(customer.close)
        customer.ask()
        assert customer.ask(alone=0.01)["ns"] > 0
        served, per_core = customer.offered(1000, 0.2)
        assert served > 0
        assert per_core > 0


@pytest.mark.parametrize("way", ["configedge", pytest.param("redis", marks=NEEDS_REDIS)])
def test_all_readers_tell_when_they_could_read_a_push(tmp_path: Path, way: str) -> None:
    began = time.time_ns()
    with ExitStack() as stack:
        at, push = source(stack, way, tmp_path)
        seen = stack.enter_context(visible.watching(way, at, 3, tmp_path))
        changed = values(1.0)
        changed["limits"]["retry_after_s"] = 7
        push(changed)
        assert visible.last(seen, 7) > began
        assert all(seen(7))
        assert not any(seen(8))
