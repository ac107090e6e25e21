"""Going back, and deleting: what it would come to first, and only then the button."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from configedge.bundle import BundlePath
from configedge.control.archive import NotFound
from configedge.control.changes import Delete, Exact, Operation
from configedge.control.dashboard.preview import Document, Preview
from configedge.control.dashboard.web import (
    PageRoute,
    Posted,
    Posting,
    Visiting,
    Visitor,
    bundle_url,
    maybe_path,
    moved,
)
from configedge.control.problems import ApiError
from configedge.control.store import Precondition, Stale
from configedge.control.writing import Request as Asked

router = APIRouter(route_class=PageRoute)

Action = Literal["rollback", "delete"]


@router.get("/ui/confirm")
async def look(visit: Visiting, action: Action, bundle: str = "", to: str = "") -> Response:
    return await _show(visit, action, maybe_path(bundle), to)


@router.post("/ui/confirm")
async def confirm(post: Posting) -> Response:
    """Does what was looked at, if what it is done to is still the same."""
    action, to, version = (post.form.get(name, "") for name in ("action", "to", "version"))
    path = maybe_path(post.form.get("bundle"))
    if action not in ("rollback", "delete"):
        raise ApiError(422, "parameter", "there is no such action; load the page again")
    propose = bool(post.form.get("propose"))
    ask = post.asked(post.form.get("message", ""), revive=propose, key=post.form.get("key", ""), body=post.body)

    def work() -> Document:
        if propose:
            plan = _do(post, _dry(ask), action, path, to, version)
            return post.service.proposals.propose(ask, _operations(post, plan, action, to))
        return _do(post, ask, action, path, to, version)

    try:
        done = await post.act("propose" if propose else action, str(path or "everything"), work)
    except Stale:
        return await _show(post, action, path, to, stale=True)
    if propose:
        post.told(done)
        return moved(f"/ui/proposals/{done['id']}", "proposed")
    said = "committed" if done["changed"] else "unchanged"
    gone = path is None or (action == "delete" and not path.layer)
    return moved("/" if gone or path is None else bundle_url(path), said)


async def _show(visit: Visitor, action: str, path: BundlePath | None, to: str, stale: bool = False) -> Response:
    service = visit.service
    version = await visit.ask(lambda who: _version(visit, path))
    ask = visit.asked(dry_run=True)
    done = await visit.plan(lambda who: _do(visit, ask, action, path, to, version))
    told = service.store.change(to) if action == "rollback" else None
    return visit.page(
        "confirm.html",
        412 if stale else 200,
        action=action,
        bundle=path,
        to=told,
        version=version,
        stale=stale,
        preview=Preview.of(done),
        needs_approvals=done["needs_approvals"],
    )


def _do(visit: Visitor, ask: Asked, action: str, path: BundlePath | None, to: str, version: str) -> Document:
    writing = visit.service.writing
    need = Precondition(frozenset({version})) if version else Precondition(absent=True)
    if action == "delete":
        if path is None:
            raise ApiError(422, "parameter", "name the bundle that is to be deleted")
        return writing.change(ask, [Delete(path, need)])
    if path is None:
        return writing.roll_all_back(ask, to, version)
    return writing.roll_back(ask, path, to, need, overlays=False)


def _operations(post: Posted, plan: Document, action: str, to: str) -> list[Operation]:
    """The same documents as a proposal takes them: each with the text that it is to have."""
    found: list[Operation] = []
    for effect in plan["effects"]:
        path = BundlePath(effect["namespace"], effect["name"], effect["layer"])
        need = Precondition(frozenset({effect["before"]})) if effect["before"] else Precondition(absent=True)
        gone = action == "delete" or effect["etag"] is None
        text = None if gone else post.service.store.get(path, to).text
        found.append(Exact(path, need, text, going_back=action == "rollback"))
    return found


def _dry(ask: Asked) -> Asked:
    return Asked(ask.who, ask.request_id, ask.note, True, ask.revive)


def _version(visit: Visitor, path: BundlePath | None) -> str:
    """What it is done to now: an ETag, empty if the bundle is not there; of everything, the tip."""
    store = visit.service.store
    if path is None:
        return store.tip()
    try:
        return store.get(path).etag
    except NotFound:
        return ""
