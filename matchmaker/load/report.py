"""What the load generator tells: a report every quarter of a second, and a summary at the end. All times in ms."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from matchmaker.load.histogram import Histogram
from matchmaker.load.tally import ENDINGS, Generation, Tally, Window, merge

REPORT_S = 0.25
# A report's rate, percentiles and regions are of the last 2 s.
_RECENT = 8
_SHARES = {"p50_ms": 0.5, "p99_ms": 0.99, "p999_ms": 0.999}


class Board:
    """Puts together what one or several generators tell."""

    def __init__(self) -> None:
        self.timeline: list[dict[str, Any]] = []
        """t in s, rps, p50_ms, p99_ms, p999_ms: of each quarter of a second, for the plot."""
        self._counts: dict[int, Counter[str]] = {}
        self._generations: dict[int, dict[int, Generation]] = {}
        self._now: list[Window] = []
        self._recent: deque[tuple[float, list[Window]]] = deque(maxlen=_RECENT)

    def take(self, window: Window) -> None:
        self._counts[window.lane] = window.counts
        self._generations[window.lane] = window.generations
        self._now.append(window)

    def report(self, t: float) -> dict[str, Any]:
        """At t seconds from the start; what was taken since the last report is a point of the timeline."""
        last = self._recent[-1][0] if self._recent else 0.0
        now = _all(self._now)
        point = {"t": round(t, 3), "rps": round(now.count / max(t - last, 1e-9), 1), **_percentiles(now)}
        self.timeline.append(point)
        # The span of what is reported begins where the window before the oldest one ended.
        began = self._recent[0][0] if len(self._recent) == _RECENT else 0.0
        self._recent.append((t, self._now))
        self._now = []
        windows = [window for _, some in self._recent for window in some]
        latency = _all(windows)
        regions: Counter[str] = Counter()
        for window in windows:
            regions.update(window.regions)
        counts = self._total()
        generations: dict[int, Generation] = {}
        for some in self._generations.values():
            merge(generations, some)
        newest = max(generations, default=0)
        return {
            "t": round(t, 3),
            **{key: counts[key] for key in ("sent", "assigned", "expired", "refused", "double")},
            "errors": errors(counts),
            "rps": round(latency.count / max(t - began, 1e-9), 1),
            **_percentiles(latency),
            "by_region": {region: round(count / latency.count, 4) for region, count in sorted(regions.items())},
            "generation": newest,
            "commit": generations[newest].commit if generations else "",
            "first_seen": first_seen(generations),
        }

    def _total(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for counts in self._counts.values():
            total.update(counts)
        return total


def summary(tally: Tally) -> dict[str, Any]:
    """What came of it all."""
    counts = tally.counts
    keys = (
        "sent",
        "assigned",
        *ENDINGS,
        "refused",
        "refused_untold",
        "double",
        "mistold",
        "lost",
        "unanswered",
        "unsent",
    )
    return {
        "event": "summary",
        **{key: counts[key] for key in keys},
        "errors": errors(counts),
        "error_details": dict(tally.errors.most_common(5)),
        **_percentiles(tally.latency_us),
        "max_ms": round(tally.latency_us.highest / 1000, 3),
        "late_p99_ms": round(tally.late_us.percentile(0.99) / 1000, 3),
        "first_seen": first_seen(tally.generations),
    }


def errors(counts: Counter[str]) -> int:
    """What no player should see. Refusals are among them: a load that is to be refused is asked for on purpose."""
    return sum(counts[key] for key in ("refused", "error", "lost", "double", "mistold"))


def first_seen(generations: dict[int, Generation]) -> dict[str, dict[str, Any]]:
    """By generation, when the first assignment under it was decided."""
    return {
        str(number): {"commit": seen.commit, "decided_monotonic_ns": seen.first_ns}
        for number, seen in generations.items()
    }


def _all(windows: list[Window]) -> Histogram:
    together = Histogram()
    for window in windows:
        together.add(window.latency_us)
    return together


def _percentiles(latency_us: Histogram) -> dict[str, float]:
    found = latency_us.percentiles(_SHARES.values())
    return {name: round(micros / 1000, 3) for name, micros in zip(_SHARES, found, strict=True)}
