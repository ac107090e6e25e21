"""Examples in /openapi.json. The tests send the requests, and hold the answers against their schemas."""

from __future__ import annotations

from typing import Any

_TICKET = {"ticket_id": "041973100000007", "mode": "duel", "region": "eu-west-1"}
_QUEUED = {**_TICKET, "state": "queued", "waited_ms": 0.186}
_MATCH = {
    "match_id": "041973-1",
    "teams": [["bob"], ["ada"]],
    "generation": 1,
    "commit": "abababababababababababababababababababab",
    "decided_at": 1795561925.912,
    "decided_monotonic_ns": 45781058891000,
}
_ASSIGNED = {**_TICKET, **_MATCH, "state": "assigned", "reason": "041973-1", "waited_ms": 412.5}
_EXPIRED = {**_TICKET, "state": "expired", "reason": "no match within 30 s"}

BODIES: dict[str, dict[str, Any]] = {
    "enqueue": {
        "alone": {"mode": "duel", "players": [{"id": "ada", "rating": 1500, "rtts_ms": {"eu-west-1": 21}}]},
        "a party": {
            "mode": "squad",
            "players": [{"id": "ann", "rating": 1510}, {"id": "bob", "rating": 1475}],
            "priority": 1,
            "key": "try-1",
        },
        "whichever is first": {"modes": ["duel", "squad"], "players": [{"id": "eve", "rating": 1500}]},
    },
    "accept": {"ada accepts": {"player": "ada"}},
    "ask": {"one place in the second team": {"region": "eu-west-1", "mode": "squad", "seats": [0, 1], "rating": 1500}},
}
"""Of requests, by the operation and a name."""

EXAMPLES: dict[tuple[str, int], dict[str, Any]] = {
    ("enqueue", 200): {"assigned within ?wait": _ASSIGNED},
    ("enqueue", 202): {
        "waits": _QUEUED,
        "waited before": {**_QUEUED, "waited_ms": 2310.2, "deduplicated": True},
    },
    ("ticket", 200): {"waits": _QUEUED, "assigned": _ASSIGNED, "expired": _EXPIRED},
    ("cancel", 200): {"cancelled": {**_TICKET, "state": "cancelled", "reason": "cancelled by the player"}},
    ("refused", 400): {
        "a field is wrong": {
            "type": "about:blank",
            "title": "Malformed request",
            "status": 400,
            "detail": "Expected `float`, got `str`",
            "field": "players.0.rating",
            "hint": "correct it; docs/matchmaker.md has the form of a request",
        }
    },
    ("refused", 503): {
        "stopping": {
            "type": "about:blank",
            "title": "Try again later",
            "status": 503,
            "detail": "the matchmaker is stopping",
            "field": "",
            "hint": "try again later",
            "retry_after_s": 2.4,
        }
    },
}
"""Of answers, by the operation and the status, and a name."""
