"""`configedge sync git --hint`: a control plane says that there is a newer commit; what is taken comes from Git."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from configedge.control import upkeep
from configedge.sync.git import GitSource
from configedge.sync.hint import Hinted
from configedge.sync.pump import Pump, Revision
from configedge.sync.server import Server
from tests.support.control import Control, document, git, running
from tests.support.people import asking, person
from tests.support.relay import wait_for
from tests.sync.test_exporter import commit_of, syncing

# Longer than a test: what arrives came by a hint.
NEVER = 600.0


class Counted(GitSource):
    """A Git source that counts how often it asked the remote."""

    fetches = 0

    def poll(self, known: str | None) -> Revision | None:
        self.fetches += 1
        return super().poll(known)


@dataclass
class Node:
    source: Counted
    spool: Path
    exported: list[str] = field(default_factory=list)

    def has(self, commit: str) -> None:
        arrived(self.spool, commit)


@contextmanager
def node(url: str, remote: Path, directory: Path, interval: float = NEVER) -> Iterator[Node]:
    source = Counted(str(remote), "main", None, directory / "cache")
    hinted = Hinted(source, Server(url, None), interval)
    made = Node(source, directory / "spool")
    pump = Pump(hinted, made.spool, hinted.pause, lambda revision: made.exported.append(revision.commit))
    with hinted.listening(pump.wake), pump:
        yield made


def put(control: Control, bundle: str) -> str:
    return str(control.put(bundle, document({"n": 1})).raise_for_status().json()["commit"])


def arrived(spool: Path, commit: str) -> None:
    wait_for(lambda: commit_of(spool) == commit, 60)


def waiting(control: Control) -> int:
    lines = control.http.get("/metrics").text.splitlines()
    return int(float(next(one.split()[1] for one in lines if one.startswith("configedge_control_waiting_nodes "))))


def test_a_commit_is_fetched_when_it_is_told_and_not_at_the_next_look(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        options = ("--interval", str(NEVER), "--hint", control.url)
        with syncing(tmp_path / "repo", tmp_path / "spool", tmp_path / "cache", *options) as process:
            wait_for(lambda: waiting(control) == 1, 60)
            for number in range(3):
                commit = put(control, f"game/a{number}")
                arrived(tmp_path / "spool", commit)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=10)
            assert process.returncode == 0 and f"hints come from {control.url}" in said


def test_a_burst_is_at_most_one_fetch_a_commit_and_ends_with_the_last(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control, node(control.url, tmp_path / "repo", tmp_path) as one:
        wait_for(lambda: waiting(control) == 1, 60)
        one.has(control.tip())
        before = one.source.fetches
        commits = [put(control, f"game/a{number}") for number in range(30)]
        one.has(commits[-1])
        assert one.source.fetches - before <= len(commits)
        assert len(one.exported) == len(set(one.exported)), "nothing is exported twice"


def test_a_mirror_stays_small_however_many_commits_were_fetched(tmp_path: Path) -> None:
    with running(tmp_path / "repo", "--rate", "0,0") as control:
        source = GitSource(str(tmp_path / "repo"), "main", None, tmp_path / "cache")
        known = None
        for number in range(upkeep.PACKS_LIMIT + 5):
            commit = put(control, f"game/a{number}")
            revision = source.poll(known)
            assert revision is not None and revision.commit == commit
            known = commit
        (mirror,) = (tmp_path / "cache").iterdir()
        assert upkeep.packs(mirror) >= upkeep.PACKS_LIMIT
        assert source.poll(known) is None and upkeep.packs(mirror) < 20
        newest = put(control, "game/b")
        revision = source.poll(known)
        assert revision is not None and revision.commit == newest and len(revision.files) == upkeep.PACKS_LIMIT + 6


def test_what_is_here_already_is_neither_fetched_nor_exported_again(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control, node(control.url, tmp_path / "repo", tmp_path) as one:
        port = control.url.rpartition(":")[2]
        commit = put(control, "game/a")
        one.has(commit)
        fetches, link = one.source.fetches, os.readlink(one.spool / "..data")
        control.kill()
        with running(tmp_path / "repo", "--port", port) as again:
            # It is told the tip when it comes back.
            wait_for(lambda: waiting(again) == 1, 60)
            newer = put(again, "game/b")
            one.has(newer)
            # One for what is new; one more if it was away for long enough to look without hints.
            assert one.source.fetches - fetches in (1, 2) and one.exported.count(commit) == 1
            assert os.readlink(one.spool / "..data") != link


def test_commits_made_while_the_control_plane_was_away_are_told_when_it_is_back(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control, node(control.url, tmp_path / "repo", tmp_path) as one:
        port = control.url.rpartition(":")[2]
        one.has(put(control, "game/a"))
        control.kill()
        with running(tmp_path / "repo") as elsewhere:
            missed = put(elsewhere, "game/b")
        with running(tmp_path / "repo", "--port", port):
            one.has(missed)


def test_a_hint_that_is_quicker_than_the_commit_is_looked_for_again(tmp_path: Path) -> None:
    """As when the node's remote is a mirror, which gets the commit a moment later."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "mirror")
    with running(tmp_path / "repo") as control:
        git(tmp_path / "repo", "push", "-q", str(tmp_path / "mirror"), "main")
        with node(control.url, tmp_path / "mirror", tmp_path) as one:
            wait_for(lambda: waiting(control) == 1, 60)
            one.has(control.tip())
            before = one.source.fetches
            commit = put(control, "game/a")
            wait_for(lambda: one.source.fetches >= before + 2, 60)
            assert commit_of(one.spool) != commit
            git(tmp_path / "repo", "push", "-q", str(tmp_path / "mirror"), "main")
            one.has(commit)


def test_without_hints_the_looks_go_on(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        options = ("--hint", "http://127.0.0.1:1")
        with syncing(tmp_path / "repo", tmp_path / "spool", tmp_path / "cache", *options) as process:
            commit = put(control, "game/a")
            arrived(tmp_path / "spool", commit)
            assert process.stderr is not None
            assert any("no hints, looking every 0.1 s: cannot reach" in line for line in process.stderr)


def test_a_token_of_the_least_role_does_and_a_wrong_one_is_said_once(tmp_path: Path) -> None:
    with asking(tmp_path / "repo") as control:
        least = person(control, "node", "viewer", namespace="none")
        secret = least.headers["authorization"].removeprefix("Bearer ")
        (tmp_path / "token").write_text(secret)
        options = ("--interval", str(NEVER), "--hint", control.url, "--hint-token-file", str(tmp_path / "token"))
        with syncing(tmp_path / "repo", tmp_path / "spool", tmp_path / "cache", *options) as process:
            wait_for(lambda: waiting(control) == 1, 60)
            commit = put(control, "game/a")
            arrived(tmp_path / "spool", commit)
            command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert secret.encode() not in command
            process.send_signal(signal.SIGTERM)
            assert secret not in "".join(process.communicate(timeout=10))
        (tmp_path / "token").write_text("cet_wrong")
        with syncing(tmp_path / "repo", tmp_path / "spool2", tmp_path / "cache2", *options) as process:
            assert process.stderr is not None
            told = next(line for line in process.stderr if "no hints" in line)
            assert "answered 401" in told and "cet_wrong" not in told
            arrived(tmp_path / "spool2", commit)


def test_a_commit_that_nobody_signed_is_told_and_never_taken(tmp_path: Path) -> None:
    (tmp_path / "signers").write_text(
        "ops ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJr4Sx0rbgU8m9ZGJGLkzXvJ5Wl9iD8kqv0bS9Vw3n2E\n"
    )
    with running(tmp_path / "repo") as control:
        options = ("--interval", str(NEVER), "--hint", control.url, "--allowed-signers", str(tmp_path / "signers"))
        with syncing(tmp_path / "repo", tmp_path / "spool", tmp_path / "cache", *options) as process:
            wait_for(lambda: waiting(control) == 1, 60)
            commit = put(control, "game/a")
            assert process.stderr is not None
            assert any("not exported" in line and commit in line for line in process.stderr)
            assert commit_of(tmp_path / "spool") is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--hint", "config.example"), "--hint is not a URL"),
        (("--hint", "https://user:canary@config.example"), "--hint is not a URL"),
        (("--hint", "http://config.example", "--hint-token-file", "x"), "--hint: config.example would get the token"),
        (("--hint-token-file", "x"), "give --hint too"),
        (("--hint", "http://127.0.0.1:1", "--branch", "next"), "--hint is of the branch main"),
    ],
)
def test_an_option_that_cannot_be_followed_is_named(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote")
    command = [sys.executable, "-m", "configedge.cli", "sync", "git", "--remote", str(tmp_path / "remote"), "--once"]
    command += ["--spool", str(tmp_path / "spool"), "--cache", str(tmp_path / "cache"), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and said in done.stderr and "canary" not in done.stderr, done.stderr


def test_a_server_that_says_nothing_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, running(tmp_path / "repo") as control:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = ("--interval", str(NEVER), "--hint", url)
        with syncing(tmp_path / "repo", tmp_path / "spool", tmp_path / "cache", *options) as process:
            arrived(tmp_path / "spool", control.tip())
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
