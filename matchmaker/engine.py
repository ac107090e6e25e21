"""The engine: every rule about tickets, and nothing else. No I/O and no clock: `now` (seconds, any epoch) is passed in.

The same calls with the same settings give the same matches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from matchmaker.pool import Pool, Teams
from matchmaker.region import place
from matchmaker.settings import Settings
from matchmaker.ticket import Player, State, Ticket


@dataclass(frozen=True, slots=True)
class Match:
    """One record assigns all its tickets. `generation` and `commit` are the configuration it was decided under."""

    id: str
    region: str
    mode: str
    teams: Teams
    decided_at: float
    generation: int
    commit: str

    @property
    def tickets(self) -> Iterator[Ticket]:
        return (ticket for team in self.teams for ticket in team)


@dataclass(frozen=True, slots=True)
class Ended:
    """A ticket left the queue without a match; its state and reason say how."""

    ticket: Ticket


Event = Match | Ended


class Refused(Exception):
    """The ticket was not taken. `field` names what in the request is to blame, `hint` what to do about it."""

    def __init__(self, message: str, field: str, hint: str) -> None:
        super().__init__(message)
        self.field = field
        self.hint = hint


class Full(Refused):
    """A queue is at its limit; try again later."""


class AlreadyQueued(Exception):
    """A player of the request waits already, in `ticket`."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(ticket.id)
        self.ticket = ticket


class Engine:
    """All queues. A ticket is in exactly one pool while it is queued, and in none afterwards."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._pools: dict[tuple[str, str], Pool] = {}
        self._queued: dict[str, Ticket] = {}
        self._players: dict[str, Ticket] = {}
        self._matches = 0

    def __len__(self) -> int:
        """Tickets in the queue."""
        return len(self._queued)

    def depths(self) -> dict[tuple[str, str], int]:
        """Queued tickets by (region, mode)."""
        return {key: pool.count for key, pool in self._pools.items() if pool.count}

    def enqueue(self, now: float, id: str, mode: str, players: tuple[Player, ...]) -> tuple[Ticket, list[Event]]:
        """Takes a ticket, and what came of it at once. Raises Refused, Full or AlreadyQueued."""
        settings = self.settings
        rules = settings.modes.get(mode)
        if rules is None or not rules.enabled:
            open_modes = ", ".join(name for name, other in settings.modes.items() if other.enabled)
            raise Refused(f"{mode!r} is not a mode that is open", "mode", f"use one of: {open_modes}")
        if not 1 <= len(players) <= rules.max_party_size:
            raise Refused(
                f"a party of {len(players)}, and {mode} takes 1 to {rules.max_party_size}",
                "players",
                "change the party",
            )
        if len({player.id for player in players}) < len(players):
            raise Refused("a player is in the party twice", "players", "give each player once")
        for player in players:
            if waiting := self._players.get(player.id):
                raise AlreadyQueued(waiting)
        if len(self._queued) >= settings.limits.max_queued_total:
            raise Full(f"{len(self._queued)} tickets wait, which is the limit", "", "try again later")
        ticket = Ticket(id, mode, players, now)
        placement = place(settings, players)
        if placement is None:
            raise Full("all regions are closed", "", "try again later")
        ticket.region, _, ticket.reason = placement
        pool = self._pool(ticket.region, mode)
        if pool.count >= settings.limits.max_queued_per_pool:
            raise Full(f"{pool.count} tickets wait for {mode} in {ticket.region}, the limit", "", "try again later")
        pool.add(ticket)
        self._queued[id] = ticket
        for player in players:
            self._players[player.id] = ticket
        teams = pool.match_around(ticket, now)
        return ticket, [self._assign(teams, ticket.region, mode, now)] if teams else []

    def cancel(self, id: str) -> Ticket | None:
        """Takes a queued ticket back; None if it is not queued (any more)."""
        ticket = self._queued.get(id)
        if ticket:
            self._end(ticket, State.CANCELLED, "cancelled by the player")
        return ticket

    def tick(self, now: float) -> list[Event]:
        """What time alone has brought: wider windows and passed deadlines."""
        events: list[Event] = []
        for (region, mode), pool in list(self._pools.items()):
            events.extend(self._assign(teams, region, mode, now) for teams in pool.sweep(now))
            for ticket in pool.expired(now):
                events.append(self._end(ticket, State.EXPIRED, f"no match within {pool.mode.max_wait_s:g} s"))
            if not pool.count:
                del self._pools[region, mode]
        return events

    def apply(self, settings: Settings, now: float) -> list[Event]:
        """Goes over to other settings, between two events. Tickets keep their age.

        Tickets of a closed region or with a better one move; those of a closed mode, or too large for it, are rejected.
        """
        before, self.settings = self.settings, settings
        if (before.regions, before.resolution, before.modes) == (settings.regions, settings.resolution, settings.modes):
            return []
        tickets = sorted(self._queued.values(), key=lambda ticket: (ticket.enqueued_at, ticket.id))
        self._pools = {}
        events: list[Event] = []
        for ticket in tickets:
            events.extend(self._requeue(ticket))
        return events + self.tick(now)

    def _requeue(self, ticket: Ticket) -> Iterable[Event]:
        mode = self.settings.modes.get(ticket.mode)
        placement = place(self.settings, ticket.players, ticket.region)
        if mode is None or not mode.enabled:
            reason = f"the mode {ticket.mode} was closed"
        elif ticket.size > mode.max_party_size:
            reason = f"parties in {ticket.mode} are limited to {mode.max_party_size} now"
        elif placement is None:
            reason = "all regions were closed"
        else:
            ticket.region, _, ticket.reason = placement
            self._pool(ticket.region, ticket.mode).add(ticket)
            return ()
        self._forget(ticket, State.REJECTED, reason)
        return (Ended(ticket),)

    def _pool(self, region: str, mode: str) -> Pool:
        pool = self._pools.get((region, mode))
        if pool is None:
            pool = self._pools[region, mode] = Pool(self.settings.modes[mode])
        return pool

    def _assign(self, teams: Teams, region: str, mode: str, now: float) -> Match:
        self._matches += 1
        settings = self.settings
        match = Match(f"m-{self._matches}", region, mode, teams, now, settings.generation, settings.commit)
        for ticket in match.tickets:
            self._end(ticket, State.ASSIGNED, match.id)
        return match

    def _end(self, ticket: Ticket, state: State, reason: str) -> Ended:
        self._pools[ticket.region, ticket.mode].remove(ticket)
        self._forget(ticket, state, reason)
        return Ended(ticket)

    def _forget(self, ticket: Ticket, state: State, reason: str) -> None:
        ticket.state, ticket.reason = state, reason
        del self._queued[ticket.id]
        for player in ticket.players:
            del self._players[player.id]
