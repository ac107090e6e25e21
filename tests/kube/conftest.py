"""Tests on a real API server. They run where they are asked for, `make test-kube`, and are no part of `make test`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.kube import binaries
from tests.kube.apiserver import ApiServer, api_server
from tests.kube.binaries import Binary, Unavailable
from tests.kube.cluster import define

HERE = Path(__file__).resolve().parent
TIMEOUT_S = 600


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only what somebody named is collected here: servers take minutes to build and to run."""
    asked = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path == HERE or HERE in path.parents for path in asked) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a file waits for servers to start, and on a busy machine each waits for what they do."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.fixture(scope="session", autouse=True)
def servers() -> None:
    """Builds what is not built yet; where that cannot be done everything here is skipped by name."""
    need(binaries.KUBERNETES)


@pytest.fixture(scope="session")
def controllers(servers: None) -> None:
    """The same for Flux."""
    need(binaries.FLUX)


def need(wanted: Iterable[Binary]) -> None:
    try:
        for binary in wanted:
            binary.build()
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def server(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """One for all tests here, with the CRD: each test takes a namespace of its own."""
    with api_server(tmp_path_factory.mktemp("kube")) as running:
        define(running.admin)
        yield running
