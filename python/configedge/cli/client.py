"""Talking to the control plane."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from configedge.cli.output import REFUSED, UNUSABLE, fail

Server = Annotated[str, typer.Option(envvar="CONFIGEDGE_SERVER", help="URL of the control plane.")]
DEFAULT_SERVER = "http://127.0.0.1:8080"

_TIMEOUT_S = 15.0


class Client:
    """One control plane. Every call ends the command with a line on stderr if it does not succeed."""

    def __init__(self, server: str) -> None:
        import httpx2

        host = urlsplit(server).hostname
        if urlsplit(server).scheme not in ("http", "https") or not host:
            fail(f"--server {server!r} is not a URL; give one like {DEFAULT_SERVER}", UNUSABLE)
        self._server = server
        # A proxy from the environment cannot reach this machine's own loopback.
        own = host in ("localhost", "127.0.0.1", "::1")
        self._http = httpx2.Client(base_url=server, timeout=_TIMEOUT_S, trust_env=not own)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        may_miss: bool = False,
    ) -> dict[str, Any] | None:
        """The answer; None if it is 404 and `may_miss`."""
        import httpx2

        from configedge.bundle import BundleError, load_json

        wanted = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            response = self._http.request(method, path, params=wanted, content=body, headers=headers)
        except httpx2.HTTPError as error:
            fail(f"cannot reach {self._server} ({error}); is the control plane running? --server names it", UNUSABLE)
        if response.status_code == 404 and may_miss:
            return None
        try:
            answer = load_json(response.content, str(response.url))
        except BundleError:
            answer = None
        if not isinstance(answer, dict):
            fail(f"{self._server} answered {response.status_code} and no JSON; is it a control plane?", UNUSABLE)
        if response.is_error:
            _explain(answer)
        return answer


def _explain(problem: dict[str, Any]) -> None:
    from configedge.bundle import Problem

    lines = [str(Problem(**item)) for item in problem.get("problems", ())] or [problem.get("detail", "refused")]
    fail("\n".join(lines), REFUSED)
