"""What was: commits, what each of them changed, and what is different between any two."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from configedge.control.archive import NotFound
from configedge.control.auth import Principal, Verb
from configedge.control.dashboard.preview import Document, name_of
from configedge.control.dashboard.web import PageRoute, Visiting, Visitor, html, maybe_path, moved
from configedge.control.problems import ApiError

router = APIRouter(route_class=PageRoute)

_PAGE = 50


@router.get("/ui/history")
async def history(visit: Visiting, bundle: str = "", cursor: str | None = None) -> Response:
    path = maybe_path(bundle)
    reading = visit.service.reading

    def look(who: Principal) -> Document:
        layers = [one["layer"] for one in reading.overlays(who, path.base, None)["items"]] if path else []
        return {"layers": layers, "page": reading.history(who, path, _PAGE, cursor)}

    return visit.page("history.html", bundle=path, cursor=cursor, **await visit.ask(look))


@router.get("/ui/commits/{commit}")
async def commit(visit: Visiting, commit: str, bundle: str = "", part: bool = False) -> Response:
    """What a commit changed; with `part`, only the changes, for a page that is open."""
    path = maybe_path(bundle)

    def look(who: Principal) -> Document:
        store, reading = visit.service.store, visit.service.reading
        told = reading.commit_event(who, store.resolve(commit))
        if told is None:
            raise NotFound(f"there is no commit {commit}")
        parent = store.parent(told["commit"])
        items: list[Document] = reading.diff(who, parent, told["commit"], None, None)["items"] if parent else []
        bundles = sorted({f"{item['namespace']}/{item['name']}" for item in items})
        return {"told": told, "parent": parent, "items": named(items), "bundles": bundles}

    found = await visit.ask(look)
    if part:
        return html(visit.part("diff.html", items=found["items"]))
    may_all = visit.who.may_anywhere(Verb.admin)
    return visit.page("commit.html", bundle=path, may_all=may_all, **found)


@router.get("/ui/compare")
async def compare(visit: Visiting, old: str = "", new: str = "", bundle: str = "") -> Response:
    """Two commits, in either order."""
    path = maybe_path(bundle)
    if not old or not new:
        raise ApiError(422, "parameter", "choose two commits in the history: one to compare from, one to compare to")
    if old == new:
        return moved(f"/ui/commits/{old[:40]}")

    def look(who: Principal) -> Document:
        store, reading = visit.service.store, visit.service.reading
        only = (path.namespace, path.name) if path else (None, None)
        found = reading.diff(who, old, new, *only)
        items = [item for item in found["items"] if path is None or not path.layer or item["layer"] == path.layer]
        ends = [_end(visit, who, store.resolve(one)) for one in (old, new)]
        return {"items": named(items), "ends": ends}

    return visit.page("compare.html", bundle=path, **await visit.ask(look))


def named(items: list[Document]) -> list[Document]:
    return [item | {"bundle": name_of(item)} for item in items]


def _end(visit: Visitor, who: Principal, commit: str) -> dict[str, Any]:
    told = visit.service.reading.commit_event(who, commit)
    return told or {"commit": commit, "time": 0, "author": "", "message": ""}
