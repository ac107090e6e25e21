"""How long a ticket has waited, signed, so that another matchmaker can believe it.

A token is one line of text of four fields:

    age1;<since>;<expires>;<signature>

    since      unix time in whole milliseconds at which the ticket began to wait
    expires    unix time in whole seconds; valid before it
    signature  of the text up to and with the third semicolon, followed by the sorted ids of the ticket's players as
               a JSON array (`matchmaker.signing`)

Until it expires it is good for the same players at any matchmaker with the same key. So it expires soon.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable

import msgspec

from matchmaker.signing import signature

VALID_S = 60.0
"""How long a token is valid: as long as it takes to find another matchmaker."""

_TOKEN = re.compile(r"age1;([0-9]{1,15});([0-9]{1,12});([0-9a-f]{64})")


def sign_age(key: bytes, players: Iterable[str], since: float, now: float) -> str:
    """A token, by unix times in s: when the ticket began to wait, and now."""
    text = f"age1;{round(since * 1000)};{int(now + VALID_S)};"
    return text + signature(key, text, _names(players))


def waited_s(key: bytes, players: Iterable[str], token: str, now: float) -> float:
    """How long the players of a request waited before, by unix time `now`; 0.0 by a token that does not hold."""
    match = _TOKEN.fullmatch(token)
    if not match or not hmac.compare_digest(signature(key, token[: match.start(3)], _names(players)), match[3]):
        return 0.0
    return max(0.0, now - int(match[1]) / 1000) if now < int(match[2]) else 0.0


def _names(players: Iterable[str]) -> str:
    return msgspec.json.encode(sorted(players)).decode()
