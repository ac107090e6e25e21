"""Reads the logs of a fleet of engines afterwards, with an engine of its own that has to come to the very same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from matchmaker.core.settings import Settings
from matchmaker.fleet import Entry, calls, steps
from matchmaker.fleet.engine_machine import EngineMachine
from matchmaker.fleet.record import Decision, Epoch, Part, decode
from matchmaker.fleet.steps import Gone, Made


@dataclass
class Found:
    ended: dict[str, str] = field(default_factory=dict)
    """How tickets ended, by name."""
    open: set[str] = field(default_factory=set)
    epochs: list[Epoch] = field(default_factory=list)
    epoch_times: list[float] = field(default_factory=list)
    snapshots: int = 0
    generations: Counter[int] = field(default_factory=Counter)
    """Matches by the generation that they say."""


def check(partition: str, ins: list[Entry], outs: list[Entry], acked: Iterable[str]) -> Found:
    """Needs the whole history: nothing trimmed. `acked`: names of tickets whose enqueue was acknowledged."""
    found = Found()
    came = Counter(c.name for e in ins for c in calls.decode(e.payload) if isinstance(c, calls.Join))
    missing = set(acked) - came.keys()
    assert not missing, f"{len(missing)} acknowledged tickets are not in the log"
    for seqs in ([entry.seq for entry in entries] for entries in (ins, outs)):
        assert seqs == sorted(set(seqs))

    model = EngineMachine(partition, _never)
    rest, epoch, last = iter([*ins, None]), 0, 0
    upcoming = next(rest)
    parts: list[bytes] = []
    settings: dict[int, Settings] = {}
    for entry in outs:
        record = decode(entry.payload)
        if isinstance(record, Epoch):
            epoch = entry.seq
            found.epochs.append(record)
            found.epoch_times.append(entry.at)
            parts = []
            continue
        assert record.epoch == epoch, "somebody wrote who was not the owner any more"
        assert record.after_in >= last, "a decision went back in time"
        last = record.after_in
        while upcoming and upcoming.seq <= last:
            model.apply_in(upcoming.seq, upcoming.payload, upcoming.at)
            upcoming = next(rest)
        if isinstance(record, Part):
            parts.append(record.state)
            if record.final:
                found.snapshots += 1
                # Entries for which there was nothing to decide are in the snapshot too.
                model.settle()
                assert model.snapshot() == b"".join(parts), "a snapshot says something else than the logs"
                parts = []
        elif isinstance(record, Decision):
            for payload in record.records:
                model.apply_out(payload)
                step = steps.decode(payload)
                if step.settings:
                    settings[step.settings.generation] = step.settings
                for one in step.said:
                    _count(one, found, settings)
    while upcoming:
        model.apply_in(upcoming.seq, upcoming.payload, upcoming.at)
        upcoming = next(rest)
    model.settle()
    found.open = model.names()
    assert not found.ended.keys() - came.keys(), "a ticket was invented"
    assert not found.open & found.ended.keys(), "a ticket is open that has ended"
    lost = set(acked) - found.open - found.ended.keys()
    assert not lost, f"{len(lost)} tickets are lost: {sorted(lost)[:3]}"
    return found


def _count(one: object, found: Found, settings: dict[int, Settings]) -> None:
    if isinstance(one, Made):
        assert settings[one.generation].commit == one.commit, "a match says settings that the log does not have"
        found.generations[one.generation] += 1
        ended = [(seat.name, "assigned") for team in one.teams for seat in team]
    elif isinstance(one, Gone):
        ended = [(one.name, one.state)]
    else:
        return
    for name, state in ended:
        assert name not in found.ended, f"{name} has ended twice"
        found.ended[name] = state


def _never() -> Settings:
    raise AssertionError("an auditor decides nothing")
