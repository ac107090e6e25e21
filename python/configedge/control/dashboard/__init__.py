"""The dashboard at `/`: pages made on the server, over the same service as the API, so that nothing is checked twice
or otherwise.

`Dashboard.add_to(app)` gives an application what `router` needs.
"""

from __future__ import annotations

from fastapi import APIRouter

from configedge.control.dashboard import admin, bundle, confirm, edit, entry, history, live, nodes, overview, proposals
from configedge.control.dashboard.web import Dashboard

__all__ = ["Dashboard", "router"]

router = APIRouter(include_in_schema=False)
for part in (entry, overview, bundle, edit, history, confirm, proposals, nodes, admin, live):
    router.include_router(part.router)
