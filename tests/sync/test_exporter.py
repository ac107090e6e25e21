"""The exporter beside the control plane, and `configedge sync git`: from Git to a spool."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.control import document, git, push_file, running
from tests.support.relay import wait_for

SYNC = [sys.executable, "-m", "configedge.cli", "sync", "git"]
BUNDLE = """\
apiVersion: configedge.io/v1alpha1
kind: ConfigBundle
metadata: {{name: a, namespace: game}}
spec: {{values: {{n: {}}}}}
"""


def commit_of(spool: Path) -> str | None:
    try:
        return str(json.loads((spool / "..data/.configedge.json").read_text())["commit"])
    except FileNotFoundError:
        return None


def names(spool: Path) -> list[str]:
    return sorted(name for name in os.listdir(spool / "..data") if not name.startswith("."))


def test_each_commit_reaches_the_spool(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with running(tmp_path / "repo", "--spool", str(spool)) as control:
        made = control.put("game/a", document({"n": 1})).json()
        wait_for(lambda: commit_of(spool) == made["commit"])
        assert (spool / "..data/game.a.yaml").read_text() == git(
            control.repo, "show", "main:bundles/game/a.yaml"
        ) + "\n"
        manifest = json.loads((spool / "..data/.configedge.json").read_text())
        assert 0 < manifest["exported_at_ns"] / 1e9 - manifest["committed_at"] < 10
        gone = control.delete("game/a", made["etag"]).json()
        wait_for(lambda: commit_of(spool) == gone["commit"])
        assert names(spool) == []


def test_a_push_from_outside_reaches_the_spool(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with running(tmp_path / "repo", "--spool", str(spool)) as control:
        pushed = push_file(control.repo, tmp_path / "work", "bundles/game/a.yaml", BUNDLE.format(1))
        wait_for(lambda: commit_of(spool) == pushed)
        assert control.get("game/a").json()["document"]["spec"]["values"] == {"n": 1}


def test_the_tip_is_exported_at_start_and_one_namespace_if_asked(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        control.put("game/a", document({"n": 1}))
        tip = control.put("shop/b", document({"n": 1})).json()["commit"]
    spool = tmp_path / "spool"
    with running(tmp_path / "repo", "--spool", str(spool), "--namespace", "shop"):
        wait_for(lambda: commit_of(spool) == tip)
        assert names(spool) == ["shop.b.yaml"]


def test_an_export_that_fails_is_retried_and_shown(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with running(tmp_path / "repo", "--spool", str(spool)) as control:
        wait_for(lambda: control.http.get("/readyz").status_code == 200)
        shutil.rmtree(spool)
        spool.write_text("in the way")
        tip = control.put("game/a", document({"n": 1})).json()["commit"]
        wait_for(lambda: control.http.get("/readyz").status_code == 503)
        assert control.http.get("/readyz").json()["problems"][0]["key"] == "export"
        spool.unlink()
        wait_for(lambda: commit_of(spool) == tip)
        wait_for(lambda: control.http.get("/readyz").status_code == 200)


@contextmanager
def syncing(remote: Path, spool: Path, cache: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [
        *SYNC,
        "--remote",
        str(remote),
        "--spool",
        str(spool),
        "--cache",
        str(cache),
        "--interval",
        "0.1",
        *options,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def remote(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote")
    git(tmp_path, "clone", "-q", "remote", "work")
    git(tmp_path / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    git(tmp_path / "work", "push", "-q", "origin", "HEAD:main")
    return tmp_path / "remote"


def test_sync_follows_a_remote_and_keeps_the_last_good(tmp_path: Path) -> None:
    upstream, spool, work = remote(tmp_path), tmp_path / "spool", tmp_path / "work"
    first = push_file(upstream, work, "bundles/game/a.yaml", BUNDLE.format(1))
    with syncing(upstream, spool, tmp_path / "cache") as process:
        wait_for(lambda: commit_of(spool) == first)
        second = push_file(upstream, work, "bundles/game/a.yaml", BUNDLE.format(2))
        wait_for(lambda: commit_of(spool) == second)
        upstream.rename(tmp_path / "away")
        assert process.stderr is not None
        while "the last good stays" not in process.stderr.readline():
            pass
        assert names(spool) == ["game.a.yaml"] and commit_of(spool) == second
        (tmp_path / "away").rename(upstream)
        third = push_file(upstream, work, "bundles/game/a.yaml", BUNDLE.format(3))
        wait_for(lambda: commit_of(spool) == third)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0


def test_sync_once_exports_and_ends(tmp_path: Path) -> None:
    upstream, spool = remote(tmp_path), tmp_path / "spool"
    tip = push_file(upstream, tmp_path / "work", "bundles/shop/a.yaml", BUNDLE.format(1))
    options = ["--once", "--cache", str(tmp_path / "cache"), "--spool", str(spool)]
    command = [*SYNC, "--remote", f"file://{upstream}", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith(tip), done.stderr
    assert commit_of(spool) == tip and names(spool) == ["shop.a.yaml"]


def test_sync_says_what_is_wrong(tmp_path: Path) -> None:
    upstream = remote(tmp_path)
    for options, code, said in (
        (["--remote", str(tmp_path / "none")], 1, "cannot fetch"),
        (["--remote", str(upstream), "--branch", "none"], 1, "no branch 'none'"),
        (["--remote", str(upstream), "--branch", "../x"], 2, "not a branch name"),
        (["--remote", str(upstream), "--namespace", ".."], 2, "not a name"),
    ):
        common = ["--once", "--cache", str(tmp_path / "cache"), "--spool", str(tmp_path / "spool")]
        done = subprocess.run([*SYNC, *options, *common], capture_output=True, text=True)
        assert done.returncode == code and said in done.stderr, done.stderr
        assert not (tmp_path / "spool" / "..data").exists()
