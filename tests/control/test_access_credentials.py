"""Who a true credential says that somebody is, and what becomes of those without one."""

from __future__ import annotations

import pytest

from configedge.control.auth import AccessPolicy, Authenticator, Grant, Oidc, Role, Unauthenticated, Verb
from tests.support.clock import Clock
from tests.support.credentials import OTHER, VIEW, World, bearer, now


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("auth"))


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
