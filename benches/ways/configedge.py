"""ConfigEdge: `at` is a snapshot directory."""

from __future__ import annotations

import configedge
from benches.ways import Way
from matchmaker.live import LiveSettings

KEYS = tuple(
    f"matchmaking.{key}"
    for key in ("limits.retry_after_s", "limits.sweep_ms", "resolution.max_rtt_ms", "resolution.hysteresis_ms")
)


async def opened(at: str) -> Way:
    cfg = configedge.open(at, wait=20)
    return Way(LiveSettings(cfg), None, "many(keys)", {"many": cfg.many, "keys": KEYS})
