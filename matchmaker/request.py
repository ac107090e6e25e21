"""What requests must look like, the same on every edge: decoded and checked in one pass by msgspec."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

from matchmaker.core.refused import Busy, Conflict, Refused, TooMany

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=60_000)]


class PlayerIn(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One player of a request."""

    id: Id
    rating: Annotated[float, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
    rtts_ms: Annotated[dict[Name, Milliseconds], msgspec.Meta(max_length=64)] = {}
    signed_rtts: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    roles: Annotated[list[Name], msgspec.Meta(max_length=16)] = []
    avoid: Annotated[list[Id], msgspec.Meta(max_length=50)] = []


class Enqueue(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A ticket is wanted. `mode` or `modes`; `players` are a party if they are several."""

    players: Annotated[list[PlayerIn], msgspec.Meta(min_length=1, max_length=64)]
    mode: Name = ""
    modes: Annotated[list[Name], msgspec.Meta(max_length=8)] = []
    priority: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0
    max_wait_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] | None = None
    key: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """The idempotency key: the same request again gives the same ticket."""
    edge: Annotated[str, msgspec.Meta(max_length=32)] = ""
    """The region whose point of presence took the player's connection."""
    address: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """Of the player's connection, as a gateway saw it; what a player says of it does not count."""
    age_token: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """What a ticket of the same players came back with from another matchmaker: it goes on waiting with its age."""


class Malformed(Refused):
    """The request cannot be understood."""


_decode = msgspec.json.Decoder(Enqueue).decode
_PATH = re.compile(r"^(.*?)(?: - at `\$\.?(.*)`)?$", re.DOTALL)


def parse_enqueue(body: bytes | str) -> Enqueue:
    """Raises Malformed with the field that is wrong."""
    try:
        request = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise malformed(error) from None
    if not request.mode and not request.modes:
        raise Malformed("no mode", "mode", "send the mode to play, or several as modes")
    return request


def parse(type: Any, body: bytes | str) -> Any:
    """Any other request. Raises Malformed."""
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise malformed(error) from None


def malformed(error: Exception) -> Malformed:
    """What msgspec says, as field and message."""
    match = _PATH.match(str(error))
    message, field = (match.group(1), match.group(2) or "") if match else (str(error), "")
    if not isinstance(error, msgspec.ValidationError):
        return Malformed(f"not JSON: {message}", "", "send one JSON object")
    if named := re.search(r"(?:unknown|missing required) field `(.*)`", message):
        field = f"{field}.{named.group(1)}".lstrip(".")
    # Keys of an object are not named by msgspec.
    field = re.sub(r"\[(\d+)\]", r".\1", field).replace("[...]", "")
    return Malformed(message, field, "correct it; docs/matchmaker.md has the form of a request")


_STATUS = ((Malformed, 400), (Conflict, 409), (TooMany, 429), (Busy, 503))
_TITLES = {400: "Malformed request", 409: "Conflict", 422: "Ticket refused", 429: "Too many", 503: "Try again later"}


def problem(error: Refused) -> dict[str, Any]:
    """RFC 9457 problem details; of one that may be tried again, `retry_after_s` too."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 422)
    told = {
        "type": "about:blank",
        "title": _TITLES[status],
        "status": status,
        "detail": str(error),
        "field": error.field,
        "hint": error.hint,
    }
    if isinstance(error, Busy):
        told["retry_after_s"] = error.retry_after_s
    return told
