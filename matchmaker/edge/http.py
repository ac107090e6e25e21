"""HTTP/1.1 and JSON."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from matchmaker.edge.request import Malformed, parse_enqueue, parse_json, problem
from matchmaker.edge.ws import websocket
from matchmaker.engine import Refused
from matchmaker.service import Service


def create_app(service: Service) -> Starlette:
    """All routes, those of the WebSocket too."""
    app = Starlette(
        routes=[
            Route("/v1/tickets", enqueue, methods=["POST"]),
            Route("/v1/tickets/{id}", ticket, methods=["GET"]),
            Route("/v1/tickets/{id}", cancel, methods=["DELETE"]),
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
    mode, players = parse_enqueue(parse_json(await _body(request)))
    state = _service(request).enqueue(mode, players)
    if wait and state["state"] == "queued":
        state = await _service(request).result(state["ticket_id"], wait)
    return _json(state, 202 if state["state"] == "queued" else 200)


async def ticket(request: Request) -> Response:
    return _json(await _service(request).result(request.path_params["id"], _wait(request)))


async def cancel(request: Request) -> Response:
    return _json(_service(request).cancel(request.path_params["id"]))


async def stats(request: Request) -> Response:
    return _json(_service(request).stats())


async def healthz(request: Request) -> Response:
    return _json({"ok": True, "config": repr(_service(request).settings.reader.health())})


async def readyz(request: Request) -> Response:
    ready = not _service(request).draining
    return _json({"ready": ready}, 200 if ready else 503)


async def metrics(request: Request) -> Response:
    """Prometheus text format 0.0.4."""
    stats = _service(request).stats()
    lines = [
        "# TYPE matchmaker_tickets_total counter",
        *(f'matchmaker_tickets_total{{event="{event}"}} {count}' for event, count in stats["counts"].items()),
        "# TYPE matchmaker_queued_tickets gauge",
        *(
            f'matchmaker_queued_tickets{{region="{pool.split("/")[0]}",mode="{pool.split("/")[1]}"}} {count}'
            for pool, count in stats["pools"].items()
        ),
        "# TYPE matchmaker_matches_total counter",
        *(
            f'matchmaker_matches_total{{generation="{generation}"}} {count}'
            for generation, count in stats["decisions_by_generation"].items()
        ),
        "# TYPE matchmaker_config_generation gauge",
        f"matchmaker_config_generation {stats['generation']}",
        "# TYPE matchmaker_config_refused_total counter",
        f"matchmaker_config_refused_total {stats['settings_refused']}",
    ]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    content = problem(error)
    retry = {"Retry-After": str(_service(request).settings.retry_after_s())} if content["status"] == 503 else None
    return _json(content, content["status"], retry)


async def unknown(request: Request, error: Exception) -> Response:
    detail = "no such ticket: it never was, or it ended more than limits.finished_ttl_s ago"
    return _json({"type": "about:blank", "title": "Not found", "status": 404, "detail": detail}, 404)


async def http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    content = {"type": "about:blank", "title": error.detail, "status": error.status_code, "detail": request.url.path}
    return _json(content, error.status_code, dict(error.headers or {}))
