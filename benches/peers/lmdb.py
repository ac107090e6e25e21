"""py-lmdb: a B+ tree in a memory map. A value is bytes until somebody unpacks it."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path

from benches.peers import KEY, Read


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    lmdb = import_module("lmdb")
    directory = str(scratch / "lmdb")
    double = struct.Struct("<d")
    with closing(lmdb.open(directory, map_size=1 << 24)) as written, written.begin(write=True) as txn:
        for key, value in values.items():
            txn.put(key.encode(), double.pack(value))
    with closing(lmdb.open(directory, readonly=True, max_spare_txns=4)) as env:
        scope = {"key": KEY.encode(), "unpack": double.unpack, "begin": env.begin}
        # An open transaction reads one moment's values for ever; one a read is what live reads would need.
        with env.begin() as txn, env.begin(buffers=True) as buffers:
            yield [
                Read("py-lmdb, open txn", "unpack(txn.get(key))[0]", {**scope, "txn": txn}, faster=10),
                Read("py-lmdb, open txn, buffers", "unpack(txn.get(key))[0]", {**scope, "txn": buffers}),
                Read("py-lmdb, txn per read", "with begin() as txn: value = unpack(txn.get(key))[0]", scope),
            ]
