"""All open tickets, by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from matchmaker.core.ticket import Ticket

_CHUNK: Final = 1024


class OpenTickets:
    """As a dict of id to ticket, for ids that grow; at 8 bytes a ticket instead of 50.

    What is above the lowest 32 bits of an id is its place: no two open tickets have that in common.
    """

    def __init__(self) -> None:
        self._chunks: dict[int, list[Ticket | None]] = {}
        self._used: dict[int, int] = {}
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Ticket]:
        for chunk in list(self._chunks.values()):
            for ticket in chunk:
                if ticket is not None:
                    yield ticket

    def get(self, id: int) -> Ticket | None:
        chunk = self._chunks.get(id >> 42)
        ticket = chunk[id >> 32 & (_CHUNK - 1)] if chunk else None
        return ticket if ticket is not None and ticket.id == id else None

    def put(self, ticket: Ticket) -> None:
        """Adds it, or replaces the one with its id."""
        number = ticket.id >> 42
        chunk = self._chunks.get(number)
        if chunk is None:
            chunk = self._chunks[number] = [None] * _CHUNK
            self._used[number] = 0
        at = ticket.id >> 32 & (_CHUNK - 1)
        if chunk[at] is None:
            self._used[number] += 1
            self.count += 1
        chunk[at] = ticket

    def remove(self, ticket: Ticket) -> None:
        number = ticket.id >> 42
        self._chunks[number][ticket.id >> 32 & (_CHUNK - 1)] = None
        self.count -= 1
        self._used[number] -= 1
        if not self._used[number]:
            del self._chunks[number], self._used[number]
