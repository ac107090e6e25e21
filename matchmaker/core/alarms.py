"""When which bucket wants to be looked at: one calendar for all queues."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matchmaker.core.bucket import Bucket

_SLOTS_PER_S: Final = 1000


class Alarms:
    """Buckets by the millisecond they are due in, so that setting an alarm is an append and not a place in a heap.

    A bucket has one alarm; setting it again leaves the old entry behind, which counts for nothing.
    """

    def __init__(self) -> None:
        self._slots: dict[int, list[tuple[float, Bucket]]] = {}
        self._order: list[int] = []

    def set(self, due: float, bucket: Bucket) -> None:
        bucket.alarm = due
        number = int(due * _SLOTS_PER_S)
        slot = self._slots.get(number)
        if slot is None:
            self._slots[number] = [(due, bucket)]
            heapq.heappush(self._order, number)
        else:
            slot.append((due, bucket))

    def take(self, now: float, limit: int) -> list[Bucket]:
        """The buckets that are due, up to a number; their alarms are off then."""
        found: list[Bucket] = []
        order, last = self._order, int(now * _SLOTS_PER_S)
        while order and order[0] <= last and len(found) < limit:
            number = order[0]
            entries = self._slots[number]
            left: list[tuple[float, Bucket]] = []
            for at, entry in enumerate(entries):
                due, bucket = entry
                if bucket.alarm != due:
                    continue
                if due > now:
                    left.append(entry)
                elif len(found) == limit:
                    left += entries[at:]
                    break
                else:
                    bucket.alarm = math.inf
                    found.append(bucket)
            if left:
                self._slots[number] = left
                break
            del self._slots[number]
            heapq.heappop(order)
        return found

    def late_s(self, now: float) -> float:
        """For how long the first of what is due has been, to the millisecond; 0 if nothing is."""
        return max(0.0, now - (self._order[0] + 1) / _SLOTS_PER_S) if self._order else 0.0

    def late(self, now: float) -> bool:
        """Whether anything is due."""
        order, last = self._order, int(now * _SLOTS_PER_S)
        if not order or order[0] > last:
            return False
        return order[0] < last or any(due <= now for due, _ in self._slots[last])
