"""The OpenAPI document: what FastAPI knows of the routes, with what only we know of names, headers and shapes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from configedge.control import models

_N = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_TAGS = r'^(\*|"[0-9a-f]{40}")$'
_FORMS = {
    "namespace": f"^{_N}$",
    "name": f"^{_N}$",
    "environment": f"^{_N}$",
    "region": f"^{_N}$",
    "If-Match": _TAGS,
    "If-None-Match": _TAGS,
    "Last-Event-ID": "^[0-9a-f]{40}$",
}
_IDS = {"/v1/proposals/{id}": "^[0-9a-f]{16}$", "/v1/tokens/{id}": "^[a-z0-9]{10}$"}
_CURSORS = {"/v1/bundles": f"^{_N}/{_N}$", "/v1/audit": "^[0-9]{1,18}$"}
# What has no precondition that could be left out.
_NEED_IF_MATCH = ("patch", "delete")
_BULK = ("/v1/rollback",)
_OPEN = ("/healthz", "/readyz")


def describe(app: FastAPI, asks: bool) -> dict[str, Any]:
    """The document. It is made once. `asks`: callers have to say who they are."""
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
        schema["security"] = [{"bearer": []}] if asks else []
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                if path in _OPEN:
                    operation["security"] = []
                for parameter in operation.get("parameters", ()):
                    _refine(path, method, parameter)
        app.openapi_schema = schema
    return app.openapi_schema


def methods(document: dict[str, Any], path: str) -> list[str]:
    """The methods that a path, as its template says it, takes."""
    return sorted(method.upper() for method in document["paths"].get(path, ()))


def _refine(path: str, method: str, parameter: dict[str, Any]) -> None:
    name, schema = parameter["name"], parameter["schema"]
    # None is that it is left out, which a parameter says by not being there.
    if "anyOf" in schema:
        (kind,) = (one for one in schema.pop("anyOf") if one != {"type": "null"})
        schema |= kind
    if name == "id":
        schema["pattern"] = next(form for start, form in _IDS.items() if path.startswith(start))
    elif name == "cursor":
        schema["pattern"] = _CURSORS.get(path, "^[0-9a-f]{40}$")
    elif name == "layer":
        schema["pattern"] = rf"^{_N}(\.{_N})?$" if parameter["in"] == "path" else rf"^({_N}(\.{_N})?)?$"
    elif name in _FORMS:
        schema["pattern"] = _FORMS[name]
    if name == "If-None-Match" and method != "get":
        schema["pattern"] = r"^\*$"
    if name == "If-Match" and (method in _NEED_IF_MATCH or path in _BULK):
        parameter["required"] = True
