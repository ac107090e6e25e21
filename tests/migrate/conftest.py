from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.control import Control, running
from tests.support.legacy import Redis, legacy_redis


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """One control plane for a module; each test has bundles of its own in it."""
    with running(tmp_path_factory.mktemp("migrate") / "repo") as control:
        yield control


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with legacy_redis(tmp_path_factory.mktemp("legacy")) as server:
        yield server


@pytest.fixture
def legacy(server: Redis) -> Redis:
    """An empty Redis."""
    server.client.flushall()
    return server
