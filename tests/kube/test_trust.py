"""Commits that nobody trusted signed: the real Flux applies none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from configedge.kube.receiver import Receiver
from tests.kube.cluster import GAME
from tests.kube.way import SOURCE, Way, revision, soon, way
from tests.support.control import document as body
from tests.support.control import git, push_file
from tests.support.signing import make_key, sign_with


@pytest.fixture(scope="module")
def run(controllers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    with way(tmp_path_factory.mktemp("trust")) as running:
        commit = running.put("matchmaking", {"weight": 1})
        soon(lambda: running.applied() == commit)
        yield running


def look(run: Way) -> None:
    """Has Flux look at the repository, as whoever pushes past the control plane would."""
    url = (run.directory / "receiver-url").read_text().strip()
    Receiver(url, run.directory / "receiver-token").tell("hint")


def refused(run: Way) -> dict[str, str]:
    ready = run.condition(SOURCE)
    return ready if ready.get("status") == "False" else {}


@pytest.fixture
def work(run: Way, tmp_path: Path) -> Iterator[Path]:
    """A clone of the remote; afterwards the remote is as the control plane left it."""
    good = git(run.git.repo, "rev-parse", "main")
    yield tmp_path / "work"
    git(run.git.repo, "update-ref", "refs/heads/main", good)
    look(run)
    soon(lambda: not refused(run) and revision(run.admin.get(SOURCE)["status"]["artifact"]["revision"]) == good)


def document(values: dict[str, Any], name: str = "matchmaking") -> str:
    metadata = {"name": name, "namespace": GAME}
    resource = {"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": metadata}
    return yaml.safe_dump({**resource, "spec": {"values": values}})


def test_nothing_is_built_on_what_nobody_signed(run: Way, work: Path) -> None:
    """Else the control plane's next signature would speak for it, too."""
    unsigned = push_file(run.git.repo, work, f"bundles/{GAME}/another.yaml", document({"a": 666}, "another"))
    reply = run.control.put(f"{GAME}/later", body({"a": 1}))
    assert reply.status_code == 503 and unsigned[:12] in reply.text, reply.text
    look(run)
    soon(lambda: refused(run))
    assert run.values("another") is None and run.values("later") is None


@pytest.mark.parametrize("signed_by", ["nobody", "a stranger"])
def test_what_nobody_trusted_signed_is_never_applied(run: Way, work: Path, tmp_path: Path, signed_by: str) -> None:
    before, applied = run.values("matchmaking"), run.applied()
    git(tmp_path, "clone", "-q", "-b", "main", str(run.git.repo), str(work))
    if signed_by == "a stranger":
        make_key(tmp_path / "stranger")
        sign_with(work, tmp_path / "stranger")
    push_file(run.git.repo, work, f"bundles/{GAME}/matchmaking.yaml", document({"weight": 666}))
    look(run)
    told = soon(lambda: refused(run))
    assert told["reason"] == "InvalidCommitSignature", told
    assert (run.values("matchmaking"), run.applied()) == (before, applied)


def test_an_altered_commit_is_never_applied(run: Way, work: Path) -> None:
    """The control plane's own signature, over another tree."""
    before, repo = run.values("matchmaking"), run.git.repo
    commit = git(repo, "cat-file", "commit", "main")
    blob = git(repo, "hash-object", "-w", "--stdin", stdin=document({"weight": 666}).encode())
    game = _tree_with(repo, "main:bundles/" + GAME, "matchmaking.yaml", blob, "blob")
    bundles = _tree_with(repo, "main:bundles", GAME, game, "tree")
    root = _tree_with(repo, "main:", "bundles", bundles, "tree")
    forged = commit.replace(git(repo, "rev-parse", "main^{tree}"), root, 1)
    tip = git(repo, "hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{forged}\n".encode())
    git(repo, "update-ref", "refs/heads/main", tip)
    look(run)
    told = soon(lambda: refused(run))
    assert told["reason"] == "InvalidCommitSignature", told
    assert run.values("matchmaking") == before


def _tree_with(repo: Path, tree: str, name: str, content: str, kind: str) -> str:
    """The tree with one entry replaced."""
    lines = [line for line in git(repo, "ls-tree", tree).splitlines() if line.partition("\t")[2] != name]
    mode = "040000" if kind == "tree" else "100644"
    return git(repo, "mktree", stdin="\n".join([*lines, f"{mode} {kind} {content}\t{name}", ""]).encode())
