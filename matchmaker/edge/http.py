"""HTTP/1.1 and JSON."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Any

import msgspec
import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from matchmaker.core.backfill import Backfill
from matchmaker.core.explain import explain
from matchmaker.core.refused import Busy, Refused
from matchmaker.edge.ws import websocket
from matchmaker.metrics import render
from matchmaker.request import Id, Malformed, Name, parse, parse_enqueue, problem
from matchmaker.service import Service


class BackfillIn(msgspec.Struct, forbid_unknown_fields=True):
    """A running match asks for players."""

    region: Name
    mode: Name
    seats: Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=100)]], msgspec.Meta(min_length=1, max_length=64)]
    """Free places of each team."""
    rating: float
    points: Annotated[float, msgspec.Meta(ge=0)] = 500.0
    """How far from `rating` those who join may be."""
    within_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 60.0
    avoid: Annotated[list[Id], msgspec.Meta(max_length=200)] = []


class Accept(msgspec.Struct, forbid_unknown_fields=True):
    player: Id


def create_app(service: Service) -> Starlette:
    """All routes, those of the WebSocket too."""
    app = Starlette(
        routes=[
            Route("/v1/tickets", enqueue, methods=["POST"]),
            Route("/v1/tickets/{id}", ticket, methods=["GET"]),
            Route("/v1/tickets/{id}", cancel, methods=["DELETE"]),
            Route("/v1/tickets/{id}/explain", explained),
            Route("/v1/tickets/{id}/accept", accept, methods=["POST"]),
            Route("/v1/tickets/{id}/decline", decline, methods=["POST"]),
            Route("/v1/backfills", ask, methods=["POST"]),
            Route("/v1/backfills/{id}", withdraw, methods=["DELETE"]),
            Route("/v1/stats", stats),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            WebSocketRoute("/v1/ws", websocket),
        ],
        exception_handlers={Refused: refused, KeyError: unknown, HTTPException: http_error},
    )
    app.state.service = service
    return app


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    media = "application/problem+json" if status >= 400 else "application/json"
    return Response(orjson.dumps(content), status, headers, media)


async def _body(request: Request) -> bytes:
    limit = _service(request).settings.max_body_bytes()
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Malformed(f"more than {limit} bytes", "", "send less: limits.max_body_bytes is the limit")
    return body


def _wait(request: Request) -> float:
    text = request.query_params.get("wait", "0")
    try:
        wait = float(text)
    except ValueError:
        wait = -1
    if not 0 <= wait <= 3600:
        raise Malformed(f"{text!r} is not a number of seconds from 0 to 3600", "wait", "send ?wait=SECONDS")
    return wait


async def enqueue(request: Request) -> Response:
    wait = _wait(request)
    service = _service(request)
    wanted = parse_enqueue(await _body(request))
    if key := request.headers.get("idempotency-key"):
        wanted.key = key[:128]
    ticket, known = service.enqueue(wanted, address=request.client.host if request.client else "")
    state = await service.result(ticket.id, wait)
    if known:
        state["deduplicated"] = True
    return _json(state, 202 if state["state"] in ("queued", "proposed") else 200)


def _ticket(request: Request) -> int:
    return _service(request).find(request.path_params["id"])


async def ticket(request: Request) -> Response:
    wait = _wait(request)
    return _json(await _service(request).result(_ticket(request), wait))


async def cancel(request: Request) -> Response:
    service, id = _service(request), _ticket(request)
    service.cancel(id)
    return _json(service.describe(id))


async def accept(request: Request) -> Response:
    service, id = _service(request), _ticket(request)
    service.accept(id, parse(Accept, await _body(request)).player)
    return _json(service.describe(id))


async def decline(request: Request) -> Response:
    service, id = _service(request), _ticket(request)
    service.decline(id)
    return _json(service.describe(id))


async def explained(request: Request) -> Response:
    """Why a ticket still waits."""
    service, id = _service(request), _ticket(request)
    ticket = service.engine.tickets.get(id)
    if ticket is None:
        return _json(service.describe(id))
    told = explain(service.engine, ticket, time.monotonic())
    estimate = service.waits.estimate(ticket.region, ticket.mode)
    told["estimate_s"] = {"p50": round(estimate[0], 3), "p90": round(estimate[1], 3)} if estimate else None
    return _json({**service.describe(id), **told})


async def ask(request: Request) -> Response:
    wanted = parse(BackfillIn, await _body(request))
    deadline = time.monotonic() + wanted.within_s
    id = uuid.uuid4().hex
    backfill = Backfill(
        id, wanted.region, wanted.mode, wanted.seats, wanted.rating, wanted.points, deadline, frozenset(wanted.avoid)
    )
    matches = _service(request).ask(backfill)
    return _json({"backfill_id": id, "seats": backfill.seats, "joined": matches}, 201)


async def withdraw(request: Request) -> Response:
    backfill = _service(request).engine.withdraw_backfill(request.path_params["id"])
    if backfill is None:
        raise KeyError(request.path_params["id"])
    return _json({"backfill_id": backfill.id, "seats": backfill.seats})


async def stats(request: Request) -> Response:
    return _json(_service(request).stats())


async def healthz(request: Request) -> Response:
    return _json({"ok": True, "config": repr(_service(request).settings.reader.health())})


async def readyz(request: Request) -> Response:
    ready = not _service(request).draining
    return _json({"ready": ready}, 200 if ready else 503)


async def metrics(request: Request) -> Response:
    return PlainTextResponse(render(_service(request)), media_type="text/plain; version=0.0.4")


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    content = problem(error)
    retry = None
    if isinstance(error, Busy):
        # Whole seconds, as RFC 9110 has it; the body has the finer figure.
        retry = {"Retry-After": str(max(1, round(error.retry_after_s or 1)))}
    return _json(content, content["status"], retry)


async def unknown(request: Request, error: Exception) -> Response:
    detail = "no such ticket: it never was, or it ended more than limits.finished_ttl_s ago"
    if request.url.path.endswith(("/accept", "/decline")):
        detail = "no match is proposed to that ticket, or not to that player"
    return _json({"type": "about:blank", "title": "Not found", "status": 404, "detail": detail}, 404)


async def http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    content = {"type": "about:blank", "title": error.detail, "status": error.status_code, "detail": request.url.path}
    return _json(content, error.status_code, dict(error.headers or {}))
