"""Tokens: made, checked, revoked and forgotten, by several processes at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from configedge.control.auth import AccessError, Grant, NoSuchToken, Principal, Role, Tokens
from tests.support.clock import Clock
from tests.support.credentials import VIEW


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
