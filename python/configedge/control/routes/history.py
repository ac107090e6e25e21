"""What was, what is different, and why a value is what it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from configedge.bundle import BundlePath
from configedge.control import models
from configedge.control.routes.common import (
    At,
    BundleName,
    Cursor,
    Environment,
    Limit,
    Namespace,
    Region,
    Who,
    answers,
    layered,
    make_router,
    respond,
)
from configedge.control.service import Service

router = make_router("history")

From = Annotated[str, Query(alias="from", description="The commit to compare from.", pattern="^[0-9a-f]{40}$")]
To = Annotated[
    str | None, Query(description="The commit to compare to; the tip if left out.", pattern="^[0-9a-f]{40}$")
]
Key = Annotated[
    str | None, Query(description="A dotted key below spec.values; all of them if left out.", max_length=256)
]
LayerName = Annotated[str, Query(description="The overlay of this layer.", max_length=127)]


@router.get(
    "/v1/bundles/{namespace}/{name}/history",
    summary="Commits that changed a bundle",
    responses=answers(models.History, "A page."),
)
async def bundle_history(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    layer: LayerName = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Newest first. Read the bundle with `at` to see it as it was. Empty if it never was there."""
    service = Service.of(request)
    path = BundlePath(namespace, name, layer)
    return respond(await service.ask(who, request.state.request_id, service.reading.history, path, limit, cursor))


@router.get("/v1/history", summary="All commits", responses=answers(models.History, "A page."))
async def history(request: Request, who: Who, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Commits on main, newest first: those of which you may read everything that they changed."""
    service = Service.of(request)
    return respond(await service.ask(who, request.state.request_id, service.reading.history, None, limit, cursor))


@router.get("/v1/diff", summary="What is different between two commits", responses=answers(models.Diff, "By key."))
async def diff(
    request: Request,
    who: Who,
    old: From,
    to: To = None,
    namespace: Namespace = None,
    name: BundleName = None,
) -> Response:
    """By document and key, not by line. Any two commits, in either order."""
    service = Service.of(request)
    found = await service.ask(who, request.state.request_id, service.reading.diff, old, to, namespace, name)
    return respond(found)


@router.get(
    "/v1/bundles/{namespace}/{name}/effective",
    summary="What nodes get",
    responses=answers(models.Effective, "The bundle with its overlays."),
)
async def effective(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    environment: Environment = None,
    region: Region = None,
    at: At = None,
) -> Response:
    """Merged in this order, the later wins: bundle, environment, region. `values` has what policies derive."""
    service = Service.of(request)
    path = layered(namespace, name, environment, region)
    return respond(await service.ask(who, request.state.request_id, service.reading.effective, path, at))


@router.get(
    "/v1/bundles/{namespace}/{name}/explain",
    summary="Why a value is what it is",
    responses=answers(models.Explanation, "Who says something of it, and who wins."),
)
async def explain(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    key: Key = None,
    environment: Environment = None,
    region: Region = None,
    at: At = None,
) -> Response:
    """With a key: each layer that has it, with the commit that made it so. Without: every key with its layer."""
    service = Service.of(request)
    path = layered(namespace, name, environment, region)
    return respond(await service.ask(who, request.state.request_id, service.reading.explain, path, key, at))


@router.get(
    "/v1/bundles/{namespace}/{name}/tombstones",
    summary="Keys that were deleted",
    responses=answers(models.Tombstones, "Those of 180 days."),
)
async def tombstones(request: Request, who: Who, namespace: str, name: str) -> Response:
    """A write that brings one back is refused, unless it says `revive`."""
    service = Service.of(request)
    path = BundlePath(namespace, name)
    return respond(await service.ask(who, request.state.request_id, service.reading.tombstones, path))
