"""An engine that can be put together again from a description of what it held.

The parts that are left out (which alarms were set, which tickets had just been passed over) are made anew, so an engine
that was put back may match in another order than it would have. A recording engine puts itself back whenever it begins
a new file: then it and a replay of that file go the same way from there.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from matchmaker.core.bucket import Bucket
from matchmaker.core.engine import Engine
from matchmaker.core.score import PairScore
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import More, State, Ticket
from matchmaker.history.records import BackfillPart, Names, OpenProposal, OpenState, OpenTicket


class Restorable(Engine):
    def __init__(self, settings: Settings, scores: Mapping[str, PairScore] | None = None, name: str = "m") -> None:
        super().__init__(settings, scores, name)
        self._scores = scores

    def can_restore(self) -> bool:
        """Whether `state` tells enough now: not while queues move, or a match of a closed mode is proposed."""
        return not self._moving and all(
            ticket.mode in self._rules for proposal in self._proposals for ticket in proposal.match.tickets
        )

    def state(self, now: float, names: Names = str) -> OpenState:
        """What is open, players under their `names`."""
        tickets = sorted(self.tickets, key=lambda ticket: (ticket.enqueued_at, ticket.id))
        proposals = []
        for proposal in self._proposals:
            m = proposal.match
            teams = tuple(tuple(ticket.id for ticket in team) for team in m.teams)
            waiting = tuple(sorted(map(names, proposal.waiting)))
            roles = {names(player): role for player, role in m.roles.items()}
            proposals.append(
                OpenProposal(
                    m.id,
                    m.region,
                    m.mode,
                    teams,
                    m.decided_at,
                    m.generation,
                    m.commit,
                    proposal.deadline,
                    waiting,
                    roles,
                    proposal.unserved,
                )
            )
        return OpenState(
            now,
            self._matches,
            tuple(_part(ticket, names) for ticket in tickets),
            tuple(proposals),
            tuple(BackfillPart.of(backfill, names) for backfill in self.backfills()),
        )

    def restore(self, state: OpenState, tickets: Mapping[int, Ticket] | None = None) -> None:
        """Begins anew with what is in `state` and nothing else.

        `tickets` are those of the state by id, if they exist already: under their players' own names then.
        """
        waiting = [set(proposal.waiting) for proposal in self._proposals] if tickets is not None else None
        backfills = list(self.backfills()) if tickets is not None else [part.backfill() for part in state.backfills]
        proposed = [proposal.match for proposal in self._proposals] if tickets is not None else None
        if tickets is None:
            tickets = {part.id: part.ticket(part.since) for part in state.tickets}
        Restorable.__init__(self, self.settings, self._scores, self._name)
        self._matches = state.matches
        in_proposals = {id for proposal in state.proposals for team in proposal.teams for id in team}
        woken: dict[int, Bucket] = {}
        for part in state.tickets:
            self._put_back(tickets[part.id], part, part.id in in_proposals, state.at, woken)
        for bucket in woken.values():
            bucket.pool.wake(bucket, state.at)
        for at, told in enumerate(state.proposals):
            match = proposed[at] if proposed else told.match(tickets)
            if told.unserved:
                self._proposals.await_server(match, told.deadline)
            else:
                self._proposals.open(match, told.deadline).waiting = waiting[at] if waiting else set(told.waiting)
        for backfill in backfills:
            self._backfills.put(backfill)

    def _put_back(self, ticket: Ticket, part: OpenTicket, proposed: bool, now: float, woken: dict[int, Bucket]) -> None:
        old = ticket.more
        ticket.more = None
        if old or part.modes or len(part.places) > 1:
            more = ticket.more = More()
            if old:
                more.priority, more.roles, more.avoid, more.deadline = old.priority, old.roles, old.avoid, old.deadline
            more.modes = part.modes
        ticket.regions = part.regions
        self.tickets.put(ticket)
        for name in ticket.players:
            self._players[name] = ticket
        if part.deadline is not None:
            heapq.heappush(self._deadlines, (part.deadline, ticket.id))
        if proposed:
            ticket.bucket = self._pool(*part.places[0]).bucket(ticket.rating)
            ticket.state = State.PROPOSED
            return
        places = []
        for region, mode in part.places:
            bucket = self._pool(region, mode).add(ticket, now)
            woken[id(bucket)] = bucket
            places.append(bucket)
        ticket.bucket = places[0]
        if ticket.more is not None:
            ticket.more.places = tuple(places[1:])
        self._will_merge(ticket)


def _part(ticket: Ticket, names: Names) -> OpenTicket:
    more = ticket.more or More()
    places = [bucket.pool for bucket in (ticket.bucket, *more.places)]
    return OpenTicket(
        id=ticket.id,
        who=names(ticket.who) if isinstance(ticket.who, str) else tuple(map(names, ticket.who)),
        rating=ticket.rating,
        priority=more.priority,
        roles=more.roles,
        avoid=tuple(sorted(map(names, more.avoid))),
        deadline=more.deadline,
        since=ticket.enqueued_at,
        regions=ticket.regions,
        modes=more.modes,
        places=tuple((pool.region, pool.mode) for pool in places),
    )
