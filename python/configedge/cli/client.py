"""Talking to the control plane."""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from configedge.cli.output import REFUSED, UNUSABLE

if TYPE_CHECKING:
    import httpx2

    from configedge.bundle import BundlePath

Server = Annotated[str, typer.Option(envvar="CONFIGEDGE_SERVER", help="URL of the control plane.")]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        envvar="CONFIGEDGE_TOKEN_FILE",
        help="File with your token. Without it: the variable CONFIGEDGE_TOKEN, or, for a server on this machine, "
        "the token that `configedge up` made.",
        show_default=False,
    ),
]
DEFAULT_SERVER = "http://127.0.0.1:8080"

_TIMEOUT_S = 15.0
# Before the one repetition when a connection broke: a server that is restarted is there again.
_PAUSE_S = 0.5
_MAX_TOKEN = 8 << 10
_UNSET = (None, False)
# How the server calls what it was sent.
_BODY = "body.json"
# What a user of the command line can do about a refusal, by what kind it is.
_ADVICE = {
    "unauthenticated": "give your token: --token-file FILE, or the variable CONFIGEDGE_TOKEN",
    "approval-required": "`configedge propose` puts it up for approval",
    "tombstone": "--revive lets deleted keys come back",
}


class ClientError(Exception):
    """A request that did not succeed. The message is for the user; the command ends with `exit_code`."""

    exit_code = UNUSABLE


class Unusable(ClientError):
    """The control plane is out of reach, or what was given cannot be used."""


class Refused(ClientError):
    """The control plane answered, and not with what was asked for."""

    exit_code = REFUSED

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        from configedge.bundle import Problem

        self.status = status
        self.code = str(answer.get("type", "")).rpartition(":")[2]
        """What kind of refusal, as in `stale`, `approval-required`."""
        told = (Problem(**item) for item in answer.get("problems", ()))
        self.problems = tuple(replace(one, file="") if one.file == _BODY else one for one in told)
        self.detail = str(answer.get("detail", "refused"))
        said = [*map(str, self.problems)] or [self.detail]
        codes = {self.code, *(problem.code for problem in self.problems)}
        super().__init__("\n".join([*said, *(told for code, told in _ADVICE.items() if code in codes)]))


class Client:
    """One control plane. Every method raises Refused and Unusable, which end a command (`configedge.cli.main`)."""

    def __init__(self, server: str, token_file: Path | None = None, timeout_s: float = _TIMEOUT_S) -> None:
        import httpx2

        from configedge.control.hosts import is_loopback

        try:
            parts = urlsplit(server)
            host, _ = parts.hostname or "", parts.port
            httpx2.URL(server)
        except (ValueError, httpx2.InvalidURL):
            host = ""
        if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.query or parts.fragment:
            raise Unusable(f"--server {server.rpartition('@')[2]!r} is not a URL; give one like {DEFAULT_SERVER}")
        own = is_loopback(host)
        token = _token(token_file, own)
        if token and parts.scheme == "http" and not own:
            raise Unusable(f"{host} would get your token without TLS, for all to read; give an https URL")
        self.server = server
        self.http = httpx2.Client(
            base_url=server,
            timeout=timeout_s,
            # A proxy from the environment cannot reach this machine's own loopback.
            trust_env=not own,
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.call("GET", path, params=params)

    def call(self, method: str, path: str, *, body: Any = None, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer. `body` is sent as JSON; parameters that are None or False are left out.

        Only a read is repeated when the connection breaks.
        """
        return self._call(method, path, body, params or {}, {}, repeat=method == "GET")

    def write(
        self, path: str, body: Any, params: dict[str, Any] | None = None, require: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """As `call` with POST, for what makes a commit: repeated once if the connection breaks, still committed once.

        `require` are headers with its precondition.
        """
        headers = {"Idempotency-Key": secrets.token_urlsafe(24), **(require or {})}
        return self._call("POST", path, body, params or {}, headers, repeat=True)

    def maybe(self, path: str, **params: Any) -> dict[str, Any] | None:
        """What is there; None if nothing is."""
        try:
            return self.get(path, **params)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def items(self, path: str, most: int | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """The items of a list, page by page."""
        cursor = None
        while most is None or most > 0:
            page = self.get(path, limit=min(1000, most or 1000), cursor=cursor, **params)
            yield from page["items"] if most is None else page["items"][:most]
            most = None if most is None else most - len(page["items"])
            if (cursor := page["next"]) is None:
                return

    def etag(self, path: BundlePath) -> str | None:
        """The version of a document now; None if there is none."""
        found = self.maybe(url(path))
        return str(found["etag"]) if found else None

    def check(self, response: httpx2.Response) -> dict[str, Any]:
        """The JSON of an answer that was read."""
        from configedge.bundle import BundleError, load_json

        try:
            answer = load_json(response.content, str(response.url))
        except BundleError:
            answer = None
        if not isinstance(answer, dict):
            raise Unusable(f"{self.server} answered {response.status_code} and no JSON; is it a control plane?")
        if not response.is_error:
            return answer
        raise Refused(response.status_code, answer)

    def _call(
        self, method: str, path: str, body: Any, params: dict[str, Any], headers: dict[str, str], repeat: bool
    ) -> dict[str, Any]:
        import httpx2

        from configedge.bundle import dump_json

        content = None
        if body is not None:
            content, headers = dump_json(body), {"Content-Type": "application/json", **headers}
        wanted = {name: "true" if value is True else value for name, value in params.items() if value not in _UNSET}
        for last in (not repeat, True):
            try:
                return self.check(self.http.request(method, path, params=wanted, content=content, headers=headers))
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol) as error:
                raise self.unreachable(error) from None
            except httpx2.TransportError as error:
                if last:
                    raise self.unreachable(error) from None
                time.sleep(_PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    def unreachable(self, error: Exception) -> Unusable:
        # An error's own text may be empty, as for a timeout.
        why = str(error) or type(error).__name__
        return Unusable(f"cannot reach {self.server} ({why}); is the control plane running? --server names it")


def url(path: BundlePath) -> str:
    """Where a document is, or an overlay."""
    overlay = f"/overlays/{path.layer}" if path.layer else ""
    return f"/v1/bundles/{path.namespace}/{path.name}{overlay}"


def unmoved(etag: str | None) -> dict[str, str]:
    """The precondition that a document is still this version; None: that it is not there."""
    return {"If-Match": f'"{etag}"'} if etag else {"If-None-Match": "*"}


def state_directory() -> Path:
    """Where `configedge up` keeps what it makes."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "configedge"


def _token(file: Path | None, own: bool) -> str:
    if file is not None:
        try:
            return _clean(file.read_bytes(), f"--token-file {file}")
        except OSError as error:
            raise Unusable(f"--token-file {file}: {error.strerror}; give a file with the token alone in it") from None
    if token := os.environ.get("CONFIGEDGE_TOKEN", ""):
        return _clean(token.encode(), "CONFIGEDGE_TOKEN")
    if own and (admin := _own_admin_token(state_directory() / "admin-token")):
        return _clean(admin, "the token that `configedge up` made")
    return ""


def _own_admin_token(file: Path) -> bytes:
    """Nothing, rather than a file that somebody else may have put there."""
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
                return b""
            return opened.read(_MAX_TOKEN + 1)
    except OSError:
        return b""


def _clean(token: bytes, source: str) -> str:
    """It must fit into a header. What it is is not said: it may be a secret in the wrong form."""
    text = token.decode("ascii", "replace").strip()
    if not text or len(text) > _MAX_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise Unusable(f"{source} has no token in it; it is one line, as `configedge token create` printed it")
    return text
