"""A JSON document in a memory map, parsed at each read: live, and simple."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path

from benches.peers import KEY, Read


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    orjson = import_module("orjson")
    path = scratch / "mapped.json"
    maps, given = [], []
    # A small document too, because the cost is by size.
    for count in (60, len(values)):
        path.unlink(missing_ok=True)
        path.write_bytes(orjson.dumps(dict(islice(values.items(), count))))
        with path.open("rb") as file:
            maps.append(mmap(file.fileno(), 0, access=ACCESS_READ))
        scope = {"loads": orjson.loads, "document": maps[-1]}
        name = f"mmap + orjson, {path.stat().st_size / 1000:.0f} kB"
        given.append(Read(name, f'loads(document[:])["{KEY}"]', scope))
    try:
        yield given
    finally:
        for document in maps:
            document.close()
