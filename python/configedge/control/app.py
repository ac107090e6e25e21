"""The ASGI application: routes, errors and edge put together."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from configedge.control import docs, openapi
from configedge.control.auth import Grant, Principal, Role
from configedge.control.dashboard import Dashboard
from configedge.control.dashboard import router as dashboard
from configedge.control.edge import Edge, unforeseen
from configedge.control.metrics import Metrics, Sources
from configedge.control.problems import FORESEEN, ApiError, as_api_error
from configedge.control.routes import router
from configedge.control.service import Identify, Parts, Service
from configedge.control.store import Store


def create_app(store: Store, parts: Parts | None = None, *, allow_hosts: Collection[str] = ()) -> Edge:
    """The control plane over a store, as an ASGI application.

    Without `parts` there is no authentication: whoever asks is the user that runs the process, and may do everything.
    """
    parts = parts or Parts(local_operator(), asks=False)
    service = Service(store, parts, lambda service: Metrics(_version(), _sources(service)))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.events.start()
        yield
        service.close()

    app = FastAPI(
        title="ConfigEdge control plane",
        version=_version(),
        description="Bundles of configuration in Git. Every write is one commit; every error is an RFC 9457 problem.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.service = service
    app.include_router(router)
    app.include_router(docs.router)
    app.include_router(dashboard)
    Dashboard.add_to(app)
    app.openapi = lambda: openapi.describe(app, service.parts.asks)  # type: ignore[method-assign]
    for foreseen in (ApiError, *FORESEEN):
        app.add_exception_handler(foreseen, _answer)
    app.add_exception_handler(Exception, _answer)
    return Edge(app, service, allow_hosts)


def local_operator() -> Identify:
    """Everybody is the user that runs the process, and an admin."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "operator"
    user, host = (re.sub(r"[^A-Za-z0-9._-]", "-", part) or "unknown" for part in (user, socket.gethostname()))
    principal = Principal(f"local:{user}", user, f"{user}@{host}", (Grant(Role.admin),))
    return lambda values: principal


def _sources(service: Service) -> Sources:
    def repository_ok() -> bool:
        return bool(service.store.tip())

    audit, receiver = service.parts.audit, service.parts.receiver
    return Sources(
        fleet=service.fleet_summary,
        repository_ok=repository_ok,
        loose_objects=service.store.repository.loose_objects,
        audit_entries=None if audit is None else lambda: audit.head().seq,
        proposals_open=service.proposals.count_open,
        subscribers=lambda: len(service.events),
        waiting_nodes=lambda: len(service.events.tips),
        queues=lambda: {"write": service.writer.waiting(), "try": service.trier.waiting()},
        receiver_hints=None if receiver is None else lambda: {"told": receiver.told, "failed": receiver.failed},
    )


async def _answer(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        # Each method is a route of its own, which knows nothing of the others.
        allowed = openapi.methods(request.app.openapi(), getattr(request.scope.get("route"), "path", ""))
        error.headers = {"Allow": ", ".join(allowed)} if allowed else error.headers
    told = as_api_error(error) or unforeseen()
    request.state.problem = told.code
    return told.response(request.state.request_id)


def _version() -> str:
    try:
        return version("configedge")
    except PackageNotFoundError:
        return "0"
