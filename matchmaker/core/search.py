"""Who meets whom where counting is not enough: mutual windows, roles, players who avoid each other, scores, holds.

The candidates of an anchor are put in order, and taken one after the other as long as everybody can still sit with
everybody. It is greedy, with a bounded number of starts: what it finds is always allowed, and not always the best.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from matchmaker.core import score
from matchmaker.core.lane import PriorityLane
from matchmaker.core.plans import Shape
from matchmaker.core.score import PairScore
from matchmaker.core.ticket import State, Ticket

if TYPE_CHECKING:
    from matchmaker.core.pool import Pool

Teams = tuple[tuple[Ticket, ...], ...]

CANDIDATES: Final = 64
STARTS: Final = 8
_SEATINGS: Final = 400
_DEEP: Final = 200
_EPSILON: Final = 1e-6


class Search:
    """`scores` are pair scores by name, beside those that are built in or installed."""

    def __init__(self, scores: Mapping[str, PairScore] | None = None) -> None:
        self._scores = scores
        self._found: dict[str, PairScore] = {}

    def score(self, name: str) -> PairScore:
        """Raises SettingsError if there is none of that name."""
        if name not in self._found:
            self._found[name] = score.find(name, self._scores)
        return self._found[name]

    def around(self, anchor: Ticket, pool: Pool, now: float) -> Teams | None:
        """A match with the anchor in it; its tickets are marked as proposed."""
        rules = pool.rules
        pair = self.score(rules.mode.score)
        candidates = self.candidates(anchor, pool, now)
        for shape in rules.shapes_after(now - anchor.enqueued_at + _EPSILON):
            if anchor.size + sum(ticket.size for ticket in candidates) < shape.need:
                continue
            best: tuple[float, list[Ticket], Teams] | None = None
            for start in range(min(STARTS, max(1, len(candidates)))):
                group = _grow(anchor, candidates[start:], shape, pool, pair, now)
                if group is None or (teams := _seat(group, shape, rules.mode.roles)) is None:
                    continue
                spread = _spread(group)
                if best is None or spread < best[0]:
                    best = spread, group, teams
                if not rules.hold:
                    break
            if best is not None:
                for ticket in best[1]:
                    ticket.state = State.PROPOSED
                pool.serve(best[1], anchor, now)
                return best[2]
        return None

    def candidates(self, anchor: Ticket, pool: Pool, now: float) -> list[Ticket]:
        """Who is in the anchor's window and may meet it, best first."""
        found: list[tuple[float, float, float, int, Ticket]] = []
        pair = self.score(pool.rules.mode.score)
        most = max(CANDIDATES, 2 * pool.rules.shapes[0].need)
        for bucket in pool.within(anchor, now):
            for lane in bucket.lanes:
                if lane is None:
                    continue
                owed = lane.owed() if isinstance(lane, PriorityLane) else None
                for taken, ticket in enumerate(lane):
                    if taken == most or len(found) >= 4 * most:
                        break
                    if ticket is anchor or refusal(anchor, ticket, pool, now):
                        continue
                    value = pair(anchor, ticket, now)
                    if value < math.inf:
                        urgency = math.inf if ticket is owed else ticket.priority
                        found.append((-urgency, value, ticket.enqueued_at, ticket.id, ticket))
        found.sort(key=lambda entry: entry[:4])
        return [entry[4] for entry in found[:most]]


def refusal(one: Ticket, other: Ticket, pool: Pool, now: float) -> str | None:
    """Why two tickets of a pool must not meet now, apart from the window of the first; None if they may."""
    if pool.rules.mode.window_policy == "mutual":
        levels, rules = pool.rules.levels, pool.rules
        apart = abs(pool.index(one.rating) - pool.index(other.rating))
        for ticket in (one, other):
            if apart > levels[rules.level(now - ticket.enqueued_at + _EPSILON)].reach:
                return "mutual windows"
    for ticket, met in ((one, other), (other, one)):
        if ticket.more is not None and ticket.more.avoid and not ticket.more.avoid.isdisjoint(met.players):
            return "avoided players"
    return None


def _grow(
    anchor: Ticket, candidates: list[Ticket], shape: Shape, pool: Pool, pair: PairScore, now: float
) -> list[Ticket] | None:
    built_in = pair in score.BUILT_IN.values()
    group, players = [anchor], anchor.size
    if not shape.holds((anchor.size,)):
        return None
    slots = _slots(shape, pool.rules.mode.roles)
    for ticket in candidates:
        if players == shape.need:
            break
        if players + ticket.size > shape.need:
            continue
        if any(refusal(member, ticket, pool, now) for member in group[1:]):
            continue
        if not built_in and not all(pair(member, ticket, now) < math.inf for member in group[1:]):
            continue
        if not shape.holds((*(member.size for member in group), ticket.size)):
            continue
        if slots and not _play([*group, ticket], slots):
            continue
        group.append(ticket)
        players += ticket.size
    return group if players == shape.need else None


def _slots(shape: Shape, roles: Mapping[str, int]) -> list[str]:
    return [role for role, number in sorted(roles.items()) for _ in range(number * shape.teams)]


def wishes(ticket: Ticket) -> tuple[tuple[str, ...], ...]:
    """The roles that each player of a ticket is willing to play; none: any."""
    if ticket.more is None or not ticket.more.roles:
        return ((),) * ticket.size
    return ticket.more.roles


def _play(group: list[Ticket], slots: list[str]) -> dict[int, int] | None:
    """Which slot each player (counted through the group) plays, if all can play; Kuhn's bipartite matching."""
    wanted = [wish for ticket in group for wish in wishes(ticket)]
    taken: dict[int, int] = {}

    def place(player: int, seen: set[int]) -> bool:
        for slot, role in enumerate(slots):
            if slot in seen or (wanted[player] and role not in wanted[player]):
                continue
            seen.add(slot)
            if slot not in taken or place(taken[slot], seen):
                taken[slot] = player
                return True
        return False

    for player in range(len(wanted)):
        if not place(player, set()):
            return None
    return {player: slot for slot, player in taken.items()}


def roles_of(team: tuple[Ticket, ...], roles: Mapping[str, int]) -> dict[str, str] | None:
    """What each player plays, of as many places by role; None if not all can. Empty in a mode without roles."""
    if not roles:
        return {}
    slots = [role for role, number in sorted(roles.items()) for _ in range(number)]
    played = _play(list(team), slots)
    if played is None:
        return None
    players = [player for ticket in team for player in ticket.players]
    return {players[player]: slots[slot] for player, slot in played.items()}


def _seat(group: list[Ticket], shape: Shape, roles: Mapping[str, int]) -> Teams | None:
    """The group in teams, as even as dealing to the weakest comes to; None if roles or sizes do not work out."""
    slots = [role for role, number in sorted(roles.items()) for _ in range(number)]
    order = sorted(group, key=lambda ticket: (-ticket.size, -ticket.rating, ticket.id))
    most = max(_SEATINGS, 2 * len(order) * shape.teams)
    teams: list[list[Ticket]] = [[] for _ in range(shape.teams)]
    free = [shape.team_size] * shape.teams
    strength = [0.0] * shape.teams
    tries = 0

    def seat(at: int) -> bool:
        nonlocal tries
        if at == len(order):
            return True
        ticket = order[at]
        for team in sorted(range(shape.teams), key=lambda team: (strength[team], team)):
            tries += 1
            if tries > most:
                return False
            if free[team] < ticket.size or (slots and _play([*teams[team], ticket], slots) is None):
                continue
            teams[team].append(ticket)
            free[team] -= ticket.size
            strength[team] += ticket.rating * ticket.size
            # Beyond some depth whoever sits stays seated.
            if at >= _DEEP or seat(at + 1):
                return True
            teams[team].pop()
            free[team] += ticket.size
            strength[team] -= ticket.rating * ticket.size
        return False

    if not seat(0):
        return None
    for at in range(_DEEP + 1, len(order)):
        if not seat(at):
            return None
    return tuple(tuple(team) for team in teams)


def _spread(group: list[Ticket]) -> float:
    ratings = [ticket.rating for ticket in group]
    return max(ratings) - min(ratings)
