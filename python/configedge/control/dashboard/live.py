"""What happens, told to open pages as it happens."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from fastapi import APIRouter
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.responses import Response

from configedge.bundle import dump_json
from configedge.control.auth import Principal, Unauthenticated
from configedge.control.dashboard.web import PageRoute, Visiting, Visitor
from configedge.control.events import Event
from configedge.control.problems import ApiError
from configedge.control.tips import TooMany

router = APIRouter(route_class=PageRoute)

_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_BEAT_S = 10.0


@router.get("/ui/events")
async def events(visit: Visiting, since: str = "") -> Response:
    """As /v1/watch, for as long as the session lasts. `since` is the commit that the page shows.

    An event `beat` every 10 s tells that the connection is there; `signed-out` is the last one of a session that ends.
    """
    known = visit.request.headers.get("last-event-id") or since or None
    if known is not None and not _COMMIT.fullmatch(known):
        raise ApiError(400, "last-event-id", "that is not a commit id; load the page again")
    stream = visit.service.events.watch(visit.who, None, None, known)
    return EventSourceResponse(_told(visit, stream), ping=3600, headers={"Cache-Control": "no-store"})


async def _told(visit: Visitor, stream: AsyncIterator[Event]) -> AsyncIterator[ServerSentEvent]:
    # At once: the first event of the stream may be an hour away.
    yield ServerSentEvent("{}", event="beat")
    following = asyncio.ensure_future(anext(stream, None))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=_BEAT_S)
            now = await _now(visit)
            if now is None:
                yield ServerSentEvent("{}", event="signed-out")
                return
            if now != visit.who:
                # They may see something else now: the page comes back, and gets that.
                return
            if not done:
                yield ServerSentEvent("{}", event="beat")
                continue
            try:
                event = following.result()
            except TooMany:
                yield ServerSentEvent("{}", event="busy", retry=30_000)
                return
            if event is None:
                return
            yield ServerSentEvent(dump_json(event.data).decode(), event=event.kind, id=event.id)
            following = asyncio.ensure_future(anext(stream, None))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await stream.aclose()  # type: ignore[attr-defined]


async def _now(visit: Visitor) -> Principal | None:
    """Who the session is of now; None if it has ended."""
    sessions = visit.dashboard.sessions
    if visit.session is sessions.everybody:
        return visit.who
    try:
        session = await visit.service.read(sessions.find, visit.session.id)
    except Unauthenticated:
        return None
    return session.who if session is not None else None
