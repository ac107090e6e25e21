"""From a REST call to a value in a Python process, through every real part."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

import configedge
from configedge.cli import example
from configedge.cli.processes import Service, start_control, start_relay, stop_all
from tests.support.control import deliver
from tests.support.relay import bundle, wait_for

MERGE_PATCH = "application/merge-patch+json"


class Node:
    """A control plane and a relay on one machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.control = self.start_control()
        self.http = httpx2.Client(base_url=self.control.ready()["url"], timeout=20)
        example.push_if_empty(self.http, self.root / "repo.git")
        self.relay = self.start_relay()
        self.relay.ready()

    def start_control(self) -> Service:
        return start_control(self.root / "repo.git", self.root / "spool", 0, self.root / "control.log")

    def start_relay(self) -> Service:
        return start_relay(self.root / "spool", self.root / "out", self.root / "relay.log")

    def patch(self, values: object) -> httpx2.Response:
        headers = {"If-Match": self.http.get(example.PATH).headers["etag"], "Content-Type": MERGE_PATCH}
        return self.http.patch(example.PATH, content=json.dumps({"spec": {"values": values}}), headers=headers)


@contextmanager
def node(root: Path) -> Iterator[Node]:
    running = Node(root)
    try:
        yield running
    finally:
        stop_all([running.control, running.relay])
        running.http.close()


def test_a_push_is_read_by_a_service_with_its_commit(tmp_path: Path) -> None:
    with node(tmp_path) as here:
        cfg = configedge.open(tmp_path / "out")
        limit = cfg.handle("matchmaking.limits.retry_after_s", type=int)
        watch = cfg.watch("matchmaking.limits")
        for value in range(3, 13):
            commit = here.patch({"limits": {"retry_after_s": value}}).raise_for_status().json()["commit"]
            change = watch.next_change(10)
            assert change is not None
            assert change.commit == commit
            assert "matchmaking.limits.retry_after_s" in change.keys
            assert limit() == value == cfg["matchmaking.limits.retry_after_s"]


def test_a_refused_push_changes_nothing_anywhere(tmp_path: Path) -> None:
    with node(tmp_path) as here:
        cfg = configedge.open(tmp_path / "out")
        before = (cfg.generation, cfg.commit)
        answer = here.patch({"regions": {"eu-west-1": {"weight": "heavy"}}})
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["key"] == "spec.values.regions.eu-west-1.weight"
        here.patch({"limits": {"retry_after_s": 9}}).raise_for_status()
        wait_for(lambda: cfg["matchmaking.limits.retry_after_s"] == 9)
        assert cfg.generation == before[0] + 1
        assert cfg["matchmaking.regions.eu-west-1.weight"] == 1.0


def test_every_part_can_be_killed_and_comes_back_to_the_newest_commit(tmp_path: Path) -> None:
    with node(tmp_path) as here:
        cfg = configedge.open(tmp_path / "out")
        here.relay.kill()
        here.patch({"limits": {"retry_after_s": 5}}).raise_for_status()
        here.control.kill()
        assert cfg["matchmaking.limits.retry_after_s"] == 2
        here.relay = here.start_relay()
        # Acknowledged is in Git; whether the export came before the kill does not matter.
        here.control = here.start_control()
        here.http.close()
        here.http = httpx2.Client(base_url=here.control.ready()["url"], timeout=20)
        wait_for(lambda: cfg["matchmaking.limits.retry_after_s"] == 5)
        here.patch({"limits": {"retry_after_s": 6}}).raise_for_status()
        wait_for(lambda: cfg["matchmaking.limits.retry_after_s"] == 6)


def test_a_broken_commit_pushed_past_the_api_reaches_no_service(tmp_path: Path) -> None:
    with node(tmp_path) as here:
        cfg = configedge.open(tmp_path / "out")
        work = tmp_path / "work"
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(work)]
        subprocess.run(["git", "clone", "-q", str(tmp_path / "repo.git"), str(work)], check=True)
        (work / "bundles/treasure-hunt/matchmaking.yaml").write_text("rubbish: [")
        (work / "bundles/treasure-hunt/other.yaml").write_text(bundle({"a": 1}, "other", "treasure-hunt"))
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "by hand"], check=True)
        refused = subprocess.run([*git, "push", "-q", "origin", "HEAD:main"], capture_output=True, text=True)
        assert refused.returncode != 0 and "bundles/treasure-hunt/matchmaking.yaml" in refused.stderr
        # As from a remote elsewhere, where nobody checks.
        deliver(tmp_path / "repo.git", work, unchecked=True)
        wait_for(lambda: cfg.get("other.a") == 1)
        assert cfg["matchmaking.modes.duel.teams"] == 2
        status = json.loads((tmp_path / "out" / "status.json").read_text())
        assert status["state"] == "degraded"
        assert here.http.get("/healthz").status_code == 200


def test_up_runs_all_and_ctrl_c_stops_all(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "configedge.cli", "up", "--dir", str(tmp_path / "up"), "--port", "0"]
    up = subprocess.Popen(
        [*command, "--snapshots", str(tmp_path / "snapshots")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        cfg = configedge.open(tmp_path / "snapshots", wait=30)
        assert cfg["matchmaking.modes.duel.team_size"] == 1
        pid = cfg.health().relay_pid
        assert up.stdout is not None
        while "Ctrl-C stops all" not in (line := up.stdout.readline()):
            assert line, "up ended before it was up"
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=40) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    finally:
        up.kill()
        up.communicate()


def test_up_says_why_it_cannot(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    command = [sys.executable, "-m", "configedge.cli", "up", "--dir", str(blocked), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "configedge up:" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_claim_of_the_demo_holds() -> None:
    command = [sys.executable, "-m", "configedge.cli", "demo", "--plain", "--rate", "200"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NO " not in done.stdout
    assert "the first assignment under the new commit" in done.stdout
