"""/docs: the OpenAPI document as one page. No script and nothing from another host, so that it opens anywhere."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { padding: .8rem; border: 1px solid #8886; border-radius: 6px; overflow-x: auto; }
summary { cursor: pointer; padding: .35rem 0; }
details { border-top: 1px solid #8884; }
b.method { display: inline-block; width: 5rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top; }
"""
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'"


@router.get("/docs")
async def page(request: Request) -> HTMLResponse:
    schema: dict[str, Any] = request.app.openapi()
    return HTMLResponse("".join(_page(schema)), headers={"Content-Security-Policy": _POLICY})


def _page(schema: dict[str, Any]) -> Iterator[str]:
    info = schema["info"]
    title = escape(info["title"])
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<h1>{title} <small>{escape(info['version'])}</small></h1><p>{escape(info['description'])}</p>"
    yield '<p>For tools: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>'
    group = None
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if operation["tags"][0] != group:
                group = operation["tags"][0]
                yield f"<h2>{escape(group.capitalize())}</h2>"
            yield from _operation(method.upper(), path, operation)
    yield "<h2>Shapes</h2>"
    for name, shape in schema["components"]["schemas"].items():
        yield f'<details id="{escape(name)}"><summary>{escape(name)}</summary>{_pre(shape)}</details>'


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    summary = escape(operation["summary"])
    yield f'<details><summary><b class="method">{method}</b><code>{escape(path)}</code> {summary}</summary>'
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        yield "<table><tr><th>parameter<th>in<th>meaning"
        for p in parameters:
            yield f"<tr><td><code>{escape(p['name'])}</code><td>{p['in']}<td>{escape(p.get('description', ''))}"
        yield "</table>"
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: <code>{escape(media)}</code>, for example</p>{_pre(content['example'])}"
    yield "<p>Answers</p><ul>"
    for status, answer in operation["responses"].items():
        names = [
            content["schema"]["$ref"].rpartition("/")[2]
            for content in answer.get("content", {}).values()
            if "$ref" in content.get("schema", {})
        ]
        links = " ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in names)
        yield f"<li>{escape(status)}: {escape(answer['description'])} {links}"
    yield "</ul></details>"


def _pre(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
