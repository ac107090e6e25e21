"""Which member serves a partition: rendezvous hashing, so a member that comes or goes moves only its own share."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b


def chosen(partition: str, members: Iterable[str]) -> str | None:
    """The same for all who see the same members; None if there are none."""
    return max(members, key=lambda member: (_weight(partition, member), member), default=None)


def _weight(partition: str, member: str) -> bytes:
    return blake2b(member.encode() + b"\0" + partition.encode(), digest_size=8).digest()
