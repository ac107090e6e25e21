"""Who plays in which team, once it is known who plays."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from matchmaker.core.plans import Plan
from matchmaker.core.search import Teams
from matchmaker.core.ticket import Ticket

_strength: Final = attrgetter("size", "rating", "id")


def deal(chosen: list[Ticket], plans: tuple[Plan, ...]) -> Teams:
    """Gives the parties to teams, largest and strongest first, each to the team that is weakest so far and has a place.

    The plans are for the sizes of `chosen` exactly.
    """
    chosen.sort(key=_strength, reverse=True)
    if len(plans) == 2 == len(chosen):
        return (chosen[0],), (chosen[1],)
    places = [list(plan) for plan in plans]
    teams: list[list[Ticket]] = [[] for _ in plans]
    strength = [0.0] * len(plans)
    for ticket in chosen:
        size = ticket.size
        team = -1
        for at, free in enumerate(places):
            if size in free and (team < 0 or strength[at] < strength[team]):
                team = at
        places[team].remove(size)
        teams[team].append(ticket)
        strength[team] += ticket.rating * size
    return tuple(map(tuple, teams))
