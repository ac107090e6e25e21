"""When requests are due."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random


def poisson(rate: float, seconds: float, random: Random) -> Iterator[float]:
    """Times in s from the start, ascending, below `seconds`: a Poisson process of `rate` a second.

    Nobody's answer moves them: that is what makes a load open-loop. Raises ValueError for a rate that is not above 0.
    """
    if not rate > 0:
        raise ValueError(f"a rate of {rate:g} requests a second sends none; give one above 0")
    pause, due = random.expovariate, 0.0
    while (due := due + pause(rate)) < seconds:
        yield due
