"""Tells a Flux Receiver (type generic-hmac) that there is a commit, so that it is fetched now and not a minute later.

A hint and no more: the commit itself comes by Git. Source: notification-controller's "Receivers", generic HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import random
import stat
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx2

log = logging.getLogger(__name__)

HEADER: Final = "X-Signature"
ATTEMPTS: Final = 4
"""How often one commit is told; after that Flux's own interval is the net."""

_TIMEOUT_S = 5.0
_PAUSE_S = 0.5
_MAX_SECRET = 8 << 10


class ReceiverError(Exception):
    """An option cannot be followed, or a hint did not arrive. One line, says what to do, has no secret."""


class Receiver:
    """Posts a hint after each commit. As a context manager it does so in a thread of its own, and delays nobody.

    Commits that come while one is told are told as one, the newest. `url` is the Receiver's whole address, with the
    path in its status, which is as good as a password and is never logged; `token_file` has what both sides share, and
    is read each time. Raises ReceiverError.
    """

    def __init__(self, url: str, token_file: Path) -> None:
        self.address = _address(url)
        self.told = 0
        """Hints that arrived."""
        self.failed = 0
        """Commits that were tried as often as is of use, and left to Flux's interval."""
        self._url = url
        self._token_file = token_file
        _token(token_file)
        self._http = httpx2.Client(timeout=_TIMEOUT_S, trust_env=False, follow_redirects=False)
        self._commit = ""
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)

    @classmethod
    def of_files(cls, url_file: Path, token_file: Path) -> Self:
        """One whose URL is in a file, as it is no less secret than the token. Raises ReceiverError."""
        text = _secret(url_file, "URL of a Receiver", "http://HOST and the webhookPath in the Receiver's status")
        return cls(text.decode("ascii", "replace").strip(), token_file)

    def committed(self, commit: str, at: float) -> None:
        """Notes a commit. Returns at once; as `Store.on_commit` calls it."""
        self._commit = commit
        self._wake.set()

    def tell(self, commit: str) -> None:
        """Posts one hint now. Raises ReceiverError."""
        body = json.dumps({"commit": commit}).encode()
        signature = hmac.new(_token(self._token_file), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", HEADER: f"sha256={signature}"}
        try:
            with self._http.stream("POST", self._url, content=body, headers=headers) as response:
                status = response.status_code
        except httpx2.HTTPError as error:
            # By its kind alone: the library's text may hold the address with its path.
            raise ReceiverError(f"cannot reach {self.address} ({type(error).__name__})") from None
        if not response.is_success:
            advice = (
                "is the token the Receiver's?" if status in (400, 401, 403) else "is the path the one in its status?"
            )
            raise ReceiverError(f"{self.address} answered {status}; {advice}")

    def _run(self) -> None:
        while True:
            self._wake.wait()
            if self._stopping.is_set():
                return
            self._wake.clear()
            self._try(self._commit)

    def _try(self, commit: str) -> None:
        for attempt in range(ATTEMPTS):
            try:
                self.tell(commit)
                self.told += 1
                return
            except ReceiverError as error:
                last = attempt == ATTEMPTS - 1
                self.failed += last
                log.log(
                    logging.ERROR if last else logging.WARNING,
                    "Flux was not told of %s: %s%s",
                    commit[:12],
                    error,
                    "; it will see it at its next look" if last else "",
                )
            # A newer one is told instead.
            if not last and self._wake.wait(_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5)):
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        self._http.close()


def _address(url: str) -> str:
    """Scheme, host and port, which may be shown. Raises ReceiverError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        usable = False
    if not usable:
        raise ReceiverError("the receiver is no URL; give http://HOST and the webhookPath in the Receiver's status")
    return f"{parts.scheme}://{parts.netloc}"


def _token(path: Path) -> bytes:
    return _secret(path, "token", "what the Receiver's secret has as token")


def _secret(path: Path, what: str, wanted: str) -> bytes:
    """What a file holds, without the newline at its end. Raises ReceiverError, which has nothing of it."""
    try:
        with path.open("rb") as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            text = file.read(_MAX_SECRET + 1).strip(b"\r\n") if regular else b""
    except OSError as error:
        raise ReceiverError(f"cannot read the receiver's {what} from {path}: {error.strerror}") from None
    if not text or len(text) > _MAX_SECRET:
        raise ReceiverError(f"{path} has no {what}; put into it {wanted}")
    return text
