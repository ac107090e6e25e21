"""A real matchmaker in a process of its own, and the settings it starts from."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import yaml

from configedge.testing import Publisher
from matchmaker.core.engine import Engine
from matchmaker.core.events import Ended, Event, Match, Proposed
from matchmaker.core.placement import Placement
from matchmaker.core.pool import Pool
from matchmaker.core.score import PairScore
from matchmaker.core.settings import Settings, compile_settings
from matchmaker.core.ticket import More, State, Ticket
from tests.support.control import plain_client

# Tests run on machines that are busy with others, where a matchmaker of its own accord refuses what came late.
_PATIENT = {"limits__target_lag_ms": 10_000}
EXAMPLE: dict[str, Any] = yaml.safe_load(resources.files("configedge").joinpath("example/matchmaking.yaml").read_text())


def values(**changes: Any) -> dict[str, Any]:
    """The example bundle's values; `a__b=1` sets a.b to 1."""
    changed = deepcopy(EXAMPLE["spec"]["values"])
    for path, value in changes.items():
        *parents, last = path.split("__")
        section = changed
        for name in parents:
            section = section[name]
        section[last] = value
    return changed


class Matchmaker:
    def __init__(self, process: subprocess.Popen[str], url: str, publisher: Publisher) -> None:
        self.process, self.url, self.publisher = process, url, publisher
        self.http = plain_client(url)

    def publish(self, commit: str = "", **changes: Any) -> int:
        return self.publisher.publish({"matchmaking": values(**_PATIENT | changes)}, commit)

    def enqueue(
        self, *ids: str, wait: float = 0, mode: str = "duel", rating: float = 1500, **rtts_ms: float
    ) -> httpx2.Response:
        players = [
            {"id": id, "rating": rating, "rtts_ms": {k.replace("_", "-"): v for k, v in rtts_ms.items()}} for id in ids
        ]
        return self.http.post("/v1/tickets", params={"wait": wait}, json={"mode": mode, "players": players})


@contextmanager
def running(directory: Path, options: Sequence[str] = (), **changes: Any) -> Iterator[Matchmaker]:
    publisher = Publisher(directory)
    publisher.publish({"matchmaking": values(**_PATIENT | changes)}, "ab" * 20)
    command = [sys.executable, "-m", "matchmaker", "--config", str(directory), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 15)[0], "the matchmaker is not ready after 15 seconds"
        matchmaker = Matchmaker(process, json.loads(process.stdout.readline())["url"], publisher)
        yield matchmaker
        matchmaker.http.close()
    finally:
        process.kill()
        process.communicate()


NUMBERS = count(1)
"""Of tickets: an engine wants no two that are open with the same one."""


def settings_of(generation: int = 1, **changes: Any) -> Settings:
    return compile_settings(values(**changes), generation, f"c{generation}")


def engine_of(scores: Mapping[str, PairScore] | None = None, /, **changes: Any) -> Engine:
    return Engine(settings_of(**changes), scores)


def ticket_of(
    who: str | tuple[str, ...],
    now: float,
    rating: float = 1500.0,
    *,
    priority: int = 0,
    roles: tuple[tuple[str, ...], ...] = (),
    avoid: Iterable[str] = (),
    deadline: float | None = None,
    number: int = 0,
) -> Ticket:
    ticket = Ticket((number or next(NUMBERS)) << 32, who, rating, now)
    if priority or roles or avoid or deadline is not None:
        ticket.more = More(priority, roles, frozenset(avoid), deadline)
    return ticket


def queue(
    engine: Engine,
    now: float,
    who: str | tuple[str, ...],
    rating: float = 1500.0,
    *modes: str,
    region: str = "us-east-1",
    others: tuple[str, ...] = (),
    since: float | None = None,
    **more: Any,
) -> list[Event]:
    """Enqueues a player or party, for duels if no mode is named; `since` is when it began to wait, if not now."""
    ticket = ticket_of(who, now if since is None else since, rating, **more)
    return engine.enqueue(ticket, modes or ("duel",), Placement(region, 0.0, "test", others), now)


def settle(engine: Engine, now: float) -> list[Event]:
    """What time alone has brought, all of it."""
    events = engine.tick(now)
    while engine.behind(now):
        events += engine.tick(now)
    return events


def match_of(events: list[Event]) -> Match:
    """The match that is all that happened."""
    [match] = events
    assert isinstance(match, Match)
    return match


def ended(events: list[Event]) -> tuple[State, str]:
    """How the only ticket ended to which anything happened."""
    [event] = events
    assert isinstance(event, Ended)
    assert event.ticket.state is event.state
    return event.state, event.reason


def names(event: Event) -> set[str]:
    """The players of a match or proposal, or of the ticket of another event."""
    if isinstance(event, Proposed):
        event = event.match
    tickets = event.tickets if isinstance(event, Match) else (event.ticket,)
    return {name for ticket in tickets for name in ticket.players}


def steps(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    """A window: (ms of waiting, rating points)."""
    return [{"after_ms": after_ms, "points": points} for after_ms, points in pairs]


def regions(*open: str, closed: Iterable[str] = ()) -> dict[str, Any]:
    return {name: {"weight": 1.0, "open": name in open, "load": 0.0} for name in (*open, *closed)}


def at_widest(pool: Pool, now: float) -> Iterator[Ticket]:
    """The tickets of a queue whose windows widen no more."""
    rules = pool.rules
    for bucket in pool.buckets.values():
        for ticket in bucket:
            if rules.level(now - ticket.enqueued_at - 1e-6) == len(rules.levels) - 1:
                yield ticket


def could_match(pool: Pool, anchor: Ticket, now: float) -> bool:
    """Whether a match could be made around a ticket, from all tickets of the pool one by one."""
    rules = pool.rules
    waited = now - anchor.enqueued_at - 1e-6
    reach = rules.levels[rules.level(waited)].reach
    counts = [0] * (rules.mode.max_party_size + 1)
    for bucket in pool.buckets.values():
        for ticket in bucket:
            counts[ticket.size] += abs(pool.index(ticket.rating) - pool.index(anchor.rating)) <= reach
    return any(shape.plan(counts, anchor.size) is not None for shape in rules.shapes_after(waited))


def no_match_was_missed(pools: Iterable[Pool], now: float) -> None:
    """Of queues where counting is enough: nobody whose window is at its widest could have been matched by then."""
    for pool in pools:
        for ticket in at_widest(pool, now):
            assert not could_match(pool, ticket, now), f"{ticket} could have been matched"
