"""Where game servers come from: what a provider has to do."""

from __future__ import annotations

from typing import Protocol


class NoServer(Exception):
    """There is none, or the provider did not answer; it may be tried again. The message says where, and why."""


class Provider(Protocol):
    """One for all regions and modes."""

    async def allocate(self, region: str, mode: str) -> str:
        """The address of a server, `host:port`, that nobody else is given until it is released. Raises NoServer."""

    def release(self, address: str) -> bool:
        """Gives a server back; False if that is not this provider's to say, or it was not given out."""

    async def close(self) -> None: ...
