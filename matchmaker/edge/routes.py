"""All HTTP routes, in one table: who answers, and what /openapi.json says of it."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from matchmaker.core.backfill import Backfill
from matchmaker.core.explain import explain
from matchmaker.core.refused import Refused
from matchmaker.edge import answers
from matchmaker.edge.edge import Edge
from matchmaker.edge.exchange import HINT, UNASKED, UNKNOWN, Exchange
from matchmaker.edge.frames import Kind
from matchmaker.metrics import render
from matchmaker.request import Enqueue, Malformed, parse, parse_enqueue
from matchmaker.service import Service

log = logging.getLogger(__name__)

MAX_KEY = 128
TEXT = b"text/plain; version=0.0.4; charset=utf-8"
Handler = Callable[[Edge, Exchange], None]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    """May have `{id}` for one of its parts."""
    handler: Handler
    summary: str
    answers: Mapping[int, tuple[str, tuple[type, ...]]] = field(default_factory=dict)
    """What a status means, and the types that its body may have; `str` is text."""
    body: Any = None
    """The type of what is sent."""
    waits: bool = False
    """Takes `?wait=S`."""
    refusals: tuple[int, ...] = ()
    """Statuses that come with a problem document."""
    owner: bool = False
    """Only where the matchmaker itself is, not in edge processes."""


def enqueue(edge: Edge, exchange: Exchange) -> None:
    exchange.wait = exchange.seconds()
    request = parse_enqueue(exchange.body)
    if exchange.key:
        if len(exchange.key) > MAX_KEY:
            raise Malformed(f"a key of more than {MAX_KEY} characters", "Idempotency-Key", "send a shorter one")
        request.key = exchange.key
    exchange.taking = True
    edge.backend.enqueue(request, exchange, watch=False, address=exchange.address)


def ticket(edge: Edge, exchange: Exchange) -> None:
    exchange.wait = exchange.seconds()
    edge.backend.operate(Kind.GET, exchange.id, exchange)


def cancel(edge: Edge, exchange: Exchange) -> None:
    edge.backend.operate(Kind.CANCEL, exchange.id, exchange)


def accept(edge: Edge, exchange: Exchange) -> None:
    edge.backend.operate(Kind.ACCEPT, exchange.id, exchange, parse(answers.Accept, exchange.body).player)


def decline(edge: Edge, exchange: Exchange) -> None:
    edge.backend.operate(Kind.DECLINE, exchange.id, exchange)


def explained(edge: Edge, exchange: Exchange) -> None:
    service = _service(edge)
    id = service.find(exchange.id)
    engine, open_one, now = service.explainable(id)
    if open_one is None:
        exchange.tell(service.describe(id))
        return
    told = explain(engine, open_one, now)
    estimate = service.waits.estimate(open_one.region, open_one.mode)
    told["estimate_s"] = {"p50": round(estimate[0], 3), "p90": round(estimate[1], 3)} if estimate else None
    exchange.tell({**service.describe(id), **told})


def ask(edge: Edge, exchange: Exchange) -> None:
    wanted = parse(answers.BackfillIn, exchange.body)
    deadline = time.monotonic() + wanted.within_s
    id = uuid.uuid4().hex
    backfill = Backfill(
        id,
        wanted.region,
        wanted.mode,
        wanted.seats,
        wanted.rating,
        wanted.points,
        deadline,
        frozenset(wanted.avoid),
        roles=wanted.roles,
    )
    matches = _service(edge).ask(backfill)
    exchange.tell({**_seats(backfill), "joined": matches}, 201)


def withdraw(edge: Edge, exchange: Exchange) -> None:
    backfill = _service(edge).engine.withdraw_backfill(exchange.id)
    if backfill is None:
        exchange.fail(404, "no such request of a running match: it never was, was filled, or is over", "ask anew")
    else:
        exchange.tell(_seats(backfill))


def _seats(backfill: Backfill) -> dict[str, Any]:
    """The places that are free, if any are by role."""
    told = {"backfill_id": backfill.id, "seats": backfill.seats}
    return {**told, "roles": backfill.roles} if backfill.roles else told


def release(edge: Edge, exchange: Exchange) -> None:
    if _service(edge).release(exchange.id):
        exchange.tell({"server": exchange.id})
    else:
        exchange.fail(404, "no such server is out, or it ends itself", "name one as players were told it")


def stats(edge: Edge, exchange: Exchange) -> None:
    exchange.tell(_service(edge).stats())


def healthz(edge: Edge, exchange: Exchange) -> None:
    exchange.tell({"ok": True, "config": repr(edge.settings.reader.health())})


def readyz(edge: Edge, exchange: Exchange) -> None:
    ready = edge.backend.ready and not edge.stopping
    exchange.tell({"ready": ready}, 200 if ready else 503)


def metrics(edge: Edge, exchange: Exchange) -> None:
    told = render(edge.service) if edge.service is not None else ""
    exchange.answer(200, (told + edge.metrics()).encode(), TEXT)


def openapi(edge: Edge, exchange: Exchange) -> None:
    exchange.answer(200, edge.description)


def websocket(edge: Edge, exchange: Exchange) -> None:
    exchange.fail(
        426, "this is for WebSockets", "ask for an upgrade, RFC 6455",
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
    )  # fmt: skip


def _service(edge: Edge) -> Service:
    assert edge.service is not None, "a route of the owner in an edge process"
    return edge.service


_OPEN = (answers.Open, answers.Proposal)
_ENDED = (answers.Assigned, answers.Ended)
_STATE = {200: ("The ticket as it is now.", (*_OPEN, *_ENDED))}

TABLE: tuple[Route, ...] = (
    Route(
        "POST", "/v1/tickets", enqueue, "Take a ticket; answer at once, or when it ended or after `wait` seconds",
        {200: ("It ended.", _ENDED), 202: ("It waits.", _OPEN)},
        Enqueue, True, (400, 409, 413, 422, 429, 503),
    ),
    Route(
        "GET", "/v1/tickets/{id}", ticket, "What became of a ticket; answer at once, or when it ends",
        _STATE, None, True, (400, 404, 503),
    ),
    Route("DELETE", "/v1/tickets/{id}", cancel, "Take a ticket back", _STATE, None, False, (404, 503)),
    Route(
        "GET", "/v1/tickets/{id}/explain", explained, "Why a ticket still waits, and what would match it",
        {200: ("What it lacks; of a ticket that ended, how.", (answers.Explained, *_ENDED))},
        None, False, (404,), True,
    ),
    Route(
        "POST", "/v1/tickets/{id}/accept", accept, "Accept the proposed match for a player",
        _STATE, answers.Accept, False, (400, 404, 413, 503),
    ),
    Route("POST", "/v1/tickets/{id}/decline", decline, "Decline the proposed match", _STATE, None, False, (404, 503)),
    Route(
        "POST", "/v1/backfills", ask, "Ask for players of a running match",
        {201: ("Who joins at once, and under which name the rest is asked for.", (answers.BackfillOut,))},
        answers.BackfillIn, False, (400, 413, 422, 503), True,
    ),
    Route(
        "DELETE", "/v1/backfills/{id}", withdraw, "Ask for no more players of a running match",
        {200: ("It is withdrawn.", (answers.Withdrawn,))}, None, False, (404,), True,
    ),
    Route(
        "DELETE", "/v1/servers/{id}", release, "Give a game server of the static pool back",
        {200: ("It is free again.", (answers.Server,))}, None, False, (404,), True,
    ),
    Route("GET", "/v1/stats", stats, "The matchmaker as it is now", {200: ("It.", (answers.Stats,))}, owner=True),
    Route(
        "GET", "/v1/ws", websocket, "Many tickets on one WebSocket: docs/matchmaker.md",
        {101: ("The WebSocket is open.", ())}, refusals=(400, 426),
    ),
    Route("GET", "/healthz", healthz, "Whether the process answers", {200: ("It does.", (answers.Health,))}),
    Route(
        "GET", "/readyz", readyz, "Whether tickets are taken here",
        {200: ("They are.", (answers.Ready,)), 503: ("They are not.", (answers.Ready,))},
    ),
    Route("GET", "/metrics", metrics, "Prometheus metrics", {200: ("Text format 0.0.4.", (str,))}),
    Route("GET", "/openapi.json", openapi, "This description", {200: ("OpenAPI 3.1.", (answers.OpenApi,))}),
)  # fmt: skip


class Routes:
    """Finds who answers."""

    def __init__(self, table: tuple[Route, ...]) -> None:
        self.table = table
        self._by_path: dict[str, dict[str, Route]] = {}
        for route in table:
            self._by_path.setdefault(route.path, {})[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route | None, str, list[str]]:
        """The route, what stands for `{id}`, and the methods that the path knows: none if there is no such path."""
        there, id = self._by_path.get(path), ""
        if there is None:
            parts = path.split("/")
            if 4 <= len(parts) <= 5 and parts[3]:
                parts[3], id = "{id}", parts[3]
                there = self._by_path.get("/".join(parts))
            if there is None:
                return None, "", []
        route = there.get("GET" if method == "HEAD" else method)
        return route, id, [] if route else _allowed(there)


def _allowed(there: Mapping[str, Route]) -> list[str]:
    return sorted([*there, "HEAD"] if "GET" in there else there)


def dispatch(edge: Edge, method: str, path: str, exchange: Exchange) -> None:
    """Answers, or sees to it that it will be."""
    route, exchange.id, allowed = edge.routes.find(method, path)
    if route is None:
        if allowed:
            exchange.fail(405, f"{path} is not for {method}", "use one that Allow names", {"Allow": ", ".join(allowed)})
        else:
            exchange.fail(404, f"there is nothing at {path}", "/openapi.json tells what there is")
        return
    try:
        route.handler(edge, exchange)
    except Refused as error:
        exchange.refuse(error)
    except KeyError:
        exchange.fail(404, UNASKED if route.path.endswith(("/accept", "/decline")) else UNKNOWN, HINT)
    except Exception:
        log.exception("%s %s failed", method, route.path)
        exchange.fail(
            500, "the request met a fault of the matchmaker, which has logged it", "ask for the ticket's state"
        )
