"""How long tickets have waited lately, and so how long the next one is likely to."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import Final

from matchmaker.core.events import Match

_KEPT: Final = 200
BOUNDS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.15, 0.22, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the histogram that is exported."""


class Waits:
    """Waits in s by (region, mode), of the last tickets assigned there; and histograms over all time."""

    def __init__(self) -> None:
        self._recent: dict[tuple[str, str], deque[float]] = {}
        self.histogram: dict[str, list[int]] = {}
        """Of each mode: tickets by the bound they came under, the last for those beyond all."""
        self.sums: dict[str, float] = {}
        self.spreads: dict[str, deque[float]] = {}
        """Of each mode: rating points between highest and lowest, of the last matches."""

    def matched(self, match: Match) -> None:
        mode = match.mode
        recent = self._recent.get((match.region, mode))
        if recent is None:
            recent = self._recent[match.region, mode] = deque(maxlen=_KEPT)
        histogram = self.histogram.get(mode)
        if histogram is None:
            histogram = self.histogram[mode] = [0] * (len(BOUNDS_S) + 1)
            self.sums[mode] = 0.0
            self.spreads[mode] = deque(maxlen=_KEPT)
        tickets = [ticket for team in match.teams for ticket in team]
        ratings = [ticket.rating for ticket in tickets]
        self.spreads[mode].append(max(ratings) - min(ratings))
        decided = match.decided_at
        waits = [decided - ticket.enqueued_at for ticket in tickets]
        recent.extend(waits)
        self.sums[mode] += sum(waits)
        for waited in waits:
            histogram[bisect_left(BOUNDS_S, waited)] += 1

    def estimate(self, region: str, mode: str) -> tuple[float, float] | None:
        """The median and the 90th percentile of the last tickets, in s; None if there were too few to say."""
        recent = sorted(self._recent.get((region, mode), ()))
        if len(recent) < 10:
            return None
        return recent[len(recent) // 2], recent[len(recent) * 9 // 10]
