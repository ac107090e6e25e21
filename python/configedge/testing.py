"""Snapshots without a relay, for the unit tests of services that read configuration.

def test_it(tmp_path):
    configedge.testing.publish(tmp_path / "cfg", {"matchmaking": {"max_ping_ms": 80}})
    cfg = configedge.open(tmp_path / "cfg")
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from configedge._core import Publisher

__all__ = ["Publisher", "publish"]


def publish(path: str | os.PathLike[str], bundles: Mapping[str, Mapping[str, Any]], commit: str = "") -> int:
    """Makes `bundles` (name -> values, nested dicts and lists of JSON types) all that readers of `path` see.

    The directory is made if it is missing. Gives the generation, which counts up with each call. `commit` is 40 or 64
    hexadecimal digits, or empty. For many publishes keep a `Publisher(path)` and call its `publish`.

    Raises TypeError for a value that JSON has no type for, ValueError for a key or size over a limit, OSError if the
    directory cannot be written or a relay publishes there.
    """
    return Publisher(path).publish({name: dict(values) for name, values in bundles.items()}, commit)
