"""An engine that writes down what is asked of it, so that it can be done again.

Each call becomes one line: its arguments as they were, and a digest of what it came to. Ticks for which nothing is due
change nothing and are not written. It costs some microseconds a call; the file is written by a thread.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import msgspec

from matchmaker.core.backfill import Backfill
from matchmaker.core.events import Event
from matchmaker.core.placement import Placement
from matchmaker.core.region import MEASURED
from matchmaker.core.score import PairScore
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import More, Ticket
from matchmaker.history.eventlog import EventLog
from matchmaker.history.outline import digest
from matchmaker.history.records import (
    FORMAT,
    Accept,
    Apply,
    Ask,
    BackfillPart,
    Cancel,
    Decline,
    Enqueue,
    GiveBack,
    Header,
    Names,
    OpenState,
    Record,
    Serve,
    Tick,
    Withdraw,
)
from matchmaker.history.restore import Restorable
from matchmaker.regions.evidence import CLIENT

_T = TypeVar("_T")
_encode = msgspec.json.encode
_NO_MORE = More()
_EVIDENT = (MEASURED, CLIENT)

# More open tickets than this are put back only when the file has twice its size: it takes some 10 us each.
_MANY = 10_000


class Recorder(Restorable):
    """As Engine. When the log is full it begins the next file, with what is open then."""

    def __init__(
        self,
        settings: Settings,
        log: EventLog,
        scores: Mapping[str, PairScore] | None = None,
        name: str = "m",
        hash_ids: bool = False,
    ) -> None:
        """`hash_ids`: players are in the log as hashes, by a key that is made here and kept nowhere."""
        self._log = log
        self._hashed = hash_ids
        self._names: Names = hashed_names(secrets.token_bytes(32)) if hash_ids else str
        self._inside = False
        super().__init__(settings, scores, name)
        self._begin(None)

    def enqueue(
        self,
        ticket: Ticket,
        modes: tuple[str, ...],
        placement: Placement,
        now: float,
        rtts: Sequence[Mapping[str, float]] = (),
    ) -> list[Event]:
        more = ticket.more or _NO_MORE
        names, who, since = self._names, ticket.who, ticket.enqueued_at
        record = Enqueue(
            at=now,
            id=ticket.id,
            who=names(who) if isinstance(who, str) else tuple(map(names, who)),
            rating=ticket.rating,
            since=None if since == now else since,
            modes=modes,
            region=placement.region,
            others=placement.others,
            why="" if placement.reason in _EVIDENT else placement.reason,
            rtts=rtts,  # type: ignore[arg-type]
            priority=more.priority,
            roles=more.roles,
            avoid=tuple(sorted(map(names, more.avoid))) if more.avoid else (),
            deadline=more.deadline,
        )
        return self._call(record, partial(super().enqueue, ticket, modes, placement, now))

    def cancel(self, id: int, now: float, reason: str = "cancelled by the player") -> list[Event]:
        return self._call(Cancel(now, id, reason), partial(super().cancel, id, now, reason))

    def accept(self, id: int, player: str, now: float) -> list[Event]:
        return self._call(Accept(now, id, self._names(player)), partial(super().accept, id, player, now))

    def decline(self, id: int, now: float) -> list[Event]:
        return self._call(Decline(now, id), partial(super().decline, id, now))

    def ask(self, backfill: Backfill, now: float) -> list[Event]:
        return self._call(Ask(now, BackfillPart.of(backfill, self._names)), partial(super().ask, backfill, now))

    def withdraw_backfill(self, id: str) -> Backfill | None:
        return self._call(Withdraw(id), partial(super().withdraw_backfill, id))

    def tick(self, now: float) -> list[Event]:
        if self._inside or not (self._backfills or self.behind(now)):
            events = super().tick(now)
        else:
            events = self._call(Tick(now), partial(super().tick, now))
        if not self._inside and not self._log.failed:
            full = self._log.full
            if full >= 1 and (len(self) <= _MANY or full >= 2) and self.can_restore():
                state = self.state(now, self._names)
                self._begin(state)
                self.restore(state, {ticket.id: ticket for ticket in self.tickets})
            self._log.keep_up(now)
        return events

    def apply(self, settings: Settings, now: float) -> list[Event]:
        return self._call(Apply(now, settings), partial(super().apply, settings, now))

    def serve(self, match_id: str, server: str, now: float) -> list[Event]:
        return self._call(Serve(now, match_id, server), partial(super().serve, match_id, server, now))

    def give_back(self, reason: str) -> list[Event]:
        events = self._call(GiveBack(reason), partial(super().give_back, reason))
        self._log.flush()
        return events

    def _call(self, record: Record, call: Callable[[], _T]) -> _T:
        if self._inside or self._log.failed:
            return call()
        outcome: Any = None
        self._inside = True
        try:
            outcome = result = call()
            return result
        except Exception as error:
            outcome = error
            raise
        finally:
            self._inside = False
            try:
                record.sum = digest(outcome, self._names)
                self._log.write(_encode(record))
            except (TypeError, ValueError, OverflowError) as error:
                self._log.fail(f"a call has no place in it: {error}")

    def _begin(self, state: OpenState | None) -> None:
        header = Header(
            format=FORMAT,
            software=_version(),
            engine=self._name,
            unix_s=time.time(),
            clock_s=time.monotonic(),
            hashed_ids=self._hashed,
            settings=self.settings,
            state=state,
        )
        self._log.begin(_encode(header))


def hashed_names(key: bytes) -> Names:
    """Names that tell players apart and nothing else: 96 bits of keyed BLAKE2b, in hex."""
    return lambda name: blake2b(name.encode("utf-8", "surrogatepass"), key=key, digest_size=12).hexdigest()


def _version() -> str:
    try:
        return version("configedge")
    except PackageNotFoundError:
        return "unknown"
