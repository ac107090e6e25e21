"""Reading what a client sent: the body within its limits, and the preconditions of a write."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from starlette.requests import ClientDisconnect, Request
from starlette.types import Scope

from configedge.bundle import MAX_DOCUMENT, Problem, load_json
from configedge.control.documents import BODY
from configedge.control.problems import ApiError
from configedge.control.service import Bodies, Service
from configedge.control.store import Precondition

JSON = "application/json"

_PART = re.compile(r"[a-z0-9.-]{1,127}", re.ASCII)
_BODY_S = 10.0
_MOST_VALUES = 500_000
# What it takes in memory: the body as it comes, whole, and as text; and each value in it.
_COPIES = 3
_VALUE = 64
_ETAGS = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*(?:,|$)')


async def read_body(request: Request, content_type: str, most: int = MAX_DOCUMENT) -> bytes:
    """The raw body. Raises ApiError if it is of another type, encoded, over `most` bytes, or slow to come."""
    sent = request.headers.get("content-type", "")
    if sent.partition(";")[0].strip().lower() != content_type:
        raise ApiError(
            415,
            "content-type",
            f"the body is {sent[:100] or 'of no stated type'}; send it as Content-Type: {content_type}",
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(415, "content-encoding", "an encoded body is not taken; send it without Content-Encoding")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
                if len(body) > Bodies.SMALL:
                    _hold(request, _COPIES * len(chunk))
    except TimeoutError:
        raise ApiError(408, "timeout", f"the body did not come within {_BODY_S:g} s") from None
    except ClientDisconnect:
        raise ApiError(400, "disconnected", "the body ended before its length") from None
    return bytes(body)


async def read_json(request: Request, most: int = MAX_DOCUMENT) -> tuple[bytes, Any]:
    """A body of JSON, as it came and as Python types. Raises ApiError, BundleError, Busy."""
    body = await read_body(request, JSON, most)
    if len(body) <= Bodies.SMALL:
        return body, load_json(body, BODY)
    # At least as many as there are values in it: a value takes far more memory than the three bytes it may have here.
    values = body.count(b",") + body.count(b"[") + body.count(b"{")
    if values > _MOST_VALUES:
        raise ApiError(413, "limit", f"the body has more than {_MOST_VALUES} values; send it in parts")
    _hold(request, values * _VALUE)
    return body, await Service.of(request).read(load_json, body, BODY)


def _hold(request: Request, size: int) -> None:
    """Counts what a body takes, until the request ends: see `Edge`."""
    request.state.held = Service.of(request).bodies.take(size, getattr(request.state, "held", 0))


def write_precondition(request: Request, *, may_create: bool = False) -> Precondition:
    """What the client requires. Raises ApiError 428 if it requires nothing: that could undo somebody else's change."""
    match = _joined(request, "if-match")
    none_match = _joined(request, "if-none-match")
    if match is not None and none_match is not None:
        raise ApiError(400, "precondition", "send If-Match or If-None-Match, not both")
    if none_match is not None:
        if not may_create:
            raise ApiError(400, "precondition", "this takes If-Match alone; send the ETag that a GET gave")
        if none_match.strip() != "*":
            raise ApiError(400, "precondition", "a write takes If-None-Match: * alone; it creates the bundle")
        return Precondition(absent=True)
    if match is None:
        create = ", or If-None-Match: * to create it" if may_create else ""
        raise ApiError(
            428, "precondition-required", f"send If-Match with the ETag that a GET of the bundle gave{create}"
        )
    return Precondition(None if match.strip() == "*" else strong_etags(match))


def strong_etags(header: str) -> frozenset[str]:
    """The strong entity tags of an If-Match or If-None-Match header, unquoted. Raises ApiError."""
    etags: set[str] = set()
    at = 0
    while at < len(header) or not at:
        if not (found := _ETAGS.match(header, at)):
            raise ApiError(400, "precondition", f'{header[:100]!r} is not a list of entity tags; quote each: "abc"')
        if not found[1]:
            etags.add(found[2])
        at = found.end()
    return frozenset(etags)


def is_unmodified(request: Request, etag: str) -> bool:
    """Whether the client of a GET has this version already."""
    sent = _joined(request, "if-none-match")
    return sent is not None and (sent.strip() == "*" or etag in strong_etags(sent.replace("W/", "")))


async def only_known_parameters(request: Request) -> None:
    """Refuses a query parameter that the route does not have: a misspelt dry_run must not become a write."""
    dependant: Dependant = request.scope["route"].dependant
    known = {parameter.alias for parameter in dependant.query_params}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        takes = f"this path takes {', '.join(sorted(known))}" if known else "this path takes none"
        problems = [
            Problem.of("parameter", "there is no such parameter", takes, key=f"query.{u[:80]}") for u in unknown
        ]
        raise ApiError(422, "parameter", "; ".join(map(str, problems)), problems)


def path_for_people(scope: Scope) -> str:
    """A request's path as logs and the audit have it. A part that is no name may be anything, a secret too: it is `?`.

    The raw path, so that nothing in it can forge a line.
    """
    parts = scope.get("raw_path", b"").decode("ascii", "replace").split("/", 9)
    return "/".join(part if not part or _PART.fullmatch(part) else "?" for part in parts)


def _joined(request: Request, name: str) -> str | None:
    values: Sequence[str] = request.headers.getlist(name)
    return ", ".join(values) if values else None


def _too_large(most: int) -> ApiError:
    return ApiError(413, "limit", f"the body is larger than {most} bytes; send it in parts")
