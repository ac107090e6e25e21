"""What a fleet needs of a log. The default is in process (`memory`), past one machine it is NATS (`jetstream`).

A partition `p` has two logs. `in`: what players ask, appended by gateways. `out`: what its owner decided, where each
append names the record that it expects to be last, so of two owners only one goes on. The `out` chain is the truth.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from matchmaker.fleet.lease import Lease


class LogError(Exception):
    """The log did not do what it was asked."""


class Fenced(LogError):
    """Somebody else has appended meanwhile, and this record was not stored: the writer owns the partition no more."""


class Doubtful(LogError):
    """It is not known whether it happened. An `in` append may be repeated with its id; an `out` append never."""


class TooLarge(LogError):
    """A payload is larger than the log takes. It was not stored, and never will be."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`seq` grows along a log, with gaps; `at` is when the log took it, in seconds since 1970."""

    seq: int
    payload: bytes
    at: float


class Log(Protocol):
    """All calls end within a bounded time. What is acknowledged is as durable as the log was set up to be."""

    @property
    def dedupe_window(self) -> float:
        """Seconds for which a message id is remembered at least, restarts included."""

    @property
    def max_payload(self) -> int:
        """The largest payload, in bytes."""

    @property
    def life(self) -> int:
        """Grows whenever the log may have been restarted: who built on what it read before has to read it again."""

    async def append_in(self, partition: str, message_id: str, payload: bytes) -> int:
        """Returns the entry's seq once it is durable; of an id that is stored already, that one's, storing nothing.

        Raises Doubtful (repeat it with the same id, within `dedupe_window`) or TooLarge.
        """

    def read_in(self, partition: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        """Entries with a seq greater than `after`, in order, each once, then waits for more. Survives restarts."""

    async def append_out(self, partition: str, payload: bytes, expected_last: int) -> int:
        """Appends if the last record's seq is `expected_last` (0: there is none), and returns the new seq.

        Raises Fenced, TooLarge (not stored), or Doubtful.
        """

    def read_out(self, partition: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        """As `read_in`."""

    async def last_out(self, partition: str) -> Entry | None:
        """The last record. Raises Doubtful if there is no answer."""

    async def trim_in(self, partition: str, before: int) -> None:
        """Removes entries with a seq lower than `before`; what is younger than `dedupe_window` should stay."""

    async def trim_out(self, partition: str, before: int) -> None:
        """Removes records with a seq lower than `before`. The last one always stays, for the chain goes on from it."""

    async def lease(self, name: str, owner: str, ttl: float) -> Lease | None:
        """Takes the lease called `name` for `ttl` seconds; None while somebody holds it, be it the same owner."""

    async def leases(self, prefix: str) -> set[str]:
        """Names of leases held now that begin with `prefix`, a whole word before a dot ("member.")."""

    async def close(self) -> None:
        """Ends all readers. Leases are left to run out."""
