"""For admins: who did what, and tokens."""

from __future__ import annotations

import re
import time
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from configedge.control.audit_page import newest
from configedge.control.auth import Grant, NoSuchToken, Principal, Role, Tokens, Verb
from configedge.control.auth.access import is_name
from configedge.control.dashboard.preview import Document
from configedge.control.dashboard.web import PageRoute, Posting, Visiting, Visitor, moved
from configedge.control.problems import ApiError
from configedge.control.reading import require_everywhere
from configedge.control.service import Service

router = APIRouter(route_class=PageRoute)

_ID = re.compile(r"[a-z0-9]{10}", re.ASCII)
_PAGE = 100
_SCAN = 50
_DAY_S = 86_400


@router.get("/ui/audit")
async def audit(visit: Visiting, q: str = "", outcome: str = "", before: int | None = None) -> Response:
    """The newest entries that have `q` somewhere; those before the number `before`."""

    def look(who: Principal) -> Document:
        require_everywhere(who, Verb.admin)
        if visit.service.parts.audit is None:
            raise ApiError(404, "not-found", "this control plane keeps no audit; start it with --audit FILE")
        return _entries(visit.service, q.lower(), outcome, before)

    return visit.page("audit.html", q=q, outcome=outcome, before=before, **await visit.ask(look))


@router.get("/ui/tokens")
async def tokens(visit: Visiting) -> Response:
    return await _tokens(visit)


@router.post("/ui/tokens")
async def create(post: Posting) -> Response:
    """Shows the secret, this once."""
    form = post.form

    def work() -> dict[str, Any]:
        require_everywhere(post.who, Verb.admin)
        try:
            scope = (
                form.get(name) or other for name, other in (("namespace", "*"), ("prefix", ""), ("environment", "*"))
            )
            grant = Grant(Role(form.get("role", "")), *scope)
            life = int(form.get("days", "30")) * _DAY_S
            secret, info = _kept(post.service).create(form.get("name", ""), [grant], life, post.who.subject)
        except ValueError as error:
            return {"dry_run": True, "wrong": str(error)}
        return {"secret": secret, "name": info.name}

    name = form.get("name", "")
    done = await post.act("token.create", f"token {name}" if is_name(name) else "a token", work)
    return await _tokens(post, made=done, form=form)


@router.post("/ui/tokens/{id}/revoke")
async def revoke(post: Posting, id: str) -> Response:
    def work() -> dict[str, Any]:
        require_everywhere(post.who, Verb.admin)
        try:
            return {"id": _kept(post.service).revoke(id).id}
        except NoSuchToken as error:
            raise ApiError(404, "not-found", str(error)) from None

    await post.act("token.revoke", f"token {id}" if _ID.fullmatch(id) else "a token", work)
    return moved("/ui/tokens", "revoked")


async def _tokens(visit: Visitor, made: Document | None = None, form: dict[str, str] | None = None) -> Response:
    def look(who: Principal) -> Document:
        require_everywhere(who, Verb.admin)
        return {"items": _kept(visit.service).list()}

    found = await visit.ask(look)
    wrong = (made or {}).get("wrong")
    return visit.page(
        "tokens.html",
        422 if wrong else 200,
        made=None if wrong else made,
        wrong=wrong,
        form=form or {},
        roles=list(Role),
        now=time.time(),
        **found,
    )


def _entries(service: Service, q: str, outcome: str, before: int | None) -> Document:
    assert service.parts.audit is not None, "it was asked for"
    found: list[Document] = []
    for _ in range(_SCAN):
        page = newest(service.parts.audit.path, _PAGE, before)
        for entry in page:
            before = int(entry["seq"])
            told = " ".join(str(value) for value in entry.values()).lower()
            if q in told and outcome in ("", entry.get("outcome")):
                found.append(entry)
            if len(found) == _PAGE:
                return {"items": found, "next": before}
        if len(page) < _PAGE:
            return {"items": found, "next": None}
    return {"items": found, "next": before}


def _kept(service: Service) -> Tokens:
    if service.parts.tokens is None:
        raise ApiError(404, "not-found", "this control plane has no tokens; start it with --tokens FILE")
    kept: Tokens = service.parts.tokens
    return kept
