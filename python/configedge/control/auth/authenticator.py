"""From the Authorization header to a principal."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from configedge.control.auth.access import AccessPolicy, Principal
from configedge.control.auth.errors import AccessError, Unauthenticated
from configedge.control.auth.tokens import PREFIX, Tokens

if TYPE_CHECKING:
    from configedge.control.auth.oidc import Oidc

NO_EMAIL: Final = "noreply@configedge.invalid"

_MAX_HEADER = (8 << 10) + len("Bearer ")
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9._~+/=-]+)", re.ASCII)
# Failures that are written down one by one: so many at once, and so many a second for as long as it goes on.
_BURST = 100.0
_A_SECOND = 10.0


class Authenticator:
    """Tells who is asking. Nobody is locked out for another's failures. Thread-safe; may block as Oidc does.

    `clock` gives seconds that never go back.
    """

    def __init__(
        self,
        policy: AccessPolicy,
        tokens: Tokens | None,
        oidc: Oidc | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._tokens = tokens
        self._oidc = oidc
        self._clock = clock
        self._lock = threading.Lock()
        self._left = _BURST
        self._refilled_at = clock()
        self._skipped = 0
        self.failures = 0
        """How many attempts have failed since the process started."""

    def identify(self, authorization_values: Sequence[str]) -> Principal:
        """Who has these values of the Authorization header, of which there must be one. Raises Unauthenticated."""
        try:
            return self._identify(authorization_values)
        except Unauthenticated as refused:
            self._count(refused)
            raise

    def _identify(self, values: Sequence[str]) -> Principal:
        if len(values) != 1:
            raise Unauthenticated("there is no Authorization header" if not values else "two Authorization headers")
        match = _BEARER.fullmatch(values[0]) if len(values[0]) <= _MAX_HEADER else None
        if match is None:
            raise Unauthenticated("the Authorization header is not of the form Bearer TOKEN")
        return self._by_token(match[1]) if match[1].startswith(PREFIX) else self._by_oidc(match[1])

    def _by_token(self, secret: str) -> Principal:
        if self._tokens is None:
            raise Unauthenticated("tokens are not in use")
        try:
            principal = self._tokens.check(secret)
        except AccessError as error:
            raise Unauthenticated(str(error)) from None
        if principal is None:
            raise Unauthenticated("the token is unknown, expired or revoked")
        return principal

    def _by_oidc(self, token: str) -> Principal:
        if self._oidc is None:
            raise Unauthenticated("the credential is no token of ours, and no issuer is trusted")
        subject, email, groups = self._oidc.verify(token)
        grants = self._policy.grants_of(subject, groups)
        return Principal(f"user:{subject}", subject, email or NO_EMAIL, grants)

    def _count(self, refused: Unauthenticated) -> None:
        with self._lock:
            self.failures += 1
            now = self._clock()
            self._left = min(_BURST, self._left + (now - self._refilled_at) * _A_SECOND)
            self._refilled_at = now
            if self._left >= 1:
                self._left -= 1
                refused.skipped, self._skipped = self._skipped, 0
            else:
                refused.noted = False
                self._skipped += 1
