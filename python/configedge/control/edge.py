"""The outermost layer: whom the server answers to, a request id, security headers, the access log, the last catch."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from configedge.control.hosts import is_loopback
from configedge.control.problems import ApiError
from configedge.control.requests import path_for_people

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from configedge.control.service import Service

log = logging.getLogger(__name__)
access = logging.getLogger("configedge.access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Edge:
    """Wraps the app. Hosts that are not loopback names or in `allow_hosts` get a 421.

    Without that, a page of any site could have its name resolve to 127.0.0.1 and talk to this server.
    """

    def __init__(self, app: ASGIApp, service: Service, allow_hosts: Collection[str] = ()) -> None:
        self.app = app
        self.service = service
        self._allowed = {host.lower() for host in allow_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        sent = headers.get("x-request-id", "")
        request_id = sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def reply(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                out["X-Request-Id"] = request_id
                for name, value in _HEADERS.items():
                    out.setdefault(name, value)
            await send(message)

        try:
            if refused := self._refuse(headers.getlist("host")):
                await refused.response(request_id)(scope, receive, reply)
            else:
                parent = headers.get("traceparent")
                with self.service.parts.tracing.span(f"{scope['method']} request", parent, request_id=request_id):
                    await self.app(scope, receive, reply)
        except Exception:
            log.exception("request %s failed", request_id)
            if not status:
                await unforeseen().response(request_id)(scope, receive, reply)
        finally:
            self.service.bodies.give(scope["state"].pop("held", 0))
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", None)
            self.service.metrics.request(scope["method"], route, status, seconds)
            if code := scope["state"].get("problem"):
                self.service.metrics.rejected(code)
                if code == "stale":
                    self.service.metrics.conflicted()
            self._note(scope, status, seconds * 1000, request_id)

    def _refuse(self, hosts: list[str]) -> ApiError | None:
        named = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if named is None:
            return ApiError(400, "host", "the request needs one Host header with a host name")
        host = named[1].lower()
        if host in self._allowed or is_loopback(host):
            return None
        return ApiError(
            421, "host", f"this server does not answer to {host!r}; start it with --allow-host {host} if it should"
        )

    @staticmethod
    def _note(scope: Scope, status: int, ms: float, request_id: str) -> None:
        path = path_for_people(scope)
        access.info(
            "%s %s %d %.1f ms",
            scope["method"],
            path,
            status,
            ms,
            extra={
                "fields": {
                    "method": scope["method"],
                    "path": path,
                    "status": status,
                    "ms": round(ms, 3),
                    "request_id": request_id,
                }
            },
        )


def unforeseen() -> ApiError:
    return ApiError(500, "internal", "something went wrong here; the log has it under the request id")
