"""A lease is a key whose bucket forgets it after its time to live; renewing is a compare-and-swap of its revision."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from typing import Protocol

from matchmaker.fleet.lease import Lease, LeaseLost
from matchmaker.fleet.log import Entry, Fenced, LogError


class Bucket(Protocol):
    async def put_lease(self, name: str, value: bytes, revision: int) -> int: ...
    async def get_lease(self, name: str) -> Entry | None: ...
    async def delete_lease(self, revision: int) -> None: ...


async def take(bucket: Bucket, name: str, owner: str, ttl: float, clock: Callable[[], float]) -> Lease:
    """Raises Fenced if somebody holds it, or Doubtful: then perhaps it is held by nobody until `ttl` is over."""
    since = clock()
    # No other lease writes the same, so one whose renewal got no answer finds out later whether it was written.
    value = f"{owner} {secrets.token_hex(8)}".encode()
    revision = await bucket.put_lease(name, value, 0)
    return JetStreamLease(bucket, name, owner, ttl, clock, since, value, revision)


class JetStreamLease(Lease):
    def __init__(
        self,
        bucket: Bucket,
        name: str,
        owner: str,
        ttl: float,
        clock: Callable[[], float],
        since: float,
        value: bytes,
        revision: int,
    ) -> None:
        super().__init__(name, owner, ttl, clock, since)
        self._bucket = bucket
        self._value = value
        self._revision = revision

    async def _renew(self) -> None:
        try:
            self._revision = await self._bucket.put_lease(self.name, self._value, self._revision)
        except Fenced as error:
            stored = await self._bucket.get_lease(self.name)
            if stored is None or stored.payload != self._value:
                raise LeaseLost(f"lease {self.name} of {self.owner}: {error}") from error
            # A renewal before this one was written, though its answer was lost.
            self._revision = stored.seq
            try:
                self._revision = await self._bucket.put_lease(self.name, self._value, self._revision)
            except Fenced as again:
                raise LeaseLost(f"lease {self.name} of {self.owner}: {again}") from again

    async def _release(self) -> None:
        # Looked up first: a renewal that got no answer may have been written, and would keep others out.
        with contextlib.suppress(LogError):
            stored = await self._bucket.get_lease(self.name)
            if stored and stored.payload == self._value:
                await self._bucket.delete_lease(stored.seq)
