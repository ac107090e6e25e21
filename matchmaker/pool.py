"""One queue: the tickets of one mode in one region, and how matches are found among them.

Tickets lie in buckets by rating, in a bucket by party size, there in order of age. A match is built around an anchor:
every ticket in it lies within the anchor's rating window, which widens while the anchor waits. Each team is filled by a
plan, a way to write the team size as a sum of party sizes; the plans are made once for a mode.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations_with_replacement

from matchmaker.settings import Mode
from matchmaker.ticket import Ticket

Plan = tuple[int, ...]
Teams = tuple[tuple[Ticket, ...], ...]

# Anchors tried around a new ticket. The sweep tries all that have waited, so this bounds work, not chances.
_ANCHORS = 4


@lru_cache(maxsize=256)
def partitions(total: int, largest: int) -> tuple[Plan, ...]:
    """All ways to write `total` as a sum of parts up to `largest`, largest parts first: parties that are hard to place
    are placed first."""
    if total == 0:
        return ((),)
    return tuple(
        (part, *rest)
        for part in range(min(total, largest), 0, -1)
        for rest in partitions(total - part, min(part, largest))
    )


@lru_cache(maxsize=256)
def match_plans(
    teams: int, team_size: int, max_party_size: int
) -> tuple[tuple[tuple[Plan, ...], tuple[int, ...]], ...]:
    """For each way to fill all teams: the team plans, and how many parties of each size (index) they need in all."""
    plans = []
    # A mode with many large teams has too many combinations to try; the first ones have the largest parties.
    for chosen in combinations_with_replacement(partitions(team_size, max_party_size)[:64], teams):
        need = [0] * (max_party_size + 1)
        for plan in chosen:
            for size in plan:
                need[size] += 1
        plans.append((chosen, tuple(need)))
        if len(plans) == 512:
            break
    return tuple(plans)


class Pool:
    """Enqueueing and removing take constant time; a try takes time in the number of buckets in the window."""

    __slots__ = ("_buckets", "_plans", "count", "mode")

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.count = 0
        self._plans = match_plans(mode.teams, mode.team_size, mode.max_party_size)
        self._buckets: dict[int, list[OrderedDict[str, Ticket]]] = {}

    def add(self, ticket: Ticket) -> None:
        """Tickets are added in order of age, or the order of service is not by age."""
        index = self._index(ticket.rating)
        bucket = self._buckets.get(index)
        if bucket is None:
            bucket = self._buckets[index] = [OrderedDict() for _ in range(self.mode.max_party_size + 1)]
        bucket[ticket.size][ticket.id] = ticket
        self.count += 1

    def remove(self, ticket: Ticket) -> None:
        index = self._index(ticket.rating)
        bucket = self._buckets[index]
        del bucket[ticket.size][ticket.id]
        if not any(bucket):
            del self._buckets[index]
        self.count -= 1

    def match_around(self, ticket: Ticket, now: float) -> Teams | None:
        """A match with `ticket` in it, around itself or around a ticket that has waited long enough to take it."""
        if teams := self._match(ticket, ticket, now):
            return teams
        for anchor in self._anchors(ticket, now):
            if teams := self._match(anchor, ticket, now):
                return teams
        return None

    def sweep(self, now: float) -> Iterator[Teams]:
        """Matches that have become possible by waiting. Remove each one's tickets before asking for the next."""
        for index in sorted(self._buckets):
            while teams := self._match_in_bucket(index, now):
                yield teams

    def expired(self, now: float) -> list[Ticket]:
        """Tickets that have waited as long as the mode allows."""
        deadline = now - self.mode.max_wait_s
        expired = []
        for bucket in self._buckets.values():
            for queue in bucket:
                for ticket in queue.values():
                    if ticket.enqueued_at > deadline:
                        break
                    expired.append(ticket)
        return expired

    def tickets(self) -> list[Ticket]:
        """All tickets, oldest first."""
        found = [ticket for bucket in self._buckets.values() for queue in bucket for ticket in queue.values()]
        return sorted(found, key=lambda ticket: (ticket.enqueued_at, ticket.id))

    def _index(self, rating: float) -> int:
        return int(rating // self.mode.bucket_width)

    def _window(self, ticket: Ticket, now: float) -> float:
        return self.mode.window.after(now - ticket.enqueued_at)

    def _around(self, rating: float, radius: float) -> Iterator[list[OrderedDict[str, Ticket]]]:
        low, high = self._index(rating - radius), self._index(rating + radius)
        if high - low < len(self._buckets):
            for index in range(low, high + 1):
                if bucket := self._buckets.get(index):
                    yield bucket
        else:
            for index in sorted(self._buckets):
                if low <= index <= high:
                    yield self._buckets[index]

    def _heads(self, bucket: list[OrderedDict[str, Ticket]]) -> Iterator[Ticket]:
        for queue in bucket:
            if queue:
                yield next(iter(queue.values()))

    def _anchors(self, ticket: Ticket, now: float) -> list[Ticket]:
        """Heads of queues whose windows have grown over `ticket`, oldest first."""
        found = [
            head
            for bucket in self._around(ticket.rating, self.mode.window.max)
            for head in self._heads(bucket)
            if head is not ticket and abs(head.rating - ticket.rating) <= self._window(head, now)
        ]
        found.sort(key=lambda head: (head.enqueued_at, head.id))
        return found[:_ANCHORS]

    def _match_in_bucket(self, index: int, now: float) -> Teams | None:
        bucket = self._buckets.get(index)
        if bucket is None:
            return None
        for head in sorted(self._heads(bucket), key=lambda head: (head.enqueued_at, head.id)):
            if teams := self._match(head, head, now):
                return teams
        return None

    def _match(self, anchor: Ticket, wanted: Ticket, now: float) -> Teams | None:
        """A match of tickets within the anchor's window, with `anchor` and `wanted` in it."""
        radius = self._window(anchor, now)
        players = self.mode.teams * self.mode.team_size
        by_size: list[list[Ticket]] = [[] for _ in range(self.mode.max_party_size + 1)]
        for bucket in self._around(anchor.rating, radius):
            for size, queue in enumerate(bucket):
                candidates = by_size[size]
                # No more than could ever be used; oldest first.
                for taken, ticket in enumerate(queue.values()):
                    if taken * size >= players:
                        break
                    if abs(ticket.rating - anchor.rating) <= radius:
                        candidates.append(ticket)
        for ticket in (anchor, wanted):
            if ticket not in by_size[ticket.size]:
                by_size[ticket.size].append(ticket)
        for candidates in by_size:
            candidates.sort(key=lambda t: (t is not anchor, t is not wanted, t.enqueued_at, t.id))
        counts = [len(candidates) for candidates in by_size]
        must = [0] * len(counts)
        for ticket in {anchor.id: anchor, wanted.id: wanted}.values():
            must[ticket.size] += 1
        for plans, need in self._plans:
            if all(m <= n <= c for m, n, c in zip(must, need, counts, strict=True)):
                return _fill(plans, [candidates[:n] for candidates, n in zip(by_size, need, strict=True)])
        return None


def _fill(plans: tuple[Plan, ...], chosen: list[list[Ticket]]) -> Teams:
    """Deals the parties to the teams, strongest first, always to the team that is weakest so far and has a place."""
    places = [list(plan) for plan in plans]
    teams: list[list[Ticket]] = [[] for _ in plans]
    strength = [0.0] * len(plans)
    parties = sorted((t for tickets in chosen for t in tickets), key=lambda t: (-t.size, -t.rating, t.id))
    for ticket in parties:
        team = min((i for i, free in enumerate(places) if ticket.size in free), key=lambda i: (strength[i], i))
        places[team].remove(ticket.size)
        teams[team].append(ticket)
        strength[team] += ticket.rating * ticket.size
    return tuple(tuple(team) for team in teams)
