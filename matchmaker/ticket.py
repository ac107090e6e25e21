"""A ticket: one player or party that waits for a match."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """A ticket is queued until exactly one of the others happens to it; that is final."""

    QUEUED = "queued"
    ASSIGNED = "assigned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Player:
    """`rating` is in the points of the mode's window; `rtts_ms` maps regions to measured round-trip times in ms."""

    id: str
    rating: float
    rtts_ms: dict[str, float]


class Ticket:
    """One entry of a queue. Only the engine writes `state`, `region` and `reason`."""

    __slots__ = ("enqueued_at", "id", "mode", "players", "rating", "reason", "region", "size", "state")

    def __init__(self, id: str, mode: str, players: tuple[Player, ...], enqueued_at: float) -> None:
        self.id = id
        self.mode = mode
        self.players = players
        self.size = len(players)
        self.rating = sum(player.rating for player in players) / len(players)
        self.enqueued_at = enqueued_at
        self.region = ""
        self.state = State.QUEUED
        self.reason = ""
        """Why it is where it is: of a queued ticket why this region, of a finished one why it ended."""

    def __repr__(self) -> str:
        return f"<Ticket {self.id} {self.mode}@{self.region} x{self.size} {self.rating:.0f} {self.state.value}>"
