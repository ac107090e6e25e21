"""`multiprocessing.shared_memory` and `struct`, without and with a guard against torn or mixed values."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

from benches.peers import VALUE, Read

# A sequence lock, as a writer in another process would need: a generation, the value, and the generation again.
SEQLOCK = """\
while True:
    before = generation(buffer, 64)[0]
    value = unpack(buffer, 128)[0]
    if generation(buffer, 64)[0] == before: break"""


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    memory = SharedMemory(create=True, size=4096)
    buffer = memory.buf
    assert buffer is not None
    try:
        struct.pack_into("<d", buffer, 128, VALUE)
        prepared = {
            "buffer": buffer,
            "unpack": struct.Struct("<d").unpack_from,
            "generation": struct.Struct("<Q").unpack_from,
        }
        module = {"memory": memory, "struct": struct}
        yield [
            Read("SharedMemory + struct", 'struct.unpack_from("<d", memory.buf, 128)[0]', module),
            Read("SharedMemory + prepared Struct", "unpack(buffer, 128)[0]", prepared),
            Read("SharedMemory + seqlock in Python", SEQLOCK, prepared),
        ]
    finally:
        memory.close()
        memory.unlink()
