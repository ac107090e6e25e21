"""How well two tickets go together. Which score a mode uses is in its settings, `modes.*.score`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Protocol

from matchmaker.core.settings import SettingsError
from matchmaker.core.ticket import Ticket

GROUP = "configedge.matchmaker.scores"
"""The entry point group in which packages offer scores of their own."""


class PairScore(Protocol):
    """Less is better; infinity: these two must not meet. Of the arguments alone, or a replay is not the same."""

    def __call__(self, anchor: Ticket, other: Ticket, now: float, /) -> float: ...


def rating(anchor: Ticket, other: Ticket, now: float) -> float:
    """How far apart their ratings are, in points."""
    return abs(anchor.rating - other.rating)


def wait(anchor: Ticket, other: Ticket, now: float) -> float:
    """Who has waited longest goes first, within the window; a second outweighs ten points of rating."""
    return abs(anchor.rating - other.rating) - 10 * (now - other.enqueued_at)


def party(anchor: Ticket, other: Ticket, now: float) -> float:
    """Parties meet parties: one player more or less weighs as much as a hundred points of rating."""
    return abs(anchor.rating - other.rating) + 100 * abs(anchor.size - other.size)


BUILT_IN: Mapping[str, PairScore] = {"rating": rating, "wait": wait, "party": party}


def find(name: str, also: Mapping[str, PairScore] | None = None) -> PairScore:
    """The score of a name: built in, given, or offered by an installed package. Raises SettingsError."""
    scores: dict[str, PairScore] = {**BUILT_IN, **(also or {})}
    if name in scores:
        return scores[name]
    offered = {point.name: point for point in entry_points(group=GROUP)}
    if name in offered:
        score: Callable[[Ticket, Ticket, float], float] = offered[name].load()
        return score
    raise SettingsError(f"there is no pair score {name!r}; use one of {', '.join(sorted({*scores, *offered}))}")
