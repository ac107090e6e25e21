"""What all pages share: who looks at them, what a form must bring, how answers and refusals look."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, RedirectResponse, Response

from configedge.bundle import BundlePath, dump_json
from configedge.control.auth import Principal, Unauthenticated, Verb
from configedge.control.dashboard.recent import Recent
from configedge.control.dashboard.render import render
from configedge.control.dashboard.sessions import Session, Sessions
from configedge.control.events import Event
from configedge.control.idempotency import Key
from configedge.control.problems import ApiError, as_api_error
from configedge.control.requests import JSON, read_body, read_json
from configedge.control.service import Service
from configedge.control.sets import members
from configedge.control.writing import Request as Asked

T = TypeVar("T")

SIGN_IN: Final = "/ui/sign-in"
CSRF_HEADER: Final = "x-csrf-token"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With none at all, a form would be sent from the origin "null".
    "Referrer-Policy": "same-origin",
}
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FORM: Final = 64 << 10
_MOST_JSON: Final = 4 << 20
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


class Dashboard:
    """What the dashboard of one control plane keeps beside its service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.sessions = Sessions(service.parts.identify)
        self.recent = Recent(service.store)

    @staticmethod
    def of(request: Request) -> Dashboard:
        dashboard: Dashboard = request.app.state.dashboard
        return dashboard

    @classmethod
    def add_to(cls, app: FastAPI) -> None:
        """Gives an application its dashboard. Its service is there already."""
        app.state.dashboard = cls(app.state.service)


class SignedOut(Exception):
    """Nobody is signed in, or no longer."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page."""

    dashboard: Dashboard
    session: Session
    request: Request
    who: Principal

    @property
    def service(self) -> Service:
        return self.dashboard.service

    @property
    def request_id(self) -> str:
        request_id: str = self.request.state.request_id
        return request_id

    async def ask(self, call: Callable[[Principal], T]) -> T:
        """A question for a reader thread."""
        return await self.service.ask(self.who, self.request_id, call)

    async def plan(self, call: Callable[[Principal], T]) -> T:
        """A question that takes a plan."""
        return await self.service.ask_planner(self.who, self.request_id, call)

    async def act(self, action: str, target: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A change, for the writer thread."""
        return await self.service.act(self.who, self.request_id, action, target, call)

    def asked(
        self, note: str = "", *, dry_run: bool = False, revive: bool = False, key: str = "", body: bytes = b""
    ) -> Asked:
        """The request of a change. `key` makes its repetition harmless."""
        identity = None
        if key and not dry_run:
            if not _KEY.fullmatch(key):
                raise ApiError(400, "idempotency", "the key is none; load the page again")
            identity = Key.of(self.who.subject, key, self.request.method, self.request.url.path, body)
        if len(note) > 2000:
            raise ApiError(422, "limit", "the message has more than 2000 characters; shorten it")
        return Asked(self.who, self.request_id, note, dry_run, revive, identity)

    def told(self, proposal: dict[str, Any]) -> None:
        """Tells all watchers what became of a proposal."""
        data = {"id": proposal["id"], "state": proposal["state"]}
        self.service.events.tell(Event("proposal", data, about=proposal["bundles"]))

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        common = {
            "who": self.who,
            "session": self.session,
            "signed_in": self.session is not self.dashboard.sessions.everybody,
            "is_admin": self.who.may_anywhere(Verb.admin),
            "tip": self.service.store.tip(),
            "path": self.request.url.path,
            "here": _here(self.request),
            "said": _SAID.get(self.request.query_params.get("said", "")),
        }
        return html(render(template, common | values), status)

    def part(self, template: str, **values: Any) -> str:
        """HTML for a place in a page that is open."""
        return render(template, {"session": self.session, "who": self.who, **values})


@dataclass(frozen=True, slots=True)
class Posted(Visitor):
    """Who sent a form, or JSON, from a page of ours; and what."""

    form: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent: Any = None
    """What the body has, if it is JSON."""

    def json(self, needed: dict[str, type], more: dict[str, type]) -> dict[str, Any]:
        """The members of a JSON body. Raises BundleError."""
        return members(self.sent, needed, more)


async def _visitor(request: Request) -> Visitor:
    """Raises SignedOut, TooOften."""
    dashboard = Dashboard.of(request)
    session = dashboard.sessions.everybody
    if session is None:
        id = request.cookies.get(cookie_name(request), "")
        try:
            session = await dashboard.service.read(dashboard.sessions.find, id) if id else None
        except Unauthenticated as refused:
            await dashboard.service.read(dashboard.service.unknown, refused, "dashboard", request.state.request_id)
        if session is None:
            raise SignedOut
    dashboard.service.rates.take(session.who.subject, request.method not in ("GET", "HEAD"))
    return Visitor(dashboard, session, request, session.who)


async def _posted(request: Request) -> Posted:
    """Raises ApiError for what does not come from a page of ours."""
    require_same_origin(request)
    visitor = await _visitor(request)
    who = (visitor.dashboard, visitor.session, request, visitor.who)
    if request.headers.get("content-type", "").startswith(_FORM):
        form = await read_form(request)
        _require_csrf(visitor.session, form.pop("csrf", ""))
        return Posted(*who, form=form, body=dump_json(form))
    _require_csrf(visitor.session, request.headers.get(CSRF_HEADER, ""))
    body, sent = await read_json(request, _MOST_JSON)
    return Posted(*who, body=body, sent=sent)


def _require_csrf(session: Session, sent: str) -> None:
    if not compare_digest(sent.encode(), session.csrf.encode()):
        raise ApiError(403, "csrf", "this page is from before you signed in, or not of this server; load it again")


Visiting = Annotated[Visitor, Depends(_visitor)]
Posting = Annotated[Posted, Depends(_posted)]


async def read_form(request: Request) -> dict[str, str]:
    body = await read_body(request, _FORM, _MOST_FORM)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError:
        raise ApiError(400, "form", "the form cannot be read; load the page again") from None
    return dict(pairs)


def require_same_origin(request: Request) -> None:
    """Raises ApiError 403 unless a browser says that a page of ours sent this."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = origin is not None and urlsplit(origin).netloc == request.headers.get("host", "")
    if site is not None:
        # "null" is what a page says that is allowed to say nothing.
        ours = site == "same-origin" and (ours or origin in (None, "null"))
    if not ours:
        raise ApiError(403, "cross-site", "this did not come from a page of this server")


def cookie_name(request: Request) -> str:
    return "__Host-configedge" if request.url.scheme == "https" else "configedge"


def bundle_path(text: str) -> BundlePath:
    """From `namespace/name` or `namespace/name@layer`. Raises BundleError."""
    return BundlePath.parse(text)


def bundle_url(path: BundlePath, **more: str) -> str:
    query = {"layer": path.layer} if path.layer else {}
    asked = urlencode(query | more)
    return f"/ui/bundles/{quote(path.namespace)}/{quote(path.name)}" + (f"?{asked}" if asked else "")


_SAID: Final = {
    "committed": "Committed. It is on disk.",
    "unchanged": "Nothing changed: it was so already.",
    "proposed": "Proposed. It is committed once enough people have approved it.",
    "approved": "Approved. More approvals are needed.",
    "approved-committed": "Approved and committed.",
    "rejected": "Rejected.",
    "withdrawn": "Withdrawn.",
    "revoked": "Revoked. It is refused from now on.",
    "signed-out": "You are signed out.",
}


def moved(url: str, said: str = "") -> Response:
    """On to another page, which says what was done."""
    if said:
        url += f"{'&' if '?' in url else '?'}said={said}"
    return RedirectResponse(url, 303, headers=_HEADERS)


def html(text: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(text, status, headers=_HEADERS)


def answer(value: Any, status: int = 200) -> Response:
    return Response(dump_json(value), status, headers=_HEADERS, media_type=JSON)


class PageRoute(APIRoute):
    """Shows what goes wrong to people: as a page, or to a page's script as JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except SignedOut:
                return _signed_out(request)
            except Exception as error:
                told = as_api_error(error)
                if told is None:
                    raise
                request.state.problem = told.code
                return _refused(request, told)

        return handle


def _signed_out(request: Request) -> Response:
    if _is_script(request):
        return ApiError(401, "signed-out", "you are signed out; sign in again").response(request.state.request_id)
    if request.headers.get("sec-fetch-site") == "cross-site" and cookie_name(request) not in request.cookies:
        # A link on another site: the cookie only comes with what we send for ourselves.
        return html(render("again.html", {"to": _here(request)}))
    here = _here(request)
    return moved(SIGN_IN + (f"?{urlencode({'next': here})}" if here != "/" and request.method == "GET" else ""))


def _refused(request: Request, told: ApiError) -> Response:
    if _is_script(request):
        response = told.response(request.state.request_id)
        response.headers["Cache-Control"] = "no-store"
        return response
    session = None
    dashboard = Dashboard.of(request)
    values = {"told": told, "request_id": request.state.request_id, "path": request.url.path}
    if dashboard.sessions.everybody is not None:
        session = dashboard.sessions.everybody
    return html(render("error.html", values | {"session": session}), told.status)


def _is_script(request: Request) -> bool:
    return request.headers.get("accept", "").startswith(JSON)


def _here(request: Request) -> str:
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "said"]
    return request.url.path + (f"?{urlencode(query)}" if query else "")


def maybe_path(text: str | None) -> BundlePath | None:
    """The bundle that a filter names; None if it names none. Raises BundleError."""
    return bundle_path(text) if text else None
