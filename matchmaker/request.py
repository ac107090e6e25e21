"""What an enqueue request must look like, the same on every edge."""

from __future__ import annotations

import math
from typing import Any

import orjson

from matchmaker.engine import Full, Refused
from matchmaker.service import Draining
from matchmaker.ticket import Player

_MAX_ID = 128
_MAX_REGIONS = 64


class Malformed(Refused):
    """The request cannot be understood."""


def parse_json(body: bytes | str) -> dict[str, Any]:
    """Raises Malformed if it is not a JSON object."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}", "", "send one JSON object") from error
    if not isinstance(request, dict):
        raise Malformed(f"a JSON {type(request).__name__}, and an object is wanted", "", "send one JSON object")
    return request


def parse_enqueue(request: dict[str, Any]) -> tuple[str, tuple[Player, ...]]:
    """Mode and players. Raises Malformed with the field that is wrong."""
    _only(request, {"mode", "players"}, "")
    mode = _string(request.get("mode"), "mode")
    players = request.get("players")
    if not isinstance(players, list) or not 1 <= len(players) <= 64:
        raise Malformed("no list of 1 to 64 players", "players", 'send {"players": [{"id": ..., "rating": ...}]}')
    return mode, tuple(_player(player, f"players.{at}") for at, player in enumerate(players))


def _player(player: Any, field: str) -> Player:
    if not isinstance(player, dict):
        raise Malformed("not an object", field, 'send {"id": ..., "rating": ..., "rtts_ms": {...}}')
    _only(player, {"id", "rating", "rtts_ms"}, field)
    rtts = player.get("rtts_ms", {})
    if not isinstance(rtts, dict) or len(rtts) > _MAX_REGIONS:
        raise Malformed(
            f"not an object of up to {_MAX_REGIONS} regions", f"{field}.rtts_ms", "send region: milliseconds"
        )
    return Player(
        _string(player.get("id"), f"{field}.id"),
        _number(player.get("rating"), f"{field}.rating", -1e6, 1e6),
        {region: _number(rtt, f"{field}.rtts_ms.{region}", 0, 60_000) for region, rtt in rtts.items()},
    )


def _only(given: dict[str, Any], known: set[str], field: str) -> None:
    if unknown := given.keys() - known:
        name = min(unknown)
        raise Malformed(
            "unknown field", f"{field}.{name}".lstrip("."), f"the fields here are {', '.join(sorted(known))}"
        )


def _string(value: Any, field: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_ID:
        raise Malformed(f"not a string of 1 to {_MAX_ID} characters", field, "send one")
    return value


def _number(value: Any, field: str, low: float, high: float) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not low <= value <= high
    ):
        raise Malformed(f"not a number from {low:g} to {high:g}", field, "send one")
    return float(value)


def problem(error: Refused) -> dict[str, Any]:
    """RFC 9457 problem details."""
    status = 400 if isinstance(error, Malformed) else 503 if isinstance(error, Draining | Full) else 422
    titles = {400: "Malformed request", 422: "Ticket refused", 503: "Try again later"}
    return {
        "type": "about:blank",
        "title": titles[status],
        "status": status,
        "detail": str(error),
        "field": error.field,
        "hint": error.hint,
    }
