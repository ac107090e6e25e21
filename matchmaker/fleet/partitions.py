"""Which partition takes a ticket. A partition is named for what it takes: `REGIONS/MODES`, each a list or `*`.

`eu-west-1/duel`, `eu-west-1,eu-central-1/duel,squad`, `*/*`. Players meet within one partition only: regions that merge
and modes that one ticket may name together belong into one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


class Partitions:
    """In their order: the first that takes a ticket has it."""

    def __init__(self, names: Iterable[str]) -> None:
        """Raises ValueError for a name that is none."""
        self.names = tuple(dict.fromkeys(names))
        self._rules = [(name, *_parse(name)) for name in self.names]
        self.of = lru_cache(maxsize=4096)(self._of)
        """The partition for a region and all of some modes; None if there is none."""

    def with_region(self, region: str) -> tuple[str, ...]:
        """Those that take tickets of a region."""
        return tuple(name for name, regions, _ in self._rules if not regions or region in regions)

    def _of(self, region: str, modes: tuple[str, ...]) -> str | None:
        for name, regions, known in self._rules:
            if (not regions or region in regions) and (not known or known.issuperset(modes)):
                return name
        return None


def one_a_region(regions: Iterable[str]) -> Partitions:
    return Partitions(f"{region}/*" for region in regions)


def _parse(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """Regions and modes; empty for all."""
    parts = name.split("/")
    if len(parts) != 2 or not all(word for part in parts for word in part.split(",")):
        raise ValueError(f"{name!r} is no partition; write REGIONS/MODES, such as eu-west-1/duel,squad or eu-west-1/*")
    regions, modes = (frozenset(part.split(",")) if part != "*" else frozenset() for part in parts)
    return regions, modes
