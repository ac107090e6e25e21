"""Nobody may do what was not granted, and what is protected is so in every part of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configedge.bundle import BundlePath
from configedge.control.auth import Grant, Principal, Protection, Role, Verb


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
