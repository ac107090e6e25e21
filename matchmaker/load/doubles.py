"""Whether anybody was put into two matches. Players of the load come once, so a second match is always wrong."""

from __future__ import annotations

from collections.abc import Iterable

_REMEMBERED = 4_000_000


class Doubles:
    """Remembers the matches of the last millions of players."""

    def __init__(self) -> None:
        self._match_of: dict[str, str] = {}
        self._before: dict[str, str] = {}

    def knows(self, player: str, match: str) -> bool:
        """Whether `saw` was told of this match, going by one of its players."""
        return self._match_of.get(player) == match

    def saw(self, match: str, players: Iterable[str]) -> int:
        """How many of a match's players were in another one before."""
        wrong, match_of, before = 0, self._match_of, self._before
        for player in players:
            if match_of.setdefault(player, match) != match or before.get(player, match) != match:
                wrong += 1
        if len(match_of) > _REMEMBERED:
            self._match_of, self._before = {}, match_of
        return wrong

    def add(self, other: Doubles) -> int:
        """Takes in what another generator saw; gives how many players were in one match here and another there."""
        seen = (other._before | other._match_of).items()
        return sum(self.saw(match, (player,)) for player, match in seen)
