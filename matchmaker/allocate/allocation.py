"""Sees to it that matches get servers: some ahead of demand, the others as they are asked for, each tried a few times.

All of it happens beside the way that tickets go: the engine says that a match waits, and is told the server's address.
Nothing here ends a ticket: a match without a server goes back into the queue when the engine's time for it is over.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from matchmaker.allocate.provider import NoServer, Provider
from matchmaker.allocate.static import StaticPool, read_servers
from matchmaker.core.events import Match
from matchmaker.core.settings import Allocation as AllocationSettings
from matchmaker.core.settings import Settings

log = logging.getLogger(__name__)

Place = tuple[str, str]
"""Region and mode."""

_LOOK_S = 0.1
_FIRST_PAUSE_S = 0.1
_RECENT_S = 60.0


class Allocation:
    """`serve(match id, address)` gives a match its server; False if it wants none any more."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        unserved: Callable[[], Iterable[Match]],
        serve: Callable[[str, str], bool],
    ) -> None:
        self.counts: Counter[str] = Counter()
        """served, failed (a server that was tried for in vain), released."""
        self.error = ""
        """Why the last try failed."""
        self._settings = settings
        self._unserved = unserved
        self._serve = serve
        self._seen: AllocationSettings | None = None
        self._provider: Provider | None = None
        self._ready: dict[Place, deque[str]] = {}
        self._recent: dict[Place, float] = {}
        self._trying: Counter[Place] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._rest: dict[Place, float] = {}

    def ready(self) -> Mapping[Place, int]:
        """Servers that are allocated ahead."""
        return {place: len(servers) for place, servers in self._ready.items() if servers}

    def stats(self) -> dict[str, Any]:
        ready = {"/".join(place): count for place, count in self.ready().items()}
        waiting = sum(1 for _ in self._unserved())
        return {"counts": dict(self.counts), "ready": ready, "waiting": waiting, "error": self.error}

    def wanted(self, match: Match) -> None:
        """A match was decided: it has a server of the reserve at once, or one is sought."""
        place = match.region, match.mode
        self._recent[place] = time.monotonic()
        self._wake.set()
        if servers := self._ready.get(place):
            # Taken first: who is told of it may make the next match before this returns.
            server = servers.popleft()
            if self._serve(match.id, server):
                self.counts["served"] += 1
            else:
                servers.appendleft(server)

    def release(self, address: str) -> bool:
        """A game server is free again. False if it was not out, or frees itself."""
        if self._provider is None or not self._provider.release(address):
            return False
        self.counts["released"] += 1
        self._rest.clear()
        self._wake.set()
        return True

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                self._wake.clear()
                settings = self._settings().allocation
                if settings != self._seen:
                    await self._follow(settings)
                if self._provider is not None:
                    self._seek(settings)
                try:
                    async with asyncio.timeout(_LOOK_S):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            for task in self._tasks:
                task.cancel()
            if self._provider is not None:
                await self._provider.close()

    async def _follow(self, settings: AllocationSettings) -> None:
        """Goes over to other settings. What cannot be used is said, and tried again when they change."""
        before, self._seen = self._seen, settings
        try:
            if settings.provider == "static":
                servers = self._servers(settings)
                if isinstance(self._provider, StaticPool):
                    self._provider.follow(servers)
                    self._provider.ttl_s = settings.ttl_s
                else:
                    await self._use(self._pool(servers, settings.ttl_s))
            elif settings.provider == "agones":
                if before is None or (before.provider, before.agones, before.timeout_s) != (
                    settings.provider, settings.agones, settings.timeout_s,
                ):  # fmt: skip
                    # Loaded by those who use it: it brings an HTTP client along.
                    from matchmaker.allocate.agones import AgonesProvider

                    await self._use(AgonesProvider(settings.agones, settings.timeout_s))
            else:
                await self._use(None)
        except NoServer as error:
            self._failed(error)
        self._rest.clear()

    def _servers(self, settings: AllocationSettings) -> dict[str, tuple[str, ...]]:
        """Of the static pool. Raises NoServer."""
        servers = dict(settings.servers)
        for region, more in (read_servers(settings.servers_file) if settings.servers_file else {}).items():
            servers[region] = (*servers.get(region, ()), *more)
        return servers

    def _pool(self, servers: Mapping[str, tuple[str, ...]], ttl_s: float) -> StaticPool:
        return StaticPool(servers, ttl_s)

    async def _use(self, provider: Provider | None) -> None:
        old, self._provider = self._provider, provider
        # Those of another provider are still whole servers; they are used up.
        if old is not None:
            await old.close()

    def _seek(self, settings: AllocationSettings) -> None:
        """Starts as many tries as servers are missing."""
        now, ready = time.monotonic(), self.ready()
        needed: Counter[Place] = Counter((match.region, match.mode) for match in self._unserved())
        for place, at in list(self._recent.items()):
            if now - at > _RECENT_S:
                del self._recent[place]
            else:
                needed[place] += settings.reserve
        for place, count in needed.items():
            if now < self._rest.get(place, 0.0):
                continue
            missing = count - ready.get(place, 0) - self._trying[place]
            for _ in range(min(missing, settings.max_in_flight - len(self._tasks))):
                self._trying[place] += 1
                task = asyncio.create_task(self._try(place, settings))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _try(self, place: Place, settings: AllocationSettings) -> None:
        pause = _FIRST_PAUSE_S
        try:
            for attempt in range(1, settings.attempts + 1):
                provider = self._provider
                if provider is None:
                    return
                try:
                    async with asyncio.timeout(settings.timeout_s):
                        address = await provider.allocate(*place)
                    await self._arrived(place, address)
                    return
                except (NoServer, TimeoutError) as error:
                    if attempt == settings.attempts:
                        self._failed(error)
                        self._rest[place] = time.monotonic() + pause
                        return
                await asyncio.sleep(pause)
                pause *= 2
        finally:
            self._trying[place] -= 1
            self._wake.set()

    async def _arrived(self, place: Place, address: str) -> None:
        for match in list(self._unserved()):
            if (match.region, match.mode) == place and self._serve(match.id, address):
                self.counts["served"] += 1
                return
        self._ready.setdefault(place, deque()).append(address)

    def _failed(self, error: Exception) -> None:
        self.counts["failed"] += 1
        told = str(error) or type(error).__name__
        if told != self.error:
            log.error("no game server: %s", told)
        self.error = told
