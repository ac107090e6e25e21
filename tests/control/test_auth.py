"""Nobody gets in who should not, and nobody may do what was not granted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import get_default_algorithms

from configedge.bundle import BundlePath
from configedge.control.auth import (
    AccessError,
    AccessPolicy,
    Authenticator,
    Grant,
    NoSuchToken,
    Oidc,
    Principal,
    Protection,
    Provider,
    Role,
    Tokens,
    Unauthenticated,
    Verb,
)
from configedge.control.auth import jwks as jwks_module
from configedge.control.auth.jwks import UrlKeys

ISSUER = "https://id.example.com"
OTHER = "https://ci.example.com"
VIEW = (Grant(Role.viewer),)

# Who may do what


def allowed(grants: list[Grant], verb: Verb, path: BundlePath) -> bool:
    """The reference: written from the table of roles and scopes, not from the code."""
    table = {"viewer": "read", "editor": "read write", "approver": "read approve", "node": "read report"}
    for grant in grants:
        verbs = table.get(grant.role.value, "read write approve admin report").split()
        environment = path.layer.split(".")[0] if path.layer else None
        layer = (
            grant.environment == "*"
            or grant.environment == environment
            or (environment is None and verb.value == "read")
        )
        space = grant.namespace == "*" or grant.namespace == path.namespace
        if verb.value in verbs and space and layer and path.name[: len(grant.prefix)] == grant.prefix:
            return True
    return False


names = st.sampled_from(["a", "ab", "a-b", "game", "prod", "x1"])
environments = st.sampled_from(["prod", "prod-eu", "dev"])
layers = st.one_of(st.just(""), environments, environments.map(lambda name: f"{name}.eu-west-1"))
grants_ = st.builds(
    Grant,
    role=st.sampled_from(Role),
    namespace=st.one_of(st.just("*"), names),
    prefix=st.sampled_from(["", "a", "a-", "ab", "game"]),
    environment=st.one_of(st.just("*"), environments),
)


@given(st.lists(grants_, max_size=4), st.sampled_from(Verb), st.builds(BundlePath, names, names, layers))
def test_a_principal_may_what_the_reference_allows(grants: list[Grant], verb: Verb, path: BundlePath) -> None:
    principal = Principal("token:x", "x", "x@example.com", tuple(grants))
    assert principal.may(verb, path) == allowed(grants, verb, path)
    if principal.may(verb, path):
        assert principal.may_somewhere(verb)
    if principal.may_anywhere(verb):
        assert principal.may(verb, path)


def test_who_has_no_grant_may_nothing() -> None:
    nobody = Principal("user:x", "x", "x@example.com", ())
    assert not any(nobody.may(verb, BundlePath("game", "a")) for verb in Verb)
    assert not any(nobody.may_anywhere(verb) or nobody.may_somewhere(verb) for verb in Verb)


def test_grants_for_parts_do_not_add_up_to_the_whole() -> None:
    parts = (Grant(Role.admin, environment="prod"), Grant(Role.admin, namespace="game"), Grant(Role.admin, prefix="a"))
    principal = Principal("user:x", "x", "x@example.com", parts)
    assert not principal.may_anywhere(Verb.admin) and principal.may_somewhere(Verb.admin)


def test_an_environment_reads_its_base_but_does_not_write_it() -> None:
    editor = Principal("user:x", "x", "x@example.com", (Grant(Role.editor, "game", environment="prod"),))
    assert editor.may(Verb.read, BundlePath("game", "a"))
    assert not editor.may(Verb.write, BundlePath("game", "a"))
    assert editor.may(Verb.write, BundlePath("game", "a", "prod.eu-west-1"))
    assert not editor.may(Verb.read, BundlePath("game", "a", "prod-eu"))


@pytest.mark.parametrize(
    "scope",
    [
        {"namespace": ""},
        {"namespace": "Game"},
        {"namespace": "../x"},
        {"namespace": "ga*"},
        {"prefix": "*"},
        {"prefix": "-a"},
        {"prefix": "a/b"},
        {"environment": ""},
        {"environment": "prod.eu"},
        {"environment": "p" * 64},
    ],
)
def test_a_scope_that_names_nothing_is_refused(scope: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(scope))):
        Grant(Role.viewer, **scope)
    with pytest.raises(ValueError, match=next(iter(scope))):
        Protection(**{"namespace": "game", **scope})


@pytest.mark.parametrize(
    ("protection", "path", "keys", "covered"),
    [
        (Protection("game"), "game/a", ["x"], True),
        (Protection("game"), "game/a", [], True),
        (Protection("*"), "other/a", ["x"], True),
        (Protection("game"), "other/a", ["x"], False),
        (Protection("game", "pay"), "game/pay-in", ["x"], True),
        (Protection("game", "pay"), "game/a", ["x"], False),
        (Protection("game", key="limits.max"), "game/a", ["limits.max"], True),
        (Protection("game", key="limits.max"), "game/a", ["limits.max.eu"], True),
        (Protection("game", key="limits.max"), "game/a", ["limits"], True),
        (Protection("game", key="limits.max"), "game/a", [""], True),
        (Protection("game", key="limits.max"), "game/a", ["limits.maximum", "limits.min", "lim", "max"], False),
        (Protection("game", key="limits.max"), "game/a", [], False),
        (Protection("game", environment="prod"), "game/a", ["x"], True),
        (Protection("game", environment="prod"), "game/a@prod.eu", ["x"], True),
        (Protection("game", environment="prod"), "game/a@dev", ["x"], False),
        (Protection("game", environment="prod", key="a"), "game/a@prod", ["b"], False),
    ],
)
def test_what_a_protection_covers(protection: Protection, path: str, keys: list[str], covered: bool) -> None:
    assert protection.covers(BundlePath.parse(path), keys) is covered


# The policy file

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


def test_a_policy_says_who_may_what_and_what_needs_approval(tmp_path: Path) -> None:
    loaded = policy(tmp_path / "access.yaml")
    assert loaded.oidc[0].jwks_file == str(tmp_path / "keys.json")
    assert loaded.grants_of("alice@example.com") == (Grant(Role.admin),)
    scoped = Grant(Role.editor, "game", "match", "prod")
    assert loaded.grants_of("bob", ["other", "game"]) == loaded.grants_of("ci:build") == (scoped,)
    assert loaded.grants_of("game", ["alice@example.com"]) == ()
    assert loaded.approvals(BundlePath("game", "matchmaking"), iter(["limits.max"])) == 2
    assert loaded.approvals(BundlePath("game", "matchmaking"), ["x"]) == 1
    assert loaded.approvals(BundlePath("game", "a"), ["x"]) == 0


def test_without_a_policy_nobody_is_trusted() -> None:
    assert AccessPolicy() == AccessPolicy((), (), ())
    assert AccessPolicy().grants_of("root", ["admin"]) == ()


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("v1alpha1", "v2", "apiVersion"),
        ("kind: AccessPolicy", "kind: ConfigBundle", "kind"),
        ("grants:", "grant:", "grant"),
        ("role: admin", "role: owner", "grants[0].role"),
        ("role: admin", "role: admin, env: prod", "grants[0].'env'"),
        ("role: admin", "rol: admin", "grants[0]"),
        ("role: admin", "role: viewer, role: admin", "line 12"),
        ("namespace: game, prefix", "namespace: 5, prefix", "grants[1].namespace"),
        ("namespace: game, prefix", "namespace: no, prefix", "grants[1].namespace"),
        ("namespace: game, prefix", "namespace: Game, prefix", "grants[1]"),
        ('["user:alice@example.com"]', '"user:alice@example.com"', "grants[0].subjects"),
        ('["user:alice@example.com"]', "[]", "grants[0].subjects"),
        ('["user:alice@example.com"]', '["user:*"]', "grants[0].subjects"),
        ('["user:alice@example.com"]', '["token:ci"]', "grants[0].subjects"),
        ('["user:alice@example.com"]', '["user:"]', "grants[0].subjects"),
        ("[RS256, ES256]", "[RS256, HS256]", "oidc[0].algorithms[1]"),
        ("[RS256, ES256]", "[none]", "oidc[0].algorithms[0]"),
        ("[RS256, ES256]", "[]", "oidc[0]"),
        ("issuer: https://id", "issuer: http://id", "oidc[0]"),
        ("https://ci.example.com/keys", "http://ci.example.com/keys", "oidc[1]"),
        ("https://ci.example.com/keys", "https://me:pw@ci.example.com/keys", "oidc[1]"),
        ("https://ci.example.com/keys", "file:///etc/passwd", "oidc[1]"),
        ('"https://ci.example.com"', '"https://id.example.com"', "oidc[1].issuer"),
        (', prefix: "ci:"', "", "oidc[1].prefix"),
        ("jwks_file: keys.json", "max_age_s: 600", "oidc[0]"),
        ("jwks_file: keys.json", "jwks_file: keys.json\n    jwks_uri: https://a/b", "oidc[0]"),
        ("approvals: 2", "approvals: 0", "protected[0]"),
        ("approvals: 2", 'approvals: "2"', "protected[0].approvals"),
        ("key: limits", "key: limits..max", "protected[0]"),
        ("protected:", "protected: {}\nmore:", "more"),
        ("oidc:", "oidc: [", "line"),
    ],
)
def test_a_policy_with_a_fault_is_refused_with_file_and_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    path = tmp_path / "access.yaml"
    assert old in POLICY
    with pytest.raises(AccessError) as refused:
        policy(path, POLICY.replace(old, new, 1))
    said = str(refused.value)
    assert said.startswith(f"{path}: ") and place in said and "\n" not in said


def test_a_policy_that_everybody_may_write_or_that_is_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "access.yaml"
    with pytest.raises(AccessError, match=r"access\.yaml: cannot be read"):
        AccessPolicy.load(path)
    policy(path)
    path.chmod(0o646)
    with pytest.raises(AccessError, match="chmod o-w"):
        AccessPolicy.load(path)


# Tokens


class Clock:
    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens.json", Clock())


def test_a_token_opens_what_it_was_granted_until_it_expires(tmp_path: Path) -> None:
    clock = Clock()
    tokens = Tokens(tmp_path / "tokens.json", clock)
    grants = (Grant(Role.editor, "game"), Grant(Role.node))
    secret, info = tokens.create("ci", grants, 60, "user:alice")
    principal = tokens.check(secret)
    assert principal == Principal("token:ci", "ci", "ci@tokens.configedge.invalid", grants, "user:alice")
    assert (info.created_at, info.expires_at, info.created_by) == (1_800_000_000, 1_800_000_060, "user:alice")
    clock.now += 59
    assert tokens.check(secret)
    clock.now += 1
    assert tokens.check(secret) is None
    assert tokens.list() == [info]


def test_the_secret_is_nowhere_on_disk(tmp_path: Path, tokens: Tokens) -> None:
    secret, _ = tokens.create("ci", VIEW, 60, "user:alice")
    prefix, id, random = secret.split("_", 2)
    assert (prefix, len(id), len(random)) == ("cet", 10, 43)
    for file in tmp_path.iterdir():
        assert random not in file.read_text()
    assert random not in repr(tokens.list())
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600


def test_a_revoked_token_is_refused_at_once_in_every_process(tokens: Tokens) -> None:
    beside = Tokens(tokens.path, Clock())
    secret, info = tokens.create("ci", VIEW, 60, "user:alice")
    assert beside.check(secret)
    assert beside.revoke(info.id) == info
    assert tokens.check(secret) is None and tokens.list() == []
    for id in (info.id, "", "../x", "x" * 1_000):
        with pytest.raises(NoSuchToken):
            tokens.revoke(id)


def test_changes_within_a_tick_of_the_clock_are_seen(tokens: Tokens) -> None:
    beside = Tokens(tokens.path, Clock())
    for _ in range(100):
        secret, info = tokens.create("ci", VIEW, 60, "user:alice")
        assert beside.check(secret)
        tokens.revoke(info.id)
        assert beside.check(secret) is None


def test_processes_that_create_tokens_at_once_lose_none(tokens: Tokens) -> None:
    script = """
import sys
from pathlib import Path
from configedge.control.auth import Grant, Role, Tokens
tokens = Tokens(Path(sys.argv[1]))
for n in range(20):
    tokens.create(f"{sys.argv[2]}-{n}", [Grant(Role.node)], 3600, "local:test")
"""
    started = [subprocess.Popen([sys.executable, "-c", script, tokens.path, name]) for name in ("a", "b")]
    assert [process.wait(timeout=60) for process in started] == [0, 0]
    assert {info.name for info in tokens.list()} == {f"{name}-{n}" for name in "ab" for n in range(20)}


def test_threads_that_create_tokens_at_once_lose_none(tokens: Tokens) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: tokens.create(f"t-{n}", VIEW, 60, "user:alice")[0], range(40)))
    assert all(tokens.check(secret) for secret in made)


def test_a_live_name_is_taken_and_an_expired_one_is_free(tmp_path: Path) -> None:
    clock = Clock()
    tokens = Tokens(tmp_path / "tokens.json", clock)
    old, _ = tokens.create("ci", VIEW, 60, "user:alice")
    with pytest.raises(ValueError, match="named ci already"):
        tokens.create("ci", VIEW, 60, "user:alice")
    clock.now += 60
    new, info = tokens.create("ci", VIEW, 60, "user:alice")
    assert tokens.list() == [info] and tokens.check(new) and tokens.check(old) is None


def test_expired_tokens_are_forgotten_after_a_month(tmp_path: Path) -> None:
    clock = Clock()
    tokens = Tokens(tmp_path / "tokens.json", clock)
    tokens.create("old", VIEW, 60, "user:alice")
    clock.now += 31 * 86_400
    tokens.create("new", VIEW, 60, "user:alice")
    assert [info.name for info in tokens.list()] == ["new"]


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "CI"},
        {"name": ""},
        {"name": "a/b"},
        {"grants": ()},
        {"grants": VIEW * 65},
        {"expires_in_s": None},
        {"expires_in_s": 0},
        {"expires_in_s": -1},
        {"expires_in_s": 90 * 86_400 + 1},
        {"by": ""},
        {"by": "a\nb"},
    ],
)
def test_a_token_without_name_grant_or_end_is_not_made(tokens: Tokens, changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        tokens.create(**{"name": "ci", "grants": VIEW, "expires_in_s": 60, "by": "user:alice", **changed})
    assert tokens.list() == []


def test_there_is_a_limit_to_tokens(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("configedge.control.auth.tokens.MAX_TOKENS", 2)
    for name in ("a", "b"):
        tokens.create(name, VIEW, 60, "user:alice")
    with pytest.raises(AccessError, match="revoke some"):
        tokens.create("c", VIEW, 60, "user:alice")


DAMAGES: dict[str, Callable[[str], str]] = {
    "cut": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "a list": lambda text: "[]",
    "an unknown member": lambda text: text.replace('"tokens":', '"more":1,"tokens":'),
    "an unknown member of a token": lambda text: text.replace('"local":', '"admin":true,"local":'),
    "a member twice": lambda text: text.replace('"local":', '"local":true,"local":'),
    "another version": lambda text: text.replace('"version":1', '"version":2'),
    "an unknown role": lambda text: text.replace('"viewer"', '"root"'),
    "no end": lambda text: text.replace('"expires_at":1800000060', '"expires_at":null'),
    "a hash that is none": lambda text: text.replace('"sha256":"', '"sha256":"x'),
    "a hash that is a number": lambda text: text.replace('"sha256":"', '"sha256":5,"x":"'),
    "a token twice": lambda text: json.dumps({"version": 1, "tokens": json.loads(text)["tokens"] * 2}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_lets_nobody_in_and_is_not_written_over(tokens: Tokens, damage: str) -> None:
    secret, info = tokens.create("ci", VIEW, 60, "user:alice")
    whole = tokens.path.read_text()
    damaged = DAMAGES[damage](whole)
    assert damaged != whole
    tokens.path.write_text(damaged)
    calls: list[Callable[[], object]] = [
        lambda: tokens.check(secret),
        tokens.list,
        lambda: tokens.revoke(info.id),
        lambda: tokens.create("other", VIEW, 60, "user:alice"),
        lambda: tokens.local_admin(tokens.path.with_name("secret")),
    ]
    for call in calls:
        with pytest.raises(AccessError, match="damaged"):
            call()
    assert tokens.path.read_text() == damaged
    assert "damaged" in (tokens.problem() or "")
    with pytest.raises(Unauthenticated):
        Authenticator(AccessPolicy(), tokens, None).identify([f"Bearer {secret}"])
    tokens.path.write_text(whole)
    assert tokens.check(secret) and tokens.problem() is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622, 0o601])
def test_a_token_file_that_others_may_use_is_refused(tokens: Tokens, mode: int) -> None:
    secret, _ = tokens.create("ci", VIEW, 60, "user:alice")
    assert tokens.check(secret)
    tokens.path.chmod(mode)
    with pytest.raises(AccessError, match="chmod 600"):
        tokens.check(secret)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_token_file_of_another_user_is_refused(tokens: Tokens) -> None:
    secret, _ = tokens.create("ci", VIEW, 60, "user:alice")
    os.chown(tokens.path, 12_345, 12_345)
    with pytest.raises(AccessError, match="chown"):
        tokens.check(secret)


def test_a_token_file_that_is_a_link_or_a_pipe_is_refused(tmp_path: Path, tokens: Tokens) -> None:
    secret, _ = tokens.create("ci", VIEW, 60, "user:alice")
    tokens.path.rename(tmp_path / "elsewhere")
    tokens.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AccessError, match="symbolic link"):
        tokens.check(secret)
    tokens.path.unlink()
    os.mkfifo(tokens.path, 0o600)
    with pytest.raises(AccessError, match="regular"):
        tokens.check(secret)


def test_a_write_that_fails_leaves_the_tokens_as_they_were(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, info = tokens.create("ci", VIEW, 60, "user:alice")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError):
            tokens.create("other", VIEW, 60, "user:alice")
        with pytest.raises(OSError):
            tokens.revoke(info.id)
    assert tokens.list() == [info] and tokens.check(secret)


def test_the_local_administrator_has_one_token_in_a_private_file(tmp_path: Path, tokens: Tokens) -> None:
    file = tmp_path / "up" / "admin-token"
    old = os.umask(0)
    try:
        secret = tokens.local_admin(file)
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.read_text() == f"{secret}\n"
    principal = tokens.check(secret)
    assert principal and principal.subject.startswith("local:") and principal.may_anywhere(Verb.admin)
    assert tokens.local_admin(file) == Tokens(tokens.path, Clock()).local_admin(file) == secret
    assert len(tokens.list()) == 1


@pytest.mark.parametrize("spoil", ["removed", "readable", "altered", "a link", "revoked", "of another token"])
def test_a_local_token_that_is_lost_or_exposed_is_replaced(tmp_path: Path, tokens: Tokens, spoil: str) -> None:
    file, target = tmp_path / "admin-token", tmp_path / "target"
    secret = tokens.local_admin(file)
    other, _ = tokens.create("ci", VIEW, 60, "user:alice")
    match spoil:
        case "removed":
            file.unlink()
        case "readable":
            file.chmod(0o644)
        case "altered":
            file.write_text(secret[:-1] + ("a" if secret[-1] != "a" else "b"))
        case "a link":
            file.rename(target)
            file.symlink_to(target)
        case "revoked":
            tokens.revoke(next(info.id for info in tokens.list() if info.local))
        case _:
            file.write_text(other)
    new = tokens.local_admin(file)
    assert new not in (secret, other) and tokens.check(new) and tokens.check(secret) is None
    assert stat.S_IMODE(file.lstat().st_mode) == 0o600 and stat.S_ISREG(file.lstat().st_mode)
    if spoil == "a link":
        assert target.read_text() == f"{secret}\n"


# Forged credentials


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


def p384_signature(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(48, "big") + s.to_bytes(48, "big")

    return sign


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


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("auth"))


def bearer(token: str) -> list[str]:
    return [f"Bearer {token}"]


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


def now() -> int:
    return int(time.time())


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


def test_true_credentials_are_accepted(world: World) -> None:
    identify = world.authenticator.identify
    assert identify(bearer(world.secret)).subject == "token:ci"
    assert identify([f"bearer {world.secret}"]).grants == VIEW
    alice = identify(bearer(world.token()))
    assert (alice.subject, alice.name, alice.email) == ("user:alice@example.com",) + ("alice@example.com",) * 2
    assert alice.grants == (Grant(Role.admin), Grant(Role.editor, "game", "match", "prod"))
    for token in (
        world.token("ec"),
        world.token(aud=["other", "configedge"]),
        world.token(header={"typ": "at+jwt"}),
        world.token(exp=now() - 20, iat=now() - 300),
        world.token(nbf=now() - 5),
        world.token(groups="game"),
    ):
        assert identify(bearer(token)).subject == "user:alice@example.com"


def test_another_issuers_users_and_groups_carry_its_prefix(world: World) -> None:
    build = world.authenticator.identify(bearer(world.token("other", iss=OTHER, sub="build")))
    assert build.subject == "user:ci:build" and build.grants == (Grant(Role.editor, "game", "match", "prod"),)
    posing = world.authenticator.identify(bearer(world.token("other", iss=OTHER, sub="alice@example.com")))
    assert posing.grants == () and posing.subject == "user:ci:alice@example.com"


def test_a_user_without_grants_is_known_and_may_nothing(world: World) -> None:
    bob = world.authenticator.identify(bearer(world.token(email="bob@example.com", groups=None)))
    assert bob.subject == "user:bob@example.com" and not any(bob.may_somewhere(verb) for verb in Verb)


def test_what_is_not_in_use_lets_nobody_in(world: World) -> None:
    nothing = Authenticator(AccessPolicy(), None, None)
    for token in (world.secret, world.token()):
        with pytest.raises(Unauthenticated):
            nothing.identify(bearer(token))
    assert Oidc([]).check(world.token()) is None
    assert Oidc(world.policy.oidc).check(world.token()) == ("alice@example.com", "alice@example.com", ("game",))


def test_failures_lock_nobody_out_and_do_not_flood_the_audit(world: World) -> None:
    clock = Clock()
    authenticator = Authenticator(world.policy, world.tokens, None, clock)

    def fail() -> Unauthenticated:
        with pytest.raises(Unauthenticated) as refused:
            authenticator.identify(["Bearer x"])
        return refused.value

    failures = [fail() for _ in range(500)]
    assert sum(failure.noted for failure in failures) == 100
    assert authenticator.identify(bearer(world.secret))
    clock.now += 1
    after = [fail() for _ in range(20)]
    assert [failure.noted for failure in after] == [True] * 10 + [False] * 10
    assert after[0].skipped == 400 and after[1].skipped == 0
    assert authenticator.failures == 520


# Key sets


def test_a_key_set_in_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    world = World(tmp_path)
    file = tmp_path / "keys.json"
    text = file.read_text()
    new = rsa.generate_private_key(65_537, 2_048)
    token = jwt.encode(world.claims(), new, "RS256", {"kid": "new"})
    with pytest.raises(Unauthenticated):
        world.authenticator.identify(bearer(token))
    file.write_text(json.dumps({"keys": [public_jwk(new, "RS256", "new")]}))
    assert world.authenticator.identify(bearer(token))
    with pytest.raises(Unauthenticated):
        world.authenticator.identify(bearer(world.token()))
    for broken in ("", "[]", "{", '{"keys": []}', " " * (65 << 10) + text):
        file.write_text(broken)
        with pytest.raises(Unauthenticated):
            world.authenticator.identify(bearer(token))
    file.unlink()
    with pytest.raises(Unauthenticated):
        world.authenticator.identify(bearer(token))
    file.write_text(text)
    assert world.authenticator.identify(bearer(world.token()))


class Keys:
    """An HTTP server that gives what it is told to."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.drip_s = 0.0
        self.asked = 0


@contextmanager
def serving(keys: Keys) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.asked += 1
            self.send_response(keys.status)
            if keys.status == 302:
                self.send_header("Location", "/again")
            self.send_header("Content-Length", str(len(keys.body)))
            self.end_headers()
            for byte in range(len(keys.body)) if keys.drip_s else ():
                self.wfile.write(keys.body[byte : byte + 1])
                time.sleep(keys.drip_s)
            if not keys.drip_s:
                self.wfile.write(keys.body)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/keys"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def key_set(*kids: str) -> bytes:
    made = [public_jwk(ec.generate_private_key(ec.SECP256R1()), "ES256", kid) for kid in kids]
    return json.dumps({"keys": made}).encode()


def test_keys_from_a_url_are_kept_and_fetched_anew_for_an_unknown_id_but_not_at_will() -> None:
    clock, keys = Clock(), Keys()
    keys.body = key_set("one")
    with serving(keys) as url:
        source = UrlKeys(url, clock)
        for _ in range(10):
            assert source.find("one", "ES256")
        assert keys.asked == 1
        keys.body = key_set("one", "two")
        for _ in range(10):
            assert source.find("two", "ES256") is None and source.find("one", "RS256") is None
        assert keys.asked == 1
        clock.now += 31
        assert source.find("two", "ES256") and keys.asked == 2
        clock.now += 599
        assert source.find("one", "ES256") and keys.asked == 2
        clock.now += 2
        keys.body = key_set("two")
        assert source.find("one", "ES256") is None and keys.asked == 3


def test_an_issuer_that_is_away_is_bridged_for_an_hour() -> None:
    clock, keys = Clock(), Keys()
    keys.body = key_set("one")
    with serving(keys) as url:
        source = UrlKeys(url, clock)
        assert source.find("one", "ES256")
        keys.status = 503
        clock.now += 3_599
        assert source.find("one", "ES256") and keys.asked == 2
        clock.now += 2
        assert source.find("one", "ES256") is None
        keys.status = 200
        clock.now += 31
        assert source.find("one", "ES256")


@pytest.mark.parametrize("fault", ["redirect", "too long", "not JSON", "slow", "gone"])
def test_an_answer_that_is_no_key_set_gives_no_keys(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys()
    keys.body = key_set("one")
    with serving(keys) as url:
        match fault:
            case "redirect":
                keys.status = 302
            case "too long":
                keys.body += b" " * (65 << 10)
            case "not JSON":
                keys.body = b"<html>"
            case "slow":
                monkeypatch.setattr(jwks_module, "_TIMEOUT_S", 0.2)
                keys.drip_s = 0.05
            case _:
                url = url.replace("/keys", "/nothing")
                keys.status = 404
        start = time.monotonic()
        assert UrlKeys(url).find("one", "ES256") is None
        assert time.monotonic() - start < 2
        assert keys.asked == 1


def test_a_fetch_holds_up_nobody_who_has_a_key() -> None:
    clock, keys = Clock(), Keys()
    keys.body = key_set("one")
    with serving(keys) as url:
        source = UrlKeys(url, clock)
        assert source.find("one", "ES256")
        clock.now += 601
        keys.drip_s = 0.01
        fetch = threading.Thread(target=source.find, args=("unknown", "ES256"))
        fetch.start()
        while keys.asked < 2:
            time.sleep(0.005)
        start = time.monotonic()
        assert source.find("one", "ES256")
        assert time.monotonic() - start < 0.2 and fetch.is_alive()
        fetch.join()


def test_tokens_of_an_issuer_with_a_url_are_verified() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    keys = Keys()
    keys.body = json.dumps({"keys": [public_jwk(key, "EdDSA", "k")]}).encode()
    claims = {"iss": "http://localhost:1", "aud": "a", "sub": "s", "iat": now(), "exp": now() + 60, "email": "x@y.z"}
    with serving(keys) as url:
        oidc = Oidc([Provider("http://localhost:1", "a", jwks_uri=url)])
        assert oidc.check(jwt.encode(claims, key, "EdDSA", {"kid": "k"})) == ("s", "", ())
        assert oidc.check(jwt.encode(claims, key, "EdDSA", {"kid": "j"})) is None
