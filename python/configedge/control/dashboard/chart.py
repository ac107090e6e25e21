"""How long pushes took to reach the nodes, as places on a logarithmic axis. All places are per cent of its width."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from configedge.control.dashboard.render import span

_MOST = 20


@dataclass(frozen=True, slots=True)
class Row:
    commit: str
    at: float
    nodes: int
    served: int
    first_s: float | None
    half_s: float | None
    all_s: float | None
    first: float | None
    half: float | None
    all: float | None


@dataclass(frozen=True, slots=True)
class Chart:
    rows: list[Row]
    ticks: list[tuple[float, str]]

    @classmethod
    def of(cls, pushes: list[dict[str, Any]], most: int = _MOST) -> Chart:
        """From the rows of `Propagation.rows()`, newest first."""
        pushes = [push for push in pushes if push["nodes"]][:most]
        times = [push[name] for push in pushes for name in ("first_s", "half_s", "all_s") if push[name] is not None]
        low = math.floor(math.log10(max(min(times, default=0.01), 0.001)))
        high = max(math.ceil(math.log10(max(max(times, default=1.0), 0.001))), low + 1)

        def place(seconds: float | None) -> float | None:
            if seconds is None:
                return None
            # A margin, so that a dot at an end is whole.
            share = (math.log10(max(seconds, 10.0**low)) - low) / (high - low)
            return round(2 + 96 * share, 2)

        rows = [
            Row(
                push["commit"],
                push["at"],
                push["nodes"],
                push["served"],
                *(push[name] for name in ("first_s", "half_s", "all_s")),
                *(place(push[name]) for name in ("first_s", "half_s", "all_s")),
            )
            for push in pushes
        ]
        # Three steps are as many as have room for their names.
        step = math.ceil((high - low) / 3)

        def name(power: int) -> str:
            shown = power in (low, high) or ((power - low) % step == 0 and high - power >= step)
            return span(10.0**power) if shown else ""

        ticks = [(place(10.0**power) or 0.0, name(power)) for power in range(low, high + 1)]
        return cls(rows, ticks)
