from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.control import Control, running


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """One control plane for a module, open to everybody on this machine; each test has bundles of its own in it."""
    with running(tmp_path_factory.mktemp("cli") / "repo") as control:
        yield control
