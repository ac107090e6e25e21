"""What a node says of itself to a control plane: read from its snapshot directory, sent over HTTP again and again."""

from __future__ import annotations

import json
import logging
import random
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx2

import configedge
from configedge.bundle import BundleError
from configedge.control.fleet import MAX_PROBLEM, MAX_PROBLEMS, STATES, Heartbeat
from configedge.control.hosts import is_loopback

log = logging.getLogger(__name__)

PATH: Final = "/v1/fleet/heartbeats"

_TIMEOUT_S = 5.0
_BACKOFF_S = 60.0
# Publishes that come quicker than this are told as one.
_GAP_S = 0.2
# Longest wait in one piece: how late a snapshot directory that was not there is noticed.
_SLICE_S = 0.5
# The relay's own heartbeat comes once a second.
_SILENT_S = 5.0
# How long after a publish the relay may need to write its status.
_STATUS_S = 0.2
_MAX_STATUS = 16 << 20
_MAX_TOKEN = 8 << 10
_MAX_ANSWER = 16 << 10
_VERSION = re.compile(r"[A-Za-z0-9.+_-]{1,64}", re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]+", re.ASCII)


class ReportError(Exception):
    """An option cannot be followed, or a heartbeat did not arrive. One line, says what to do, has no credential."""


class Refused(ReportError):
    """The control plane answered and did not take the heartbeat."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a node calls itself. Raises ReportError."""

    node: str
    environment: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        try:
            Heartbeat.read(_heartbeat(self, 0, "", "empty", (), 0.0, "").body(), 0.0)
        except BundleError as error:
            raise ReportError("; ".join(f"--{p.key}: {p.message}; {p.hint}" for p in error.problems)) from None
        except UnicodeError:
            raise ReportError("--node, --environment and --region are plain ASCII; give other names") from None


class Node:
    """The snapshot directory of a node, looked at from outside."""

    def __init__(self, out: Path, names: Names) -> None:
        self._out = out
        self._names = names
        self._reader: configedge.Reader | None = None

    def look(self) -> Heartbeat:
        """What it serves now, and what its relay says of that."""
        reader, why = self._open()
        if reader is None:
            status = self._status(0)
            return _heartbeat(self._names, 0, "", "empty", (why, *_problems(status)), 0.0, _version(status))
        health, snapshot = reader.health(), reader.snapshot()
        status = self._status(snapshot.generation)
        # Built is what is known of a snapshot alone; it is published within milliseconds.
        published_at = _published_at(status, snapshot.generation) or snapshot.created_at
        problems, state = _problems(status), status.get("state")
        if health.relay_silent_for > _SILENT_S:
            state, problems = "silent", [f"the relay is silent for {health.relay_silent_for:.0f} s", *problems]
        elif state not in STATES:
            state = "degraded" if health.relay_state == "stale" else "ok"
        version = _version(status)
        return _heartbeat(self._names, snapshot.generation, snapshot.commit, state, problems, published_at, version)

    def wait(self, generation: int, seconds: float) -> None:
        """Sleeps for so long, or until it serves another generation."""
        reader, _ = self._open()
        if reader is None:
            time.sleep(seconds)
        else:
            reader.wait(generation, seconds)

    def generation(self) -> int:
        """The generation that it serves now, 0 if none."""
        return self._reader.generation if self._reader is not None else 0

    def _open(self) -> tuple[configedge.Reader | None, str]:
        if self._reader is None:
            try:
                self._reader = configedge.open(self._out)
            except configedge.OpenError as error:
                return None, str(error)
        return self._reader, ""

    def _status(self, generation: int) -> dict[str, Any]:
        """What the relay says; it may still be about to say it of this generation. Empty if it says nothing."""
        deadline = time.monotonic() + _STATUS_S
        while True:
            status = self._read_status()
            if status.get("generation", 0) == generation or time.monotonic() > deadline or not status:
                return status
            time.sleep(0.01)

    def _read_status(self) -> dict[str, Any]:
        try:
            with (self._out / "status.json").open("rb") as file:
                status = json.loads(file.read(_MAX_STATUS))
        except (OSError, ValueError, RecursionError):
            return {}
        return status if isinstance(status, dict) else {}


class Client:
    """The control plane that heartbeats go to. Raises ReportError for a URL that no token should be sent to."""

    def __init__(self, server: str, token_file: Path | None) -> None:
        try:
            parts = urlsplit(server)
            host, port = parts.hostname, parts.port
            httpx2.URL(server)
        except (ValueError, httpx2.InvalidURL):
            host, port = None, None
        if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.query or parts.fragment:
            raise ReportError("--server is not a URL of a control plane; give one like https://config.example:8443")
        own = is_loopback(host)
        if parts.scheme == "http" and token_file is not None and not own:
            raise ReportError(f"--server: {host} would get the token without TLS, for all to read; give an https URL")
        self.address = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
        self._url = f"{self.address}{parts.path.rstrip('/')}{PATH}"
        self._token_file = token_file
        self._http = httpx2.Client(
            timeout=_TIMEOUT_S,
            # A proxy from the environment cannot reach this machine's own loopback.
            trust_env=not own,
            follow_redirects=False,
            # Servers end idle connections after about as long as we are idle: better a new one than a broken one.
            limits=httpx2.Limits(keepalive_expiry=_TIMEOUT_S / 2),
        )

    def send(self, heartbeat: Heartbeat) -> None:
        """Sends one. Raises ReportError; Refused if it was answered."""
        token = _token(self._token_file) if self._token_file is not None else ""
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            with self._http.stream("POST", self._url, content=heartbeat.body(), headers=headers) as response:
                answer = _read(response)
        except httpx2.HTTPError as error:
            # By its kind alone: the text of a library's error may hold what was sent.
            raise ReportError(f"cannot reach {self.address} ({type(error).__name__}); is it up?") from None
        if not response.is_success:
            said = _detail(answer)
            said = "" if token and token in said else said
            raise Refused(f"{self.address} answered {response.status_code}: {said or _advice(response.status_code)}")

    def close(self) -> None:
        self._http.close()


class Reporter:
    """Sends a node's heartbeats every `interval` seconds, give or take a tenth, and when its generation changes.

    As a context manager it does so in a thread of its own, whatever happens. After an error, which is said once, it
    waits longer and longer, up to a minute.
    """

    def __init__(self, node: Node, client: Client, interval: float) -> None:
        self._node = node
        self._client = client
        self._interval = interval
        self._told = 0
        self._failures = 0
        self._problem: str | None = "nothing is reported yet"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name="report", daemon=True)

    def once(self) -> None:
        """Sends one heartbeat. Raises ReportError."""
        heartbeat = self._node.look()
        self._told = heartbeat.generation
        self._client.send(heartbeat)

    def run(self) -> None:
        """Works until `stop`."""
        while not self._stopping.is_set():
            if self._try():
                self._stopping.wait(_GAP_S)
                self._sleep(self._interval * random.uniform(0.9, 1.1) - _GAP_S)
            else:
                # A control plane that comes back is not to be met by all nodes at once.
                longest = min(_BACKOFF_S, self._interval * 2 ** min(self._failures, 10))
                self._stopping.wait(longest * random.uniform(0.5, 1.0))

    def stop(self) -> None:
        self._stopping.set()

    def _try(self) -> bool:
        try:
            self.once()
        except Exception as error:
            self._failures += 1
            problem = str(error) if isinstance(error, ReportError) else f"{type(error).__name__}; this is a defect"
            # Said once, however often it is tried.
            if problem != self._problem:
                log.error("not reported, services read on: %s", problem)
            self._problem = problem
            return False
        if self._problem is not None:
            log.info("reporting to %s", self._client.address)
        self._failures, self._problem = 0, None
        return True

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stopping.is_set() and self._node.generation() == self._told:
            if (left := deadline - time.monotonic()) <= 0:
                return
            self._node.wait(self._told, min(left, _SLICE_S))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        # A control plane that hangs must not hold up the end of the process.
        self._thread.join(timeout=1.0)


def _heartbeat(
    names: Names,
    generation: int,
    commit: str,
    state: str,
    problems: Sequence[str],
    published_at: float,
    version: str,
) -> Heartbeat:
    return Heartbeat(
        names.node,
        names.environment,
        names.region,
        generation,
        commit,
        state,
        tuple(_line(text) for text in problems[:MAX_PROBLEMS]),
        published_at,
        time.time(),
        version,
    )


def _line(text: str) -> str:
    """As much of a text as a heartbeat takes."""
    return "".join(c if " " <= c <= "~" else "?" for c in text[:MAX_PROBLEM])


def _problems(status: dict[str, Any]) -> list[str]:
    """Where something is wrong and of which kind. The relay's own words stay on the node: they can hold a value."""
    found: list[str] = []
    bundles = status.get("bundles")
    for part in (status, *(bundles if isinstance(bundles, list) else ())):
        problems = part.get("problems") if isinstance(part, dict) else None
        for problem in problems if isinstance(problems, list) else ():
            if isinstance(problem, dict):
                place = ":".join(str(problem[name]) for name in ("file", "line") if problem.get(name))
                words = (place, str(problem.get("key") or ""), str(problem.get("code") or "refused"))
                found.append(": ".join(word for word in words if word))
    return found


def _published_at(status: dict[str, Any], generation: int) -> float:
    """When the relay made this generation readable, 0 if it does not say."""
    timings = status.get("timings")
    at = timings.get("published_at_ns") if isinstance(timings, dict) else None
    return at / 1e9 if status.get("generation") == generation and isinstance(at, int) else 0.0


def _version(status: dict[str, Any]) -> str:
    version = status.get("version")
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else configedge.__version__


def _token(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_TOKEN + 1).decode("ascii").strip()
    except OSError as error:
        raise ReportError(f"--token-file {file}: {error.strerror}; give a file that holds the token") from None
    except UnicodeError:
        text = ""
    if len(text) > _MAX_TOKEN or not _TOKEN.fullmatch(text):
        raise ReportError(f"--token-file {file} does not hold one token; write it there as one line")
    return text


def _read(response: httpx2.Response) -> bytes:
    """The answer, or its beginning if it is long or slow to come."""
    answer, deadline = bytearray(), time.monotonic() + _TIMEOUT_S
    for chunk in response.iter_raw():
        answer += chunk
        if len(answer) > _MAX_ANSWER or time.monotonic() > deadline:
            break
    return bytes(answer[:_MAX_ANSWER])


def _detail(answer: bytes) -> str:
    """What a problem (RFC 9457) says of itself, empty if it is none."""
    try:
        problem = json.loads(answer)
    except (ValueError, RecursionError):
        return ""
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return _line(detail) if isinstance(detail, str) else ""


def _advice(status: int) -> str:
    if 300 <= status < 400:
        return "a redirect is not followed; give --server the URL that it leads to"
    if status in (401, 403):
        return "--token-file has to hold a token that may report"
    if status == 404:
        return "is --server a control plane that takes heartbeats?"
    return "its log may say why"
