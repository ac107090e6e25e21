"""The access policy: what its file says, and that one with a fault is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from configedge.bundle import BundlePath
from configedge.control.auth import AccessError, AccessPolicy, Grant, Role
from tests.support.credentials import POLICY, policy


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
