"""Several documents at once: change sets, dry runs of them, rollbacks, exports and imports."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Request
from starlette.responses import Response

from configedge.bundle import BundlePath
from configedge.control import models
from configedge.control.auth import Principal, Verb
from configedge.control.problems import ApiError
from configedge.control.reading import require_everywhere
from configedge.control.requests import JSON, read_json, strong_etags, write_precondition
from configedge.control.routes.common import (
    At,
    DryRun,
    IdempotencyKey,
    IfMatch,
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
from configedge.control.sets import MAX_IMPORT, MAX_SET, Mode, change_set, export, import_operations, members
from configedge.control.store import Stale

router = make_router("changes")

_SET = takes((JSON, models.ref(models.ChangeSet), models.EXAMPLE_CHANGES))
_TO = takes((JSON, models.ref(models.RollbackTo), models.EXAMPLE_ROLLBACK))


@router.post(
    "/v1/changes",
    summary="Change several documents in one commit",
    responses=answers(models.ChangeReply, "All of it is committed and on disk."),
    openapi_extra=_SET,
)
async def change(
    request: Request,
    who: Who,
    dry_run: DryRun = False,
    revive: Revive = False,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """All or nothing. Each change says by `if_match` what it is made on; null: the document must not exist."""
    body, sent = await read_json(request, MAX_SET)
    message, operations = change_set(sent)
    ask = asked(request, who, body, note=message, dry_run=dry_run, revive=revive, key=idempotency_key)
    service = Service.of(request)
    target = ", ".join(str(operation.path) for operation in operations)

    def work() -> dict[str, Any]:
        return service.writing.change(ask, operations)

    return respond(await service.act(who, ask.request_id, "change", target, work, trial=dry_run))


@router.post(
    "/v1/validate",
    summary="See what a change would do",
    responses=answers(models.ChangeReply, "It would be committed; nothing was."),
    openapi_extra=takes((JSON, models.ref(models.LooseChangeSet), models.EXAMPLE_CHANGES)),
)
async def validate(request: Request, who: Who, revive: Revive = False) -> Response:
    """All checks, and what nodes would see change. `if_match` may be left out. Needs no right but to read."""
    body, sent = await read_json(request, MAX_SET)
    message, operations = change_set(sent, lenient=True)
    ask = asked(request, who, body, note=message, dry_run=True, revive=revive)
    service = Service.of(request)

    def look(_: Principal) -> dict[str, Any]:
        return service.writing.change(ask, operations, Verb.read)

    return respond(await service.ask_planner(who, ask.request_id, look))


@router.post(
    "/v1/bundles/{namespace}/{name}/rollback",
    summary="Roll a bundle back",
    responses=answers(models.ChangeReply, "It is as it was, by a new commit."),
    openapi_extra=_TO,
)
async def roll_back(
    request: Request,
    who: Who,
    namespace: str,
    name: str,
    dry_run: DryRun = False,
    message: Message = "",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """To what it was at a commit; with `overlays`, its overlays too, whatever they are now.

    Neither size nor deleted keys stand in the way; the checks do.

    Send If-Match with the ETag of the bundle now, or If-None-Match: * to bring back one that was deleted.
    """
    path = BundlePath(namespace, name)
    require = write_precondition(request, may_create=True)
    body, sent = await read_json(request)
    wanted = members(sent, {"to": str}, {"overlays": bool})
    ask = asked(request, who, body, note=message, dry_run=dry_run, key=idempotency_key)
    service = Service.of(request)

    def work() -> dict[str, Any]:
        return service.writing.roll_back(ask, path, wanted["to"], require, wanted.get("overlays", False))

    return respond(await service.act(who, ask.request_id, "rollback", str(path), work, trial=dry_run))


@router.post(
    "/v1/rollback",
    summary="Roll everything back",
    responses=answers(models.ChangeReply, "All is as it was, by a new commit."),
    openapi_extra=takes((JSON, models.ref(models.AllBackTo), models.EXAMPLE_ROLLBACK)),
)
async def roll_all_back(
    request: Request,
    who: Who,
    dry_run: DryRun = False,
    message: Message = "",
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Bundles, overlays and policies as at a commit. If-Match is the tip that you have seen, quoted. For admins."""
    match = request.headers.get("if-match")
    if match is None:
        raise ApiError(428, "precondition-required", "send If-Match with the tip that you have seen (GET /v1/history)")
    tips = None if match.strip() == "*" else strong_etags(match)
    body, sent = await read_json(request)
    wanted = members(sent, {"to": str}, {})
    ask = asked(request, who, body, note=message, dry_run=dry_run, key=idempotency_key)
    service = Service.of(request)

    def work() -> dict[str, Any]:
        if tips is not None and len(tips) != 1:
            raise Stale("If-Match is one commit", service.store.tip())
        return service.writing.roll_all_back(ask, wanted["to"], next(iter(tips)) if tips else None)

    return respond(await service.act(who, ask.request_id, "rollback", "everything", work, trial=dry_run))


@router.get("/v1/export", summary="Export everything", responses=answers(models.Export, "All that you may read."))
async def export_all(request: Request, who: Who, namespace: Namespace = None, at: At = None) -> Response:
    """Bundles, overlays and policies as one document: for a backup, for another control plane."""
    service = Service.of(request)
    call = lambda who, namespace, at: export(service.store, who, namespace, at)  # noqa: E731
    return respond(await service.ask(who, request.state.request_id, call, namespace, at))


@router.post(
    "/v1/import",
    summary="Import an export",
    responses=answers(models.ChangeReply, "All of it is committed and on disk."),
    openapi_extra=takes((JSON, models.ref(models.Export), models.EXAMPLE_EXPORT)),
)
async def import_all(
    request: Request,
    who: Who,
    mode: Literal["merge", "replace"] = "merge",
    dry_run: DryRun = False,
    message: Message = "",
    revive: Revive = False,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """In one commit. `merge` leaves what the export does not have; `replace` deletes it. For admins."""
    service = Service.of(request)
    # Before so much is read and taken apart.
    await service.ask(who, request.state.request_id, require_everywhere, Verb.admin)
    body, document = await read_json(request, MAX_IMPORT)
    ask = asked(request, who, body, note=message or "Import", dry_run=dry_run, revive=revive, key=idempotency_key)

    def work() -> dict[str, Any]:
        operations = import_operations(service.store, who, document, Mode(mode))
        return service.writing.change(ask, operations, any_number=True)

    return respond(await service.act(who, ask.request_id, "import", "everything", work, trial=dry_run))
