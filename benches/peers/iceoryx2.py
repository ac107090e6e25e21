"""iceoryx2's blackboard, a key-value store in shared memory, with its writer in another process.

Run as a module it is that writer: `python -m benches.peers.iceoryx2 SERVICE NUMBER_OF_ENTRIES`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benches.peers import VALUE, Read, ready, until_stopped
from configedge.cli.processes import Service

# A blackboard's keys are of a fixed size; numbers are the smallest.
ENTRY = 7


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    node = _node(iox2 := import_module("iceoryx2"))
    name = f"configedge/bench/{os.getpid()}"
    command = [sys.executable, "-m", "benches.peers.iceoryx2", name, str(len(values))]
    writer = Service("iceoryx2 writer", command, scratch / "iceoryx2.log")
    try:
        writer.ready()
        board = node.service_builder(iox2.ServiceName.new(name)).blackboard_opener(ctypes.c_uint64).open()
        entry = board.reader_builder().create().entry(ctypes.c_uint64(ENTRY), ctypes.c_double)
        scope = {"entry": entry, "double": ctypes.c_double}
        yield [Read("iceoryx2 blackboard, get + decode", "entry.get().decode_as(double).value", scope, faster=50)]
    finally:
        writer.stop()


def _node(iox2: Any) -> Any:
    iox2.set_log_level(iox2.LogLevel.Error)
    return iox2.NodeBuilder.new().create(iox2.ServiceType.Ipc)


def write(name: str, entries: int) -> None:
    node = _node(iox2 := import_module("iceoryx2"))
    board = node.service_builder(iox2.ServiceName.new(name)).blackboard_creator(ctypes.c_uint64)
    for number in range(entries):
        board = board.add(ctypes.c_uint64(number), ctypes.c_double(VALUE if number == ENTRY else number))
    service = board.create()
    writer = service.writer_builder().create()
    ready(service=name)
    until_stopped()
    # In this order, so that nothing of it stays in shared memory.
    del writer, service, node


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
