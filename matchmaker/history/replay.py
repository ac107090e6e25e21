"""`python -m matchmaker replay`: does again what a log says was done, and compares."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from matchmaker.core.backfill import Backfill
from matchmaker.core.engine import Engine
from matchmaker.core.events import Ended, Event, Match, Proposed, Requeued, Unserved
from matchmaker.core.placement import Placement
from matchmaker.core.refused import AlreadyQueued, Refused
from matchmaker.core.score import PairScore
from matchmaker.core.settings import SettingsError
from matchmaker.history.eventlog import LogError, LogFile
from matchmaker.history.outline import Outcome, digest, outline
from matchmaker.history.records import Accept, Apply, Ask, Cancel, Decline, Enqueue, Record, Serve, Tick, Withdraw
from matchmaker.history.restore import Restorable


class Differs(Exception):
    """A call came to something else than it did when it was recorded."""

    def __init__(self, path: Path, step: Step, software: str) -> None:
        self.line = step.line
        call = msgspec.json.encode(msgspec.structs.replace(step.record, sum="")).decode()
        now = "; ".join(msgspec.json.encode(event).decode() for event in outline(step.outcome)) or "nothing"
        super().__init__(
            f"{path}: line {step.line} differs: {call} came to {now} this time; replay with the version that wrote the "
            f"log ({software}) and the same pair scores, or the file was changed"
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One call, done again."""

    line: int
    record: Record
    outcome: Outcome
    now: float
    """Of the call; of the one before, if it has no time of its own."""
    same: bool

    @property
    def events(self) -> Sequence[Event]:
        return self.outcome if isinstance(self.outcome, Sequence) else ()


class Replay:
    """Iterate over it for the steps. `engine` is there from the beginning."""

    def __init__(self, log: LogFile, scores: Mapping[str, PairScore] | None = None) -> None:
        """`scores` as for the engine that was recorded. Raises SettingsError if one is missing."""
        self.log = log
        header = log.header
        self.engine = Restorable(header.settings, scores, header.engine)
        if header.state is not None:
            self.engine.restore(header.state)

    def __iter__(self) -> Iterator[Step]:
        """Goes on whatever a step came to. Raises LogError."""
        now = self.log.header.state.at if self.log.header.state else self.log.header.clock_s
        for line, record in self.log:
            now = getattr(record, "at", now)
            outcome: Outcome
            try:
                outcome = perform(self.engine, record)
            except (Refused, AlreadyQueued, KeyError, SettingsError) as error:
                outcome = error
            yield Step(line, record, outcome, now, digest(outcome) == record.sum)


def perform(engine: Engine, record: Record) -> list[Event] | Backfill | None:
    """Calls the engine as recorded. Raises what the engine raises."""
    match record:
        case Enqueue():
            ticket = record.ticket(record.at if record.since is None else record.since)
            placement = Placement(record.region, 0.0, record.why, record.others)
            return engine.enqueue(ticket, record.modes, placement, record.at, record.rtts)
        case Tick():
            return engine.tick(record.at)
        case Cancel():
            return engine.cancel(record.id, record.at, record.reason)
        case Accept():
            return engine.accept(record.id, record.player, record.at)
        case Decline():
            return engine.decline(record.id, record.at)
        case Ask():
            return engine.ask(record.backfill.backfill(), record.at)
        case Withdraw():
            return engine.withdraw_backfill(record.id)
        case Serve():
            return engine.serve(record.match, record.server, record.at)
        case Apply():
            return engine.apply(record.settings, record.at)
    return engine.give_back(record.reason)


def replay(log: LogFile, scores: Mapping[str, PairScore] | None = None) -> Counter[str]:
    """Does all of a log again; gives how many calls and which events there were.

    Raises Differs at the first call that came to something else, LogError.
    """
    counts: Counter[str] = Counter()
    for step in Replay(log, scores):
        if not step.same:
            raise Differs(log.path, step, log.header.software)
        counts["calls"] += 1
        counts.update(map(kind, step.events))
    return counts


def kind(event: Event) -> str:
    match event:
        case Match():
            return "matches"
        case Proposed():
            return "proposed"
        case Unserved():
            return "unserved"
        case Requeued():
            return "requeued"
        case Ended():
            return event.state.value


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m matchmaker replay",
        description="Do again what a log says, and compare; exit code 1: it differs.",
    )
    parser.add_argument("--log", required=True, nargs="+", metavar="FILE", help="what the option --log has written")
    options = parser.parse_args(argv)
    for name in options.log:
        began = time.perf_counter()
        try:
            log = LogFile(name)
            counts = replay(log)
        except Differs as error:
            print(f"matchmaker: {error}", file=sys.stderr)
            return 1
        except (OSError, LogError, SettingsError) as error:
            print(f"matchmaker: {error}", file=sys.stderr)
            return 2
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "no calls"
        print(f"{name}: the same: {told} ({time.perf_counter() - began:.1f} s)")
        if log.torn:
            print(f"{name}: the last line is torn, as after a crash; it is left out")
    return 0
