"""Server-sent events."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Header, Request
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.responses import Response

from configedge.bundle import BundlePath, dump_json
from configedge.control.auth import Principal, Unauthenticated
from configedge.control.problems import ApiError
from configedge.control.routes.common import PROBLEM, BundleName, Namespace, Who, make_router
from configedge.control.service import Service
from configedge.control.tips import Tip

router = make_router("watch")

_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_PING_S = 15
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", description="The commit that you know.")]
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream of events: hello, commit, reset, refused, proposal, fleet.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **PROBLEM,
}
_TIP_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream of events `tip`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **PROBLEM,
}


@router.get("/v1/watch", summary="Watch changes", response_class=EventSourceResponse, responses=_STREAM)
async def watch(
    request: Request,
    who: Who,
    namespace: Namespace = None,
    name: BundleName = None,
    last_event_id: LastEventId = None,
) -> Response:
    """Each commit that you may see, as an event `commit` with its id. Come back with Last-Event-ID, and none is missed.

    `hello` says the tip at the start, `reset` that the commit you know is too old or unknown: read everything again.
    `refused`, `proposal` and `fleet` are news without an id.
    """
    if namespace is not None or name is not None:
        BundlePath(namespace or "any", name or "any")
    if last_event_id is not None and not _COMMIT.fullmatch(last_event_id):
        raise ApiError(400, "last-event-id", "Last-Event-ID is not a commit id; send the id of the last event, or none")
    service = Service.of(request)
    stream = service.events.watch(who, namespace, name, last_event_id, _still(request, who))
    # The first event now, so that what refuses a watcher is an answer and not a broken stream.
    first = await anext(stream)

    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            yield ServerSentEvent(dump_json(first.data).decode(), event=first.kind, id=first.id)
            async for event in stream:
                yield ServerSentEvent(dump_json(event.data).decode(), event=event.kind, id=event.id)
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    return EventSourceResponse(events(), ping=_PING_S, headers={"Cache-Control": "no-store"})


@router.get(
    "/v1/watch/tip", summary="Be told of newer commits", response_class=EventSourceResponse, responses=_TIP_STREAM
)
async def tip(request: Request, who: Who) -> Response:
    """The newest commit, as an event `tip`, now and whenever it is another: for nodes, which fetch it from Git.

    Nothing of what is in a commit is told, so a token of any role will do. `spread_s`: fetch it within so many seconds,
    at a random moment. Commits that come quickly are told as one, the newest.
    """
    stream = Service.of(request).events.tips.follow(_still(request, who))
    first = await anext(stream, None)

    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            if first is not None:
                yield _tip_event(first)
                async for one in stream:
                    yield _tip_event(one)
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    return EventSourceResponse(events(), ping=_PING_S, headers={"Cache-Control": "no-store"})


def _tip_event(tip: Tip) -> ServerSentEvent:
    return ServerSentEvent(dump_json(asdict(tip)).decode(), event="tip", id=tip.commit)


def _still(request: Request, who: Principal) -> Callable[[], Awaitable[bool]]:
    """Says whether it is still who asked: a token that was revoked or has expired ends the watch."""
    service = Service.of(request)
    values = request.headers.getlist("authorization")

    async def still() -> bool:
        try:
            return (await service.identify(values)).grants == who.grants
        except Unauthenticated:
            return False

    return still
