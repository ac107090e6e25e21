"""Nobody gets in with a credential that was forged, altered, stolen from elsewhere or has ended."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from configedge.control.auth import Unauthenticated
from tests.support.credentials import ISSUER, OTHER, World, bearer, compact, encoded, now, public_jwk


def p384_signature(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(48, "big") + s.to_bytes(48, "big")

    return sign


def flipped(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def named(w: World, alg: Any, sign: Callable[[bytes], bytes]) -> str:
    """A token that says it was signed in that way."""
    return compact({"alg": alg, "typ": "JWT", "kid": "rsa"}, w.claims(), sign)


def nothing(data: bytes) -> bytes:
    return b""


def garbage(data: bytes) -> bytes:
    return b"garbage"


def hmacked(w: World, secret: bytes, alg: str = "HS256", kid: str = "rsa") -> str:
    return compact({"alg": alg, "kid": kid}, w.claims(), lambda data: hmac.digest(secret, data, hashlib.sha256))


def payload_swapped(w: World) -> str:
    head, _, signature = w.token().split(".")
    return f"{head}.{encoded(json.dumps(w.claims(email='root@example.com')).encode())}.{signature}"


def self_made(w: World, **header: Any) -> str:
    return w.token("mallory", {"kid": "rsa", **header})


FORGED: dict[str, Callable[[World], list[str]]] = {
    "no header": lambda w: [],
    "an empty header": lambda w: [""],
    "two headers": lambda w: bearer(w.secret) * 2,
    "a good header after a bad one": lambda w: ["Bearer x", f"Bearer {w.secret}"],
    "no scheme": lambda w: [w.secret],
    "no token": lambda w: ["Bearer "],
    "Basic": lambda w: ["Basic " + base64.b64encode(f"ci:{w.secret}".encode()).decode()],
    "Token as scheme": lambda w: [f"Token {w.secret}"],
    "two spaces": lambda w: [f"Bearer  {w.secret}"],
    "a tab": lambda w: [f"Bearer\t{w.secret}"],
    "a space before": lambda w: [f" Bearer {w.secret}"],
    "a space after": lambda w: [f"Bearer {w.secret} "],
    "a line end after": lambda w: [f"Bearer {w.secret}\n"],
    "two in one": lambda w: [f"Bearer {w.secret}, Bearer {w.secret}"],
    "a zero byte": lambda w: [f"Bearer {w.secret}\0"],
    "upper-case prefix": lambda w: bearer("CET" + w.secret[3:]),
    "upper-case token": lambda w: bearer(w.secret.upper()),
    "lower-case token": lambda w: bearer(w.secret.lower() if w.secret != w.secret.lower() else "cet_"),
    "first character of the secret flipped": lambda w: bearer(flipped(w.secret, 15)),
    "last character of the secret flipped": lambda w: bearer(flipped(w.secret, len(w.secret) - 1)),
    "id flipped": lambda w: bearer(flipped(w.secret, 5)),
    "id of another token": lambda w: bearer(w.expired[:15] + w.secret[15:]),
    "token cut": lambda w: bearer(w.secret[:-1]),
    "token lengthened": lambda w: bearer(w.secret + "A"),
    "token id alone": lambda w: bearer(w.secret[:15]),
    "hash as the token": lambda w: bearer("cet_" + hashlib.sha256(w.secret.encode()).hexdigest()),
    "revoked token": lambda w: bearer(w.revoked),
    "expired token": lambda w: bearer(w.expired),
    "token of another file": lambda w: bearer(w.elsewhere),
    "full-width token": lambda w: bearer(w.secret.replace("c", "\uff43", 1)),
    "alg none": lambda w: bearer(named(w, "none", nothing)),
    "alg none with garbage": lambda w: bearer(named(w, "none", garbage)),
    "alg None": lambda w: bearer(named(w, "None", nothing)),
    "alg None with garbage": lambda w: bearer(named(w, "None", garbage)),
    "alg NONE": lambda w: bearer(named(w, "NONE", nothing)),
    "alg NONE with garbage": lambda w: bearer(named(w, "NONE", garbage)),
    "alg nOnE": lambda w: bearer(named(w, "nOnE", nothing)),
    "alg nOnE with garbage": lambda w: bearer(named(w, "nOnE", garbage)),
    "alg empty": lambda w: bearer(named(w, "", w.rs256)),
    "alg null": lambda w: bearer(named(w, None, w.rs256)),
    "alg a list": lambda w: bearer(named(w, ["RS256"], w.rs256)),
    "alg a mapping": lambda w: bearer(named(w, {"RS256": 1}, w.rs256)),
    "alg missing": lambda w: bearer(compact({"kid": "rsa"}, w.claims(), w.rs256)),
    "alg none with a true signature": lambda w: bearer(named(w, "none", w.rs256)),
    "alg lower case": lambda w: bearer(named(w, "rs256", w.rs256)),
    "no signature": lambda w: bearer(w.token().rsplit(".", 1)[0] + "."),
    "two parts": lambda w: bearer(w.token().rsplit(".", 1)[0]),
    "five parts": lambda w: bearer(f"{w.token()}.a.b"),
    "HS256 with the public key": lambda w: bearer(hmacked(w, w.pem())),
    "HS256 with the public key stripped": lambda w: bearer(hmacked(w, w.pem().strip())),
    "HS256 with a symmetric key of the set": lambda w: bearer(hmacked(w, b"secret" * 8, kid="oct")),
    "HS256 with an empty key": lambda w: bearer(hmacked(w, b"")),
    "HS256 called RS256": lambda w: bearer(hmacked(w, w.pem(), "RS256")),
    "another issuer": lambda w: bearer(w.token(iss="https://evil.example.com")),
    "issuer with a slash more": lambda w: bearer(w.token(iss=ISSUER + "/")),
    "issuer in upper case": lambda w: bearer(w.token(iss=ISSUER.upper())),
    "issuer a list": lambda w: bearer(compact({"alg": "RS256", "kid": "rsa"}, w.claims(iss=[ISSUER]), w.rs256)),
    "no issuer": lambda w: bearer(w.token(iss=None)),
    "another audience": lambda w: bearer(w.token(aud="other")),
    "other audiences": lambda w: bearer(w.token(aud=["other", "configedge2"])),
    "audience a mapping": lambda w: bearer(w.token(aud={"configedge": 1})),
    "no audience": lambda w: bearer(w.token(aud=None)),
    "expired": lambda w: bearer(w.token(iat=now() - 7_000, exp=now() - 3_600)),
    "no expiry": lambda w: bearer(w.token(exp=None)),
    "expiry a text": lambda w: bearer(w.token(exp=str(now() + 600))),
    "expiry true": lambda w: bearer(w.token(exp=True)),
    "expiry too far": lambda w: bearer(w.token(exp=now() + 4_000)),
    "expiry huge": lambda w: bearer(w.token(exp=10**400)),
    "expiry infinite": lambda w: bearer(w.token(exp=float("inf"))),
    "expiry not a number": lambda w: bearer(w.token(exp=float("nan"))),
    "expiry before issue": lambda w: bearer(w.token(iat=now() + 20, exp=now() + 10)),
    "no issue time": lambda w: bearer(w.token(iat=None)),
    "issued in the future": lambda w: bearer(w.token(iat=now() + 900, exp=now() + 1_000)),
    "issue time a text": lambda w: bearer(w.token(iat=str(now()))),
    "not valid yet": lambda w: bearer(w.token(nbf=now() + 900)),
    "no subject": lambda w: bearer(w.token(sub=None)),
    "subject a number": lambda w: bearer(compact({"alg": "RS256", "kid": "rsa"}, w.claims(sub=5), w.rs256)),
    "email not verified": lambda w: bearer(w.token(email_verified=False)),
    "email verified as a text": lambda w: bearer(w.token(email_verified="true")),
    "verification missing": lambda w: bearer(w.token(email_verified=None)),
    "no email": lambda w: bearer(w.token(email=None)),
    "email with a line end": lambda w: bearer(w.token(email="alice@example.com\nAdmin: yes")),
    "email a list": lambda w: bearer(w.token(email=["alice@example.com"])),
    "a user of the other issuer": lambda w: bearer(w.token(email="ci:build")),
    "no kid": lambda w: bearer(compact({"alg": "RS256"}, w.claims(), w.rs256)),
    "kid empty": lambda w: bearer(w.token(header={"kid": ""})),
    "kid unknown": lambda w: bearer(w.token(header={"kid": "nothing"})),
    "kid a path": lambda w: bearer(hmacked(w, b"", kid="../../../../dev/null")),
    "kid a query": lambda w: bearer(w.token(header={"kid": "x' UNION SELECT 'key"})),
    "kid a list": lambda w: bearer(compact({"alg": "RS256", "kid": ["rsa"]}, w.claims(), w.rs256)),
    "kid of another key": lambda w: bearer(w.token(header={"kid": "ec"})),
    "own key": lambda w: bearer(self_made(w)),
    "own key by jku": lambda w: bearer(self_made(w, jku="https://evil.example.com/keys")),
    "own key by x5u": lambda w: bearer(self_made(w, x5u="https://evil.example.com/cert")),
    "own key by jwk": lambda w: bearer(self_made(w, jwk=public_jwk(w.mallory, "RS256", "rsa"))),
    "own key by x5c": lambda w: bearer(self_made(w, x5c=[encoded(b"certificate")])),
    "good key and jku": lambda w: bearer(w.token(header={"jku": "https://id.example.com/keys"})),
    "good key and jwk": lambda w: bearer(w.token(header={"jwk": public_jwk(w.rsa, "RS256", "rsa")})),
    "crit": lambda w: bearer(compact({"alg": "RS256", "kid": "rsa", "crit": ["exp"]}, w.claims(), w.rs256)),
    "b64 false": lambda w: bearer(compact({"alg": "RS256", "kid": "rsa", "b64": False}, w.claims(), w.rs256)),
    "a logout token": lambda w: bearer(w.token(header={"typ": "logout+jwt"})),
    "the other issuer's key": lambda w: bearer(w.token("other")),
    "the other issuer's key and issuer, our user": lambda w: bearer(w.token("other", iss=OTHER, sub=None)),
    "our key, the other's issuer": lambda w: bearer(w.token(iss=OTHER)),
    "an algorithm of the set that the policy leaves out": lambda w: bearer(w.token("ed")),
    "another curve": lambda w: bearer(
        compact({"alg": "ES256", "kid": "p384"}, w.claims(), p384_signature(w.p384)),
    ),
    "ES384": lambda w: bearer(jwt.encode(w.claims(), w.p384, "ES384", {"kid": "p384"})),
    "RS512": lambda w: bearer(jwt.encode(w.claims(), w.rsa, "RS512", {"kid": "rsa"})),
    "PS256": lambda w: bearer(jwt.encode(w.claims(), w.rsa, "PS256", {"kid": "rsa"})),
    "a weak key of the set": lambda w: bearer(
        compact(
            {"alg": "RS256", "kid": "weak"},
            w.claims(),
            lambda data: w.weak.sign(data, padding.PKCS1v15(), hashes.SHA256()),
        )
    ),
    "a key of the set for encryption": lambda w: bearer(w.token("mallory", {"kid": "for-encryption"})),
    "an ECDSA signature of zeros": lambda w: bearer(
        compact({"alg": "ES256", "kid": "ec"}, w.claims(), lambda _: bytes(64))
    ),
    "payload exchanged": lambda w: bearer(payload_swapped(w)),
    "payload flipped": lambda w: bearer(flipped(w.token(), w.token().index(".") + 120)),
    "signature flipped": lambda w: bearer(flipped(w.token(), len(w.token()) - 20)),
    "signature of another token": lambda w: bearer(
        w.token().rsplit(".", 1)[0] + "." + w.token(sub="x").rsplit(".", 1)[1]
    ),
    "cut": lambda w: bearer(w.token()[:-4]),
    "padding": lambda w: bearer(w.token() + "=="),
    "header not JSON": lambda w: bearer(compact(b"{", w.claims(), w.rs256)),
    "header not UTF-8": lambda w: bearer(compact(b'{"alg":"\xff"}', w.claims(), w.rs256)),
    "header a list": lambda w: bearer(compact([], w.claims(), w.rs256)),
    "header nested deeply": lambda w: bearer(compact(b"[" * 3_000, w.claims(), w.rs256)),
    "payload a list": lambda w: bearer(compact({"alg": "RS256", "kid": "rsa"}, [], w.rs256)),
    "payload nested deeply": lambda w: bearer(compact({"alg": "RS256", "kid": "rsa"}, b"[" * 3_000, w.rs256)),
    "too long": lambda w: bearer(w.token(filler="x" * 8_192)),
    "dots alone": lambda w: bearer(".."),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("auth"))


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_credential_is_refused(world: World, forged: str) -> None:
    values = FORGED[forged](world)
    with pytest.raises(Unauthenticated) as refused:
        world.authenticator.identify(values)
    reason = str(refused.value)
    assert 0 < len(reason) < 200 and reason.isprintable()
    for value in values:
        credential = value.split(" ")[-1].strip()
        pieces = {credential, *credential.split("."), credential[15:]}
        assert not any(len(piece) > 5 and piece in reason for piece in pieces)
