from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configedge.testing import Publisher


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


@pytest.fixture
def publish(directory: Path) -> Callable[..., int]:
    """Publishes the keyword arguments as the values of one bundle `m`."""
    publisher = Publisher(directory)

    def publish(commit: str = "", **values: Any) -> int:
        return publisher.publish({"m": values}, commit)

    return publish
