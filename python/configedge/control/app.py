"""The ASGI application: routes, errors and edge put together."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response

from configedge.control import docs, models
from configedge.control.auth import Grant, Principal, Role
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
    service = Service(store, parts or Parts(local_operator()), lambda service: Metrics(_version(), _sources(service)))

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
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
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

    audit = service.parts.audit
    return Sources(
        fleet=service.fleet_summary,
        repository_ok=repository_ok,
        loose_objects=service.store.repository.loose_objects,
        audit_entries=None if audit is None else lambda: audit.head().seq,
        proposals_open=service.proposals.count_open,
        subscribers=lambda: len(service.events),
    )


async def _answer(request: Request, error: Exception) -> Response:
    told = as_api_error(error) or unforeseen()
    request.state.problem = told.code
    return told.response(request.state.request_id)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
        )
        schemes = {"bearer": {"type": "http", "scheme": "bearer", "description": "A token, or an OIDC ID token."}}
        schema["components"] = {"schemas": models.components(), "securitySchemes": schemes}
        schema["security"] = [{"bearer": []}]
        app.openapi_schema = schema
    return app.openapi_schema


def _version() -> str:
    try:
        return version("configedge")
    except PackageNotFoundError:
        return "0"
