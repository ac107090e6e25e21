"""Percentiles of very many values in little memory, as HdrHistogram does it.

Values lie in buckets that are as wide as the value is large: 128 to each power of two. Our own, because the package
`hdrhistogram` computes a bucket through five Python calls, which would be a good part of a request's cost here, and
needs setuptools and pbr where it runs.
"""

from __future__ import annotations

from collections.abc import Iterable

_BITS = 7
_EXACT = 1 << (_BITS + 1)


class Histogram:
    """Of whole numbers from 0 on; a percentile is at most 1/128 too high and never too low. Exact below 256."""

    __slots__ = ("_buckets", "count", "highest")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.highest = 0

    def record(self, value: int) -> None:
        if value > self.highest:
            self.highest = value
        self.count += 1
        # The leading 8 bits and how many follow: one number, in the order of the values.
        shift = value.bit_length() - _BITS - 1
        key = value if shift <= 0 else (shift << _BITS) + (value >> shift)
        buckets = self._buckets
        buckets[key] = buckets.get(key, 0) + 1

    def add(self, other: Histogram) -> None:
        """Takes in all values of another one."""
        buckets = self._buckets
        for key, number in other._buckets.items():
            buckets[key] = buckets.get(key, 0) + number
        self.count += other.count
        self.highest = max(self.highest, other.highest)

    def percentile(self, share: float) -> int:
        """The highest value that belongs to the bucket below which that share (0 to 1) of all lies; 0 if empty."""
        return self.percentiles((share,))[0]

    def percentiles(self, shares: Iterable[float]) -> list[int]:
        """Of ascending shares."""
        found: list[int] = []
        ordered = sorted(self._buckets)
        at, seen, key = -1, 0, 0
        for share in shares:
            rank = min(self.count, int(share * self.count) + 1)
            while seen < rank:
                at += 1
                key = ordered[at]
                seen += self._buckets[key]
            found.append(min(_highest_of(key), self.highest))
        return found


def _highest_of(key: int) -> int:
    if key < _EXACT:
        return key
    shift = (key >> _BITS) - 1
    return ((key - (shift << _BITS) + 1) << shift) - 1
