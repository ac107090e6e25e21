"""Configuration without a relay, for the unit tests of services that read it.

def test_it():
    cfg = configedge.testing.reader({"matchmaking": {"max_ping_ms": 80}})
    assert my_service(cfg).limit == 80
    cfg.publish({"matchmaking": {"max_ping_ms": 90}})      # as if an operator had pushed
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from typing import Any, Self

from configedge._core import Publisher, Reader

__all__ = ["Publisher", "TestReader", "publish", "reader"]

Bundles = Mapping[str, Mapping[str, Any]]


class TestReader(Reader):
    """A reader of a snapshot directory of its own, in memory where the machine has a file system there."""

    _publisher: Publisher
    # A test runner that collects by name must not take this for a test.
    __test__ = False

    def __new__(cls, bundles: Bundles, commit: str = "") -> Self:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        directory = tempfile.mkdtemp(prefix="configedge-test-", dir=memory)
        try:
            os.chmod(directory, 0o755)
            publisher = Publisher(directory)
            publisher.publish(_plain(bundles), commit)
            made = super().__new__(cls, directory)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        made._publisher = publisher
        weakref.finalize(made, _remove, directory, os.getpid())
        return made

    def publish(self, bundles: Bundles, commit: str = "", secrets: Iterable[str] = ()) -> int:
        """Makes `bundles` all that is read from now on; see the function `publish`."""
        return self._publisher.publish(_plain(bundles), commit, list(secrets))


def reader(bundles: Bundles, commit: str = "") -> TestReader:
    """A reader of `bundles` (name -> values, nested dicts and lists of JSON types); `publish` on it changes them.

    Its directory goes when it goes. Raises as `publish` does.
    """
    return TestReader(bundles, commit)


def publish(path: str | os.PathLike[str], bundles: Bundles, commit: str = "", secrets: Iterable[str] = ()) -> int:
    """Makes `bundles` (name -> values, nested dicts and lists of JSON types) all that readers of `path` see.

    The directory is made if it is missing. Gives the generation, which counts up with each call. `commit` is 40 or 64
    hexadecimal digits, or empty. `secrets` are keys whose values tools do not show. For many publishes keep a
    `Publisher(path)` and call its `publish`.

    Raises TypeError for a value that JSON has no type for, ValueError for a key or size over a limit, OSError if the
    directory cannot be written or a relay publishes there.
    """
    return Publisher(path).publish(_plain(bundles), commit, list(secrets))


def _remove(directory: str, maker: int) -> None:
    # A forked child that ends must not take it away from its parent.
    if os.getpid() == maker:
        shutil.rmtree(directory, ignore_errors=True)


def _plain(bundles: Bundles) -> dict[str, dict[str, Any]]:
    return {name: dict(values) for name, values in bundles.items()}
