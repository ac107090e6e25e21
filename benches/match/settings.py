"""The configuration and the players of the bench: 100 pools where matches are made, and 20 where none can be."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import count
from typing import Any

from configedge.cli import example
from matchmaker.load.players import PARTIES, Played, Population

STANDING = 400_000
HOT_MODES = tuple(f"hot-{number}" for number in range(10))
COLD_MODES = ("cold-0", "cold-1")
NEED = 10
WIDTH, TOP = 50, 3000
# What may meet after so many ms, in buckets of 50 points to each side; the prototype's fast steps.
STEPS = ((0, 0), (40, 1), (80, 2), (120, 4), (150, 8), (180, 60))
MEASURED = 3
SWEEP_MS = 10
DEVIATION = 350


def values(changed: bool = False) -> dict[str, Any]:
    """The example bundle with the bench's modes and limits. `changed` flips a region's weight and all hot windows."""
    made: dict[str, Any] = deepcopy(example.document()["spec"]["values"])
    window = [{"after_ms": after, "points": (reach + 1) * WIDTH} for after, reach in STEPS]
    if changed:
        made["regions"]["us-west-1"]["weight"] = 1.2
        window[-1]["points"] -= WIDTH
    shape = {"enabled": True, "teams": 2, "team_size": 5, "max_party_size": 5}
    hot = {**shape, "window": window, "bucket_width": WIDTH, "max_rating": TOP, "max_wait_s": 30}
    cold_window = [{"after_ms": 0, "points": 1}]
    cold = {**shape, "window": cold_window, "bucket_width": 1, "max_rating": 4000, "max_wait_s": 3600}
    made["modes"] = {**dict.fromkeys(HOT_MODES, hot), **dict.fromkeys(COLD_MODES, cold)}
    made["limits"] |= {
        "max_queued_total": 2 * STANDING, "max_queued_per_pool": STANDING, "sweep_ms": SWEEP_MS, "finished_ttl_s": 5
    }  # fmt: skip
    return made


def regions() -> list[str]:
    return [*values()["regions"]]


def population() -> Population:
    """Spread evenly over all hot pools."""
    played = tuple(Played(mode, 1.0, PARTIES) for mode in HOT_MODES)
    return Population(played, dict.fromkeys(regions(), 1.0), 1500, DEVIATION, TOP - 1, MEASURED)


def standing(tickets: int) -> Iterator[tuple[str, str, str, float]]:
    """Player, region, mode and rating of tickets that cannot be matched: one too few in each bucket of each pool."""
    names = count(0xF000_0000)
    pools = [(region, mode) for mode in COLD_MODES for region in regions()]
    made = 0
    for bucket in count():
        for region, mode in pools:
            for _ in range(NEED - 1):
                if made == tickets:
                    return
                made += 1
                yield f"{next(names):08x}", region, mode, bucket + 0.5
