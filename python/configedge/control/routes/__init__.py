"""The API: read the request, ask the service in a worker thread, answer. A file for each thing that there is."""

from __future__ import annotations

from fastapi import APIRouter

from configedge.control.routes import access, bundles, changes, fleet, health, history, proposals, watch

router = APIRouter()
for part in (bundles, changes, history, proposals, watch, access, fleet, health):
    router.include_router(part.router)
