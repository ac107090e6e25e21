"""What became of the requests."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from matchmaker.load.doubles import Doubles
from matchmaker.load.histogram import Histogram

# Ended without a match, by the states of the API.
ENDINGS = ("expired", "cancelled", "rejected", "returned")


class Told(msgspec.Struct, gc=False):
    """What an assignment says, as far as it is counted here."""

    match_id: str
    region: str
    teams: list[list[str]]
    generation: int
    commit: str
    decided_monotonic_ns: int


@dataclass(slots=True)
class Generation:
    """Assignments under one configuration, by when they were decided."""

    commit: str
    first_ns: int
    last_ns: int
    tickets: int = 0


@dataclass(slots=True)
class Window:
    """What a generator saw since it last told; the counts are since its start."""

    lane: int
    at: float
    """When, in monotonic s."""
    counts: Counter[str]
    latency_us: Histogram
    regions: Counter[str]
    generations: dict[int, Generation]


Tell = Callable[[Window], None]


@dataclass
class Tally:
    """Of one generator. Times in s, by the clock that the whole machine shares.

    Counts: `sent`, `assigned`, the endings, `refused` (of them `refused_untold` without a time to come back), `double`
    (a second answer to one ticket, or a player in a second match), `mistold` (a match without the player it was told
    to), `unanswered` (waiting when the load ended; taken back then), `lost` (not even that was answered, or not sent),
    `unsent` (no session was free, so it was never tried), `error`.
    """

    lane: int = 0
    warm_until: float = 0.0
    """Latencies of tickets that were due earlier are not in `latency_us`."""
    counts: Counter[str] = field(default_factory=Counter)
    latency_us: Histogram = field(default_factory=Histogram)
    """From due to assigned."""
    late_us: Histogram = field(default_factory=Histogram)
    """From due to sent: the generator's own share of it."""
    generations: dict[int, Generation] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    doubles: Doubles = field(default_factory=Doubles)
    _window: Histogram = field(default_factory=Histogram)
    _regions: Counter[str] = field(default_factory=Counter)
    _known: dict[str, Told] = field(default_factory=dict)

    def known(self, match: str) -> Told | None:
        """What was told of a match a short while ago."""
        return self._known.get(match)

    def match(self, told: Told) -> None:
        """A match that is heard of for the first time."""
        self.counts["double"] += self.doubles.saw(told.match_id, (player for team in told.teams for player in team))
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[told.match_id] = told
        seen = self.generations.get(told.generation)
        at = told.decided_monotonic_ns
        if seen is None:
            self.generations[told.generation] = Generation(told.commit, at, at)
        else:
            seen.first_ns, seen.last_ns = min(seen.first_ns, at), max(seen.last_ns, at)

    def assigned(self, player: str, told: Told, due: float, now: float) -> None:
        """A ticket of `player` got the match; `match` was called for that."""
        self.counts["assigned"] += 1
        if not self.doubles.knows(player, told.match_id):
            self.counts["mistold"] += 1
        micros = int((now - due) * 1e6)
        if due >= self.warm_until:
            self.latency_us.record(micros)
        self._window.record(micros)
        self._regions[told.region] += 1
        self.generations[told.generation].tickets += 1

    def refused(self, why: str, told_when: bool) -> None:
        self.counts["refused"] += 1
        if not told_when:
            self.counts["refused_untold"] += 1
        if why:
            self.errors[why] += 1

    def window(self) -> Window:
        """What came since this was last called."""
        counts, generations = Counter(self.counts), dict(self.generations)
        window = Window(self.lane, time.monotonic(), counts, self._window, self._regions, generations)
        self._window, self._regions = Histogram(), Counter()
        return window

    def add(self, other: Tally) -> None:
        """Takes in what another generator counted, and finds players that were in a match here and in another there."""
        self.counts.update(other.counts)
        self.counts["double"] += self.doubles.add(other.doubles)
        self.latency_us.add(other.latency_us)
        self.late_us.add(other.late_us)
        self.errors.update(other.errors)
        merge(self.generations, other.generations)


def merge(into: dict[int, Generation], others: dict[int, Generation]) -> None:
    for number, other in others.items():
        mine = into.setdefault(number, Generation(other.commit, other.first_ns, other.last_ns))
        mine.first_ns, mine.last_ns = min(mine.first_ns, other.first_ns), max(mine.last_ns, other.last_ns)
        mine.tickets += other.tickets
