"""Players with believable round-trip times: the region table plus what their last mile adds."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from random import Random


@cache
def region_rtt_ms() -> Mapping[str, Mapping[str, float]]:
    """From region to region, average round-trip time in ms. The source is named in the table's file."""
    text = resources.files("matchmaker").joinpath("data/region_rtt_ms.csv").read_text()
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row.pop("from"): {region: float(ms) for region, ms in row.items()} for row in rows}


def player_rtts_ms(home: str, random: Random) -> dict[str, float]:
    """What a player who lives near the region `home` measures to every region, in ms.

    The last mile adds a log-normal delay (median 12 ms) to all, and each measurement jitters by a few ms.
    """
    last_mile = random.lognormvariate(2.5, 0.5)
    return {
        region: round(max(1.0, ms + last_mile + random.gauss(0, 2)), 1) for region, ms in region_rtt_ms()[home].items()
    }
