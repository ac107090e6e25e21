"""Nodes: what each of them serves."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from configedge.control.auth import Principal, Verb
from configedge.control.dashboard.chart import Chart
from configedge.control.dashboard.web import PageRoute, Visiting
from configedge.control.fleet import FleetUnavailable
from configedge.control.reading import Forbidden
from configedge.control.service import Service

router = APIRouter(route_class=PageRoute)

_MOST = 2_000


@router.get("/ui/nodes")
async def nodes(visit: Visiting) -> Response:
    seen = await visit.ask(lambda who: fleet(visit.service, who))
    return visit.page("nodes.html", fleet=seen, chart=Chart.of(seen["propagation"]))


def fleet(service: Service, who: Principal) -> dict[str, Any]:
    """What nodes say, those with something wrong first. Raises Forbidden."""
    if not who.may_somewhere(Verb.read):
        raise Forbidden(who, Verb.read, "the fleet")
    tip = service.store.tip()
    unavailable, found = None, []
    try:
        found = service.parts.fleet.nodes()
    except FleetUnavailable as error:
        unavailable = str(error)
    rows = [node.as_dict() | {"standing": _standing(node.as_dict(), tip)} for node in found]
    order = {"lost": 0, "behind": 1, "ready": 2}
    rows.sort(key=lambda row: (order[row["standing"]], not row["problems"], row["node"]))
    return {
        "unavailable": unavailable,
        "summary": service.fleet_summary(found),
        "nodes": rows[:_MOST],
        "more": max(0, len(rows) - _MOST),
        "propagation": service.propagation.rows(),
    }


def _standing(node: dict[str, Any], tip: str) -> str:
    if node["lost"]:
        return "lost"
    return "ready" if node["commit"] == tip and node["state"] in ("ok", "held") else "behind"
