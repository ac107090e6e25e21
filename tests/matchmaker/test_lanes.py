"""In which order tickets of one kind are served, against lists."""

from __future__ import annotations

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from matchmaker.core.lane import Lane, PriorityLane
from matchmaker.core.open_tickets import OpenTickets
from matchmaker.core.ticket import State, Ticket
from tests.support.matchmaker import ticket_of


def age(ticket: Ticket) -> float:
    return ticket.enqueued_at


class AnyLaneUse(RuleBasedStateMachine):
    """A lane is a list that is kept sorted by age, of equal ages in the order they came."""

    def __init__(self) -> None:
        super().__init__()
        self.lane = Lane()
        self.model: list[Ticket] = []

    @rule(since=st.integers(0, 20))
    def add(self, since: int) -> None:
        ticket = ticket_of("p", since)
        self.lane.add(ticket)
        self.model.append(ticket)
        self.model.sort(key=age)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), number=st.integers(1, 40))
    def some_leave(self, data: st.DataObject, number: int) -> None:
        leaving = data.draw(st.lists(st.sampled_from(self.model), max_size=number, unique_by=id))
        # As in a match: all of them are marked before the first is taken out.
        for ticket in leaving:
            ticket.state = State.PROPOSED
        for ticket in leaving:
            self.model.remove(ticket)
            self.lane.left(ticket)
            assert self.lane.head() is (self.model[0] if self.model else None) or len(leaving) > 1

    @rule(number=st.integers(1, 12))
    def many_come(self, number: int) -> None:
        for _ in range(number):
            self.add(30)

    @invariant()
    def it_is_that_list(self) -> None:
        assert list(self.lane) == self.model
        assert self.lane.head() is self.lane.next() is (self.model[0] if self.model else None)
        for number in (1, 2, 5):
            assert self.lane.first(number) == self.model[:number]


TestAnyLaneUse = AnyLaneUse.TestCase
TestAnyLaneUse.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)


class AnyPriorityLaneUse(RuleBasedStateMachine):
    """Of a lane with priorities: who is served is of the highest class, or the oldest that is owed its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.fair_skip = 2
        self.lane = PriorityLane(self.fair_skip)
        self.model: list[Ticket] = []
        self.passed = 0
        """How often the oldest was passed over since one that was the oldest was served."""

    @rule(since=st.integers(0, 20), priority=st.integers(-1, 2))
    def add(self, since: int, priority: int) -> None:
        if self.model and since <= self.model[0].enqueued_at:
            since += 21
        ticket = ticket_of("p", since, priority=priority)
        self.lane.add(ticket)
        self.model.append(ticket)
        self.model.sort(key=age)

    @precondition(lambda self: self.model)
    @rule()
    def serve(self) -> None:
        ticket = self.lane.next()
        assert ticket is not None
        oldest = self.model[0]
        if self.passed >= self.fair_skip:
            assert ticket.enqueued_at == oldest.enqueued_at
            assert self.lane.owed() is ticket
        else:
            best = max(t.priority for t in self.model)
            assert ticket is next(t for t in self.model if t.priority == best)
            assert self.lane.owed() is None
        self.model.remove(ticket)
        ticket.state = State.PROPOSED
        self.lane.served(ticket, True)
        self.lane.left(ticket)
        if not self.model or ticket.enqueued_at <= self.model[0].enqueued_at:
            self.passed = 0
        elif self.model[0].priority < ticket.priority:
            self.passed += 1

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.model))
        self.model.remove(ticket)
        ticket.state = State.CANCELLED
        self.lane.left(ticket)

    @invariant()
    def it_holds_what_came(self) -> None:
        assert sorted(self.lane, key=id) == sorted(self.model, key=id)
        head = self.lane.head()
        assert (head.enqueued_at if head else None) == (self.model[0].enqueued_at if self.model else None)


TestAnyPriorityLaneUse = AnyPriorityLaneUse.TestCase
TestAnyPriorityLaneUse.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)


class AnyOpenTickets(RuleBasedStateMachine):
    """Open tickets are a dict by id."""

    def __init__(self) -> None:
        super().__init__()
        self.tickets = OpenTickets()
        self.model: dict[int, Ticket] = {}
        self.numbers: set[int] = set()

    @rule(number=st.integers(1, 5000), tag=st.integers(0, 2**32 - 1))
    def put(self, number: int, tag: int) -> None:
        if number in {id >> 32 for id in self.model}:
            return
        ticket = Ticket(number << 32 | tag, "p", 1500.0, 0.0)
        self.tickets.put(ticket)
        self.model[ticket.id] = ticket
        self.numbers.add(number)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.model)))
        self.model[id] = Ticket(id, "q", 1500.0, 0.0)
        self.tickets.put(self.model[id])

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.tickets.remove(self.model.pop(data.draw(st.sampled_from(sorted(self.model)))))

    @invariant()
    def it_is_that_dict(self) -> None:
        assert len(self.tickets) == len(self.model)
        assert {ticket.id: ticket for ticket in self.tickets} == self.model
        for number in self.numbers:
            # Another tag is another ticket.
            for id in (number << 32, number << 32 | 7):
                assert self.tickets.get(id) is self.model.get(id)
        assert all(self.tickets.get(id) is ticket for id, ticket in self.model.items())


TestAnyOpenTickets = AnyOpenTickets.TestCase
TestAnyOpenTickets.settings = hypothesis_settings(max_examples=40, stateful_step_count=30, deadline=None)
