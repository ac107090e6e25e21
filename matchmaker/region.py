"""Which region a ticket plays in."""

from __future__ import annotations

from typing import NamedTuple

from matchmaker.settings import Settings
from matchmaker.ticket import Player


class Placement(NamedTuple):
    region: str
    score_ms: float
    reason: str


def place(settings: Settings, players: tuple[Player, ...], current: str = "") -> Placement | None:
    """The open region whose worst score over the party is least; None if no region is open.

    A player's score for a region, in ms: rtt x weight + load x load_penalty, plus far_penalty beyond max_rtt. A player
    who reported no round-trip time to a region cannot choose it; a party without a region in common goes to the default
    one. `current` (where the ticket waits now) is kept unless another one is better by more than the hysteresis.
    """
    scores = {
        name: score
        for name, region in settings.regions.items()
        if region.open and (score := _party_score(settings, players, name)) is not None
    }
    if not scores:
        return _default(settings)
    best = min(scores, key=lambda name: (scores[name], name))
    if current in scores and scores[current] - scores[best] <= settings.resolution.hysteresis_ms:
        best = current
    return Placement(best, scores[best], "round-trip times")


def _party_score(settings: Settings, players: tuple[Player, ...], name: str) -> float | None:
    worst = 0.0
    for player in players:
        rtt = player.rtts_ms.get(name)
        if rtt is None:
            return None
        worst = max(worst, _score(settings, name, rtt))
    return worst


def _score(settings: Settings, name: str, rtt_ms: float) -> float:
    region, resolution = settings.regions[name], settings.resolution
    far = resolution.far_penalty_ms if rtt_ms > resolution.max_rtt_ms else 0.0
    return rtt_ms * region.weight + region.load * resolution.load_penalty_ms + far


def _default(settings: Settings) -> Placement | None:
    name = settings.resolution.default_region
    if settings.regions[name].open:
        return Placement(name, 0.0, "default region: no open region was measured by all players")
    fallback = next((name for name, region in sorted(settings.regions.items()) if region.open), None)
    return Placement(fallback, 0.0, "first open region: the default region is closed") if fallback else None
