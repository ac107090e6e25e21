"""What nodes report, for operators' eyes: nothing on the way of a value reads it."""

from __future__ import annotations

import time
from typing import Any

from fastapi import Request
from starlette.responses import Response

from configedge.control import models
from configedge.control.auth import Principal, Verb
from configedge.control.fleet import Heartbeat, NodeState
from configedge.control.reading import Forbidden
from configedge.control.requests import JSON, read_body
from configedge.control.routes.common import Who, answers, make_router, respond, takes
from configedge.control.service import Service

router = make_router("fleet")


@router.post(
    "/v1/fleet/heartbeats",
    summary="Report what a node serves",
    responses=answers(models.Received, "With the tip, so that a node can tell that it is behind."),
    openapi_extra=takes((JSON, models.ref(models.HeartbeatItem), models.EXAMPLE_HEARTBEAT)),
)
async def heartbeat(request: Request, who: Who) -> Response:
    """Every 5 s, and when it changes. For the role `node`."""
    body = await read_body(request, JSON, 16 << 10)
    service = Service.of(request)

    def receive() -> dict[str, Any]:
        if not who.may_somewhere(Verb.report):
            raise Forbidden(who, Verb.report, "what a node serves")
        one = Heartbeat.read(body, time.time())
        service.parts.fleet.report(one)
        service.propagation.reported(one.node, one.commit, one.published_at)
        return {"tip": service.store.tip()}

    return respond(await service.ask(who, request.state.request_id, lambda _: receive()))


def _node(node: NodeState, who: Principal) -> dict[str, Any]:
    told = node.as_dict()
    if not who.may_anywhere(Verb.read):
        # They name documents.
        told["problems"] = []
    return told


@router.get("/v1/fleet", summary="Which node serves what", responses=answers(models.FleetView, "As they reported."))
async def view(request: Request, who: Who) -> Response:
    """Nodes, what they serve, and how long the last pushes took to reach them."""
    service = Service.of(request)

    def look(who: Principal) -> dict[str, Any]:
        if not who.may_somewhere(Verb.read):
            raise Forbidden(who, Verb.read, "the fleet")
        nodes = service.parts.fleet.nodes()
        return {
            "tip": service.store.tip(),
            "summary": service.fleet_summary(nodes),
            "nodes": [_node(node, who) for node in nodes],
            "propagation": service.propagation.rows(),
        }

    return respond(await service.ask(who, request.state.request_id, look))
