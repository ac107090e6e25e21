"""The way in and out, and the files that pages load."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from configedge.control.auth import Unauthenticated
from configedge.control.dashboard.render import STATIC, VERSION, render
from configedge.control.dashboard.sessions import LIFE_S
from configedge.control.dashboard.web import (
    SIGN_IN,
    Dashboard,
    PageRoute,
    Posting,
    Visiting,
    answer,
    cookie_name,
    html,
    moved,
    read_form,
    require_same_origin,
)

router = APIRouter(route_class=PageRoute)

_OURS = re.compile(r"/(ui/[A-Za-z0-9/._~%?&=@+-]*)?", re.ASCII)
_MOST_CREDENTIAL = 8 << 10


@router.get(SIGN_IN)
async def sign_in(request: Request, next: str = "/", said: str = "") -> Response:
    if Dashboard.of(request).sessions.everybody is not None:
        return moved("/")
    return _form(next, said="You are signed out." if said == "signed-out" else "")


@router.post(SIGN_IN)
async def signed_in(request: Request) -> Response:
    require_same_origin(request)
    dashboard = Dashboard.of(request)
    form = await read_form(request)
    credential = form.get("token", "").strip().removeprefix("Bearer ").strip()
    if len(credential) > _MOST_CREDENTIAL:
        return _form(form.get("next", "/"), 401, "That is no token: it is too long.")
    service, sessions = dashboard.service, dashboard.sessions
    if sessions.everybody is not None:
        return moved("/")
    try:
        session = await service.read(sessions.open, credential)
    except Unauthenticated as refused:
        await service.read(service.unknown, refused, "dashboard", request.state.request_id)
        request.state.problem = "unauthenticated"
        return _form(form.get("next", "/"), 401, "That token is not valid here: unknown, expired or revoked.")
    await service.read(service.note, session.who.subject, "sign-in", "dashboard", "allowed")
    # Whoever was signed in here before is so no longer.
    sessions.close(request.cookies.get(cookie_name(request), ""))
    response = moved(_safe(form.get("next", "/")))
    response.set_cookie(
        cookie_name(request),
        session.id,
        max_age=int(LIFE_S),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/ui/sign-out")
async def sign_out(post: Posting) -> Response:
    post.dashboard.sessions.close(post.session.id)
    await post.service.read(post.service.note, post.who.subject, "sign-out", "dashboard", "allowed")
    response = moved(SIGN_IN, "signed-out")
    secure = post.request.url.scheme == "https"
    response.delete_cookie(cookie_name(post.request), path="/", secure=secure, httponly=True, samesite="strict")
    return response


@router.get("/ui/session")
async def session(visit: Visiting) -> Response:
    """What a page that was open over a restart or a new sign-in needs to go on."""
    return answer({"csrf": visit.session.csrf, "subject": visit.who.subject})


@router.get("/ui/static/{version}/{name}")
async def static(request: Request, version: str, name: str) -> Response:
    found = STATIC.get(name)
    if found is None:
        return Response("there is no such file\n", 404, media_type="text/plain")
    content, kind = found
    # A page of another version gets what there is, and may not keep it.
    lasting = "public, max-age=31536000, immutable" if version == VERSION else "no-cache"
    headers = {"ETag": f'"{VERSION}"', "Cache-Control": lasting, "Cross-Origin-Resource-Policy": "same-origin"}
    if request.headers.get("if-none-match") == f'"{VERSION}"':
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=kind)


def _form(next: str, status: int = 200, wrong: str = "", said: str = "") -> Response:
    return html(render("sign-in.html", {"next": _safe(next), "wrong": wrong, "said": said}), status)


def _safe(next: str) -> str:
    """Where to go on: a page of ours and nothing else."""
    return next if len(next) < 2_000 and _OURS.fullmatch(next) else "/"
