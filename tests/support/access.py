"""Who asks: tokens, an OIDC issuer, and a control plane that knows them."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from configedge.control.auth import Grant, Role, Tokens
from tests.support.control import Control, plain_client, running

ISSUER = "https://id.example.com"


class Issuer:
    """An OIDC issuer whose public key is in a file."""

    def __init__(self, directory: Path, prefix: str = "") -> None:
        self.prefix = prefix
        self._key = ed25519.Ed25519PrivateKey.generate()
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        self.jwks = directory / "jwks.json"
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "one", "alg": "EdDSA", "use": "sig"}
        self.jwks.write_text(json.dumps({"keys": [jwk]}))

    @property
    def provider(self) -> dict[str, Any]:
        """As an access policy has it."""
        keys = {"algorithms": ["EdDSA"], "jwks_file": str(self.jwks)}
        return {"issuer": ISSUER, "audience": "configedge", "prefix": self.prefix, **keys}

    def token(self, subject: str, **claims: Any) -> str:
        now = int(time.time())
        said = {"iss": ISSUER, "aud": "configedge", "sub": subject, "iat": now - 1, "exp": now + 3_000, **claims}
        return jwt.encode(said, self._key, algorithm="EdDSA", headers={"kid": "one"})


class Guarded:
    """A control plane that asks who you are. `admin` may do everything."""

    def __init__(self, control: Control, tokens: Tokens, issuer: Issuer, audit: Path) -> None:
        self.control = control
        self.tokens = tokens
        self.issuer = issuer
        self.audit_file = audit
        self.admin = self.client((Grant(Role.admin),), "root")

    def token(self, name: str, *grants: Grant) -> str:
        return self.tokens.create(name, grants, 3_600, "local:test")[0]

    def client(self, grants: Sequence[Grant], name: str) -> httpx2.Client:
        """Somebody with these grants, by a token; by OIDC if there are none, which no token can be."""
        return self.bearer(self.token(name, *grants) if grants else self.issuer.token(name))

    def bearer(self, credential: str | None) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {credential}"} if credential is not None else {}
        return plain_client(self.control.url, timeout=20, headers=headers)

    def audit(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit_file.read_text().splitlines()]


@contextmanager
def guarded(
    directory: Path,
    *options: str,
    protected: Sequence[Mapping[str, Any]] = (),
    grants: Sequence[Mapping[str, Any]] = (),
    prefix: str = "",
    env: Mapping[str, str] | None = None,
) -> Iterator[Guarded]:
    """A control plane with tokens and an OIDC issuer, in a new directory.

    `protected` and `grants` are as an access policy has them; `prefix` is that of the issuer's users.
    """
    directory.mkdir(parents=True, exist_ok=True)
    issuer = Issuer(directory, prefix)
    policy = {
        "apiVersion": "configedge.io/v1alpha1",
        "kind": "AccessPolicy",
        "oidc": [issuer.provider],
        "protected": [dict(rule) for rule in protected],
        "grants": [dict(grant) for grant in grants],
    }
    (directory / "access.yaml").write_text(yaml.safe_dump(policy))
    tokens, audit = Tokens(directory / "tokens.json"), directory / "audit.jsonl"
    files = {"--tokens": tokens.path, "--access": directory / "access.yaml", "--audit": audit}
    given = [text for name, path in files.items() for text in (name, str(path))]
    with running(directory / "repo", *given, "--rate", "0,0", *options, env=env) as control:
        yield Guarded(control, tokens, issuer, audit)


class Raw:
    """One connection that sends a path as it is given, where a client of the usual kind would tidy it."""

    def __init__(self, url: str, credential: str | None = None) -> None:
        self._address = url.removeprefix("http://")
        self._headers = {"Authorization": f"Bearer {credential}"} if credential is not None else {}
        self._connection = http.client.HTTPConnection(self._address, timeout=20)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str | bytes] | None = None
    ) -> tuple[int, bytes]:
        """Status and content. The path must be ASCII without spaces."""
        for again in (True, False):
            try:
                self._connection.request(method, path, body, {**self._headers, **(headers or {})})
                response = self._connection.getresponse()
                return response.status, response.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                # Kept alive for too long, or closed after an answer to what was no HTTP.
                self._connection.close()
                if not again:
                    raise
        raise AssertionError

    def close(self) -> None:
        self._connection.close()
