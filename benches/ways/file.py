"""A JSON file, looked at each second and parsed when it has changed: `at` is its path."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec

from benches.veltrix.held import HeldSettings
from benches.ways import Way, held

POLL_S = 1.0


def write(file: Path, values: dict[str, Any], version: int) -> None:
    """Replaces the file in one step."""
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.encode({"version": version, "values": values}))
    new.replace(file)


async def opened(at: str) -> Way:
    path = Path(at)

    def parsed() -> tuple[dict[str, Any], int]:
        content = msgspec.json.decode(path.read_bytes())
        return content["values"], content["version"]

    def signature() -> tuple[int, int]:
        found = os.stat(path)
        return found.st_mtime_ns, found.st_ino

    # Looked at before it is parsed: what changes in between is parsed again, not missed.
    first = signature()
    settings = HeldSettings(*parsed())

    async def follow() -> None:
        seen = first
        while True:
            await asyncio.sleep(POLL_S)
            if (now := signature()) != seen:
                seen = now
                settings.bring(*parsed())

    return held(settings, follow=follow())
