"""Who you are, tokens, and the audit."""

from __future__ import annotations

import re
import time
from typing import Any

from fastapi import Request
from starlette.responses import Response

from configedge.bundle import BundleError, Problem
from configedge.control import documents, models
from configedge.control.audit_page import newest
from configedge.control.auth import Grant, NoSuchToken, Role, TokenInfo, Verb
from configedge.control.auth.access import is_name
from configedge.control.problems import ApiError
from configedge.control.reading import require_everywhere
from configedge.control.requests import JSON, read_json
from configedge.control.routes.common import Cursor, DryRun, Limit, Who, answers, make_router, respond, takes
from configedge.control.service import Service
from configedge.control.sets import members

router = make_router("access")

_ID = re.compile(r"[a-z0-9]{10}", re.ASCII)


@router.get("/v1/whoami", summary="Who you are", responses=answers(models.WhoAmI, "And what you may do."))
async def whoami(request: Request, who: Who) -> Response:
    """Subject, name and grants."""
    return respond({"subject": who.subject, "name": who.name, "grants": [_grant(grant) for grant in who.grants]})


@router.get("/v1/tokens", summary="List tokens", responses=answers(models.TokenList, "Without their secrets."))
async def list_tokens(request: Request, who: Who) -> Response:
    """Those that are not revoked. For admins."""
    service = Service.of(request)

    def listed(_: Any) -> dict[str, Any]:
        require_everywhere(who, Verb.admin)
        return {"items": [_token(info) for info in _tokens(service).list()]}

    return respond(await service.ask(who, request.state.request_id, listed))


@router.post(
    "/v1/tokens",
    status_code=201,
    summary="Create a token",
    responses=answers(models.WouldWork, "In a dry run: it would be.")
    | answers(models.TokenMade, "With its secret, this once.", 201),
    openapi_extra=takes((JSON, models.ref(models.NewToken), models.EXAMPLE_TOKEN)),
)
async def create_token(request: Request, who: Who, dry_run: DryRun = False) -> Response:
    """For a program or a node. It ends after 90 days at most. For admins."""
    _, sent = await read_json(request)
    needed: dict[str, type] = {"name": str, "grants": list, "expires_in_s": int}
    wanted = members(sent, needed, {})
    grants = [_read_grant(item, f"grants.{at}") for at, item in enumerate(wanted["grants"])]
    if not 1 <= len(grants) <= 100:
        problem = Problem.of("limit", f"{len(grants)} grants; give 1 to 100", "make several tokens", key="grants")
        raise BundleError([problem])
    service = Service.of(request)

    def create() -> dict[str, Any]:
        require_everywhere(who, Verb.admin)
        tokens = _tokens(service)
        try:
            if dry_run:
                tokens.check_new(wanted["name"], grants, wanted["expires_in_s"], who.subject)
                return {"dry_run": True}
            secret, info = tokens.create(wanted["name"], grants, wanted["expires_in_s"], who.subject)
        except ValueError as error:
            raise BundleError([Problem.of("value", str(error), "correct it", file=documents.BODY)]) from None
        return _token(info) | {"token": secret}

    # What is no name may be anything, a secret too.
    target = f"token {wanted['name']}" if is_name(wanted["name"]) else "a token"
    done = await service.act(who, request.state.request_id, "token.create", target, create)
    response = respond(done, status=200 if dry_run else 201)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.delete("/v1/tokens/{id}", summary="Revoke a token", responses=answers(models.TokenItem, "It has ended."))
async def revoke_token(request: Request, who: Who, id: str, dry_run: DryRun = False) -> Response:
    """At once. For admins."""
    service = Service.of(request)

    def revoke() -> dict[str, Any]:
        require_everywhere(who, Verb.admin)
        tokens = _tokens(service)
        try:
            if dry_run:
                there = next((info for info in tokens.list() if info.id == id), None)
                if there is None:
                    raise NoSuchToken(f"there is no token {ascii(id)[:40]}")
                return _token(there) | {"dry_run": True}
            return _token(tokens.revoke(id))
        except NoSuchToken as error:
            raise ApiError(404, "not-found", str(error)) from None

    target = f"token {id}" if _ID.fullmatch(id) else "a token"
    done = await service.act(who, request.state.request_id, "token.revoke", target, revoke)
    done.pop("dry_run", None)
    return respond(done)


@router.get("/v1/audit", summary="Who did what", responses=answers(models.AuditPage, "The newest first."))
async def read_audit(request: Request, who: Who, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Every change and every denial, each chained to the one before it. For admins."""
    service = Service.of(request)

    def read(_: Any) -> dict[str, Any]:
        require_everywhere(who, Verb.admin)
        if service.parts.audit is None:
            raise ApiError(404, "not-found", "this control plane keeps no audit; start it with --audit FILE")
        if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
            raise ApiError(422, "parameter", "the cursor is not one that a page gave; leave it out to begin anew")
        items = newest(service.parts.audit.path, limit, int(cursor) if cursor else None)
        last = items[-1]["seq"] if items else 0
        return {"items": items, "next": str(last) if last > 1 and len(items) == limit else None}

    return respond(await service.ask(who, request.state.request_id, read))


def _tokens(service: Service) -> Any:
    if service.parts.tokens is None:
        raise ApiError(404, "not-found", "this control plane has no tokens; start it with --tokens FILE")
    return service.parts.tokens


def _read_grant(item: Any, key: str) -> Grant:
    one = members(item, {"role": str}, {"namespace": str, "prefix": str, "environment": str}, key)
    try:
        role = Role(one["role"])
    except ValueError:
        problem = Problem.of(
            "value", "there is no such role", f"use one of {', '.join(Role)}", file=documents.BODY, key=f"{key}.role"
        )
        raise BundleError([problem]) from None
    try:
        return Grant(role, one.get("namespace", "*"), one.get("prefix", ""), one.get("environment", "*"))
    except ValueError as error:
        raise BundleError([Problem.of("value", str(error), "correct it", file=documents.BODY, key=key)]) from None


def _grant(grant: Grant) -> dict[str, str]:
    return {
        "role": grant.role.value,
        "namespace": grant.namespace,
        "prefix": grant.prefix,
        "environment": grant.environment,
    }


def _token(info: TokenInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "name": info.name,
        "subject": info.subject,
        "grants": [_grant(grant) for grant in info.grants],
        "created": info.created_at,
        "created_by": info.created_by,
        "expires": info.expires_at,
        "expired": info.expired(time.time()),
    }
