"""Veltrix: what ConfigEdge is measured beside, a configuration overlay on Redis, built small and as well as it allows.

    operator ──one Lua script: write and publish──▶ Redis ──pub/sub──▶ each configuration service drops its cache
    matchmaker ──gRPC, each request──▶ configuration service ──miss──▶ Redis, and the capacity service

All parts are real: `redis-server` near its memory limit, services in processes of their own, the `matchmaking` bundle,
the matchmaker with one call a request in front of it. Nothing is made weak on purpose: connections are kept and
shared, a miss is loaded once for all that wait for it, a caller that has the present version is answered in twelve
bytes, retries back off with jitter. What is Veltrix' own stays: a publish empties whole caches, a request waits for
its configuration, and an answer that could not be put together is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass

DEADLINE_S = 0.25
"""Of a call to the configuration service, and of its calls to the capacity service and to Redis."""
SCRIPT_MS = 47.0
"""How long the script holds Redis that night."""
CHANNEL = "veltrix:published"


def key_of(bundle: str) -> str:
    """The Redis hash that holds a bundle: a field a key, and its version."""
    return f"veltrix:{bundle}"


@dataclass(frozen=True)
class Overlay:
    """How a Veltrix is set up. The defaults are those of the night; the others are what was tried to mend it."""

    name: str = "Veltrix as it was"
    ttl_s: float = 30.0
    flush: bool = True
    """Whether a publish empties the caches; without, an entry lives until its time is over."""
    instances: int = 1
    """Configuration services behind the one channel of the matchmaker, asked in turn."""
    replica: bool = False
    """Whether the node has a Redis replica of its own to load from."""
    phase_s: float | None = None
    """Entries end by a timer each `ttl_s`, at this time of the monotonic clock among others; None: `ttl_s` after
    they were loaded. The timers of two nodes do not end at the same time."""
    stale: bool = False
    """Whether the entry from before is given when there is no new one. Veltrix never did that."""
