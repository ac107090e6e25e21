"""The routes of the API. Each is: read the request, ask the store in a worker thread, answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from configedge.bundle import Bundle, BundlePath, Problem, dump_json, load_json
from configedge.control import documents, models
from configedge.control.problems import ApiError
from configedge.control.requests import (
    JSON,
    MERGE_PATCH,
    is_unmodified,
    only_known_parameters,
    read_body,
    write_precondition,
)
from configedge.control.service import Service, Stages
from configedge.control.store import Page, Written

_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Refused or failed: an RFC 9457 problem.",
        "content": {"application/problem+json": {"schema": models.ref(models.ProblemDetails)}},
    }
}

router = APIRouter(dependencies=[Depends(only_known_parameters)])

Limit = Annotated[int, Query(ge=1, le=1000, description="Most items in the answer.")]
Cursor = Annotated[str | None, Query(description="The `next` of the page before.", max_length=200)]
Namespace = Annotated[str | None, Query(description="Only this namespace.")]
At = Annotated[str | None, Query(description="As of this commit.", pattern="^[0-9a-f]{40}$")]
DryRun = Annotated[bool, Query(description="Check everything, commit nothing.")]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that the bundle must still have.")]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="`*`: the bundle must not exist yet.")]
IfChanged = Annotated[str | None, Header(alias="If-None-Match", description="The ETag that you have: 304 if it is so.")]


def _answers(model: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    content = {JSON: {"schema": models.ref(model)}}
    return {200: {"description": description, "content": content}, **_PROBLEM}


def _takes(content_type: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {
        "requestBody": {"required": True, "content": {content_type: {"schema": schema, "example": example}}},
    }


@router.get("/v1/bundles", tags=["bundles"], summary="List bundles", responses=_answers(models.BundleList, "A page."))
async def list_bundles(
    request: Request, namespace: Namespace = None, limit: Limit = 100, cursor: Cursor = None, at: At = None
) -> Response:
    """Bundles by namespace and name, without their documents."""
    service = Service.of(request)
    if namespace is not None:
        BundlePath(namespace, "any")
    page = await service.read(service.store.list, namespace, limit, _after(cursor), at)
    items = [
        {"namespace": s.path.namespace, "name": s.path.name, "etag": s.etag, "problems": _problems(s.problems)}
        for s in page.items
    ]
    return _json({"commit": page.commit, "items": items, "next": page.next})


@router.get(
    "/v1/bundles/{namespace}/{name}",
    tags=["bundles"],
    summary="Read a bundle",
    responses=_answers(models.BundleReply, "The bundle.") | {304: {"description": "You have it already."}},
)
async def get_bundle(
    request: Request, namespace: str, name: str, at: At = None, if_none_match: IfChanged = None
) -> Response:
    """The document now, or as it was at a commit. What somebody pushed broken is shown with its problems."""
    service = Service.of(request)
    stored = await service.read(service.store.get, BundlePath(namespace, name), at)
    if is_unmodified(request, stored.etag):
        return Response(status_code=304, headers={"ETag": f'"{stored.etag}"'})
    reply = {
        "namespace": namespace,
        "name": name,
        "etag": stored.etag,
        "commit": stored.commit,
        "document": stored.bundle and stored.bundle.document,
        "problems": _problems(stored.problems),
    }
    if stored.bundle is None:
        reply["text"] = stored.text.decode("utf-8", "replace")
    return _json(reply, stored.etag)


@router.put(
    "/v1/bundles/{namespace}/{name}",
    tags=["bundles"],
    summary="Create or replace a bundle",
    responses=_answers(models.WriteReply, "It is committed and on disk."),
    openapi_extra=_takes(JSON, models.ref(models.ConfigBundle), models.EXAMPLE_DOCUMENT),
)
async def put_bundle(
    request: Request,
    namespace: str,
    name: str,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The whole document. Send If-Match with the ETag you read, or If-None-Match: * to create it."""
    path = BundlePath(namespace, name)
    require = write_precondition(request, may_create=True)
    body = await read_body(request, JSON)
    service = Service.of(request)

    def write(stages: Stages) -> tuple[Written, Bundle]:
        with stages.time("check"):
            bundle, text = documents.accept(body, path, service.store.policies())
        with stages.time("commit"):
            if dry_run:
                return service.store.would_put(path, text, require), bundle
            return service.store.put(path, text, require, service.identify(request)), bundle

    stages = Stages()
    written, bundle = await service.write(write, stages)
    return _written(path, written, bundle, dry_run, stages)


@router.patch(
    "/v1/bundles/{namespace}/{name}",
    tags=["bundles"],
    summary="Change a part of a bundle",
    responses=_answers(models.WriteReply, "It is committed and on disk."),
    openapi_extra=_takes(MERGE_PATCH, {"type": "object"}, {"spec": {"values": {"max_ping_ms": 90}}}),
)
async def patch_bundle(
    request: Request, namespace: str, name: str, dry_run: DryRun = False, if_match: IfMatch = None
) -> Response:
    """A JSON merge patch (RFC 7396) on the document: what it has replaces, null removes, the rest stays."""
    path = BundlePath(namespace, name)
    require = write_precondition(request)
    body = await read_body(request, MERGE_PATCH)
    service = Service.of(request)

    def write(stages: Stages) -> tuple[Written, Bundle]:
        with stages.time("check"):
            patch = load_json(body, documents.BODY)
            stored = service.store.get(path)
            require.check(path, stored.etag)
            if stored.bundle is None:
                raise ApiError(
                    409, "broken", f"{path} is broken in Git and cannot be patched; PUT a whole one", stored.problems
                )
            bundle, text = documents.patched(stored.bundle, patch, service.store.policies())
        with stages.time("commit"):
            unmoved = require.on(stored.etag)
            if dry_run:
                return service.store.would_put(path, text, unmoved), bundle
            return service.store.put(path, text, unmoved, service.identify(request)), bundle

    stages = Stages()
    written, bundle = await service.write(write, stages)
    return _written(path, written, bundle, dry_run, stages)


@router.delete(
    "/v1/bundles/{namespace}/{name}",
    tags=["bundles"],
    summary="Delete a bundle",
    responses=_answers(models.WriteReply, "It is gone from the tip; history keeps it."),
)
async def delete_bundle(
    request: Request, namespace: str, name: str, dry_run: DryRun = False, if_match: IfMatch = None
) -> Response:
    """Send If-Match with the ETag you read."""
    path = BundlePath(namespace, name)
    require = write_precondition(request)
    service = Service.of(request)

    def write(stages: Stages) -> Written:
        with stages.time("commit"):
            if dry_run:
                return service.store.would_delete(path, require)
            return service.store.delete(path, require, service.identify(request))

    stages = Stages()
    return _written(path, await service.write(write, stages), None, dry_run, stages)


@router.get(
    "/v1/bundles/{namespace}/{name}/history",
    tags=["history"],
    summary="Commits that changed a bundle",
    responses=_answers(models.History, "A page."),
)
async def bundle_history(
    request: Request, namespace: str, name: str, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Newest first. Read the bundle with `at` to see it as it was. Empty if it never was there."""
    service = Service.of(request)
    return _history(await service.read(service.store.history, BundlePath(namespace, name), limit, cursor))


@router.get("/v1/history", tags=["history"], summary="All commits", responses=_answers(models.History, "A page."))
async def history(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Commits on main, newest first."""
    service = Service.of(request)
    return _history(await service.read(service.store.history, None, limit, cursor))


@router.get("/healthz", tags=["health"], summary="Is it alive?", responses=_answers(models.Health, "It answers."))
async def healthz() -> Response:
    """Touches nothing but the process."""
    return _json({"status": "ok"})


@router.get("/readyz", tags=["health"], summary="Does it work?", responses=_answers(models.Health, "It works."))
async def readyz(request: Request) -> Response:
    """Reads the tip of the repository, and asks what else runs in the process."""
    service = Service.of(request)
    commit = await service.read(service.store.tip)
    checks = {name: check() for name, check in service.checks.items()}
    problems = [
        Problem.of("not-ready", said, "see the log", key=name) for name, said in checks.items() if said is not None
    ]
    if problems:
        raise ApiError(503, "not-ready", "; ".join(map(str, problems)), problems)
    return _json({"status": "ok", "commit": commit, "checks": dict.fromkeys(checks, "ok")})


def _after(cursor: str | None) -> BundlePath | None:
    if cursor is None:
        return None
    namespace, _, name = cursor.partition("/")
    return BundlePath(namespace, name)


def _history(page: Page[Any]) -> Response:
    return _json({"commit": page.commit, "items": [asdict(item) for item in page.items], "next": page.next})


def _written(path: BundlePath, written: Written, bundle: Bundle | None, dry_run: bool, stages: Stages) -> Response:
    reply = {
        "commit": written.commit,
        "namespace": path.namespace,
        "name": path.name,
        "etag": written.etag,
        "document": bundle and bundle.document,
        "warnings": _problems(bundle.warnings if bundle else ()),
        "changed": written.changed,
        "dry_run": dry_run,
    }
    response = _json(reply, None if dry_run else written.etag)
    response.headers["Server-Timing"] = stages.header()
    return response


def _problems(problems: Iterable[Problem]) -> list[dict[str, str | int]]:
    return [problem.as_dict() for problem in problems]


def _json(value: Any, etag: str | None = None) -> Response:
    headers = {"Cache-Control": "no-cache"}
    if etag is not None:
        headers["ETag"] = f'"{etag}"'
    return Response(dump_json(value), headers=headers, media_type=JSON)
