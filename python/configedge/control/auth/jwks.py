"""An issuer's public keys, from a file or a URL."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx2
import jwt

from configedge.control.auth.files import Signature, signature
from configedge.control.auth.provider import Provider

log = logging.getLogger(__name__)

_MAX_TEXT = 64 << 10
_MAX_KEYS = 100
_TIMEOUT_S = 5.0
_FRESH_S = 600.0
_BETWEEN_FETCHES_S = 30.0
# While the issuer cannot be reached its last keys still count, but not for ever: it may want to withdraw one.
_STALE_S = 3_600.0
_RSA_BITS = range(2_048, 8_193)

_KINDS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}

KeySet = dict[tuple[str, str], jwt.PyJWK]
"""By `kid` and algorithm."""


class Keys(Protocol):
    def find(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of that id for that algorithm. Never raises for a source that is away: there is no key then."""


def keys_of(provider: Provider) -> Keys:
    """The provider's keys, from where it says they are."""
    if provider.jwks_file:
        return FileKeys(Path(provider.jwks_file))
    return UrlKeys(provider.jwks_uri)


class FileKeys:
    """Read again when the file changes. While it cannot be read there are no keys."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read: tuple[Signature | None, KeySet] | None = None

    def find(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        with self._lock:
            now = self._signature()
            if self._read is None or self._read[0] != now:
                self._read = (now, self._load())
            return self._read[1].get((kid, algorithm))

    def _signature(self) -> Signature | None:
        try:
            return signature(self._path)
        except OSError:
            return None

    def _load(self) -> KeySet:
        try:
            with open(self._path, "rb") as file:
                return parse(file.read(_MAX_TEXT + 1))
        except (OSError, ValueError) as error:
            log.error("no keys from %s: %s; nobody of this issuer gets in until it is right", self._path, error)
            return {}


class UrlKeys:
    """Fetched when they are needed, kept for 10 minutes; for an unknown id fetched anew, at most every 30 seconds.

    `clock` gives seconds that never go back.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._fetching = threading.Lock()
        self._keys: KeySet = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def find(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        wanted = (kid, algorithm)
        age = self._age()
        if wanted not in self._keys or age is None or age > _FRESH_S:
            # Who has keys to go on with does not wait for another thread's fetch.
            if self._fetching.acquire(blocking=not self._keys):
                try:
                    self._refresh()
                finally:
                    self._fetching.release()
            age = self._age()
        return self._keys.get(wanted) if age is not None and age <= _STALE_S else None

    def _age(self) -> float | None:
        at = self._fetched_at
        return None if at is None else self._clock() - at

    def _refresh(self) -> None:
        now = self._clock()
        if self._tried_at is not None and now - self._tried_at < _BETWEEN_FETCHES_S:
            return
        self._tried_at = now
        try:
            self._keys = parse(self._fetch())
            self._fetched_at = now
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            log.warning("cannot fetch the keys of %s: %s", self._url, str(error) or type(error).__name__)

    def _fetch(self) -> bytes:
        deadline = time.monotonic() + _TIMEOUT_S
        text = bytearray()
        # No compression: what is counted here is what came, and nothing can blow up.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        with httpx2.stream("GET", self._url, headers=headers, timeout=_TIMEOUT_S, follow_redirects=False) as response:
            if response.status_code != 200:
                raise ValueError(f"the answer is {response.status_code}, not 200")
            for part in response.iter_raw():
                text += part
                if len(text) > _MAX_TEXT:
                    break
                if time.monotonic() > deadline:
                    raise ValueError(f"the answer takes more than {_TIMEOUT_S:g} seconds")
        return bytes(text)


def parse(text: bytes) -> KeySet:
    """The keys of a JSON Web Key Set that are of use to us. Raises ValueError if there are none.

    Keys of other types and uses are passed over, as are weak ones, private ones and those without an id.
    """
    if len(text) > _MAX_TEXT:
        raise ValueError(f"a key set of more than {_MAX_TEXT} bytes")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > _MAX_KEYS:
        raise ValueError(f"it has no list of at most {_MAX_KEYS} `keys`")
    keys: KeySet = {}
    for item in listed:
        if isinstance(item, dict) and (usable := _usable(item)) is not None:
            kid, key = usable
            if (kid, key.algorithm_name) in keys:
                raise ValueError(f"two keys have the id {ascii(kid)[:80]}")
            keys[kid, key.algorithm_name] = key
    if not keys:
        raise ValueError("it has no RSA, P-256 or Ed25519 key with an id for signatures")
    return keys


def _usable(item: dict[str, Any]) -> tuple[str, jwt.PyJWK] | None:
    kid, kty, crv = item.get("kid"), item.get("kty"), item.get("crv")
    if not all(part is None or isinstance(part, str) for part in (kid, kty, crv)):
        return None
    algorithm = _KINDS.get((kty or "", crv))
    if algorithm is None or not kid or item.get("alg") not in (None, algorithm) or "d" in item:
        return None
    operations = item.get("key_ops", ["verify"])
    if item.get("use") not in (None, "sig") or not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        key = jwt.PyJWK(item, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if algorithm == "RS256" and key.key.key_size not in _RSA_BITS:
        return None
    return kid, key
