"""The files of tokens: private, whole, or of no use to anybody."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from configedge.control.auth import AccessError, AccessPolicy, Authenticator, Tokens, Unauthenticated, Verb
from tests.support.clock import Clock
from tests.support.credentials import VIEW


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens.json", Clock())


def test_the_secret_is_nowhere_on_disk(tmp_path: Path, tokens: Tokens) -> None:
    secret, _ = tokens.create("ci", VIEW, 60, "user:alice")
    prefix, id, random = secret.split("_", 2)
    assert (prefix, len(id), len(random)) == ("cet", 10, 43)
    for file in tmp_path.iterdir():
        assert random not in file.read_text()
    assert random not in repr(tokens.list())
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600


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
