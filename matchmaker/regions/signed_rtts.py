"""Round-trip times that a gateway measured itself and signed, so that a player cannot make them up.

A signed set is one line of text of four fields, put together the same way in any language:

    rtt1;<expires>;<set>;<signature>

    expires    unix time in whole seconds, decimal; valid before it
    set        region=ms pairs with commas between, such as eu-west-1=21.5,us-east-1=93; regions are of a-z, 0-9 and -,
               each there once; ms are digits, with a point and further digits or without
    signature  HMAC-SHA256 in lower-case hexadecimal of the text up to and with the third semicolon, followed by the
               player's id, all as UTF-8

The signature is over the text as it stands: order and digits are the gateway's choice. The key is at least 32 random
bytes, the same file at gateway and matchmaker.
"""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from matchmaker.signing import signature

_VERSION = "rtt1"
_SIGNED = re.compile(r"rtt1;([0-9]{1,15});([^;]*);([0-9a-f]{64})")
_PAIR = re.compile(r"([a-z0-9-]{1,32})=([0-9]{1,9}(?:\.[0-9]{1,9})?)")


class SignedSet(NamedTuple):
    rtts_ms: Mapping[str, float]
    wrong: str = ""
    """Why it says no more than the player's own word; empty if the signature holds."""


def sign_rtts(key: bytes, player_id: str, rtts_ms: Mapping[str, float], expires_at: int) -> str:
    """A signed set, regions in order and times to a thousandth. Raises ValueError for what the form cannot say."""
    pairs = [f"{region}={_decimal(ms)}" for region, ms in sorted(rtts_ms.items())]
    for pair in pairs:
        if not _PAIR.fullmatch(pair):
            raise ValueError(f"{pair}: cannot be signed: give a region of a-z, 0-9 and -, and a time from 0 ms on")
    text = f"{_VERSION};{expires_at};{','.join(pairs)};"
    return text + signature(key, text, player_id)


def check_signed(key: bytes, player_id: str, text: str, now: float) -> SignedSet:
    """What a signed set says, and whether to believe it; `now` is unix time in seconds. Raises nothing."""
    match = _SIGNED.fullmatch(text)
    pairs = [_PAIR.fullmatch(pair) for pair in match[2].split(",")] if match and match[2] else []
    rtts_ms = {pair[1]: float(pair[2]) for pair in pairs if pair}
    if not match or len(rtts_ms) != len(pairs):
        return SignedSet({}, "signed set is not of the form rtt1;expires;region=ms,...;signature")
    if not hmac.compare_digest(signature(key, text[: match.start(3)], player_id), match[3]):
        return SignedSet(rtts_ms, "signature is not that of this key, player and set")
    expires_at = int(match[1])
    if now >= expires_at:
        return SignedSet(rtts_ms, f"signature expired {now - expires_at:.0f} s ago")
    return SignedSet(rtts_ms)


def _decimal(ms: float) -> str:
    return f"{ms:.3f}".rstrip("0").rstrip(".") if math.isfinite(ms) else str(ms)
