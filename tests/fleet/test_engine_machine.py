"""The engine as a machine: whoever reads the logs comes to the same, from the beginning or from any snapshot."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matchmaker.core.settings import Settings
from matchmaker.fleet import calls, steps
from matchmaker.fleet.calls import Accept, BadCalls, Call, Decline, Free, Join, Leave, Look, Stock
from matchmaker.fleet.engine_machine import Diverged, EngineMachine
from tests.support.matchmaker import settings_of

ALLOCATION = {"provider": "static", "servers": {"eu-west-1": ["a"]}, "wait_s": 0.3, "ttl_s": 5}
VARIANTS: tuple[dict[str, object], ...] = (
    {},
    {"modes__duel__bucket_width": 40, "modes__squad__team_size": 2, "modes__squad__max_party_size": 2},
    {"modes__duel__accept_s": 0.2, "limits__finished_ttl_s": 1},
    {"allocation": ALLOCATION},
    {"allocation": ALLOCATION, "modes__duel__accept_s": 0.2, "modes__duel__merge_after_s": 0.1},
    {"regions__eu-west-1__open": False, "limits__max_queued_total": 20},
)
Entry = tuple[str, bytes, float]


def never() -> Settings:
    raise AssertionError("a replay has its settings from the log")


class Fleet:
    """One machine that decides, and what it leaves in the logs."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.settings = settings_of()
        self.machine = EngineMachine("p", lambda: self.settings)
        self.log: list[Entry] = []
        self.snapshots: list[tuple[int, bytes]] = []
        self.now = 1_800_000_000.0
        self.names: list[str] = []

    def run(self, rounds: int) -> None:
        for number in range(rounds):
            self.now += self.chance.choice([0.001, 0.02, 0.02, 0.5])
            if self.chance.random() < 0.7:
                self._ask()
            if self.chance.random() < 0.05:
                self.settings = settings_of(number + 2, **self.chance.choice(VARIANTS))
            # The clock of who decides may be behind that of the log.
            self._decide(self.now + self.chance.choice([-0.01, 0.0, 0.01]))
            if self.chance.random() < 0.1 and (state := self.machine.snapshot()) is not None:
                self.snapshots.append((len(self.log), state))

    def _ask(self) -> None:
        payload = calls.encode([self._call() for _ in range(self.chance.randrange(1, 6))])
        self.log.append(("in", payload, self.now))
        self.machine.apply_in(len(self.log), payload, self.now)

    def _call(self) -> Call:
        chance = self.chance
        dice, name = chance.random(), chance.choice(self.names) if self.names else "nobody"
        if dice < 0.6 or not self.names:
            keyed = chance.random() < 0.3
            self.names.append(f"k{chance.randrange(30)}" if keyed else f"t{len(self.names)}")
            alone, party = f"p{chance.randrange(60)}", (f"q{chance.randrange(60)}", f"r{chance.randrange(60)}")
            return Join(
                name=self.names[-1],
                who=alone if dice < 0.5 else party,
                rating=chance.gauss(1500, 100),
                modes=chance.choice([("duel",), ("squad",), ("duel", "squad"), ("chess",)]),
                region="eu-west-1",
                others=("us-east-1",),
                priority=chance.choice([0, 0, 1]),
                max_wait_s=chance.choice([None, None, 0.2]),
                digest=b"d" if keyed else b"",
            )
        if dice < 0.7:
            return Leave(name, "#1", "cancelled by the player")
        if dice < 0.85:
            return Accept(name, "#2", f"p{chance.randrange(60)}")
        if dice < 0.9:
            return Decline(name, "#3")
        if dice < 0.95:
            return Stock("eu-west-1", "duel", f"s{chance.randrange(9)}:1")
        return Look(name, "#4") if dice < 0.98 else Free(f"s{chance.randrange(9)}:1")

    def _decide(self, now: float) -> None:
        for record in self.machine.decide(now) or ():
            self.log.append(("out", record, now))
            self.machine.apply_out(record)


def replayed(log: list[Entry], state: bytes | None = None) -> EngineMachine:
    machine = EngineMachine("p", never)
    if state is not None:
        machine.restore(state)
    for number, (side, payload, at) in enumerate(log):
        if side == "in":
            machine.apply_in(number, payload, at)
        else:
            machine.apply_out(payload)
    machine.settle()
    return machine


@given(st.integers(0, 1 << 32))
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_replay_from_any_snapshot_comes_to_the_same(seed: int) -> None:
    fleet = Fleet(seed)
    fleet.run(120)
    for begin, state in fleet.snapshots:
        upcoming = next((at for at, _ in fleet.snapshots if at > begin), len(fleet.log))
        again = replayed(fleet.log[begin:upcoming], state)
        following = next((saved for at, saved in fleet.snapshots if at == upcoming and at > begin), None)
        if following is not None:
            assert again.snapshot() == following
    begin, state = fleet.snapshots[-1] if fleet.snapshots else (0, None)
    again = replayed(fleet.log[begin:], state)
    assert again.names() == fleet.machine.names()
    assert again.snapshot() == fleet.machine.snapshot()


@given(st.integers(0, 1 << 32))
@hypothesis_settings(max_examples=40, deadline=None)
def test_each_ticket_has_one_end_and_none_is_lost(seed: int) -> None:
    fleet = Fleet(seed)
    fleet.run(120)
    ended: set[str] = set()
    refused: set[str] = set()
    for said in (one for side, payload, _ in fleet.log if side == "out" for one in steps.decode(payload).said):
        if isinstance(said, steps.Made):
            names = {seat.name for team in said.teams for seat in team}
        elif isinstance(said, steps.Gone):
            names = {said.name}
        else:
            if isinstance(said, steps.Denied | steps.Open):
                refused.add(said.ref)
            continue
        # A key may be used again once it is forgotten.
        assert all(name.startswith("k") for name in names & ended), "a ticket has ended twice"
        ended |= names
    came = {
        call.name
        for side, payload, _ in fleet.log
        if side == "in"
        for call in calls.decode(payload)
        if isinstance(call, Join)
    }
    assert came <= ended | refused | fleet.machine.names()
    assert all(name.startswith("k") for name in fleet.machine.names() & ended)


def test_a_step_of_another_engine_is_refused_with_what_to_do() -> None:
    fleet = Fleet(1)
    fleet.run(40)
    at = next(at for at, (side, payload, _) in enumerate(fleet.log) if side == "out" and steps.decode(payload).said)
    step = steps.decode(fleet.log[at][1])
    step.said = step.said[:-1]
    fleet.log[at] = ("out", steps.encode(step), 0.0)
    with pytest.raises(Diverged, match="SIGTERM"):
        replayed(fleet.log)


def test_an_entry_that_is_no_batch_of_calls_is_refused() -> None:
    with pytest.raises(BadCalls, match="newer version"):
        EngineMachine("p", settings_of).apply_in(1, b"\x91\x91\xa3foo", 0.0)
