from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.control import Control, running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """One control plane for a module; each test has bundles of its own in it."""
    with running(tmp_path_factory.mktemp("control") / "repo") as control:
        yield control


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    with running(tmp_path / "repo") as control:
        yield control
