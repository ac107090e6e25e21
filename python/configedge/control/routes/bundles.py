"""Documents one at a time: bundles, and their overlays."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.responses import Response

from configedge.bundle import BundlePath
from configedge.control import models
from configedge.control.auth import Principal
from configedge.control.changes import Delete, Operation, Patch, Put, named
from configedge.control.problems import ApiError
from configedge.control.requests import JSON, is_unmodified, read_body, write_precondition
from configedge.control.routes.common import (
    JSON_PATCH,
    MERGE_PATCH,
    At,
    Cursor,
    DryRun,
    IdempotencyKey,
    IfChanged,
    IfMatch,
    IfNoneMatch,
    Limit,
    Message,
    Namespace,
    Revive,
    Who,
    answers,
    asked,
    make_router,
    respond,
    takes,
)
from configedge.control.service import Service
from configedge.control.stages import Stages

router = make_router("bundles")

_BUNDLE = "/v1/bundles/{namespace}/{name}"
_OVERLAY = "/v1/bundles/{namespace}/{name}/overlays/{layer}"
_DOCUMENT = takes((JSON, models.ref(models.ConfigBundle), models.EXAMPLE_DOCUMENT))
_OVERLAY_DOCUMENT = takes((JSON, models.ref(models.ConfigBundle), models.EXAMPLE_OVERLAY))
_PATCH_EXAMPLE = {"spec": {"values": {"max_ping_ms": 90}}}
_PATCH = takes(
    (MERGE_PATCH, {"type": "object"}, _PATCH_EXAMPLE),
    (
        JSON_PATCH,
        {"type": "array", "items": {"type": "object"}},
        [{"op": "replace", "path": "/spec/values/max_ping_ms", "value": 90}],
    ),
)


@router.get("/v1/bundles", summary="List bundles", responses=answers(models.BundleList, "A page."))
async def list_bundles(
    request: Request,
    who: Who,
    namespace: Namespace = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    at: At = None,
) -> Response:
    """Bundles by namespace and name, without their documents: those that you may read."""
    service = Service.of(request)
    call = service.reading.bundles
    return respond(await service.ask(who, request.state.request_id, call, namespace, limit, cursor, at))


@router.get(
    _BUNDLE,
    summary="Read a bundle",
    responses=answers(models.DocumentReply, "The bundle.") | {304: {"description": "You have it already."}},
)
async def get_bundle(
    request: Request, who: Who, namespace: str, name: str, at: At = None, if_none_match: IfChanged = None
) -> Response:
    """The document now, or as it was at a commit. What somebody pushed broken is shown with its problems."""
    return await _get(request, who, BundlePath(namespace, name), at)


@router.put(
    _BUNDLE,
    summary="Create or replace a bundle",
    responses=answers(models.WriteReply, "It is committed and on disk."),
    openapi_extra=_DOCUMENT,
)
async def put_bundle(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    dry_run: DryRun = False,
    revive: Revive = False,
    message: Message = "",
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The whole document. Send If-Match with the ETag you read, or If-None-Match: * to create it."""
    path = BundlePath(namespace, name)
    return await _put(request, who, path, dry_run, revive, message, idempotency_key)


@router.patch(
    _BUNDLE,
    summary="Change a part of a bundle",
    responses=answers(models.WriteReply, "It is committed and on disk."),
    openapi_extra=_PATCH,
)
async def patch_bundle(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    dry_run: DryRun = False,
    revive: Revive = False,
    message: Message = "",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A merge patch (RFC 7396: what it has replaces, null removes) or a JSON patch (RFC 6902) on the document."""
    path = BundlePath(namespace, name)
    return await _patch(request, who, path, dry_run, revive, message, idempotency_key)


@router.delete(
    _BUNDLE,
    summary="Delete a bundle",
    responses=answers(models.WriteReply, "It is gone from the tip; history keeps it."),
)
async def delete_bundle(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    dry_run: DryRun = False,
    message: Message = "",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send If-Match with the ETag you read. One that has overlays is kept: delete them first."""
    return await _delete(request, who, BundlePath(namespace, name), dry_run, message, idempotency_key)


@router.get(
    "/v1/bundles/{namespace}/{name}/overlays",
    summary="Read a bundle's overlays",
    responses=answers(models.OverlayList, "All of them that you may read."),
)
async def list_overlays(request: Request, who: Who, namespace: str, name: str, at: At = None) -> Response:
    """What environments, and regions in them, have otherwise."""
    service = Service.of(request)
    path = BundlePath(namespace, name)
    return respond(await service.ask(who, request.state.request_id, service.reading.overlays, path, at))


@router.get(
    _OVERLAY,
    summary="Read an overlay",
    responses=answers(models.DocumentReply, "The overlay.") | {304: {"description": "You have it already."}},
)
async def get_overlay(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    layer: str,
    at: At = None,
    if_none_match: IfChanged = None,
) -> Response:
    """`layer` is an environment, as in `prod`, or a region in it, as in `prod.eu-west-1`."""
    return await _get(request, who, _overlay(namespace, name, layer), at)


@router.put(
    _OVERLAY,
    summary="Create or replace an overlay",
    responses=answers(models.WriteReply, "It is committed and on disk."),
    openapi_extra=_OVERLAY_DOCUMENT,
)
async def put_overlay(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    layer: str,
    dry_run: DryRun = False,
    message: Message = "",
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A document whose `spec.values` is a merge patch on the bundle's. The result must pass the bundle's checks."""
    path = _overlay(namespace, name, layer)
    return await _put(request, who, path, dry_run, False, message, idempotency_key)


@router.patch(
    _OVERLAY,
    summary="Change a part of an overlay",
    responses=answers(models.WriteReply, "It is committed and on disk."),
    openapi_extra=_PATCH,
)
async def patch_overlay(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    layer: str,
    dry_run: DryRun = False,
    message: Message = "",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """As on a bundle. A merge patch cannot write a null into an overlay: use a JSON patch for that."""
    path = _overlay(namespace, name, layer)
    return await _patch(request, who, path, dry_run, False, message, idempotency_key)


@router.delete(_OVERLAY, summary="Delete an overlay", responses=answers(models.WriteReply, "It is gone from the tip."))
async def delete_overlay(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    layer: str,
    dry_run: DryRun = False,
    message: Message = "",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Nodes of the layer then get what the layers above say."""
    path = _overlay(namespace, name, layer)
    return await _delete(request, who, path, dry_run, message, idempotency_key)


def _overlay(namespace: str, name: str, layer: str) -> BundlePath:
    if not layer:
        raise ApiError(404, "not-found", "there is nothing at this path; /docs lists what there is")
    return BundlePath(namespace, name, layer)


async def _get(request: Request, who: Principal, path: BundlePath, at: str | None) -> Response:
    service = Service.of(request)
    found = await service.ask(who, request.state.request_id, service.reading.document, path, at)
    if is_unmodified(request, found["etag"]):
        return Response(status_code=304, headers={"ETag": f'"{found["etag"]}"'})
    return respond(found, found["etag"])


async def _put(
    request: Request,
    who: Principal,
    path: BundlePath,
    dry_run: bool,
    revive: bool,
    message: str,
    key: str | None,
) -> Response:
    require = write_precondition(request, may_create=True)
    body = await read_body(request, JSON)
    return await _write(request, who, Put(path, require, body), body, "put", dry_run, revive, message, key)


async def _patch(
    request: Request,
    who: Principal,
    path: BundlePath,
    dry_run: bool,
    revive: bool,
    message: str,
    key: str | None,
) -> Response:
    require = write_precondition(request)
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    json_patch = sent == JSON_PATCH
    body = await read_body(request, JSON_PATCH if json_patch else MERGE_PATCH)
    operation = Patch(path, require, body, json_patch)
    return await _write(request, who, operation, body, "patch", dry_run, revive, message, key)


async def _delete(
    request: Request, who: Principal, path: BundlePath, dry_run: bool, message: str, key: str | None
) -> Response:
    operation = Delete(path, write_precondition(request))
    return await _write(request, who, operation, b"", "delete", dry_run, False, message, key)


async def _unchanged(service: Service, path: BundlePath, commit: str) -> dict[str, Any]:
    stored = await service.read(service.store.get, path, commit)
    document = stored.bundle and stored.bundle.document
    told: dict[str, Any] = {"before": stored.etag, "etag": stored.etag, "document": document, "changed": False}
    return named(path) | told | {"warnings": [], "changes": []}


async def _write(
    request: Request,
    who: Principal,
    operation: Operation,
    body: bytes,
    action: str,
    dry_run: bool,
    revive: bool,
    message: str,
    key: str | None,
) -> Response:
    service = Service.of(request)
    change = asked(request, who, body, note=message, dry_run=dry_run, revive=revive, key=key)
    stages = Stages()

    def work() -> dict[str, Any]:
        return service.writing.change(change, [operation], stages=stages)

    done = await service.act(who, change.request_id, action, str(operation.path), work, trial=dry_run)
    path = operation.path
    found = [effect for effect in done.pop("effects") if named(path).items() <= effect.items()]
    # A request that is repeated may have been one that changed nothing.
    effect = found[0] if found else await _unchanged(service, path, done["commit"])
    done.pop("message")
    warnings = [*effect.pop("warnings"), *done.pop("warnings")]
    response = respond(
        {**effect, **done, "changed": effect["changed"], "warnings": warnings}, None if dry_run else effect["etag"]
    )
    response.headers["Server-Timing"] = stages.header()
    return response
