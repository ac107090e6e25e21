"""A control plane that signs builds on nothing that nobody signed: its signature would speak for that too."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from configedge.bundle import to_yaml
from configedge.signing import Signer
from tests.support.control import Control, document, git, push_file, running
from tests.support.relay import wait_for
from tests.support.signing import allow, make_key, need_ssh_keygen, sign_with

TEXT = to_yaml(document({"n": 7}, name="b", namespace="game")).decode()


@pytest.fixture
def signing(tmp_path: Path) -> tuple[str, ...]:
    need_ssh_keygen()
    make_key(tmp_path / "own")
    return "--sign", str(tmp_path / "own")


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    """Has the key of an operator, which is in `operator`."""
    return allow(tmp_path / "allowed", make_key(tmp_path / "operator"))


def values(control: Control, bundle: str) -> object:
    return control.get(bundle).json()["document"]["spec"]["values"]


def remote(tmp_path: Path) -> tuple[str, ...]:
    if not (tmp_path / "remote").exists():
        git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote")
    return "--remote", str(tmp_path / "remote")


def pushed(tmp_path: Path, key: Path | None = None, path: str = "bundles/game/b.yaml", text: str = TEXT) -> str:
    """By somebody who may write to the remote."""
    work = tmp_path / "work"
    if not work.exists():
        git(tmp_path, "clone", "-q", "-b", "main", str(tmp_path / "remote"), str(work))
    if key is not None:
        sign_with(work, key)
        git(work, "config", "commit.gpgsign", "true")
    else:
        git(work, "config", "commit.gpgsign", "false")
    return push_file(tmp_path / "remote", work, path, text, unchecked=True)


def seen(control: Control, commit: str) -> None:
    wait_for(lambda: control.tip() == commit)


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "on a remote"])
def test_the_first_commit_is_signed(tmp_path: Path, signing: tuple[str, ...], shared: bool) -> None:
    """Whoever verifies every tip, as Flux does, finds nothing to complain of before the first write either."""
    options = remote(tmp_path) if shared else ()
    with running(tmp_path / "repo", *signing, *options) as control:
        first = control.tip()
        signers = allow(tmp_path / "signers", Signer.load(tmp_path / "own"))
        where = tmp_path / ("remote" if shared else "repo")
        assert git(where, "rev-parse", "main") == first
        git(where, "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-commit", first)
        # The log is what a damaged branch is mended from.
        assert git(tmp_path / "repo", "reflog", "--format=%H", "main") == first
        assert control.put("game/a", document({"n": 1})).status_code == 200


def test_what_nobody_signed_is_not_built_on(tmp_path: Path, signing: tuple[str, ...]) -> None:
    with running(tmp_path / "repo", *signing, *remote(tmp_path)) as control:
        good = control.put("game/a", document({"n": 1})).json()["commit"]
        planted = pushed(tmp_path)
        seen(control, planted)
        etag = control.get("game/a").json()["etag"]
        refused = control.put("game/a", document({"n": 2}), etag)
        assert refused.status_code == 503, refused.text
        detail = refused.json()["detail"]
        assert planted in detail and "no signature" in detail and "--allowed-signers" in detail
        assert git(tmp_path / "remote", "rev-parse", "main") == planted, "nothing of ours is on top"
        # Somebody takes it back by a commit that is signed.
        git(tmp_path / "remote", "update-ref", "refs/heads/main", good)
    with running(tmp_path / "other", *signing, *remote(tmp_path)) as control:
        assert control.put("game/a", document({"n": 2}), etag).status_code == 200
        assert control.get("game/b").status_code == 404


def test_a_restart_forgives_nothing(tmp_path: Path, signing: tuple[str, ...]) -> None:
    with running(tmp_path / "repo", *signing, *remote(tmp_path)) as control:
        assert control.put("game/a", document({"n": 1})).status_code == 200
        planted = pushed(tmp_path)
        seen(control, planted)
    with running(tmp_path / "repo", *signing, *remote(tmp_path)) as control:
        assert control.put("game/c", document({"n": 2})).status_code == 503
    with running(tmp_path / "repo", *signing, *remote(tmp_path), "--adopt", planted) as control:
        assert control.put("game/c", document({"n": 2})).status_code == 200, "an operator has looked at it"
    with running(tmp_path / "repo", *signing, *remote(tmp_path)) as control:
        assert control.put("game/d", document({"n": 2})).status_code == 200, "ours is on top now"


def test_what_an_allowed_signer_pushed_is_built_on(tmp_path: Path, signing: tuple[str, ...], allowed: Path) -> None:
    options = (*signing, *remote(tmp_path), "--allowed-signers", str(allowed))
    with running(tmp_path / "repo", *options) as control:
        assert control.put("game/a", document({"n": 1})).status_code == 200
        seen(control, pushed(tmp_path, tmp_path / "operator"))
        assert control.put("game/c", document({"n": 1})).status_code == 200 and values(control, "game/b") == {"n": 7}
        stranger = make_key(tmp_path / "stranger")
        seen(control, pushed(tmp_path, tmp_path / "stranger", "bundles/game/b.yaml", TEXT.replace("7", "8")))
        refused = control.put("game/d", document({"n": 1}))
        assert refused.status_code == 503 and "is not in" in refused.json()["detail"]
        # The file is read again; a key of it counts at once.
        allowed.write_text(f"{allowed.read_text()}stranger@else {stranger.public}\n")
        assert control.put("game/d", document({"n": 1})).status_code == 200


def test_an_overlay_that_nobody_signed_is_not_rendered(tmp_path: Path, signing: tuple[str, ...]) -> None:
    """The commit that renders what was pushed is one of ours, too."""
    with running(tmp_path / "repo", *signing, *remote(tmp_path)) as control:
        for name, values in (("game/b", {"n": 1}), ("game/b/overlays/prod", {"m": 1})):
            assert control.put(name, document(values)).status_code == 200
        planted = pushed(tmp_path)
        seen(control, planted)
        wait_for(lambda: "cannot be rendered" in control.log.read_text())
        assert control.tip() == planted


def test_a_push_to_the_repository_itself_has_to_be_signed(
    tmp_path: Path, signing: tuple[str, ...], allowed: Path
) -> None:
    repo, work = tmp_path / "repo", tmp_path / "work"
    with running(repo, *signing, "--allowed-signers", str(allowed)) as control:
        assert control.put("game/a", document({"n": 1})).status_code == 200
        git(tmp_path, "clone", "-q", "-b", "main", str(repo), str(work))
        (work / "bundles/game/b.yaml").write_text(TEXT)
        git(work, "add", "-A")
        git(work, "commit", "-q", "-m", "By hand")
        push = ["git", "-C", str(work), "push", "-q", "origin", "HEAD:main"]
        done = subprocess.run(push, capture_output=True, text=True, timeout=30)
        assert done.returncode != 0 and "no signature" in done.stderr and "--allowed-signers" in done.stderr
        sign_with(work, tmp_path / "operator")
        identity = {
            f"GIT_{who}_{what}": "someone@else" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        amend = ["git", "-C", str(work), "commit", "-q", "--amend", "-S", "--no-edit"]
        subprocess.run(amend, check=True, env={**os.environ, **identity})
        done = subprocess.run(push, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        assert control.put("game/c", document({"n": 1})).status_code == 200 and values(control, "game/b") == {"n": 7}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--adopt", "1" * 40], "give --sign too"),
        (["--allowed-signers", "x"], "give --sign too"),
        (["--sign", "own", "--adopt", "main"], "not a commit id"),
        (["--sign", "own", "--allowed-signers", "none"], "cannot read the allowed signers"),
    ],
)
def test_what_cannot_be_followed_is_said_at_the_start(tmp_path: Path, options: list[str], said: str) -> None:
    make_key(tmp_path / "own")
    paths = [str(tmp_path / text) if text in ("own", "none", "x") else text for text in options]
    with pytest.raises(AssertionError) as refused, running(tmp_path / "repo", *paths):
        pass
    assert said in refused.value.__notes__[0]
