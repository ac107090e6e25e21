"""The right to try. A lease decides who works on a partition, never what is true: that does the `out` chain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable


class LeaseLost(Exception):
    """The lease ran out, or another holds it."""


class Lease(ABC):
    """Held until `ttl` seconds after the last renewal was *sent*, by a clock that knows no jumps."""

    def __init__(self, name: str, owner: str, ttl: float, clock: Callable[[], float], since: float) -> None:
        self.name = name
        self.owner = owner
        self.ttl = ttl
        self._clock = clock
        self._until = since + ttl

    @property
    def lost(self) -> bool:
        return self._clock() >= self._until

    async def renew(self) -> None:
        """Raises LeaseLost for good, or Doubtful: then it may be tried again until the lease is lost."""
        sent = self._clock()
        if self.lost:
            raise LeaseLost(f"lease {self.name} of {self.owner} was not renewed within {self.ttl:g} s")
        try:
            await self._renew()
        except LeaseLost:
            self._until = sent
            raise
        self._until = sent + self.ttl

    async def release(self) -> None:
        """Gives it back, if it is still this owner's. Nothing is raised: what is not given back runs out."""
        self._until = self._clock()
        await self._release()

    @abstractmethod
    async def _renew(self) -> None: ...

    @abstractmethod
    async def _release(self) -> None: ...
