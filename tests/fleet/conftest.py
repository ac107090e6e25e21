from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from matchmaker.fleet import Log, MemoryLog
from matchmaker.fleet.jetstream import JetStreamLog
from tests.support.broker import Broker, broker

Open = Callable[[], Awaitable[Log]]

_prefixes = (f"t{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("broker")) as it:
        yield it


@pytest.fixture(params=["memory", "file", "file without sync", "nats"])
async def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens the log of this test, each time anew: what one wrote is there for the next, save in memory."""
    kind, prefix, logs = request.param, next(_prefixes), []

    async def opening() -> Log:
        log: Log
        if kind == "nats":
            url = request.getfixturevalue("shared_broker").url
            log = await JetStreamLog.connect(url, prefix=prefix)
        elif kind == "memory":
            log = MemoryLog()
        else:
            log = MemoryLog(tmp_path / "journal", sync="never" if "without" in kind else "always")
        logs.append(log)
        return log

    yield opening
    for log in logs:
        await log.close()


@pytest.fixture
async def log(open_log: Open) -> Log:
    return await open_log()
