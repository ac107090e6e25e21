"""/openapi.json, made of the route table and the types of requests and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from matchmaker.edge import answers
from matchmaker.edge.examples import BODIES, EXAMPLES
from matchmaker.edge.routes import Route

_REF = "#/components/schemas/{name}"
_WHY = {
    400: "The request cannot be understood; `field` says what in it.",
    404: "There is no such ticket, or it ended more than limits.finished_ttl_s ago.",
    409: "The idempotency key was used for another request.",
    413: "The body is longer than limits.max_body_bytes.",
    422: "The request does not fit the configuration.",
    426: "This is for WebSockets.",
    429: "This player asks too often.",
    503: "Too many wait, requests wait too long, or the matchmaker stops or cannot be reached.",
}
_RETRY = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "As `ticket_id` or `backfill_id` told it.",
    "schema": {"type": "string"},
}
_WAIT = {
    "name": "wait",
    "in": "query",
    "description": "Seconds that the answer may be put off until the ticket ends, at most limits.max_long_poll_s.",
    "schema": {"type": "number", "minimum": 0, "maximum": 3600, "default": 0},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request again with the same key gets the same ticket. Counts more than `key` in the body.",
    "schema": {"type": "string", "maxLength": 128},
}


def describe(table: Iterable[Route]) -> bytes:
    """The document, for these routes."""
    routes = tuple(table)
    schemas, components = _schemas(routes)
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Treasure Hunt Engine",
            "version": "1",
            "description": "Matchmaking. The same requests go over WebSockets (/v1/ws) and framed gateway streams.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": components},
    }
    return msgspec.json.encode(document)


def _schemas(routes: tuple[Route, ...]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """The schema of each type, and the components that these refer to."""
    types: dict[Any, None] = {answers.Problem: None}
    for route in routes:
        types |= {kind: None for _, kinds in route.answers.values() for kind in kinds if kind is not str}
        if route.body is not None:
            types[route.body] = None
    made, components = msgspec.json.schema_components(types, ref_template=_REF)
    return dict(zip(types, made, strict=True)), components


def _operation(route: Route, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    name = route.handler.__name__
    told: dict[str, Any] = {"operationId": name, "summary": route.summary}
    parameters: list[Mapping[str, Any]] = [_ID] if "{id}" in route.path else []
    if route.waits:
        parameters.append(_WAIT)
    if route.method == "POST" and route.path == "/v1/tickets":
        parameters.append(_KEY)
    if parameters:
        told["parameters"] = parameters
    if route.body is not None:
        content = {"schema": schemas[route.body], "examples": _examples(BODIES.get(name, {}))}
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    told["responses"] = {
        str(status): _answer(why, kinds, schemas, EXAMPLES.get((name, status), {}))
        for status, (why, kinds) in route.answers.items()
    }
    for status in route.refusals:
        content = {"schema": schemas[answers.Problem]}
        if (example := EXAMPLES.get(("refused", status))) is not None:
            content["examples"] = _examples(example)
        refusal: dict[str, Any] = {"description": _WHY[status], "content": {"application/problem+json": content}}
        if status in (429, 503):
            refusal["headers"] = _RETRY
        told["responses"].setdefault(str(status), refusal)
    return told


def _answer(
    why: str, kinds: tuple[type, ...], schemas: Mapping[Any, Any], examples: Mapping[str, Any]
) -> dict[str, Any]:
    if not kinds:
        return {"description": why}
    if kinds == (str,):
        return {"description": why, "content": {"text/plain": {"schema": {"type": "string"}}}}
    found = [schemas[kind] for kind in kinds]
    content: dict[str, Any] = {"schema": found[0] if len(found) == 1 else {"anyOf": found}}
    if examples:
        content["examples"] = _examples(examples)
    return {"description": why, "content": {"application/json": content}}


def _examples(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in found.items()}
