"""Who was told to come back because no region was near enough yet: the time until then counts as waiting."""

from __future__ import annotations

_LATE_S = 60.0
"""Who comes back later than that has given up, and begins anew."""
_LIMIT = 100_000


class TurnedAway:
    """Since when players wait, by the first one's id of a party; of a bounded number."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._since)

    def waited_s(self, player: str, now: float) -> float:
        """Since it was first turned away; 0 if it was not, or stayed away too long."""
        since, due = self._since.get(player, (now, now))
        if now > due + _LATE_S:
            del self._since[player]
            return 0.0
        return now - since

    def add(self, player: str, retry_after_s: float, now: float) -> None:
        """It is told to come back then. If there are too many, whoever asked longest ago is forgotten."""
        since, _ = self._since.pop(player, (now, now))
        if len(self._since) >= _LIMIT:
            del self._since[next(iter(self._since))]
        self._since[player] = since, now + retry_after_s

    def remove(self, player: str) -> None:
        """It was let in."""
        self._since.pop(player, None)
