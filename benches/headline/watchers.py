"""Local readers that wait for a push: processes that write down when each of them could read it.

`python -m benches.headline.watchers WAY AT COUNT FILE`. The file is a table of COUNT x PUSHES u64: ns since the epoch.
Each push sets `limits.retry_after_s` to its number.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import configedge
from benches.peers import ready, until_stopped
from benches.veltrix import CHANNEL, key_of
from matchmaker.core.settings import BUNDLE

PUSHES = 512
_KEY = "limits.retry_after_s"
_CELL = struct.Struct("<Q")


def table(file: Path, count: int) -> Callable[[int], list[int]]:
    """Makes the file; gives what tells when each reader could read a push of a number, 0 if it could not yet."""
    file.write_bytes(bytes(count * PUSHES * _CELL.size))
    with file.open("r+b") as opened:
        cells = mmap.mmap(opened.fileno(), 0)
    return lambda number: [_CELL.unpack_from(cells, _at(reader, number))[0] for reader in range(count)]


def _at(reader: int, number: int) -> int:
    return (reader * PUSHES + number) * _CELL.size


def of_configedge(at: str) -> Iterator[int]:
    """0 when it waits, then numbers of pushes, each as soon as it can be read from the snapshot directory `at`."""
    watch = configedge.open(at, wait=20).watch(f"{BUNDLE}.{_KEY}")
    yield 0
    for change in watch:
        yield change.snapshot[f"{BUNDLE}.{_KEY}"]


def of_redis(at: str) -> Iterator[int]:
    """As above, from Redis on port `at`: told by pub/sub, then read."""
    redis: Any = import_module("redis")
    client = redis.Redis(host="127.0.0.1", port=int(at))
    with client.pubsub() as published:
        published.subscribe(CHANNEL)
        for message in published.listen():
            yield int(client.hget(key_of(BUNDLE), _KEY)) if message["type"] == "message" else 0


WAYS = {"configedge": of_configedge, "redis": of_redis}


def _watch(way: str, at: str, cells: mmap.mmap, reader: int) -> None:
    for number in WAYS[way](at):
        _CELL.pack_into(cells, _at(reader, number), time.time_ns())


def main(way: str, at: str, count: int, file: Path) -> None:
    with file.open("r+b") as opened:
        cells = mmap.mmap(opened.fileno(), 0)
    # Before there are many of them: each would import it by itself.
    import_module(way)
    children = []
    for reader in range(count):
        child = os.fork()
        if not child:
            _watch(way, at, cells, reader)
            os._exit(1)
        children.append(child)
    ready()
    until_stopped()
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
