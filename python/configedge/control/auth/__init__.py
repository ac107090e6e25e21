"""Who is asking, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from configedge.control.auth.access import AccessPolicy, Binding, Grant, Principal, Protection, Role, Verb
from configedge.control.auth.authenticator import Authenticator
from configedge.control.auth.errors import AccessError, NoSuchToken, Unauthenticated
from configedge.control.auth.provider import Provider
from configedge.control.auth.tokens import TokenInfo, Tokens

if TYPE_CHECKING:
    from configedge.control.auth.oidc import Claims, Oidc

__all__ = [
    "AccessError",
    "AccessPolicy",
    "Authenticator",
    "Binding",
    "Claims",
    "Grant",
    "NoSuchToken",
    "Oidc",
    "Principal",
    "Protection",
    "Provider",
    "Role",
    "TokenInfo",
    "Tokens",
    "Unauthenticated",
    "Verb",
]


def __getattr__(name: str) -> Any:
    # The libraries behind these take 0.2 s to load, which the command line need not wait for.
    if name in ("Claims", "Oidc"):
        from configedge.control.auth import oidc

        return getattr(oidc, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
