"""The page that one comes to: bundles, what waits, and how the nodes do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from configedge.bundle import BundlePath
from configedge.control.auth import Principal, Verb
from configedge.control.dashboard.chart import Chart
from configedge.control.dashboard.nodes import fleet
from configedge.control.dashboard.recent import LastChange
from configedge.control.dashboard.web import PageRoute, Visiting, Visitor

router = APIRouter(route_class=PageRoute)

_PAGE = 1_000


@router.get("/")
async def overview(visit: Visiting, q: str = "", cursor: str | None = None) -> Response:
    service = visit.service

    def look(who: Principal) -> dict[str, Any]:
        page = service.reading.bundles(who, None, _PAGE, cursor, None)
        rows = [row for row in _rows(visit, page["items"]) if q.lower() in row["bundle"].lower()]
        return {
            "rows": rows,
            "broken": sum(row["problems"] > 0 for row in rows),
            "next": page["next"],
            "commits": service.reading.history(who, None, 6, None)["items"],
            "proposals": service.proposals.listed(who, True)["items"],
            "health": {name: check() for name, check in service.checks.items()},
            "may_write": who.may_somewhere(Verb.write),
        }

    found = await visit.ask(look)
    seen = await visit.ask(lambda who: fleet(service, who))
    return visit.page("overview.html", q=q, cursor=cursor, fleet=seen, chart=Chart.of(seen["propagation"], 6), **found)


def _rows(visit: Visitor, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    last = visit.dashboard.recent.changes()
    rows = []
    for item in items:
        path = BundlePath(item["namespace"], item["name"])
        both = [path, *(BundlePath(path.namespace, path.name, layer) for layer in item["layers"])]
        changes: list[LastChange] = [last[one] for one in both if one in last]
        newest = max(changes, key=lambda change: change.time, default=None)
        problems = len(item["problems"])
        rows.append({"path": path, "bundle": str(path), "layers": item["layers"], "problems": problems, "last": newest})
    return rows
