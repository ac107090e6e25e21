"""A fleet as an edge sees it: has the face of an engine, sends what it is asked to the logs, and says what they said.

Tickets here stand for those of the partitions' engines. They have ids of this process, and names of the whole fleet:
the partition, and what the edge that took them called them; or a digest of player and idempotency key.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b

from matchmaker.core.backfill import Backfill
from matchmaker.core.engine import Engine
from matchmaker.core.events import Denied, Ended, Event, Match, Proposed, Queued, Requeued
from matchmaker.core.placement import Placement
from matchmaker.core.refused import Busy, Conflict, Refused
from matchmaker.core.region import Regions
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import State, Ticket
from matchmaker.fleet import calls, names, steps
from matchmaker.fleet.answers import Answers, Unanswered
from matchmaker.fleet.calls import Call, Join
from matchmaker.fleet.log import Log, LogError
from matchmaker.fleet.outbox import Outbox
from matchmaker.fleet.partitions import Partitions
from matchmaker.fleet.proxies import event_of, match_of, put, refusal
from matchmaker.fleet.steps import Gone, Made, Open, Said
from matchmaker.history.records import BackfillPart

Told = Event | Queued | Denied


class Front(Engine):
    """`tell` is called with what becomes of the tickets of this process."""

    def __init__(
        self, settings: Settings, log: Log, partitions: Partitions, tell: Callable[[list[Told]], None]
    ) -> None:
        super().__init__(settings)
        self.partitions = partitions
        self.run_id = secrets.token_hex(6)
        """Begins the names of the tickets that are taken here."""
        self.key: tuple[str, str, bytes] | None = None
        """Player, idempotency key and digest of the request that is being taken."""
        self.outbox = Outbox(log, self._sent)
        self.shift = time.time() - time.monotonic()
        self._tell = tell
        self._words: dict[str, str] = {}
        self._ids: dict[str, tuple[int, ...]] = {}
        """The open tickets of this process, by name."""
        self._names: dict[int, str] = {}
        self._others: dict[str, str] = {}
        """Names of requests that were answered with a ticket that was there."""
        self._outcomes: dict[str, Made | Gone] = {}
        self._ages: deque[tuple[float, list[str], list[int]]] = deque()
        """When outcomes came: their names, and the ids of this process that ended then."""
        self._answers = Answers(self.run_id)
        self._seats: dict[str, tuple[str, Backfill]] = {}

    # As an engine

    def enqueue(
        self,
        ticket: Ticket,
        modes: tuple[str, ...],
        placement: Placement,
        now: float,
        rtts: Sequence[Mapping[str, float]] = (),
    ) -> list[Event]:
        """Sends it. Raises Refused or Busy; what only the partition's owner can know comes later, as Denied."""
        for mode in modes:
            if mode not in self._rules:
                raise Refused(f"{mode!r} is not a mode that is open", "mode", f"use one of: {', '.join(self._rules)}")
        partition = self.partitions.of(placement.region, modes)
        if partition is None:
            raise Refused(
                f"no partition takes {', '.join(modes)} in {placement.region}", "mode", "ask for fewer modes at once"
            )
        if self.outbox.full:
            raise Busy(f"{self.outbox.waiting} requests wait for the log, which is the limit")
        name, digest = self._named(partition, ticket.id)
        more = ticket.more
        deadline = more.deadline if more else None
        call = Join(
            name=name, who=ticket.who, rating=ticket.rating, modes=modes, region=placement.region,
            others=placement.others, waited_s=max(0.0, now - ticket.enqueued_at), digest=digest,
        )  # fmt: skip
        if more is not None:
            call.priority, call.roles, call.avoid = more.priority, more.roles, tuple(sorted(more.avoid))
            call.max_wait_s = None if deadline is None else deadline - ticket.enqueued_at
        put(ticket, placement.region, modes[0], State.SENT)
        self._add(ticket, name)
        self.outbox.send(partition, call)
        return []

    def cancel(self, id: int, now: float, reason: str = "cancelled by the player") -> list[Event]:
        if self.tickets.get(id) is not None:
            name, ref = self._names[id], self._answers.ask(id)
            self._send(name, calls.Leave(name, ref, reason))
        return []

    def accept(self, id: int, player: str, now: float) -> list[Event]:
        ticket = self.tickets.get(id)
        if ticket is None or (ticket.who and player not in ticket.players):
            raise KeyError(id)
        name, ref = self._names[id], self._answers.ask(id)
        self._send(name, calls.Accept(name, ref, player))
        return []

    def decline(self, id: int, now: float) -> list[Event]:
        if self.tickets.get(id) is None:
            raise KeyError(id)
        name, ref = self._names[id], self._answers.ask(id)
        self._send(name, calls.Decline(name, ref))
        return []

    def ask(self, backfill: Backfill, now: float) -> list[Event]:
        """Sends it; who joins is told to the players. Raises Refused for what cannot be by the settings here."""
        rules = self._rules.get(backfill.mode)
        partition = self.partitions.of(backfill.region, (backfill.mode,))
        if rules is None or not rules.mode.backfill or partition is None:
            raise Refused(f"{backfill.mode!r} is not a mode that takes backfill", "mode", "name another one")
        if fault := backfill.fault(rules.mode):
            raise fault
        part = BackfillPart.of(backfill, str)
        part.deadline -= now
        self._seats[backfill.id] = partition, backfill
        self.outbox.send(partition, calls.Ask(self._answers.ref(), part))
        return []

    def withdraw_backfill(self, id: str) -> Backfill | None:
        """Knows those that were asked for here."""
        partition, backfill = self._seats.pop(id, ("", None))
        if backfill is not None:
            self.outbox.send(partition, calls.Withdraw(self._answers.ref(), id))
        return backfill

    def tick(self, now: float) -> list[Event]:
        before = now - self.settings.limits.finished_ttl_s
        while self._ages and self._ages[0][0] < before:
            _, outcomes, ids = self._ages.popleft()
            for name in outcomes:
                self._outcomes.pop(name, None)
                self._others.pop(name, None)
            for id in ids:
                self._names.pop(id, None)
        for name in [name for name, (_, seats) in self._seats.items() if seats.deadline < now]:
            del self._seats[name]
        return []

    def behind(self, now: float) -> bool:
        return False

    def release(self, server: str) -> None:
        """Tells all partitions that a game server is free again: the one that gave it out takes it back."""
        for partition in self.partitions.names:
            self.outbox.send(partition, calls.Free(server))

    def apply(self, settings: Settings, now: float) -> list[Event]:
        """Only what this edge needs of them; each partition has its own from its log."""
        self._rules = self._compile(settings, self._rules)
        before, self.settings = self.settings, settings
        if (before.regions, before.resolution) != (settings.regions, settings.resolution):
            self.regions = Regions(settings.regions, settings.resolution)
        return []

    def give_back(self, reason: str) -> list[Event]:
        """Nothing: tickets are the log's, and other edges answer for them."""
        return []

    def depths(self) -> dict[tuple[str, str], int]:
        """Tickets of this edge."""
        return Counter((ticket.region, ticket.mode) for ticket in self.tickets)

    def oldest(self) -> dict[tuple[str, str], float]:
        since: dict[tuple[str, str], float] = {}
        for ticket in self.tickets:
            key = ticket.region, ticket.mode
            since[key] = min(since.get(key, ticket.enqueued_at), ticket.enqueued_at)
        return since

    # Names

    def name(self, id: int) -> str:
        """Raises KeyError."""
        return self._names[id]

    def find(self, name: str, id: int) -> Ticket | Match | Ended:
        """What stands here for a ticket of any edge: under `id`, if it is not known yet; then see `later`.

        Raises KeyError.
        """
        name = self._others.get(name, name)
        if ids := self._ids.get(name):
            ticket = self.tickets.get(ids[0])
            assert ticket is not None, "it is open"
            return ticket
        self.partition_of(name)
        ticket = self._stand_in(id)
        self._names[ticket.id] = name
        if (outcome := self._outcomes.get(name)) is not None:
            self._age(time.monotonic(), [], [ticket.id])
            return event_of(outcome, {name: ticket}, self.shift)
        ref = self._answers.ask(ticket.id)
        self._add(ticket, name)
        self._send(name, calls.Look(name, ref))
        return ticket

    def known(self, name: str) -> list[Ticket]:
        """The open tickets that stand here for a name."""
        ids = self._ids.get(self._others.get(name, name), ())
        return [ticket for id in ids if (ticket := self.tickets.get(id)) is not None]

    def later(self, id: int) -> asyncio.Future[None] | None:
        """Done when the log has answered what was asked of a ticket last. May raise KeyError, or Unanswered."""
        return self._answers.later(id)

    def _stand_in(self, id: int) -> Ticket:
        ticket = Ticket(id, "", 0.0, time.monotonic())
        put(ticket, "", "", State.SENT)
        return ticket

    def _named(self, partition: str, id: int) -> tuple[str, bytes]:
        """A ticket's name, and the digest of its request if that has a key."""
        word = self._words.get(partition)
        if word is None:
            word = self._words[partition] = names.encode(partition)
        if self.key is None:
            return f"{word}.{self.run_id}{id:x}", b""
        player, key, digest = self.key
        own = blake2b(f"{len(player)}:{player}{key}".encode("utf-8", "surrogatepass"), digest_size=15).hexdigest()
        return f"{word}.k{own}", digest

    def partition_of(self, name: str) -> str:
        """Raises KeyError for a name that is no ticket's."""
        word, dot, rest = name.partition(".")
        try:
            partition = names.decode(word)
        except ValueError:
            raise KeyError(name) from None
        if not dot or not rest or partition not in self.partitions.names:
            raise KeyError(name)
        return partition

    def _add(self, ticket: Ticket, name: str) -> None:
        self.tickets.put(ticket)
        self._names[ticket.id] = name
        self._ids[name] = (*self._ids.get(name, ()), ticket.id)

    # Asking

    def _send(self, name: str, call: Call) -> None:
        self.outbox.send(self.partition_of(name), call)

    def _sent(self, partition: str, sent: Sequence[Call], error: LogError | None) -> None:
        told: list[Told] = []
        for call in sent:
            if isinstance(call, calls.Stock | calls.Free):
                continue
            if not isinstance(call, Join):
                if error is not None:
                    self._answers.settle(call.ref, Unanswered(str(error), "", "ask for the state of the ticket"))
                continue
            for id in self._ids.get(call.name, ()):
                ticket = self.tickets.get(id)
                if ticket is not None and ticket.state is State.SENT and ticket.who:
                    if error is None:
                        ticket.state = State.QUEUED
                        told.append(Queued(ticket))
                    else:
                        told += self._deny(call.name, Unanswered(str(error), "", "ask for it again, with its key"))
        if told:
            self._tell(told)

    # Hearing

    def hear(self, said: Iterable[Said]) -> None:
        """A partition's engine has said something, and it is durable."""
        told: list[Told] = []
        now = time.monotonic()
        for one in said:
            if isinstance(one, Made):
                ended = [seat.name for team in one.teams for seat in team]
                told += self._heard_end(one, ended, now)
            elif isinstance(one, Gone):
                told += self._heard_end(one, [one.name], now)
            elif isinstance(one, steps.Offered):
                told += self._heard_offer(one)
            elif isinstance(one, steps.Back):
                told += self._heard_back(one)
            elif isinstance(one, Open):
                told += self._heard_open(one, now)
            elif isinstance(one, steps.Denied):
                told += self._deny(one.ref, refusal(one))
                self._answers.settle(one.ref, refusal(one))
            elif (id := self._answers.ticket(one.ref)) is not None:
                self._heard_answer(one, id)
        if told:
            self._tell(told)

    def _heard_answer(self, one: steps.Done | steps.Nothing | steps.Seats, id: int) -> None:
        ticket = self.tickets.get(id)
        if isinstance(one, steps.Nothing) and ticket is not None and not ticket.who:
            # Asked about by name alone, and there is no such ticket.
            self._drop(ticket)
        self._answers.settle(one.ref, KeyError(id) if isinstance(one, steps.Nothing) and ticket is not None else None)

    def _heard_end(self, outcome: Made | Gone, ended: list[str], now: float) -> list[Told]:
        ids: list[int] = []
        mine: dict[str, list[Ticket]] = {}
        outcomes = self._outcomes
        for name in ended:
            outcomes[name] = outcome
            for id in self._ids.pop(name, ()):
                ids.append(id)
                if (ticket := self.tickets.get(id)) is not None:
                    self.tickets.remove(ticket)
                    mine.setdefault(name, []).append(ticket)
        self._age(now, ended, ids)
        if not mine:
            return []
        # A ticket that several requests of this edge wait for is told to each.
        rounds = max(map(len, mine.values()))
        return [
            event_of(outcome, {name: tickets[at] for name, tickets in mine.items() if at < len(tickets)}, self.shift)
            for at in range(rounds)
        ]

    def _heard_offer(self, one: steps.Offered) -> list[Told]:
        mine: dict[str, Ticket] = {}
        for team in one.match.teams:
            for seat in team:
                for id in self._ids.get(seat.name, ()):
                    if (ticket := self.tickets.get(id)) is not None:
                        mine[seat.name] = ticket
        if not mine:
            return []
        return [Proposed(match_of(one.match, mine, State.PROPOSED, self.shift), one.deadline - self.shift)]

    def _heard_back(self, one: steps.Back) -> list[Told]:
        told: list[Told] = []
        for id in self._ids.get(one.name, ()):
            ticket = self.tickets.get(id)
            assert ticket is not None, "it is open"
            put(ticket, one.region, one.mode, State.QUEUED)
            told.append(Requeued(ticket, one.reason))
        return told

    def _heard_open(self, one: Open, now: float) -> list[Told]:
        """The answer to a Look, or to a Join whose player waits in a ticket that was there."""
        if "#" in one.ref:
            if (asker := self._answers.ticket(one.ref)) is not None:
                if (ticket := self.tickets.get(asker)) is not None:
                    self._rename(self._names[asker], one.name)
                    self._is(ticket, one)
                self._answers.settle(one.ref)
            return []
        if one.ref != one.name:
            self._others[one.ref] = one.name
            self._age(now, [one.ref], [])
        if not (ids := self._ids.get(one.ref, ())):
            return []
        id = ids[-1]
        self._rename(one.ref, one.name)
        ticket = self.tickets.get(id)
        assert ticket is not None, "it is open"
        if one.state == "ended":
            return self._heard_again(one, id, ticket, now)
        self._is(ticket, one)
        return [Queued(ticket, deduplicated=True)]

    def _heard_again(self, one: Open, id: int, ticket: Ticket, now: float) -> list[Told]:
        """A request with a key whose ticket has ended: what became of it is in the log before, if it is known."""
        self._forget_id(one.name, id)
        self.tickets.remove(ticket)
        self._age(now, [], [id])
        if (outcome := self._outcomes.get(one.name)) is None:
            return [Denied(ticket, Conflict())]
        return [event_of(outcome, {one.name: ticket}, self.shift)]

    def _rename(self, name: str, other: str) -> None:
        """What stands here for one name stands for another, which is that of the ticket itself."""
        if name != other and (ids := self._ids.pop(name, ())):
            self._ids[other] = (*self._ids.get(other, ()), *ids)
            for id in ids:
                self._names[id] = other

    def _is(self, ticket: Ticket, one: Open) -> None:
        ticket.who, ticket.rating, ticket.enqueued_at = one.who, one.rating, one.since - self.shift
        put(ticket, one.region, one.mode, State(one.state))
        ticket.size = 1 if isinstance(one.who, str) else len(one.who)

    def _deny(self, name: str, error: Refused) -> list[Told]:
        """Only the last request of that name: those before it have the ticket."""
        if not (ids := self._ids.get(name, ())):
            return []
        ticket = self.tickets.get(ids[-1])
        assert ticket is not None, "it is open"
        self._drop(ticket)
        return [Denied(ticket, error)]

    def _drop(self, ticket: Ticket) -> None:
        self._forget_id(self._names[ticket.id], ticket.id)
        self.tickets.remove(ticket)
        self._age(time.monotonic(), [], [ticket.id])

    def _forget_id(self, name: str, id: int) -> None:
        if left := tuple(other for other in self._ids.get(name, ()) if other != id):
            self._ids[name] = left
        else:
            self._ids.pop(name, None)

    def _age(self, now: float, outcomes: list[str], ids: list[int]) -> None:
        if self._ages and now - self._ages[-1][0] < 0.1:
            self._ages[-1][1].extend(outcomes)
            self._ages[-1][2].extend(ids)
        else:
            self._ages.append((now, outcomes, ids))
