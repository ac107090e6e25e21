"""How far apart places are, and what that says about round-trip times."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from matchmaker.core.settings import Region

EARTH_RADIUS_KM = 6371.0
FIBRE_KM_PER_MS = 299.792458 * 2 / 3
"""Light in glass goes at two thirds of its speed in the void."""
DETOUR = 1.5
"""How much longer cables are than the great circle, roughly."""
LAST_MILE_MS = 20.0
_PLACES_REMEMBERED = 4096


class Place(NamedTuple):
    """In degrees. The true place is within `radius_km` of it, as far as is known."""

    latitude: float
    longitude: float
    radius_km: float = 0.0


def distance_km(a: Place, b: Place) -> float:
    """Along the great circle."""
    north, east = radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)
    chord = sin(north / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


def light_ms(a: Place, b: Place) -> float:
    """No round trip is quicker: the way there and back in fibre, both places as near as their radii allow."""
    return 2 * max(0.0, distance_km(a, b) - a.radius_km - b.radius_km) / FIBRE_KM_PER_MS


def estimate_ms(a: Place, b: Place) -> float:
    """What a round trip takes, roughly: 1.5 x light time in fibre (there and back) + 20 ms for the last mile."""
    return DETOUR * 2 * distance_km(a, b) / FIBRE_KM_PER_MS + LAST_MILE_MS


@cache
def known_places() -> Mapping[str, Place]:
    """Of the regions of AWS, by name. The source is named in the table's file."""
    text = resources.files("matchmaker").joinpath("data/regions.csv").read_text()
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["name"]: Place(float(row["latitude"]), float(row["longitude"])) for row in rows}


class Distances:
    """From places to the regions of one configuration: to those that say where they are, and those of AWS."""

    def __init__(self, regions: Mapping[str, Region]) -> None:
        self._places = {name: place for name in sorted(regions) if (place := _place(name, regions[name]))}
        # Players share places: a database knows some ten thousand cities, and few of them make the most of a game.
        self.light_ms = lru_cache(_PLACES_REMEMBERED)(self._light_ms)
        self.estimate_ms = lru_cache(_PLACES_REMEMBERED)(self._estimate_ms)

    def _light_ms(self, place: Place) -> Mapping[str, float]:
        """By region: the least that a player at the place can measure, in ms."""
        return {name: light_ms(place, region) for name, region in self._places.items()}

    def _estimate_ms(self, place: Place) -> Mapping[str, float]:
        """By region: what a player at the place is likely to measure, in ms."""
        return {name: round(estimate_ms(place, region), 1) for name, region in self._places.items()}


def _place(name: str, region: Region) -> Place | None:
    if region.latitude is None or region.longitude is None:
        return known_places().get(name)
    return Place(region.latitude, region.longitude)
