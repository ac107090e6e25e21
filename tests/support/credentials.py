"""Credentials, and two issuers with all that an attacker could take from them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from jwt.algorithms import get_default_algorithms

from configedge.control.auth import AccessPolicy, Authenticator, Grant, Oidc, Role, Tokens
from tests.support.clock import Clock

ISSUER = "https://id.example.com"
OTHER = "https://ci.example.com"
VIEW = (Grant(Role.viewer),)
POLICY = """
apiVersion: configedge.io/v1alpha1
kind: AccessPolicy
oidc:
  - issuer: https://id.example.com
    audience: configedge
    algorithms: [RS256, ES256]
    jwks_file: keys.json
    subject_claim: email
  - {issuer: "https://ci.example.com", audience: configedge, jwks_uri: "https://ci.example.com/keys", prefix: "ci:"}
grants:
  - {subjects: ["user:alice@example.com"], role: admin}
  - {subjects: ["group:game", "user:ci:build"], role: editor, namespace: game, prefix: match, environment: prod}
protected:
  - {namespace: game, key: limits, approvals: 2}
  - {namespace: game, prefix: match}
"""


def policy(path: Path, text: str = POLICY) -> AccessPolicy:
    path.write_text(text)
    return AccessPolicy.load(path)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: Any, claims: Any, sign: Callable[[bytes], bytes]) -> str:
    """A token made by hand, of things that a library would refuse to make."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    signed = f"{encoded(parts[0])}.{encoded(parts[1])}"
    return f"{signed}.{encoded(sign(signed.encode()))}"


def public_jwk(key: Any, algorithm: str, kid: str, **members: Any) -> dict[str, Any]:
    made: dict[str, Any] = get_default_algorithms()[algorithm].to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, **members}


class World:
    """Two issuers with key sets in files, tokens, and all that an attacker could take from them."""

    def __init__(self, directory: Path) -> None:
        self.rsa = rsa.generate_private_key(65_537, 2_048)
        self.weak = rsa.generate_private_key(65_537, 1_024)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.p384 = ec.generate_private_key(ec.SECP384R1())
        self.ed = ed25519.Ed25519PrivateKey.generate()
        self.mallory = rsa.generate_private_key(65_537, 2_048)
        self.other = ec.generate_private_key(ec.SECP256R1())
        mine = [
            public_jwk(self.rsa, "RS256", "rsa", use="sig", alg="RS256"),
            public_jwk(self.ec, "ES256", "ec"),
            public_jwk(self.p384, "ES384", "p384"),
            public_jwk(self.ed, "EdDSA", "ed"),
            public_jwk(self.weak, "RS256", "weak"),
            public_jwk(self.mallory, "RS256", "for-encryption", use="enc"),
            {"kty": "oct", "k": encoded(b"secret" * 8), "kid": "oct"},
        ]
        (directory / "keys.json").write_text(json.dumps({"keys": mine}))
        (directory / "other.json").write_text(json.dumps({"keys": [public_jwk(self.other, "ES256", "other")]}))
        text = POLICY.replace('jwks_uri: "https://ci.example.com/keys"', "jwks_file: other.json")
        self.policy = policy(directory / "access.yaml", text)
        self.clock = Clock()
        self.tokens = Tokens(directory / "tokens.json", self.clock)
        self.secret, _ = self.tokens.create("ci", VIEW, 86_400, "user:alice")
        self.expired, _ = self.tokens.create("expired", VIEW, 1, "user:alice")
        self.revoked, info = self.tokens.create("revoked", VIEW, 86_400, "user:alice")
        self.tokens.revoke(info.id)
        self.elsewhere, _ = Tokens(directory / "elsewhere.json").create("ci", VIEW, 86_400, "user:alice")
        self.clock.now += 60
        self.authenticator = Authenticator(self.policy, self.tokens, Oidc(self.policy.oidc))

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Good ones; a change to None takes a claim away."""
        claims = {
            **{"iss": ISSUER, "aud": "configedge", "sub": "1234", "iat": now(), "exp": now() + 600},
            **{"email": "alice@example.com", "email_verified": True, "groups": ["game"]},
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key: str = "rsa", header: dict[str, Any] | None = None, **changed: Any) -> str:
        algorithm = {"rsa": "RS256", "mallory": "RS256", "ed": "EdDSA"}.get(key, "ES256")
        headers = {"kid": key, **(header or {})}
        return jwt.encode(self.claims(**changed), getattr(self, key), algorithm, headers)

    def rs256(self, data: bytes) -> bytes:
        return self.rsa.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def pem(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.rsa.public_key().public_bytes(serialization.Encoding.PEM, form)


def bearer(token: str) -> list[str]:
    return [f"Bearer {token}"]


def now() -> int:
    return int(time.time())
