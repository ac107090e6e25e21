"""What all routes share: who asks, what a page and a write take, how answers look."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from configedge.bundle import BundleError, BundlePath, Problem, dump_json
from configedge.control import models
from configedge.control.auth import Principal, Unauthenticated
from configedge.control.idempotency import Key
from configedge.control.problems import ApiError
from configedge.control.requests import JSON, only_known_parameters, path_for_people
from configedge.control.service import Service
from configedge.control.writing import Request as Asked

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

HEARTBEATS = "/v1/fleet/heartbeats"
"""Writes nothing into Git, and all nodes may share one token: it counts as a read."""

PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Refused or failed: an RFC 9457 problem.",
        "content": {"application/problem+json": {"schema": models.ref(models.ProblemDetails)}},
    }
}


async def known(request: Request) -> Principal:
    """Who asks. Raises ApiError 401, and 429 for somebody who asks too often."""
    service = Service.of(request)
    values = request.headers.getlist("authorization")
    try:
        who = await service.identify(values)
    except Unauthenticated as refused:
        target = f"{request.method} {path_for_people(request.scope)}"
        await service.read(service.unknown, refused, target, request.state.request_id)
        headers = {"WWW-Authenticate": 'Bearer realm="configedge"'}
        raise ApiError(
            401, "unauthenticated", "valid credentials are needed: Authorization: Bearer TOKEN", headers=headers
        ) from None
    service.rates.take(who.subject, request.method not in ("GET", "HEAD") and request.url.path != HEARTBEATS)
    return who


Who = Annotated[Principal, Depends(known)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Most items in the answer.")]
Cursor = Annotated[str | None, Query(description="The `next` of the page before.", max_length=200)]
Namespace = Annotated[str | None, Query(description="Only this namespace.", max_length=63)]
BundleName = Annotated[str | None, Query(description="Only bundles of this name.", max_length=63)]
At = Annotated[str | None, Query(description="As of this commit.", pattern="^[0-9a-f]{40}$")]
Environment = Annotated[str | None, Query(description="As nodes of this environment get it.", max_length=63)]
Region = Annotated[str | None, Query(description="As nodes of this region in it get it.", max_length=63)]
DryRun = Annotated[bool, Query(description="Check everything, commit nothing.")]
Revive = Annotated[bool, Query(description="Let keys come back that were deleted lately.")]
Message = Annotated[str, Query(description="Why, for the history.", max_length=2000)]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that the document must still have.")]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="`*`: the document must not exist yet.")]
IfChanged = Annotated[str | None, Header(alias="If-None-Match", description="The ETag that you have: 304 if it is so.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A key of your own for this request: repeating it within a day commits once.",
        max_length=255,
        pattern="^[!-~]+$",
    ),
]


def make_router(tag: str) -> APIRouter:
    return APIRouter(tags=[tag], dependencies=[Depends(only_known_parameters)])


def answers(model: type[BaseModel], description: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    content = {JSON: {"schema": models.ref(model)}}
    return {status: {"description": description, "content": content}, **PROBLEM}


def takes(*bodies: tuple[str, dict[str, Any], Any]) -> dict[str, Any]:
    """Bodies by content type, with their schema and an example."""
    content = {kind: {"schema": schema, "example": example} for kind, schema, example in bodies}
    return {"requestBody": {"required": True, "content": content}}


def asked(
    request: Request,
    who: Principal,
    body: bytes,
    *,
    note: str = "",
    dry_run: bool = False,
    revive: bool = False,
    key: str | None = None,
) -> Asked:
    """The request of a change."""
    identity: Key | None = None
    if key is not None and not dry_run:
        required = "\0".join(request.headers.get(name, "") for name in ("if-match", "if-none-match", "content-type"))
        target = f"{request.url.path}?{request.url.query}\0{required}"
        identity = Key.of(who.subject, key, request.method, target, body)
    return Asked(who, request.state.request_id, note, dry_run, revive, identity)


def layered(namespace: str, name: str, environment: str | None, region: str | None) -> BundlePath:
    """What nodes of an environment, and a region in it, get of a bundle. Raises BundleError."""
    if region is not None and environment is None:
        problem = Problem.of(
            "parameter", "a region is one of an environment", "give environment too", key="query.region"
        )
        raise BundleError([problem])
    return BundlePath(namespace, name, ".".join(part for part in (environment, region) if part is not None))


def respond(value: Any, etag: str | None = None, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-cache"}
    if etag is not None:
        headers["ETag"] = f'"{etag}"'
    return Response(dump_json(value), status, headers, media_type=JSON)
