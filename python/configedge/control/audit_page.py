"""The newest entries of an audit, for people to look at."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from configedge.control.audit import parts_of

_CHUNK = 64 << 10


def newest(path: Path, limit: int, before: int | None = None) -> list[dict[str, Any]]:
    """Up to `limit` entries, the newest first: those before the number `before`. Raises OSError."""
    found: list[dict[str, Any]] = []
    for part in reversed(parts_of(path)):
        for line in _backwards(part):
            try:
                entry = json.loads(line)
                number = entry["seq"]
            except (ValueError, KeyError, TypeError):
                continue
            if before is None or number < before:
                found.append(entry)
            if len(found) == limit:
                return found
    return found


def _backwards(path: Path) -> Iterator[bytes]:
    """The whole lines of a file, the last one first."""
    with path.open("rb") as file:
        at = file.seek(0, os.SEEK_END)
        rest = b""
        first = True
        while at > 0:
            size = min(_CHUNK, at)
            at = file.seek(at - size)
            lines = (file.read(size) + rest).split(b"\n")
            rest = lines[0]
            # What follows the last newline is no entry yet.
            yield from (line for line in reversed(lines[1:-1] if first else lines[1:]) if line)
            first = False
        if rest and not first:
            yield rest
