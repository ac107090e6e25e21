"""Reads the logs of a fleet of `Pairs` afterwards, and trusts nobody."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field

from matchmaker.fleet import Entry, Log
from matchmaker.fleet.record import Decision, Epoch, Part, decode
from tests.support.pairs import Pairs


@dataclass
class Findings:
    outcomes: Counter[str] = field(default_factory=Counter)
    """How often a ticket ended, be it in a match or by its player."""
    matched: set[str] = field(default_factory=set)
    epochs: list[Epoch] = field(default_factory=list)
    snapshots: int = 0
    queued: set[str] = field(default_factory=set)
    cancels: set[str] = field(default_factory=set)


async def read_all(entries: AsyncGenerator[Entry, None], quiet: float = 1.0) -> list[Entry]:
    """All that is there: a log has ended when nothing came for `quiet` seconds."""
    found: list[Entry] = []
    try:
        while True:
            async with asyncio.timeout(quiet if found else 5 * quiet):
                found.append(await anext(entries))
    except (TimeoutError, StopAsyncIteration):
        return found
    finally:
        await entries.aclose()


async def audit(log: Log, partition: str, acked: Iterable[str], quiet: float = 1.0) -> Findings:
    """Needs a history without trims. `acked`: tickets whose enqueue was acknowledged."""
    ins, outs = await asyncio.gather(read_all(log.read_in(partition), quiet), read_all(log.read_out(partition), quiet))
    return check(ins, outs, acked)


def check(ins: list[Entry], outs: list[Entry], acked: Iterable[str]) -> Findings:
    """A machine of its own, fed up to where each decision says it was made, has to decide the very same.

    So matches are linear with the history of tickets: none before it came, none after it was cancelled.
    """
    found = Findings()
    came = Counter(event["enqueue"] for event in (json.loads(entry.payload) for entry in ins) if "enqueue" in event)
    assert not [ticket for ticket, times in came.items() if times > 1], "a ticket was stored twice"
    assert not set(acked) - came.keys(), "acknowledged tickets are not in the log"
    assert [entry.seq for entry in ins] == sorted({entry.seq for entry in ins})
    assert [entry.seq for entry in outs] == sorted({entry.seq for entry in outs})

    model, rest, epoch, last = Pairs(), iter([*ins, None]), 0, 0
    upcoming = next(rest)
    for entry in outs:
        record = decode(entry.payload)
        if isinstance(record, Epoch):
            epoch = entry.seq
            found.epochs.append(record)
            continue
        assert record.epoch == epoch, "somebody wrote who was not the owner any more"
        assert record.after_in >= last, "a decision went back in time"
        last = record.after_in
        while upcoming and upcoming.seq <= last:
            model.apply_in(upcoming.seq, upcoming.payload, upcoming.at)
            upcoming = next(rest)
        if isinstance(record, Part):
            found.snapshots += record.final
        elif isinstance(record, Decision):
            assert model.decide(record.at) == record.records, "the state was another one than the logs say"
            for payload in record.records:
                model.apply_out(payload)
                ended = json.loads(payload)
                matched = [ticket for pair in ended["pairs"] for ticket in pair]
                found.matched.update(matched)
                found.outcomes.update([*matched, *ended["cancelled"]])
    while upcoming:
        model.apply_in(upcoming.seq, upcoming.payload, upcoming.at)
        upcoming = next(rest)
    assert not [ticket for ticket, times in found.outcomes.items() if times > 1], "a ticket has ended twice"
    assert not found.outcomes.keys() - came.keys(), "a ticket was invented"
    found.queued, found.cancels = set(model.queue), set(model.cancels)
    assert found.queued == came.keys() - found.outcomes.keys(), "a ticket is lost"
    return found
