"""Who plays: where they live, how good they are, with whom they come, and their requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from matchmaker.load.rtt import player_rtts_ms, region_rtt_ms

# Where players live: the share of the traffic from near each region.
POPULATION = {
    "us-east-1": 0.24,
    "us-west-2": 0.14,
    "eu-west-1": 0.20,
    "eu-central-1": 0.22,
    "ap-northeast-1": 0.12,
    "sa-east-1": 0.08,
}
ALONE = {1: 1.0}
PARTIES = {1: 0.70, 2: 0.15, 3: 0.08, 4: 0.03, 5: 0.04}
"""How large the parties of a 5v5 are, by share."""
# How far the players of a party are from its rating.
_PARTY_DEVIATION = 50
_ID = "%08x"


@dataclass(frozen=True, slots=True)
class Played:
    """A mode, its weight among the modes, and its party sizes by weight."""

    mode: str
    share: float = 1.0
    parties: Mapping[int, float] = field(default_factory=lambda: ALONE)


@dataclass(frozen=True, slots=True)
class Population:
    """`homes` are weights by region; `measured` is how many regions each player names, the nearest ones first."""

    played: tuple[Played, ...]
    homes: Mapping[str, float] = field(default_factory=lambda: POPULATION)
    rating: float = 1500
    deviation: float = 120
    highest: float = 2999
    measured: int | None = None


def example(squads: float) -> Population:
    """For the modes of the example bundle; `squads` is the share of 5v5 requests."""
    return Population((Played("duel", 1 - squads), Played("squad", squads, PARTIES)))


class Players:
    """Players who come and never come back. Of one seed and lane they are always the same."""

    def __init__(self, population: Population, seed: int, lane: int = 0) -> None:
        """`lane` tells generators that run beside each other apart: no two have a player in common (64 lanes)."""
        self._population = population
        self._random = Random(f"{seed}/{lane}")
        # Eight hexadecimal digits: 16 seeds x 64 lanes x 4 million players.
        self._next = (seed & 15) << 28 | (lane & 63) << 22
        self._homes = [home for home in population.homes if home in region_rtt_ms()]
        self._home_weights = [population.homes[home] for home in self._homes]
        self._shares = [played.share for played in population.played]

    def request(self) -> tuple[dict[str, Any], str]:
        """An enqueue, and the name of its first player."""
        made = self._draw()
        names = [_ID % self.take() for _ in made["players"]]
        for player, name in zip(made["players"], names, strict=True):
            player["id"] = name
        return made, names[0]

    def ring(self, size: int) -> list[tuple[bytes, int]]:
        """Encoded requests to send again and again, each with its party size: `body % numbers` puts in the players."""
        made = []
        for _ in range(size):
            request = self._draw()
            for player in request["players"]:
                player["id"] = _ID
            made.append((msgspec.json.encode(request), len(request["players"])))
        return made

    def take(self, number: int = 1) -> int:
        """The first of so many new player numbers."""
        first = self._next
        self._next += number
        return first

    def _draw(self) -> dict[str, Any]:
        random, population = self._random, self._population
        played = random.choices(population.played, self._shares)[0]
        home = random.choices(self._homes, self._home_weights)[0]
        size = random.choices([*played.parties], [*played.parties.values()])[0]
        middle = random.gauss(population.rating, population.deviation)
        players = []
        for _ in range(size):
            rating = middle if size == 1 else random.gauss(middle, _PARTY_DEVIATION)
            rtts = player_rtts_ms(home, random)
            if population.measured is not None:
                rtts = dict(sorted(rtts.items(), key=lambda item: item[1])[: population.measured])
            players.append({"id": "", "rating": round(min(max(rating, 0), population.highest), 1), "rtts_ms": rtts})
        return {"mode": played.mode, "players": players}
