"""`configedge sync git --allowed-signers`, and the proof that exporters write beside the files."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pygit2

from configedge.sync import proof
from configedge.sync.git import GitSource
from configedge.sync.pump import Pump, every
from tests.support.control import git, push_file, running
from tests.support.relay import wait_for
from tests.support.signing import allow, commit_files, make_key, need_ssh_keygen, sign_with
from tests.sync.test_exporter import BUNDLE, SYNC, commit_of, names, remote, syncing

A, B, SHOP = "bundles/game/a.yaml", "bundles/game/b.yaml", "bundles/shop/c.yaml"


def proof_of(spool: Path) -> dict[str, bytes]:
    directory = spool / "..data/.proof"
    return {name: (directory / name).read_bytes() for name in os.listdir(directory)} if directory.exists() else {}


def test_only_what_an_allowed_signer_signed_is_exported(tmp_path: Path) -> None:
    need_ssh_keygen()
    upstream, spool, work = remote(tmp_path), tmp_path / "spool", tmp_path / "work"
    mine, other = make_key(tmp_path / "mine"), make_key(tmp_path / "other")
    allowed = allow(tmp_path / "allowed", mine)
    sign_with(work, tmp_path / "mine")
    first = push_file(upstream, work, A, BUNDLE.format(1))
    with syncing(upstream, spool, tmp_path / "cache", "--allowed-signers", str(allowed)) as process:
        errors = process.stderr
        assert errors is not None

        def said(*words: str) -> None:
            while not all(word in line for line in [errors.readline()] for word in words):
                assert process.poll() is None

        wait_for(lambda: commit_of(spool) == first)
        git(work, "config", "commit.gpgsign", "false")
        unsigned = push_file(upstream, work, A, BUNDLE.format(2))
        said(f"commit {unsigned} is not signed by anyone in {allowed}", "it has no signature")
        sign_with(work, tmp_path / "other")
        foreign = push_file(upstream, work, A, BUNDLE.format(3))
        said(f"commit {foreign} is not signed by anyone in {allowed}", "its key SHA256:")
        assert commit_of(spool) == first and (spool / "..data/game.a.yaml").read_text() == BUNDLE.format(1)
        # The list is read again: the other may sign from here on, and the first may not any more.
        allow(allowed, other)
        wait_for(lambda: commit_of(spool) == foreign)
        allow(allowed, mine)
        said(f"commit {foreign} is not signed by anyone in {allowed}")
        assert commit_of(spool) == foreign
        allowed.write_text("nonsense\n")
        said(f"commit {foreign} cannot be verified", "allowed:1:")
        sign_with(work, tmp_path / "mine")
        last = push_file(upstream, work, A, BUNDLE.format(4))
        allow(allowed, other, mine)
        wait_for(lambda: commit_of(spool) == last)


def test_sync_once_refuses_what_nobody_signed(tmp_path: Path) -> None:
    upstream, allowed = remote(tmp_path), allow(tmp_path / "allowed", make_key(tmp_path / "mine"))
    push_file(upstream, tmp_path / "work", A, BUNDLE.format(1))
    spool = tmp_path / "spool"
    for signers, said in ((allowed, "is not signed by anyone"), (tmp_path / "none", "cannot read the allowed signers")):
        options = ["--once", "--remote", str(upstream), "--spool", str(spool), "--cache", str(tmp_path / "cache")]
        command = [*SYNC, *options, "--allowed-signers", str(signers)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1 and said in done.stderr, done.stderr
        assert not (spool / "..data").exists()


def test_the_proof_leads_from_the_commit_to_each_directory(tmp_path: Path) -> None:
    repo = pygit2.init_repository(str(tmp_path / "repo"), bare=True, initial_head="main")
    files = {
        A: b"a",
        B: b"b",
        SHOP: b"c",
        "policies/manifest.yaml": b"m",
        "docs/deep/x": b"x",
        "bundles/Bad/x.yaml": b"x",
    }
    key = make_key(tmp_path / "key")
    commit, allowed = commit_files(repo, files, key), allow(tmp_path / "allowed", key)
    spool = tmp_path / "spool"
    source = GitSource(str(tmp_path / "repo"), "main", None, tmp_path / "cache", allowed)
    assert Pump(source, spool, every(1.0)).once()
    found = proof_of(spool)
    content = found.pop("commit")
    assert hashlib.sha1(b"commit %d\0" % len(content) + content).hexdigest() == commit
    for name, tree in found.items():
        assert hashlib.sha1(b"tree %d\0" % len(tree) + tree).hexdigest() == name
    paths = ("", "bundles", "bundles/game", "bundles/shop", "policies")
    assert set(found) == {git(tmp_path / "repo", "rev-parse", f"main:{path}") for path in paths}
    assert names(spool) == ["game.a.yaml", "game.b.yaml", "policies", "shop.c.yaml"]


def test_a_proof_has_all_directories_above_those_asked_for(tmp_path: Path) -> None:
    repo = pygit2.init_repository(str(tmp_path / "repo"), bare=True, initial_head="main")
    key = make_key(tmp_path / "key")
    commit = commit_files(repo, {"rendered/prod/game/a.yaml": b"a", "rendered/test/x/b.yaml": b"b", A: b"a"}, key)
    wanted = list(proof.directories(repo, commit, top="rendered/prod"))
    assert wanted == ["policies", "rendered", "rendered/prod", "rendered/prod/game"]
    found = proof.of(repo, commit, [*wanted, "none/at/all", f"{A}/x"])
    paths = ("", "rendered", "rendered/prod", "rendered/prod/game", "bundles", "bundles/game")
    assert set(found) == {"commit", *(git(tmp_path / "repo", "rev-parse", f"main:{path}") for path in paths)}
    assert list(proof.directories(repo, commit, "other")) == ["policies", "rendered", "bundles"]
    assert proof.of(repo, commit_files(repo, {A: b"b"}, None), wanted) == {}


def test_one_namespace_is_exported_with_its_own_proof(tmp_path: Path) -> None:
    repo = pygit2.init_repository(str(tmp_path / "repo"), bare=True, initial_head="main")
    commit_files(repo, {A: b"a", SHOP: b"c"}, make_key(tmp_path / "key"))
    spool = tmp_path / "spool"
    assert Pump(GitSource(str(tmp_path / "repo"), "main", "shop", tmp_path / "cache"), spool, every(1.0)).once()
    paths = ("", "bundles", "bundles/shop")
    assert set(proof_of(spool)) == {"commit", *(git(tmp_path / "repo", "rev-parse", f"main:{path}") for path in paths)}


def test_a_proof_torn_by_a_power_cut_is_written_again(tmp_path: Path) -> None:
    repo = pygit2.init_repository(str(tmp_path / "repo"), bare=True, initial_head="main")
    commit_files(repo, {A: b"a"}, make_key(tmp_path / "key"))
    spool = tmp_path / "spool"
    source = GitSource(str(tmp_path / "repo"), "main", None, tmp_path / "cache")
    assert Pump(source, spool, every(1.0)).once()
    whole, link = proof_of(spool), os.readlink(spool / "..data")
    assert Pump(source, spool, every(1.0)).once() and os.readlink(spool / "..data") == link, "it is there already"
    (spool / "..data/.proof/commit").write_bytes(b"")
    assert Pump(source, spool, every(1.0)).once() and proof_of(spool) == whole
    commit_files(repo, {A: b"b"}, None)
    assert Pump(source, spool, every(1.0)).once() and proof_of(spool) == {}


def test_the_control_plane_hands_on_the_proof_of_a_signed_tip(tmp_path: Path) -> None:
    need_ssh_keygen()
    spool, work = tmp_path / "spool", tmp_path / "work"
    make_key(tmp_path / "key")
    with running(tmp_path / "repo", "--spool", str(spool)) as control:
        git(tmp_path, "clone", "-q", "--no-local", "-b", "main", str(control.repo), "work")
        sign_with(work, tmp_path / "key")
        pushed = push_file(control.repo, work, A, BUNDLE.format(1))
        wait_for(lambda: commit_of(spool) == pushed)
        paths = ("", "bundles", "bundles/game")
        assert set(proof_of(spool)) == {"commit", *(git(control.repo, "rev-parse", f"main:{path}") for path in paths)}
