"""Which region a ticket plays in, by round-trip times; `matchmaker.regions.evidence` knows of other evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from operator import add, itemgetter, mul
from typing import Final

from matchmaker.core.distance import Distances
from matchmaker.core.placement import Placement
from matchmaker.core.settings import Region, Resolution

Rtts = Mapping[str, float]
"""A player's round-trip times in ms, by region: finite, not negative."""

MEASURED: Final = "round-trip times"
_SHARED_TUPLES: Final = 4096
_TABLES: Final = 256


class TooFar(Exception):
    """No open region is within the limit for all players, and the configuration does not take one beyond it."""

    def __init__(self, region: str, rtt_ms: float, limit_ms: float, after_s: float | None) -> None:
        self.region = region
        """The one that is the least too far: of its worst-off player, `rtt_ms` away."""
        self.rtt_ms = rtt_ms
        self.after_s = after_s
        """Who has waited this long in all may play there; None: waiting does not help."""
        hint = "raise resolution.max_rtt_ms, or set resolution.beyond_max to far"
        if after_s is not None:
            hint = f"it will do after {after_s:.1f} s of waiting"
        super().__init__(
            f"no open region is within {limit_ms:g} ms: {region}, the nearest, is {rtt_ms:g} ms away; {hint}"
        )

    @property
    def reason(self) -> str:
        return str(self)


class Regions:
    """The regions of one configuration, made ready to choose from. Every choice is by that configuration alone.

    A player's score for a region, in ms: rtt x weight + load x load_penalty; with beyond_max `far` also far_penalty
    if the rtt is beyond the limit. A party's: that of its worst-off member, or of the member at party_percentile (the
    ceil(percentile / 100 x size)-th best off). The least score wins, of equal ones the first by name.
    Closed regions, and those that not every player measured, cannot be chosen. The limit, for every player: max_rtt,
    and with beyond_max `widen` widen_ms_per_s more for each second of waiting.
    """

    def __init__(self, regions: Mapping[str, Region], resolution: Resolution) -> None:
        self.distances = Distances(regions)
        self._resolution = resolution
        self._limit = resolution.max_rtt_ms
        self._strict = resolution.beyond_max != "far"
        self._widen = resolution.widen_ms_per_s if resolution.beyond_max == "widen" else 0.0
        self._names = tuple(sorted(name for name, region in regions.items() if region.open))
        self._weights = tuple(regions[name].weight for name in self._names)
        self._loads = tuple(regions[name].load * resolution.load_penalty_ms for name in self._names)
        # What all beyond the limit score at the least.
        self._far_from = (
            resolution.max_rtt_ms * min(self._weights, default=0)
            + min(self._loads, default=0)
            + resolution.far_penalty_ms
        )
        self._all = self._table(range(len(self._names)))
        self._some: dict[tuple[int, ...], _Table] = {}
        self._by_names: dict[tuple[str, ...], _Table] = {}
        self._shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._default = self._find_default()

    def open(self, name: str) -> bool:
        return name in self._names

    def default(self) -> Placement | None:
        """Where players go of whom nothing is known; None if all regions are closed."""
        return self._default

    def limit_ms(self, waited_s: float = 0.0) -> float:
        """How long a round trip every player accepts after waiting that long."""
        return self._resolution.max_rtt_ms + self._widen * waited_s

    def choose(self, rtts: Sequence[Rtts], current: str = "", waited_s: float = 0.0) -> Placement | None:
        """The best region for a party, `rtts` being of each player; the default one if they measured none in common.

        `current` (where the ticket waits now) is kept unless another one is better by more than the hysteresis.
        None if all regions are closed. Raises TooFar if there are regions in common but none may be taken.
        """
        return self.measured(rtts, current, waited_s) or self._default

    def measured(
        self, rtts: Sequence[Rtts], current: str = "", waited_s: float = 0.0, reason: str = MEASURED
    ) -> Placement | None:
        """As `choose`, but None if no open region was measured by all players. `reason` is for the placement."""
        first = rtts[0]
        names = tuple(first)
        table = self._by_names.get(names) or self._named(names, first)
        if len(rtts) == 1:
            values = worst = table.read(first)
        else:
            if any([tuple(one) != names for one in rtts]):
                table = self._in_common(rtts)
            values, worst = self._party(table, rtts)
        if not values:
            return None
        limit = self._limit + self._widen * waited_s
        scores = table.scores(values) if table.scored else values
        near = sorted(table.indexes, key=scores.__getitem__)
        best = near[0]
        # Compiled, a loop is a third of a call of max.
        beyond = False
        for rtt in worst:
            if rtt > limit:
                beyond = True
        if not beyond and not current:
            region, others = table.ranked.get(tuple(near)) or self._rank(table, near)
            return Placement(region, scores[best], reason, others)
        if beyond:
            near = [at for at in near if worst[at] <= limit]
            # The nearest is almost always better than all beyond the limit, and then their penalties need no adding.
            if near and (self._strict or (scores[near[0]] < self._far_from and values is worst and not current)):
                best = near[0]
            elif self._strict:
                raise self._too_far(table, worst, limit)
            else:
                scores = self._penalised(values, scores)
                best = min(table.indexes, key=scores.__getitem__)
        if current and current in table.names:
            at = table.names.index(current)
            if (at in near or not self._strict) and scores[at] - scores[best] <= self._resolution.hysteresis_ms:
                best = at
        if best in near:
            near.remove(best)
        return Placement(table.names[best], scores[best], reason, self._share(table, near))

    def acceptable(self, rtts: Sequence[Rtts], waited_s: float = 0.0) -> tuple[str, ...]:
        """All open regions that are within the limit for every player after waiting that long, best first."""
        table = self._in_common(rtts)
        values, worst = self._party(table, rtts)
        limit = self.limit_ms(waited_s)
        scores = table.scores(values)
        near = [at for at in sorted(table.indexes, key=scores.__getitem__) if worst[at] <= limit]
        return self._share(table, near)

    def _party(self, table: _Table, rtts: Sequence[Rtts]) -> tuple[_Row, _Row]:
        """The round-trip times that count for a party, and those of whoever is worst off. Raises KeyError."""
        rows = [table.read(one) for one in rtts]
        if len(rows) == 1:
            return rows[0], rows[0]
        worst = tuple(map(max, *rows))
        percentile = self._resolution.party_percentile
        if percentile >= 100:
            return worst, worst
        # A score grows with the round-trip time, so the member of that rank by the one is so by the other.
        at = max(1, ceil(percentile / 100 * len(rows))) - 1
        return tuple(sorted(column)[at] for column in zip(*rows, strict=True)), worst

    def _penalised(self, values: _Row, scores: _Row) -> _Row:
        limit, far = self._resolution.max_rtt_ms, self._resolution.far_penalty_ms
        return tuple(score + far if value > limit else score for value, score in zip(values, scores, strict=True))

    def _rank(self, table: _Table, order: list[int]) -> tuple[str, tuple[str, ...]]:
        """The first of an order of regions, and the others."""
        if len(table.ranked) >= _SHARED_TUPLES:
            table.ranked.clear()
        ranked = table.ranked[tuple(order)] = table.names[order[0]], self._share(table, order[1:])
        return ranked

    def _share(self, table: _Table, order: list[int]) -> tuple[str, ...]:
        names = tuple([table.names[at] for at in order])
        if len(self._shared) >= _SHARED_TUPLES:
            self._shared.clear()
        return self._shared.setdefault(names, names)

    def _named(self, names: tuple[str, ...], rtts: Rtts) -> _Table:
        """The regions that one player measured, by their names as they came: few clients differ in those."""
        if len(self._by_names) >= _TABLES:
            self._by_names.clear()
        table = self._by_names[names] = self._in_common([rtts])
        return table

    def _in_common(self, rtts: Sequence[Rtts]) -> _Table:
        if len(rtts) == 1:
            names = rtts[0]
            key = tuple([at for at, name in enumerate(self._names) if name in names])
        else:
            key = tuple([at for at, name in enumerate(self._names) if all(name in one for one in rtts)])
        table = self._all if len(key) == len(self._names) else self._some.get(key)
        if table is None:
            if len(self._some) >= _TABLES:
                self._some.clear()
            table = self._some[key] = self._table(key)
        return table

    def _table(self, at: Sequence[int]) -> _Table:
        names = tuple(self._names[n] for n in at)
        return _Table(names, tuple(self._weights[n] for n in at), tuple(self._loads[n] for n in at))

    def _too_far(self, table: _Table, worst: _Row, limit: float) -> TooFar:
        nearest = min(table.indexes, key=worst.__getitem__)
        rtt = worst[nearest]
        # A millisecond more, so that rounding does not leave it just too far.
        after = (rtt - self._resolution.max_rtt_ms) / self._widen + 0.001 if self._widen else None
        return TooFar(table.names[nearest], rtt, limit, after)

    def _find_default(self) -> Placement | None:
        name = self._resolution.default_region
        if name in self._names:
            return Placement(name, 0.0, "default region")
        if self._names:
            return Placement(self._names[0], 0.0, f"first open region: the default, {name}, is closed")
        return None


class _Table:
    """Some of the open regions, side by side and in the order of their names."""

    __slots__ = ("indexes", "loads", "names", "ranked", "read", "scored", "weights")

    def __init__(self, names: tuple[str, ...], weights: _Row, loads: _Row) -> None:
        self.names, self.weights, self.loads = names, weights, loads
        self.indexes = tuple(range(len(names)))
        self.scored = any(loads) or any(weight != 1 for weight in weights)
        """Whether scores are other than the round-trip times; working them out is a third of a choice."""
        self.ranked: dict[tuple[int, ...], tuple[str, tuple[str, ...]]] = {}
        """The first by name, and the names of the others, of orders that have come up."""
        self.read: Callable[[Rtts], _Row] = itemgetter(*names) if len(names) > 1 else self._read_few
        """A player's round-trip times to them. Raises KeyError if one is not there."""

    def scores(self, values: _Row) -> _Row:
        """Without the penalty for what is far."""
        return tuple(map(add, map(mul, values, self.weights), self.loads))

    def _read_few(self, rtts: Rtts) -> _Row:
        return tuple(rtts[name] for name in self.names)


_Row = tuple[float, ...]
