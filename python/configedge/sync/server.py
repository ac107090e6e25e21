"""The control plane, as programs beside nodes and clusters talk to it: for months, and with a token that changes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from configedge.control.fleet import MAX_PROBLEM
from configedge.control.hosts import is_loopback

_TIMEOUT_S = 5.0
_MAX_TOKEN = 8 << 10
# Of an answer that is only acknowledged, or says why not; and of one that is asked for.
_MAX_ANSWER = 16 << 10
_MAX_DOCUMENT = 64 << 20
_MAX_EVENT = 4 << 10
_TOKEN = re.compile(r"[\x21-\x7e]+", re.ASCII)


class SyncError(Exception):
    """An option cannot be followed, or a request did not succeed. One line, says what to do, has no credential."""


class Refused(SyncError):
    """The control plane answered, and not with what was asked for."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Server:
    """One control plane. Raises SyncError for a URL that no token should be sent to.

    `option` and `token_option` are how errors name the URL and the token's file, which is read at each request;
    `role` is what the token has to be for.
    """

    def __init__(
        self,
        url: str,
        token_file: Path | None,
        *,
        option: str = "--server",
        token_option: str = "--token-file",
        role: str = "report",
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
            httpx2.URL(url)
        except (ValueError, httpx2.InvalidURL):
            host, port = None, None
        if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.query or parts.fragment:
            raise SyncError(f"{option} is not a URL of a control plane; give one like https://config.example:8443")
        own = is_loopback(host)
        if parts.scheme == "http" and token_file is not None and not own:
            raise SyncError(f"{option}: {host} would get the token without TLS, for all to read; give an https URL")
        self.address = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
        self._base = f"{self.address}{parts.path.rstrip('/')}"
        self._token_file = token_file
        self._option, self._token_option, self._role = option, token_option, role
        self._timeout_s = timeout_s
        self._http = httpx2.Client(
            timeout=timeout_s,
            # A proxy from the environment cannot reach this machine's own loopback.
            trust_env=not own,
            follow_redirects=False,
            # Servers end idle connections after about as long as we are idle: better a new one than a broken one.
            limits=httpx2.Limits(keepalive_expiry=_TIMEOUT_S / 2),
        )

    def post(self, path: str, body: bytes) -> dict[str, Any]:
        """Sends JSON; gives the object that it is answered with, empty if it is none. Raises SyncError; Refused if it
        was answered."""
        headers = {"Content-Type": "application/json"}
        with self._asked("POST", path, headers, content=body) as response:
            return _json(self._read(response, _MAX_ANSWER))

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """The JSON object that is there; parameters that are empty are left out. Raises SyncError; Refused."""
        wanted = {name: value for name, value in params.items() if value}
        with self._asked("GET", path, {}, params=wanted) as response:
            content = self._read(response, _MAX_DOCUMENT)
        found = _json(content)
        if not found:
            raise SyncError(f"{self.address} answered, and no JSON object; is {self._option} a control plane?")
        return found

    def events(self, path: str, silence_s: float) -> Iterator[dict[str, Any]]:
        """The data of server-sent events, until the server ends them. Raises SyncError, also after `silence_s`."""
        timeout = httpx2.Timeout(self._timeout_s, read=silence_s)
        with (
            self._told(),
            self._http.sse(
                f"{self._base}{path}", headers=self._headers(), timeout=timeout, max_event_size=_MAX_EVENT
            ) as source,
        ):
            self._check(source.response)
            for event in source:
                data = _json(event.data.encode())
                if data:
                    yield data

    def close(self) -> None:
        self._http.close()

    @contextmanager
    def _asked(self, method: str, path: str, headers: dict[str, str], **more: Any) -> Iterator[httpx2.Response]:
        headers = {"Accept-Encoding": "identity", **headers, **self._headers()}
        with self._told(), self._http.stream(method, f"{self._base}{path}", headers=headers, **more) as response:
            self._check(response)
            yield response

    def _headers(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        return {"Authorization": f"Bearer {_token(self._token_file, self._token_option)}"}

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except httpx2.HTTPError as error:
            # By its kind alone: the text of a library's error may hold what was sent.
            raise SyncError(f"cannot reach {self.address} ({type(error).__name__}); is it up?") from None

    def _check(self, response: httpx2.Response) -> None:
        if response.is_success:
            return
        said, status = _detail(self._read(response, _MAX_ANSWER)), response.status_code
        sent = response.request.headers.get("authorization", "").removeprefix("Bearer ")
        said = "" if sent and sent in said else said
        raise Refused(f"{self.address} answered {status}: {said or self._advice(status)}", status)

    def _read(self, response: httpx2.Response, most: int) -> bytes:
        """The answer, or its beginning if it is long or slow to come."""
        answer, deadline = bytearray(), time.monotonic() + self._timeout_s
        for chunk in response.iter_raw():
            answer += chunk
            if len(answer) > most or time.monotonic() > deadline:
                break
        return bytes(answer[:most])

    def _advice(self, status: int) -> str:
        if 300 <= status < 400:
            return f"a redirect is not followed; give {self._option} the URL that it leads to"
        if status in (401, 403):
            return f"{self._token_option} has to hold a token that may {self._role}"
        if status == 404:
            return f"is {self._option} a control plane of this version?"
        return "its log may say why"


def one_line(text: str) -> str:
    """As much of a text as a line takes, without what could steer a terminal."""
    return "".join(c if " " <= c <= "~" else "?" for c in text[:MAX_PROBLEM])


def _token(file: Path, option: str) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_TOKEN + 1).decode("ascii").strip()
    except OSError as error:
        raise SyncError(f"{option} {file}: {error.strerror}; give a file that holds the token") from None
    except UnicodeError:
        text = ""
    if len(text) > _MAX_TOKEN or not _TOKEN.fullmatch(text):
        raise SyncError(f"{option} {file} does not hold one token; write it there as one line")
    return text


def _json(text: bytes) -> dict[str, Any]:
    """An object; empty if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _detail(answer: bytes) -> str:
    """What a problem (RFC 9457) says of itself, empty if it is none."""
    detail = _json(answer).get("detail")
    return one_line(detail) if isinstance(detail, str) else ""
