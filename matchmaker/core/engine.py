"""The engine: every rule about tickets, and nothing else. No I/O and no clock: `now` (seconds, any epoch) is passed in.

The same calls with the same settings give the same events.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec
from mypy_extensions import mypyc_attr

from matchmaker.core.alarms import Alarms
from matchmaker.core.backfill import Backfill, Backfills
from matchmaker.core.bucket import Bucket
from matchmaker.core.events import Ended, Event, Match, Proposed, Requeued, Unserved
from matchmaker.core.open_tickets import OpenTickets
from matchmaker.core.placement import Placement
from matchmaker.core.pool import Pool
from matchmaker.core.proposals import Proposal, Proposals
from matchmaker.core.refused import AlreadyQueued, Busy, Refused
from matchmaker.core.region import Regions
from matchmaker.core.rules import Rules
from matchmaker.core.score import PairScore
from matchmaker.core.search import Search, Teams, roles_of
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import More, State, Ticket

# Buckets looked at, and tickets moved, in one tick: some milliseconds of work.
_LOOKS = 1_000
_MOVES = 2_000
_QUEUED: Final = State.QUEUED
_ASSIGNED: Final = State.ASSIGNED


@mypyc_attr(allow_interpreted_subclasses=True)
class Engine:
    """All queues. An open ticket is in `tickets`, by its id, and each of its players has no other one."""

    def __init__(self, settings: Settings, scores: Mapping[str, PairScore] | None = None, name: str = "m") -> None:
        """`name` begins the ids of matches. Raises SettingsError if a mode names a pair score that there is not."""
        self._search = Search(scores)
        self.settings = settings
        self.regions = Regions(settings.regions, settings.resolution)
        self.tickets = OpenTickets()
        self.pools: dict[tuple[str, str], Pool] = {}
        self._rules = self._compile(settings, {})
        self._players: dict[str, Ticket] = {}
        self._alarms = Alarms()
        self._moving: deque[tuple[Pool, list[Ticket] | None]] = deque()
        self._deadlines: list[tuple[float, int]] = []
        self._merging: list[tuple[float, int, str]] = []
        self._proposals = Proposals()
        self._backfills = Backfills()
        self._matches = 0
        self._name = name
        self._serves = settings.allocation.provider != "none"
        """Whether matches need game servers."""

    def __len__(self) -> int:
        """Open tickets."""
        return len(self.tickets)

    def depths(self) -> dict[tuple[str, str], int]:
        """Tickets by (region, mode); one that waits in several places counts in each."""
        depths = {key: pool.count for key, pool in self.pools.items() if pool.count}
        for pool, _ in self._moving:
            key = pool.region, pool.mode
            if pool.count:
                depths[key] = depths.get(key, 0) + pool.count
        return depths

    def oldest(self) -> dict[tuple[str, str], float]:
        """Since when the oldest ticket waits, by (region, mode); a lower bound."""
        return {
            key: min(bucket.since for bucket in pool.buckets.values() if bucket.players)
            for key, pool in self.pools.items()
            if pool.count
        }

    def waiting(self, player: str) -> Ticket | None:
        """The open ticket of a player."""
        return self._players.get(player)

    def enqueue(
        self,
        ticket: Ticket,
        modes: tuple[str, ...],
        placement: Placement,
        now: float,
        rtts: Sequence[Mapping[str, float]] = (),
    ) -> list[Event]:
        """Takes a new ticket, and gives what came of it at once.

        `rtts` is what the placement was chosen by; kept by a recording engine, for what-if.
        Raises Refused, Busy or AlreadyQueued; then nothing has changed.
        """
        size, who, region = ticket.size, ticket.who, placement.region
        limits = self.settings.limits
        full: Pool | None = None
        for mode in modes:
            if (rules := self._rules.get(mode)) is None:
                raise Refused(f"{mode!r} is not a mode that is open", "mode", f"use one of: {', '.join(self._rules)}")
            if size > rules.most_party:
                raise Refused(
                    f"a party of {size}, and {mode} takes 1 to {rules.most_party}", "players", "change the party"
                )
            pool = self.pools.get((region, mode))
            if pool is not None and pool.count >= limits.max_queued_per_pool:
                full = pool
        players = self._players
        if type(who) is str:
            if who in players:
                raise AlreadyQueued(players[who])
        else:
            if len(set(who)) < size:
                raise Refused("a player is in the party twice", "players", "give each player once")
            for name in who:
                if name in players:
                    raise AlreadyQueued(players[name])
        if self.tickets.count >= limits.max_queued_total:
            raise Busy(f"{self.tickets.count} tickets wait, which is the limit")
        if full is not None:
            raise Busy(f"{full.count} tickets wait for {full.mode} in {region}, which is the limit")
        ticket.regions = placement.others
        if type(who) is str:
            players[who] = ticket
        else:
            for name in who:
                players[name] = ticket
        self.tickets.put(ticket)
        more = ticket.more
        if more is not None and more.deadline is not None:
            heapq.heappush(self._deadlines, (more.deadline, ticket.id))
        first = self._pool(region, modes[0]) if pool is None or len(modes) > 1 else pool
        ticket.bucket = bucket = first.add(ticket, now)
        if len(modes) == 1 and not self._backfills:
            if ticket.regions and first.rules.merge_after:
                self._will_merge(ticket)
            events: list[Event] = []
            while teams := first.arrived(ticket, bucket, now):
                events.append(self._matched(first, teams, now))
                if ticket.state is not _QUEUED:
                    break
            return events
        return self._queue(ticket, region, modes, now)

    def cancel(self, id: int, now: float, reason: str = "cancelled by the player") -> list[Event]:
        """Takes an open ticket back; nothing if it is not open (any more): then whatever ended it was first."""
        ticket = self.tickets.get(id)
        if ticket is None:
            return []
        if ticket.state is State.PROPOSED and (proposal := self._proposals.of(id)):
            return self._dissolve(proposal, {id}, State.CANCELLED, reason, now)
        return [self._end(ticket, State.CANCELLED, reason, now)]

    def proposal(self, id: int) -> Proposal | None:
        """What a proposed ticket waits in."""
        return self._proposals.of(id)

    def accept(self, id: int, player: str, now: float) -> list[Event]:
        """A player accepts the match its ticket was proposed for. Raises KeyError if none was, or not to it."""
        proposal = self._proposals.of(id)
        ticket = self.tickets.get(id)
        if proposal is None or ticket is None or player not in ticket.players:
            raise KeyError(id)
        proposal.waiting.discard(player)
        if proposal.waiting or proposal.unserved:
            return []
        self._proposals.close(proposal)
        return [self._await_server(proposal.match, now) if self._serves else self._assign(proposal.match)]

    def serve(self, match_id: str, server: str, now: float) -> list[Event]:
        """Gives a match the game server that it waited for. Raises KeyError if there is no such match any more."""
        proposal = self._proposals.unserved(match_id)
        if proposal is None:
            raise KeyError(match_id)
        self._proposals.close(proposal)
        return [self._assign(msgspec.structs.replace(proposal.match, server=server))]

    def unserved(self) -> Iterator[Match]:
        """Matches that wait for a game server, the longest waiting first."""
        return self._proposals.all_unserved()

    def decline(self, id: int, now: float) -> list[Event]:
        """Somebody does not want the match; the others go back with their age. Raises KeyError if there is none."""
        proposal = self._proposals.of(id)
        if proposal is None:
            raise KeyError(id)
        return self._dissolve(proposal, {id}, State.REJECTED, "the match was declined", now)

    def ask(self, backfill: Backfill, now: float) -> list[Event]:
        """Takes a running match's request for players, and gives the matches that it came to at once.

        One of the same id is replaced. Raises Refused for a region or mode that is not open, or one without backfill.
        """
        rules = self._rules.get(backfill.mode)
        if rules is None or not rules.mode.backfill:
            raise Refused(f"{backfill.mode!r} is not a mode that takes backfill", "mode", "name another one")
        if not self.regions.open(backfill.region):
            raise Refused(f"{backfill.region!r} is not a region that is open", "region", "name another one")
        if fault := backfill.fault(rules.mode):
            raise fault
        if backfill.deadline <= now:
            raise Refused("the deadline is over", "deadline", "ask with a later one")
        self.withdraw_backfill(backfill.id)
        self._backfills.put(backfill)
        events: list[Event] = []
        if pool := self.pools.get((backfill.region, backfill.mode)):
            for ticket in pool.between(backfill.rating - backfill.points, backfill.rating + backfill.points):
                if (team := backfill.team_for(ticket)) is not None:
                    events.append(self._join(backfill, team, ticket, pool, now))
                    if not backfill.free:
                        break
        return events

    def withdraw_backfill(self, id: str) -> Backfill | None:
        """Ends a request for players; None if there is none of that id."""
        return self._backfills.pop(id)

    def tick(self, now: float) -> list[Event]:
        """What time alone has brought. Bounded work: call again at once while `behind(now)`."""
        events: list[Event] = []
        for _ in range(_MOVES):
            if not (self._deadlines and self._deadlines[0][0] <= now):
                break
            ticket = self.tickets.get(heapq.heappop(self._deadlines)[1])
            if ticket is not None and ticket.state is State.QUEUED:
                events.append(self._end(ticket, State.EXPIRED, "no match before its deadline", now))
        for proposal in islice(self._proposals.due(now), _LOOKS):
            late = {t.id for t in proposal.match.tickets if not proposal.waiting.isdisjoint(t.players)}
            events += self._dissolve(proposal, late, State.REJECTED, "the match was not accepted in time", now)
        self._merge(now, events)
        self._move(now, events)
        due = deque(self._alarms.take(now, _LOOKS))
        try:
            while due:
                self._look(due.popleft(), now, events)
        finally:
            # A pair score that fails takes no other bucket's turn.
            for bucket in due:
                self._alarms.set(now, bucket)
        if self._backfills:
            self._backfills.expire(now)
        return events

    def behind(self, now: float) -> bool:
        """Whether a tick has left work over."""
        return (
            self._alarms.late(now)
            or bool(self._moving)
            or bool(self._deadlines and self._deadlines[0][0] <= now)
            or bool(self._merging and self._merging[0][0] <= now)
            or self._proposals.late(now)
        )

    def late_s(self, now: float) -> float:
        """For how long a bucket has been due that no tick has looked at yet: what more tickets would add to."""
        return self._alarms.late_s(now)

    def apply(self, settings: Settings, now: float) -> list[Event]:
        """Goes over to other settings, between two events. Tickets keep their age.

        Windows, times, weights and limits count at once. Queues whose structure changes, or whose region or mode was
        closed, are moved by the ticks that follow, some thousand tickets each; until then they stand still.
        Raises SettingsError if a mode names a pair score that there is not; then nothing has changed.
        """
        rules = self._compile(settings, self._rules)
        before, self.settings = self.settings, settings
        self._serves = settings.allocation.provider != "none"
        if (before.regions, before.resolution) != (settings.regions, settings.resolution):
            self.regions = Regions(settings.regions, settings.resolution)
        old, self._rules = self._rules, rules
        for key, pool in list(self.pools.items()):
            new = rules.get(pool.mode)
            if new is None or not self.regions.open(pool.region) or not new.same_structure(pool.rules):
                del self.pools[key]
                pool.closed = True
                self._moving.append((pool, None))
            else:
                pool.follow(new, settings, now)
        if any(r.merge_after and (m not in old or old[m].merge_after != r.merge_after) for m, r in rules.items()):
            for ticket in self.tickets:
                if ticket.state is State.QUEUED:
                    self._will_merge(ticket)
        for backfill in self._backfills:
            rule = rules.get(backfill.mode)
            gone = rule is None or not rule.mode.backfill or backfill.fault(rule.mode) is not None
            if gone or not self.regions.open(backfill.region):
                self.withdraw_backfill(backfill.id)
        return self.tick(now)

    def give_back(self, reason: str) -> list[Event]:
        """Ends all open tickets as returned: they may be sent to another matchmaker, with their age."""
        for proposal in list(self._proposals):
            self._proposals.close(proposal)
        self._moving.clear()
        return [self._end(ticket, State.RETURNED, reason, ticket.enqueued_at) for ticket in list(self.tickets)]

    # Queueing

    def _compile(self, settings: Settings, known: Mapping[str, Rules]) -> dict[str, Rules]:
        """Rules of the modes that are open; those that did not change are the same objects."""
        rules = {}
        for name, mode in settings.modes.items():
            self._search.score(mode.score)
            if mode.enabled:
                same = name in known and known[name].mode == mode
                rules[name] = known[name] if same else Rules(mode)
        return rules

    def _pool(self, region: str, mode: str) -> Pool:
        pool = self.pools.get((region, mode))
        if pool is None:
            pool = Pool(region, mode, self._rules[mode], self.settings, self._alarms, self._search)
            self.pools[region, mode] = pool
        return pool

    def _queue(self, ticket: Ticket, region: str, modes: tuple[str, ...], now: float) -> list[Event]:
        """Puts a ticket that is in its first queue into all others, and tries them."""
        if len(modes) > 1:
            self._queue_more(ticket, region, modes, now)
        if ticket.regions and (ticket.pool.rules.merge_after or len(modes) > 1):
            self._will_merge(ticket)
        if self._backfills and (joined := self._join_any(ticket, now)):
            return [joined]
        events: list[Event] = []
        for bucket in _places(ticket):
            while teams := bucket.pool.arrived(ticket, bucket, now):
                events.append(self._matched(bucket.pool, teams, now))
                if ticket.state is not _QUEUED:
                    return events
        return events

    def _queue_more(self, ticket: Ticket, region: str, modes: tuple[str, ...], now: float) -> None:
        more = ticket.more = ticket.more or More()
        more.modes = modes
        pools = [self._pool(region, mode) for mode in dict.fromkeys(modes[1:]) if mode != modes[0]]
        more.places = tuple(pool.add(ticket, now) for pool in pools)

    def _requeue(self, ticket: Ticket, reason: str, now: float) -> list[Event]:
        """Puts a ticket that was in a proposed match back, as another object with the same age."""
        ticket = ticket.again()
        self.tickets.put(ticket)
        for name in ticket.players:
            self._players[name] = ticket
        region, modes = ticket.pool.region, self._modes(ticket)
        if not modes:
            return [self._forget(ticket, State.REJECTED, self._no_place(ticket.mode))]
        if not self.regions.open(region) and not (region := self._elsewhere(ticket)):
            return [self._forget(ticket, State.REJECTED, "all regions were closed")]
        ticket.bucket = self._pool(region, modes[0]).add(ticket, now)
        if len(modes) > 1:
            self._queue_more(ticket, region, modes, now)
        for bucket in _places(ticket):
            # Others are on their way back too: all are looked at by the next tick.
            bucket.pool.wake(bucket, now)
        self._will_merge(ticket)
        if ticket.more is not None and ticket.more.deadline is not None:
            heapq.heappush(self._deadlines, (ticket.more.deadline, ticket.id))
        events: list[Event] = [Requeued(ticket, reason)]
        if self._backfills and (joined := self._join_any(ticket, now)):
            events.append(joined)
        return events

    def _modes(self, ticket: Ticket) -> tuple[str, ...]:
        """The modes of a ticket that are open and still take parties of its size."""
        named = ticket.more.modes if ticket.more and ticket.more.modes else (ticket.mode,)
        return tuple(m for m in named if (r := self._rules.get(m)) and ticket.size <= r.mode.max_party_size)

    def _no_place(self, mode: str) -> str:
        """Why a ticket cannot wait for a mode any more."""
        rules = self._rules.get(mode)
        if rules is None:
            return f"the mode {mode} was closed"
        return f"parties in {mode} are limited to {rules.mode.max_party_size} now"

    def _elsewhere(self, ticket: Ticket) -> str:
        """Where a ticket goes whose region was closed; empty if all are."""
        region = next((name for name in ticket.regions if self.regions.open(name)), "")
        default = self.regions.default()
        return region or (default.region if default else "")

    # Time

    def _look(self, bucket: Bucket, now: float, events: list[Event]) -> None:
        """One bucket whose oldest ticket has reached a step."""
        pool = bucket.pool
        if pool.closed:
            return
        for ticket in pool.expired(bucket, now):
            events.append(self._end(ticket, State.EXPIRED, f"no match within {pool.rules.mode.max_wait_s:g} s", now))
        while bucket.players and (teams := pool.ripe(bucket, now)):
            events.append(self._matched(pool, teams, now))

    def _will_merge(self, ticket: Ticket) -> None:
        """Notes when a ticket is to wait in one more region, for each of its modes."""
        if ticket.regions:
            for mode in dict.fromkeys(pool.mode for pool in _pools(ticket)):
                if (due := self._merge_due(ticket, mode)) is not None:
                    heapq.heappush(self._merging, (due, ticket.id, mode))

    def _merge_due(self, ticket: Ticket, mode: str) -> float | None:
        """When a ticket is to wait for a mode in one more region; None: never, or its queue is about to move."""
        pools = [pool for pool in _pools(ticket) if pool.mode == mode]
        rules = self._rules.get(mode)
        if rules is None or not rules.merge_after or not pools:
            return None
        if any(pool.closed for pool in pools):
            return None
        return ticket.enqueued_at + rules.merge_after * len(pools)

    def _merge(self, now: float, events: list[Event]) -> None:
        """Lets tickets that have waited long wait in their next best region too."""
        for _ in range(_MOVES):
            if not (self._merging and self._merging[0][0] <= now):
                return
            _, id, mode = heapq.heappop(self._merging)
            ticket = self.tickets.get(id)
            if ticket is None or ticket.state is not State.QUEUED:
                continue
            due = self._merge_due(ticket, mode)
            if due is None or due > now:
                # It has an entry of its own for that time, or gets one when it has moved.
                continue
            there = {pool.region for pool in _pools(ticket) if pool.mode == mode}
            region = next((r for r in ticket.regions if r not in there and self.regions.open(r)), None)
            if region is None:
                continue
            more = ticket.more = ticket.more or More()
            pool = self._pool(region, mode)
            bucket = pool.add(ticket, now)
            more.places = (*more.places, bucket)
            pool.wake(bucket, now)
            if self._backfills and (joined := self._join_any(ticket, now)):
                events.append(joined)
                continue
            if (due := self._merge_due(ticket, mode)) is not None:
                heapq.heappush(self._merging, (due, id, mode))

    def _move(self, now: float, events: list[Event]) -> None:
        """Some tickets from queues that are no more to where they belong now."""
        budget = _MOVES
        while self._moving and budget > 0:
            pool, left = self._moving[0]
            if left is None:
                left = [ticket for bucket in pool.buckets.values() for ticket in bucket]
                left.sort(key=lambda ticket: (ticket.enqueued_at, ticket.id), reverse=True)
            chunk, left = left[-budget:], left[:-budget]
            budget -= len(chunk)
            woken: dict[int, Bucket] = {}
            for ticket in reversed(chunk):
                # Those that have left meanwhile are open no more, or another object.
                if ticket.state is State.QUEUED and self.tickets.get(ticket.id) is ticket:
                    self._move_one(ticket, pool, now, events, woken)
            for bucket in woken.values():
                if bucket.players:
                    bucket.pool.wake(bucket, now)
            if left:
                self._moving[0] = pool, left
            else:
                self._moving.popleft()

    def _move_one(self, ticket: Ticket, old: Pool, now: float, events: list[Event], woken: dict[int, Bucket]) -> None:
        place = next(bucket for bucket in _places(ticket) if bucket.pool is old)
        others = [bucket for bucket in _places(ticket) if bucket is not place]
        mode, party = old.mode, ticket.size
        rules = self._rules.get(mode)
        fits = rules is not None and party <= rules.most_party
        region = old.region
        if not self.regions.open(region):
            # Where it waits for the mode in other regions too, it goes on waiting there.
            region = "" if any(bucket.pool.mode == mode for bucket in others) else self._elsewhere(ticket)
        target = self._pool(region, mode) if fits and region else None
        self._detach(ticket, old, place)
        if target is not None and all(bucket.pool is not target for bucket in others):
            bucket = target.add(ticket, now)
            woken[id(bucket)] = bucket
            others.insert(0 if ticket.bucket is place else len(others), bucket)
        if not others:
            ticket.bucket = place
            reason = self._no_place(mode) if region else "all regions were closed"
            events.append(self._forget(ticket, State.REJECTED, reason))
            return
        ticket.bucket, *rest = others
        if rest or ticket.more is not None:
            more = ticket.more = ticket.more or More()
            more.places = tuple(rest)
        self._will_merge(ticket)
        if self._backfills and (joined := self._join_any(ticket, now)):
            events.append(joined)

    @staticmethod
    def _detach(ticket: Ticket, old: Pool, place: Bucket) -> None:
        """Takes a ticket that goes on waiting out of a queue that is no more; nobody looks at its entry there again."""
        old.count -= 1
        old.players -= ticket.size
        place.counts[ticket.size] -= 1
        place.players -= ticket.size

    # Ending

    def _matched(self, pool: Pool, teams: Teams, now: float) -> Event:
        """Makes a match of tickets that the pool has marked."""
        self._matches += 1
        settings, mode = pool.settings, pool.rules.mode
        roles: dict[str, str] = {}
        if mode.roles:
            roles = {player: role for team in teams for player, role in (roles_of(team, mode.roles) or {}).items()}
        match = Match(
            f"{self._name}-{self._matches}",
            pool.region,
            pool.mode,
            teams,
            now,
            settings.generation,
            settings.commit,
            roles,
        )
        wanting: list[Bucket] = []
        for team in teams:
            for ticket in team:
                bucket = ticket.bucket
                if bucket.pool.left(ticket, bucket) and bucket not in wanting:
                    wanting.append(bucket)
                if ticket.more is not None and ticket.more.places:
                    _leave_others(ticket, wanting, pool)
        for bucket in wanting:
            if bucket.players:
                bucket.pool.look(bucket, now)
        if not mode.accept_s:
            return self._await_server(match, now) if self._serves else self._assign(match)
        return Proposed(match, self._proposals.open(match, now + mode.accept_s).deadline)

    def _await_server(self, match: Match, now: float) -> Unserved:
        return Unserved(match, self._proposals.await_server(match, now + self.settings.allocation.wait_s).deadline)

    def _assign(self, match: Match) -> Match:
        players, tickets = self._players, self.tickets
        for team in match.teams:
            for ticket in team:
                ticket.state = _ASSIGNED
                tickets.remove(ticket)
                who = ticket.who
                if type(who) is str:
                    del players[who]
                else:
                    for name in who:
                        del players[name]
        return match

    def _dissolve(self, proposal: Proposal, guilty: set[int], state: State, reason: str, now: float) -> list[Event]:
        """Ends the tickets that a proposed match failed by, and puts the others back."""
        self._proposals.close(proposal)
        tickets = list(proposal.match.tickets)
        events: list[Event] = [self._forget(ticket, state, reason) for ticket in tickets if ticket.id in guilty]
        back = [ticket for ticket in tickets if ticket.id not in guilty]
        why = "another player did not accept the match"
        if proposal.unserved:
            why = "another player left the match" if guilty else "no game server was to be had in time"
        for ticket in back:
            events += self._requeue(ticket, why, now)
        return events

    def _end(self, ticket: Ticket, state: State, reason: str, now: float) -> Ended:
        was_queued = ticket.state is State.QUEUED
        ticket.state = state
        if was_queued:
            self._leave(ticket, now)
        return self._forget(ticket, state, reason)

    @staticmethod
    def _leave(ticket: Ticket, now: float, joined: Pool | None = None) -> None:
        """Takes a ticket that is queued no more out of all its places; `joined` is the queue that it got a match in."""
        wanting = [ticket.bucket] if ticket.pool.left(ticket, ticket.bucket) else []
        if ticket.more is not None and ticket.more.places:
            _leave_others(ticket, wanting, joined)
        for bucket in wanting:
            bucket.pool.look(bucket, now)

    def _forget(self, ticket: Ticket, state: State, reason: str) -> Ended:
        ticket.state = state
        self.tickets.remove(ticket)
        for name in ticket.players:
            del self._players[name]
        return Ended(ticket, state, reason)

    # Backfill

    def _join_any(self, ticket: Ticket, now: float) -> Event | None:
        for pool in _pools(ticket):
            if found := self._backfills.seat(ticket, pool.region, pool.mode, now):
                return self._join(*found, ticket, pool, now)
        return None

    def _join(self, backfill: Backfill, team: int, ticket: Ticket, pool: Pool, now: float) -> Match:
        roles = backfill.take(ticket, team)
        if not backfill.free:
            self.withdraw_backfill(backfill.id)
        teams: Teams = tuple((ticket,) if at == team else () for at in range(len(backfill.seats)))
        self._matches += 1
        settings = pool.settings
        match = Match(
            f"{self._name}-{self._matches}",
            pool.region,
            pool.mode,
            teams,
            now,
            settings.generation,
            settings.commit,
            roles,
            backfill.id,
        )
        ticket.state = State.PROPOSED
        self._leave(ticket, now, pool)
        return self._assign(match)

    def backfills(self) -> Iterable[Backfill]:
        return self._backfills


def _places(ticket: Ticket) -> tuple[Bucket, ...]:
    """Everywhere it waits, its first place first."""
    return (ticket.bucket, *ticket.more.places) if ticket.more is not None else (ticket.bucket,)


def _pools(ticket: Ticket) -> list[Pool]:
    return [bucket.pool for bucket in _places(ticket)]


def _leave_others(ticket: Ticket, wanting: list[Bucket], joined: Pool | None) -> None:
    """Takes it out of all places but the first; whoever wants to be looked at then is added to `wanting`."""
    more = ticket.more
    assert more is not None
    for bucket in more.places:
        if bucket.pool.left(ticket, bucket) and bucket not in wanting:
            wanting.append(bucket)
        if bucket.pool is joined:
            ticket.bucket = bucket
    more.places = ()
