"""An OpenID Connect issuer that is trusted, and what its tokens must say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from configedge.control.hosts import is_loopback

Algorithm = Literal["RS256", "ES256", "EdDSA"]

_MAX_AGE_S = 86_400


@dataclass(frozen=True, slots=True)
class Provider:
    """One issuer. Its keys are in `jwks_file` or are fetched from `jwks_uri`. Raises ValueError."""

    issuer: str
    """Exactly as in the tokens' `iss`."""
    audience: str
    algorithms: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA")
    jwks_file: str = ""
    jwks_uri: str = ""
    subject_claim: str = "sub"
    """The claim that names the user; `email` counts only when the issuer has verified it."""
    groups_claim: str = "groups"
    max_age_s: int = 3_600
    """The longest life, `exp` less `iat`, that a token may have."""
    prefix: str = ""
    """Put before each subject and group of this issuer, so that no other issuer can name them."""

    def __post_init__(self) -> None:
        _check_url("issuer", self.issuer)
        if urlsplit(self.issuer).query:
            raise ValueError("issuer has a query; give it exactly as in the tokens' iss")
        if bool(self.jwks_file) == bool(self.jwks_uri):
            raise ValueError("give either jwks_file or jwks_uri")
        if self.jwks_uri:
            _check_url("jwks_uri", self.jwks_uri)
        if not self.algorithms:
            raise ValueError("algorithms is empty; name at least one of RS256, ES256, EdDSA")
        for name in ("audience", "subject_claim", "groups_claim"):
            text = getattr(self, name)
            if not 0 < len(text) <= 300 or not text.isprintable():
                raise ValueError(f"{name} must have 1 to 300 printable characters")
        if len(self.prefix) > 60 or not self.prefix.isprintable():
            raise ValueError("prefix must have at most 60 printable characters")
        if not 60 <= self.max_age_s <= _MAX_AGE_S:
            raise ValueError(f"max_age_s is {self.max_age_s}; use 60 to {_MAX_AGE_S} seconds")


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or len(url) > 1_000 or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"{name} is not a URL; write https://host/path")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError(f"{name} has a user or a fragment in it; write https://host/path")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError(f"{name} must begin with https:// (http:// only for this machine itself)")
