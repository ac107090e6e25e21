"""A fixed set of game servers. Each is out from when it is allocated until it is released, or its time is over."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import yaml

from matchmaker.allocate.provider import NoServer


class StaticPool:
    """Servers by region, in turn: the one that has been free for longest goes first."""

    def __init__(
        self, servers: Mapping[str, Sequence[str]], ttl_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.ttl_s = ttl_s
        self._clock = clock
        self._free: dict[str, deque[str]] = {}
        self._out: dict[str, float] = {}
        """Since when."""
        self._regions: dict[str, str] = {}
        self.follow(servers)

    def follow(self, servers: Mapping[str, Sequence[str]]) -> None:
        """Goes over to another list. One that is out and on it stays out; one that is off it is not given out again."""
        regions = {address: region for region, there in servers.items() for address in there}
        free = {address for there in self._free.values() for address in there}
        for address in free - regions.keys():
            self._free[self._regions[address]].remove(address)
        for address, region in regions.items():
            if address in free and self._regions[address] != region:
                self._free[self._regions[address]].remove(address)
                free.discard(address)
            if address not in free and address not in self._out:
                self._free.setdefault(region, deque()).append(address)
        self._regions = regions

    async def allocate(self, region: str, mode: str) -> str:
        free = self._free.get(region)
        if not free:
            self._take_back()
            free = self._free.get(region)
        if not free:
            total = sum(there == region for there in self._regions.values())
            raise NoServer(f"all {total} servers of {region} are out; add some to allocation.servers, or lower ttl_s")
        address = free.popleft()
        self._out[address] = self._clock()
        return address

    def hold(self, address: str, age_s: float) -> None:
        """Marks a server that somebody else has given out, so many seconds ago."""
        region = self._regions.get(address)
        if region is not None and address in self._free.get(region, ()):
            self._free[region].remove(address)
        self._out[address] = self._clock() - age_s

    def release(self, address: str) -> bool:
        if self._out.pop(address, None) is None:
            return False
        if (region := self._regions.get(address)) is not None:
            self._free.setdefault(region, deque()).append(address)
        return True

    async def close(self) -> None:
        """Nothing to do."""

    def _take_back(self) -> None:
        now = self._clock()
        for address in [address for address, since in self._out.items() if now - since >= self.ttl_s]:
            self.release(address)


def read_servers(path: str) -> dict[str, tuple[str, ...]]:
    """A file of addresses by region, YAML or JSON: `{eu-west-1: [10.0.0.1:7777, ...]}`. Raises NoServer."""
    try:
        return msgspec.convert(yaml.safe_load(Path(path).read_bytes()) or {}, dict[str, tuple[str, ...]])
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise NoServer(f"{path}: {error}: give addresses by region, as docs/allocation.md has it") from error
