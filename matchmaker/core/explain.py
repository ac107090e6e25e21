"""Why a ticket still waits, and what would match it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from matchmaker.core.engine import Engine
from matchmaker.core.pool import Pool
from matchmaker.core.search import refusal
from matchmaker.core.ticket import State, Ticket

_LOOKED_AT = 500


def explain(engine: Engine, ticket: Ticket, now: float) -> dict[str, Any]:
    """Of an open ticket: each queue it is in, its window there, who is in it, and what is missing."""
    if ticket.state is State.PROPOSED:
        return {"why": "a match was found, and its players are asked to accept it", "queues": []}
    places = [bucket.pool for bucket in (ticket.bucket, *(ticket.more.places if ticket.more else ()))]
    queues = [_queue(pool, ticket, now) for pool in places]
    return {"why": "; ".join(queue["why"] for queue in queues), "queues": queues}


def _queue(pool: Pool, ticket: Ticket, now: float) -> dict[str, Any]:
    rules, mode = pool.rules, pool.rules.mode
    waited = now - ticket.enqueued_at
    level = rules.level(waited)
    shape = rules.shapes_after(waited)[-1]
    sizes: Counter[int] = Counter()
    refused: Counter[str] = Counter()
    players = ahead = looked = 0
    for bucket in pool.within(ticket, now):
        for other in bucket:
            looked += 1
            if other is ticket or looked > _LOOKED_AT:
                continue
            if why := refusal(ticket, other, pool, now):
                refused[why] += 1
                continue
            sizes[other.size] += 1
            players += other.size
            ahead += other.enqueued_at < ticket.enqueued_at
    wider = rules.levels[level + 1] if level + 1 < len(rules.levels) else None
    missing = max(0, shape.need - ticket.size - players)
    return {
        "region": pool.region,
        "mode": pool.mode,
        "why": _why(pool, ticket, missing, shape.need, waited),
        "window_points": mode.window[level].points,
        "widens_in_s": round(wider.after - waited, 3) if wider else None,
        "widens_to_points": mode.window[level + 1].points if wider else None,
        "players_needed": shape.need,
        "players_within": players,
        "players_missing": missing,
        "parties_within": {str(size): number for size, number in sorted(sizes.items())},
        "refused_within": dict(refused),
        "older_within": ahead,
        "players_in_queue": pool.players,
        "expires_in_s": round(mode.max_wait_s - waited, 3),
    }


def _why(pool: Pool, ticket: Ticket, missing: int, need: int, waited: float) -> str:
    queue = f"{pool.mode} in {pool.region}"
    if waited < pool.rules.hold:
        return f"{queue}: waits {pool.rules.mode.hold_ms:g} ms for the best match"
    if pool.players < need:
        return f"{queue}: {pool.players} of {need} players are there"
    if missing:
        return f"{queue}: {missing} of {need} players are missing within its window"
    return f"{queue}: enough players are within its window, but their parties, roles or windows do not go together"
