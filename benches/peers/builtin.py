"""What a service has without any package: objects in its own memory, its environment, a file. None of them is live
but the last."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benches.peers import KEY, VALUE, Read

VARIABLE = "CONFIGEDGE_BENCH_MAX_PING_MS"


@dataclass(frozen=True, slots=True)
class Frozen:
    max_ping_ms: float


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    path = scratch / "values.json"
    path.write_text(json.dumps(values))
    os.environ[VARIABLE] = str(VALUE)
    plain = dict(values)
    try:
        yield [
            Read("dict.get(key, default)", f'plain.get("{KEY}", None)', {"plain": plain}),
            Read("frozen dataclass attribute", "frozen.max_ping_ms", {"frozen": Frozen(VALUE)}),
            Read("os.environ -> float", f'float(environ["{VARIABLE}"])', {"environ": os.environ}),
            Read("json.loads(file)", f'json.loads(path.read_bytes())["{KEY}"]', {"json": json, "path": path}),
        ]
    finally:
        del os.environ[VARIABLE]
