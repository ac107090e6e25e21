"""How parties fill teams: which sizes go together, from counts alone.

A match is planned before any ticket is touched: the question is only how many parties of each size are at hand.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from functools import lru_cache
from typing import Final

Plan = tuple[int, ...]
"""Party sizes of one team, largest first: those are hardest to place."""

_EXACT_TEAM: Final = 12
"""Larger teams are filled greedily: there are 77 ways to fill one of 12, and 5,604 to fill one of 30."""
_EXACT_TEAMS: Final = 4
_REMEMBERED: Final = 16_384
_DEEP: Final = 40


@lru_cache(maxsize=256)
def partitions(total: int, largest: int) -> tuple[Plan, ...]:
    """All ways to write `total` as a sum of parts up to `largest`, large parts first."""
    if total == 0:
        return ((),)
    return tuple(
        (part, *rest)
        for part in range(min(total, largest), 0, -1)
        for rest in partitions(total - part, min(part, largest))
    )


class Shape:
    """One form of a match: so many teams of such a size.

    `plan(counts, must)` says which sizes fill all teams, where `counts[s]` parties of s players are at hand, and at
    least one party of `must` players takes part (0: any). None if it cannot be done. For up to 4 teams of up to 12
    players the answer is exact, and remembered; beyond, it is what filling with the largest that fit comes to.
    """

    __slots__ = ("_exact", "_known", "_most", "max_party", "need", "team_size", "teams")

    def __init__(self, teams: int, team_size: int, max_party: int) -> None:
        self.teams = teams
        self.team_size = team_size
        self.max_party = min(max_party, team_size)
        self.need = teams * team_size
        self._exact = team_size <= _EXACT_TEAM and teams <= _EXACT_TEAMS
        # More parties of a size than this never matter, so that few different questions are asked.
        self._most = [0, *(teams * (team_size // size) for size in range(1, max_party + 1))]
        self._known: dict[tuple[int, ...], tuple[Plan, ...] | None] = {}

    def plan(self, counts: list[int], must: int) -> tuple[Plan, ...] | None:
        key = (must, *(c if c < m else m for c, m in zip(counts, self._most, strict=True)))
        try:
            return self._known[key]
        except KeyError:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._plan(list(key[1:]), must)
            return found

    def enough(self, size: int, count: int) -> bool:
        """Whether, with so many parties of a size at hand, one more makes no plan possible."""
        return self._exact and count >= self._most[size]

    def holds(self, sizes: tuple[int, ...]) -> bool:
        """Whether parties of these sizes can sit in the teams together, with places left over or not."""
        return _seated(tuple(sorted(sizes, reverse=True)), (self.team_size,) * self.teams)

    def _plan(self, counts: list[int], must: int) -> tuple[Plan, ...] | None:
        if sum(size * count for size, count in enumerate(counts)) < self.need:
            return None
        if not must:
            return self._fill(counts, self.teams)
        if must > self.max_party or not counts[must]:
            return None
        return self._fill(counts, self.teams, must)

    def _fill(self, counts: list[int], teams: int, must: int = 0) -> tuple[Plan, ...] | None:
        """Plans for `teams` teams; the first one has a party of `must` players in it."""
        if not teams:
            return ()
        if not self._exact:
            return self._greedy(counts, teams, must)
        for plan in partitions(self.team_size, self.max_party):
            if must and must not in plan:
                continue
            left = counts.copy()
            for size in plan:
                left[size] -= 1
            if min(left) >= 0 and (rest := self._fill(left, teams - 1)) is not None:
                return (plan, *rest)
        return None

    def _greedy(self, counts: list[int], teams: int, must: int) -> tuple[Plan, ...] | None:
        left, plans = counts.copy(), []
        for _ in range(teams):
            free, plan = self.team_size, []
            if must:
                plan.append(must)
                free -= must
                left[must] -= 1
                must = 0
            for size in range(self.max_party, 0, -1):
                fit = min(left[size], free // size)
                plan += [size] * fit
                left[size] -= fit
                free -= fit * size
            if free:
                return None
            plans.append(tuple(plan))
        return tuple(plans)


@lru_cache(maxsize=256)
def shape_of(teams: int, team_size: int, max_party: int) -> Shape:
    """The one shape of those numbers, so that what it has found out outlives a change of the settings."""
    return Shape(teams, team_size, max_party)


@lru_cache(maxsize=65_536)
def _seated(sizes: tuple[int, ...], free: tuple[int, ...]) -> bool:
    """Whether parties, largest first, fit into teams with so many free places."""
    if not sizes:
        return True
    if sum(sizes) > sum(free):
        return False
    if sizes[0] == 1:
        return True
    if len(sizes) > _DEEP:
        return _seated_in_turn(sizes, free)
    first, rest = sizes[0], sizes[1:]
    for at, places in enumerate(free):
        # Teams with as many places are alike.
        if places < first or places in free[:at]:
            continue
        if _seated(rest, tuple(sorted((*free[:at], places - first, *free[at + 1 :]), reverse=True))):
            return True
    return False


def _seated_in_turn(sizes: tuple[int, ...], free: tuple[int, ...]) -> bool:
    """As `_seated`, but each party goes where it just fits and stays there."""
    left = sorted(free)
    for size in sizes:
        at = bisect_left(left, size)
        if at == len(left):
            return False
        insort(left, left.pop(at) - size)
    return True
