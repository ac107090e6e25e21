"""Idempotency keys: which request of a player got which ticket."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from typing import Final

_LIMIT: Final = 1_000_000


class Keys:
    """By (player, key), for a time, and of a bounded number."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._ages: deque[tuple[float, tuple[str, str]]] = deque()

    def get(self, player: str, key: str) -> tuple[int, bytes] | None:
        """The ticket's id, and a digest of the request."""
        return self._known.get((player, key))

    def add(self, player: str, key: str, id: int, request: bytes, now: float) -> None:
        self._known[player, key] = id, digest(request)
        self._ages.append((now, (player, key)))
        if len(self._ages) > _LIMIT:
            self._known.pop(self._ages.popleft()[1], None)

    def forget(self, before: float) -> None:
        while self._ages and self._ages[0][0] < before:
            self._known.pop(self._ages.popleft()[1], None)


def digest(request: bytes) -> bytes:
    return blake2b(request, digest_size=16).digest()
