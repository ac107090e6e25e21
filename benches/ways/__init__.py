"""Ways for a service to have its configuration, a module each, and the same matchmaker and the same customer for all.

A way's `opened(at)` connects to what `at` names and gives a `Way`. Some ask in front of every request, the others are
told of changes and hold what they were told.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benches.veltrix.asking import Ask
from benches.veltrix.held import HeldSettings
from matchmaker.live import LiveSettings

NAMES = {
    "veltrix": "gRPC + Redis",
    "redis": "Redis, asked directly",
    "redis_cache": "Redis, client-side cache",
    "etcd": "etcd watch",
    "file": "file poll + parse",
    "configedge": "ConfigEdge",
}
HELD = "s = current(); (s.limits.retry_after_s, s.limits.sweep_ms, s.resolution.max_rtt_ms, s.resolution.hysteresis_ms)"
"""What a request reads, of settings that are at hand: the same four values in every way."""


@dataclass(frozen=True)
class Way:
    """A request awaits `ask`, if there is one, and then runs `statement` with the names in `scope`."""

    settings: HeldSettings | LiveSettings
    ask: Ask | None
    statement: str
    scope: Mapping[str, Any]
    follow: Coroutine[Any, Any, None] | None = None
    """Runs beside the service and brings changes."""


def held(settings: HeldSettings, ask: Ask | None = None, follow: Coroutine[Any, Any, None] | None = None) -> Way:
    return Way(settings, ask, HELD, {"current": settings.current}, follow)


async def opened(name: str, at: str) -> Way:
    """Raises KeyError for a way that there is not, and what its module raises."""
    if name not in NAMES:
        raise KeyError(name)
    way: Way = await import_module(f"benches.ways.{name}").opened(at)
    return way
