"""OpenID Connect bearer tokens of fixed issuers, verified as RFC 8725 says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import jwt

from configedge.control.auth.errors import Unauthenticated
from configedge.control.auth.jwks import Keys, keys_of
from configedge.control.auth.provider import Provider

MAX_TOKEN: Final = 8 << 10
"""Characters that a token may have."""

_LEEWAY_S = 30
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
# A key that comes with the token proves nothing, and there is no extension that we would understand.
_FORBIDDEN = ("jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc")
# A logout token or the like has the same issuer, audience and key, and must not open anything.
_TYPES = ("jwt", "at+jwt", "application/jwt", "application/at+jwt")
_REQUIRED = ["exp", "iat", "iss", "aud", "sub"]

_REASONS: Final = (
    (jwt.ExpiredSignatureError, "the token has expired"),
    (jwt.ImmatureSignatureError, "the token is not valid yet"),
    (jwt.MissingRequiredClaimError, f"the token lacks one of the claims {', '.join(_REQUIRED)}"),
    (jwt.InvalidAudienceError, "the token is for another audience"),
    (jwt.InvalidSignatureError, "the token's signature is wrong"),
    (jwt.InvalidAlgorithmError, "the token's algorithm is not one that its issuer may use"),
)


class Claims(NamedTuple):
    """Whom a token speaks of."""

    subject: str
    email: str
    """Empty unless the issuer has verified it."""
    groups: tuple[str, ...]


class Oidc:
    """Verifies tokens. Thread-safe; may block for seconds while it fetches keys, so call it in a thread."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._issuers: dict[str, tuple[Provider, Keys]] = {p.issuer: (p, keys_of(p)) for p in providers}

    def check(self, token: str) -> Claims | None:
        """What a token says if it can be trusted, else None."""
        try:
            return self.verify(token)
        except Unauthenticated:
            return None

    def verify(self, token: str) -> Claims:
        """What a token says. Raises Unauthenticated with the reason why it cannot be trusted."""
        if len(token) > MAX_TOKEN or not _COMPACT.fullmatch(token):
            raise Unauthenticated("the credential is no token of a known form")
        try:
            return self._verify(token)
        except jwt.PyJWTError as error:
            known = (reason for kind, reason in _REASONS if isinstance(error, kind))
            raise Unauthenticated(next(known, "the token is malformed")) from None

    def _verify(self, token: str) -> Claims:
        header = jwt.get_unverified_header(token)
        if any(name in header for name in _FORBIDDEN):
            raise Unauthenticated("the token's header has a member that is not allowed")
        if str(header.get("typ", "JWT")).lower() not in _TYPES:
            raise Unauthenticated("the token is of another type")
        # Only to choose the issuer: nothing is believed before the signature is checked with that issuer's key.
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        if not isinstance(issuer, str) or issuer not in self._issuers:
            raise Unauthenticated("the token's issuer is not one of the policy")
        provider, keys = self._issuers[issuer]
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in provider.algorithms:
            raise jwt.InvalidAlgorithmError
        if not isinstance(kid, str) or not 0 < len(kid) <= 200:
            raise Unauthenticated("the token does not say which key it was signed with")
        key = keys.find(kid, algorithm)
        if key is None:
            raise Unauthenticated("the token's key is not among its issuer's")
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=provider.audience,
            issuer=provider.issuer,
            leeway=_LEEWAY_S,
            options={"require": _REQUIRED, "enforce_minimum_key_length": True},
        )
        _check_life(claims, provider)
        return self._claims(claims, provider)

    def _claims(self, claims: Mapping[str, Any], provider: Provider) -> Claims:
        email = claims.get("email")
        if claims.get("email_verified") is not True or not _speakable(email):
            email = ""
        subject = email if provider.subject_claim == "email" else claims.get(provider.subject_claim)
        named = provider.prefix + str(subject)
        # With its prefix too: the name of a commit's author has a limit.
        if not (_speakable(subject) and _speakable(named) and self._owns(provider, named)):
            raise Unauthenticated(f"the token has no usable {provider.subject_claim}, or it is not verified")
        listed = claims.get(provider.groups_claim)
        groups = [provider.prefix + group for group in listed if _speakable(group)] if isinstance(listed, list) else []
        owned = tuple(group for group in groups if self._owns(provider, group))
        return Claims(named, str(email), owned)

    def _owns(self, provider: Provider, name: str) -> bool:
        """Whether no other issuer's prefix fits the name better."""
        others = (other.prefix for other, _ in self._issuers.values() if other is not provider)
        return not any(name.startswith(prefix) and len(prefix) > len(provider.prefix) for prefix in others)


def _check_life(claims: Mapping[str, Any], provider: Provider) -> None:
    for name in ("exp", "iat", "nbf"):
        if name in claims and type(claims[name]) not in (int, float):
            raise Unauthenticated(f"the token's {name} is not a number")
    if not 0 < int(claims["exp"]) - int(claims["iat"]) <= provider.max_age_s:
        raise Unauthenticated("the token is valid for longer than its issuer's may be")


def _speakable(value: object) -> bool:
    """Whether it can stand in a commit and a log as a name."""
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        return False
    return value.isprintable() and value == value.strip() and not set(value) & set("<>")
