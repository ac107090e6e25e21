"""What nodes report, for operators' eyes: nothing on the way of a value reads it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import Response

from configedge.bundle import BundlePath
from configedge.control import models
from configedge.control.auth import Principal, Verb
from configedge.control.fleet import Heartbeat, NodeState
from configedge.control.reach import Scope
from configedge.control.reading import Forbidden, reader
from configedge.control.requests import JSON, read_body
from configedge.control.routes.common import (
    HEARTBEATS,
    Environment,
    Namespace,
    Region,
    Who,
    answers,
    layered,
    make_router,
    respond,
    takes,
)
from configedge.control.service import Service

router = make_router("fleet")

CommitId = Annotated[str, Path(description="A commit of main.", pattern="^[0-9a-f]{40}$")]
OfEnvironment = Annotated[str | None, Query(description="Only nodes of this environment.", max_length=63)]
OfRegion = Annotated[str | None, Query(description="Only nodes of this region.", max_length=63)]
OfNamespace = Annotated[
    str | None,
    Query(description="Only what is in this namespace: what a node refuses elsewhere counts not.", max_length=63),
]


@router.post(
    HEARTBEATS,
    summary="Report what a node serves",
    responses=answers(models.Received, "The tip, so that a node can tell that it is behind; when to report again."),
    openapi_extra=takes((JSON, models.ref(models.HeartbeatItem), models.EXAMPLE_HEARTBEAT)),
)
async def heartbeat(request: Request, who: Who) -> Response:
    """After as many seconds as the last answer said, 5 at first, and when it changes. For the role `node`."""
    body = await read_body(request, JSON, 16 << 10)
    service = Service.of(request)

    def receive() -> dict[str, Any]:
        if not who.may_somewhere(Verb.report):
            raise Forbidden(who, Verb.report, "what a node serves")
        one = Heartbeat.read(body, time.time())
        next_s = service.pacing.heard(one.node)
        service.parts.fleet.report(replace(one, next_s=next_s))
        service.propagation.reported(one.node, one.commit, one.published_at, next_s)
        return {"tip": service.store.tip(), "next_s": next_s}

    return respond(await service.ask(who, request.state.request_id, lambda _: receive()))


def _node(node: NodeState, who: Principal) -> dict[str, Any]:
    told = node.as_dict()
    if not who.may_anywhere(Verb.read):
        # They name documents.
        told["problems"] = []
    return told


def _scope(environment: str | None, region: str | None, namespace: str | None) -> Scope:
    """Raises BundleError for what is no name."""
    given = ("any" if name is None else name for name in (environment, region))
    BundlePath("any" if namespace is None else namespace, "any", ".".join(given))
    return Scope(environment or "", region or "", namespace or "")


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


@router.get(
    "/v1/fleet/commits/{commit}",
    summary="Which nodes have a commit",
    responses=answers(models.CommitReach, "Those that answer; lost ones are counted apart."),
)
async def commit_reach(
    request: Request,
    who: Who,
    commit: CommitId,
    environment: OfEnvironment = None,
    region: OfRegion = None,
    namespace: OfNamespace = None,
) -> Response:
    """A node has it if it serves it, a later one or the same content. `missing` names some of those that have not."""
    service = Service.of(request)
    scope = _scope(environment, region, namespace)

    def look(who: Principal) -> dict[str, Any]:
        if not who.may_somewhere(Verb.read):
            raise Forbidden(who, Verb.read, "the fleet")
        found = service.reach.of_commit(commit, service.parts.fleet.nodes(), scope)
        if not who.may_anywhere(Verb.read):
            for node in found["missing"]:
                # They name documents.
                node["problems"] = []
        return found

    return respond(await service.ask(who, request.state.request_id, look))


@router.get(
    "/v1/fleet/bundles",
    summary="How far each bundle has come",
    responses=answers(models.BundlesReach, "Its newest version, on the nodes that answer."),
)
async def bundles_reach(
    request: Request,
    who: Who,
    environment: Environment = None,
    region: Region = None,
    namespace: Namespace = None,
) -> Response:
    """Bundles that you may read, as nodes of that environment and region get them."""
    service = Service.of(request)
    layered("any", "any", environment, region)
    scope = _scope(environment, region, namespace)

    def look(who: Principal) -> dict[str, Any]:
        if not who.may_somewhere(Verb.read):
            raise Forbidden(who, Verb.read, "the fleet")
        visible = reader(who)
        nodes = service.parts.fleet.nodes()
        return service.reach.of_documents(nodes, scope, lambda path: visible(replace(path, layer=scope.layer)))

    return respond(await service.ask(who, request.state.request_id, look))
