"""One mode's settings, made ready for its queues: what is computed once for a configuration and not for each ticket."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import NamedTuple

from matchmaker.core.plans import Shape, shape_of
from matchmaker.core.settings import Mode


class Level(NamedTuple):
    """From `after` seconds of waiting on, buckets up to `reach` away are within the window."""

    after: float
    reach: int


class Rules:
    """Of a mode whose settings are the same as before, the engine keeps the object."""

    __slots__ = (
        "_afters",
        "_times",
        "careful",
        "downward",
        "first",
        "hold",
        "least",
        "levels",
        "merge_after",
        "mode",
        "most_party",
        "shapes",
        "top",
        "width",
    )

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.width = mode.bucket_width
        self.most_party = mode.max_party_size
        self.top = int(mode.max_rating // mode.bucket_width)
        self.hold = mode.hold_ms / 1000
        self.merge_after = mode.merge_after_s
        # Whole buckets: who is `reach` buckets away is less than (reach + 1) widths away, so never beyond the window.
        self.levels = tuple(
            Level(step.after_ms / 1000, max(0, int(step.points // mode.bucket_width) - 1)) for step in mode.window
        )
        # The first level counts from before all time on: a ticket may be looked at by a clock that is a little behind.
        self._afters = [-math.inf, *(level.after for level in self.levels[1:])]
        times = {*self._afters, self.hold, *([mode.relax.after_s] if mode.relax else [])}
        self._times = [*sorted(time for time in times if 0 < time < mode.max_wait_s), mode.max_wait_s]
        self.first = self._times[0]
        """When something first changes for a ticket by waiting alone, in s."""
        self.downward = tuple(
            (at, self.levels[at].reach, (1 << (2 * self.levels[at].reach + 1)) - 1)
            for at in reversed(range(len(self.levels)))
        )
        """Index and reach of each level, the widest first; and a window of that reach as a mask, around bit `reach`."""
        self.shapes = _shapes(mode)
        """Full matches first, then smaller ones."""
        self.least = min(shape.need for shape in self.shapes)
        """Players in the smallest match."""
        self.careful = bool(mode.window_policy == "mutual" or mode.roles or mode.hold_ms or mode.score != "rating")
        """Whether who meets whom takes more than counting."""

    def level(self, waited_s: float) -> int:
        """The index of the widest level that has been reached."""
        return bisect_right(self._afters, waited_s) - 1

    def next_after(self, waited_s: float) -> float:
        """How long a ticket has waited when something next changes for it by waiting alone; at last, it expires."""
        times = self._times
        at = bisect_right(times, waited_s)
        return times[at] if at < len(times) else times[-1]

    def enough(self, counts: list[int]) -> int:
        """Bit s: with so many parties of s players at hand, one more makes no match possible."""
        return sum(1 << s for s, c in enumerate(counts) if s and all(shape.enough(s, c) for shape in self.shapes))

    def shapes_after(self, waited_s: float) -> tuple[Shape, ...]:
        relax = self.mode.relax
        return self.shapes if relax and waited_s >= relax.after_s else self.shapes[:1]

    def same_structure(self, other: Rules) -> bool:
        """Whether a queue can go over from one to the other without being built anew."""
        return (self.width, self.top, self._key()) == (other.width, other.top, other._key())

    def same_times(self, other: Rules) -> bool:
        """Whether waiting changes things for a ticket at the same times, of the same structure, by counts alone."""
        return not (self.careful or other.careful) and (self._afters, self._times) == (other._afters, other._times)

    def _key(self) -> tuple[object, ...]:
        mode = self.mode
        return (mode.teams, mode.team_size, mode.max_party_size, mode.relax, tuple(sorted(mode.roles.items())))


def _shapes(mode: Mode) -> tuple[Shape, ...]:
    shapes = [shape_of(mode.teams, mode.team_size, mode.max_party_size)]
    if relax := mode.relax:
        sizes = [s for s in range(mode.team_size, relax.min_team_size - 1, -1) if s % relax.multiple == 0]
        for teams in range(mode.teams, relax.min_teams - 1, -1):
            shapes += [
                shape_of(teams, size, mode.max_party_size)
                for size in sizes
                if (teams, size) != (mode.teams, mode.team_size)
            ]
    shapes[1:] = sorted(shapes[1:], key=lambda shape: -shape.need)
    return tuple(shapes)
