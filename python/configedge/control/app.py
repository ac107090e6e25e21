"""The ASGI application: routes, errors and edge put together."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pygit2 import GitError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from configedge.bundle import BundleError
from configedge.control import docs, models
from configedge.control.edge import Edge, unforeseen
from configedge.control.layout import LayoutError
from configedge.control.problems import ApiError, as_api_error
from configedge.control.routes import router
from configedge.control.service import Check, Identify, Service
from configedge.control.store import Identity, Store, StoreError


def create_app(
    store: Store,
    *,
    identify: Identify | None = None,
    allow_hosts: Collection[str] = (),
    checks: Mapping[str, Check] | None = None,
) -> Edge:
    """The control plane over a store, as an ASGI application.

    `identify` says who makes a request (the user who runs the process, if not given: there is no authentication);
    `checks` are further parts of the process that /readyz asks.
    """
    operator = local_operator()
    service = Service(store, identify or (lambda request: operator), checks or {})

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
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
    for foreseen in (ApiError, BundleError, StoreError, LayoutError, RequestValidationError, HTTPException, GitError):
        app.add_exception_handler(foreseen, _answer)
    app.add_exception_handler(Exception, _answer)
    return Edge(app, allow_hosts)


def local_operator() -> Identity:
    """The user that runs the process, as the author of commits."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "operator"
    user, host = (re.sub(r"[^A-Za-z0-9._-]", "-", part) or "unknown" for part in (user, socket.gethostname()))
    return Identity(user, f"{user}@{host}")


async def _answer(request: Request, error: Exception) -> Response:
    return (as_api_error(error) or unforeseen()).response(request.state.request_id)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
        )
        schema["components"] = {"schemas": models.components()}
        app.openapi_schema = schema
    return app.openapi_schema


def _version() -> str:
    try:
        return version("configedge")
    except PackageNotFoundError:
        return "0"
