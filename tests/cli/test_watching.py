"""Following a control plane from a shell, through its restarts; its state, and its nodes'."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.shell import COMMAND, PYTHON, environment, run, run_json, write
from tests.support.control import Control, running
from tests.support.nodes import beat
from tests.support.relay import wait_for


class Watch:
    """A `configedge watch` that runs, and the lines that it has printed so far."""

    def __init__(self, server: str, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.process = subprocess.Popen(
            [COMMAND, "watch", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(server, env),
        )
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            threading.Thread(target=lambda s, into: into.extend(iter(s.readline, "")), args=(stream, lines)).start()

    def told(self, what: str) -> bool:
        return any(what in line for line in (*self.out, *self.err))


@contextmanager
def watching(server: str, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Watch]:
    watch = Watch(server, *options, env=env)
    try:
        if "--json" in options:
            # It says nothing before the first event.
            time.sleep(2)
        else:
            wait_for(lambda: watch.told("now commit"), 20)
        yield watch
    finally:
        watch.process.kill()
        watch.process.wait()
        assert not watch.told("Traceback"), watch.err


def lines(watch: Watch) -> list[dict[str, Any]]:
    return [json.loads(line) for line in watch.out]


def test_commits_and_refusals_are_told_as_they_happen(control: Control, tmp_path: Path) -> None:
    with watching(control.url, "--diff") as everything, watching(control.url, "game/seen", "--json") as one:
        run("put", write(tmp_path, "seen", {"ping": 1}), "-m", "Look", server=control.url)
        run("put", write(tmp_path, "unseen", {"ping": 1}), server=control.url)
        schema = {"properties": {"ping": {"type": "integer"}}}
        run("put", write(tmp_path, "seen", {"ping": 1}, schema), server=control.url)
        run("patch", "game/seen", '{"spec":{"values":{"ping":"x"}}}', server=control.url, code=1)
        wait_for(lambda: everything.told("refused"))
        assert everything.told("Create game/seen: Look") and everything.told("+ ping  1")
        assert everything.told("game/unseen") and everything.told("schema spec.values.ping")
        wait_for(lambda: len([event for event in lines(one) if event["event"] == "commit"]) == 2)
        assert all(change["name"] == "seen" for event in lines(one) for change in event.get("changes", ()))


def test_no_commit_is_missed_when_the_control_plane_is_killed(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    with running(repo) as control:
        server, port = control.url, control.url.rpartition(":")[2]
        with watching(server) as watch, watching(server, "--json", "-n", "3") as counted:
            first = run_json("put", write(tmp_path, "one", {"a": 1}), server=server)["commit"]
            wait_for(lambda: watch.told(first[:12]) and first in "".join(counted.out))
            control.kill()
            wait_for(lambda: watch.told("the connection is lost"))
            # Commits of which it cannot hear, made while it is not connected.
            with running(repo) as elsewhere:
                second = run_json("put", write(tmp_path, "two", {"a": 1}), server=elsewhere.url)["commit"]
            with running(repo, "--port", port) as again:
                assert again.url == server
                third = run_json("put", write(tmp_path, "three", {"a": 1}), server=server)["commit"]
                wait_for(lambda: watch.told(third[:12]), 40)
                assert [line.split()[1] for line in watch.out if "Create" in line] == [
                    commit[:12] for commit in (first, second, third)
                ]
                assert counted.process.wait(30) == 0
                assert [event["commit"] for event in lines(counted)] == [first, second, third]
                assert watch.told("connected again") and len([x for x in watch.err if "is lost" in x]) == 1


def test_the_desktop_is_told_where_there_is_one(control: Control, tmp_path: Path) -> None:
    notices = tmp_path / "notices"
    command = tmp_path / "bin" / "notify-send"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nfor word in "$@"; do printf "%s|" "$word"; done >> {notices}\necho >> {notices}\n')
    command.chmod(0o755)
    with watching(control.url, "--notify", env={"PATH": f"{command.parent}:{os.environ['PATH']}"}) as watch:
        run("put", write(tmp_path, "desk", {"a": 1}), "-m", "<b>--bold", server=control.url)
        run("delete", "game/desk", "--if-match", "0" * 40, server=control.url, code=1)
        wait_for(lambda: watch.told("refused"))
        wait_for(lambda: notices.exists() and notices.read_text().count("\n") == 2)
    pushed, refused = notices.read_text().splitlines()
    assert pushed.startswith("ConfigEdge: Pushed|game/desk by ") and "&lt;b&gt;--bold" in pushed
    assert refused.startswith("ConfigEdge: Refused|game/desk by ") and "|-u|critical|" in refused


def test_without_a_desktop_it_says_so_once_and_goes_on(control: Control, tmp_path: Path) -> None:
    bare = {"DBUS_SESSION_BUS_ADDRESS": "", "PATH": "/nonexistent"}
    with watching(control.url, "--notify", env=bare) as watch:
        for value in (1, 2, 3):
            run("put", write(tmp_path, "deskless", {"a": value}), server=control.url)
        wait_for(lambda: len([line for line in watch.out if "game/deskless" in line]) >= 3)
        assert len([line for line in watch.err if "no desktop notifications" in line]) == 1


def test_nodes_that_stay_behind_are_told_after_a_while(tmp_path: Path) -> None:
    """A node is behind for a moment after every push, and a large fleet for longer; nobody wants to be told of that."""
    command = tmp_path / "notify-send"
    command.write_text(f'#!/bin/sh\necho "$1 $2" >> {tmp_path}/notices\n')
    command.chmod(0o755)
    script = """
import time
from configedge.cli.notify import Desktop
desktop = Desktop(patience_s=0.3)
nodes = lambda behind, lost=0: {"total": 9, "ready": 9 - behind - lost, "behind": behind, "lost": lost}
desktop.fleet(nodes(9)); time.sleep(0.05); desktop.fleet(nodes(0)); time.sleep(0.5)
desktop.fleet(nodes(2)); time.sleep(0.8)
desktop.fleet(nodes(2)); time.sleep(0.5)
desktop.fleet(nodes(0, 1)); desktop.fleet(nodes(1, 1)); desktop.fleet(nodes(0, 1)); time.sleep(0.5)
desktop.fleet({**nodes(3), "next_s": 60.0}); time.sleep(0.8); desktop.fleet({**nodes(0), "next_s": 60.0})
desktop.fleet({**nodes(4), "next_s": 0.2}); time.sleep(1.0)
"""
    env = environment(more={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    subprocess.run([PYTHON, "-c", script], env=env, check=True, timeout=30)
    assert (tmp_path / "notices").read_text().splitlines() == [
        "ConfigEdge: Nodes fall behind 2 of 9 nodes",
        "ConfigEdge: Nodes are silent 1 of 9 nodes",
        "ConfigEdge: Nodes fall behind 4 of 9 nodes",
    ]


def test_the_state_of_nodes_is_shown(control: Control, tmp_path: Path) -> None:
    tip = run_json("put", write(tmp_path, "fleet", {"a": 1}), server=control.url)["commit"]
    where = {"environment": "prod", "region": "eu", "generation": 7}
    beat(control, "node-1", tip, **where)
    beat(control, "node-2", "ab" * 20, state="degraded", problems=["a bundle is refused"], **where)
    said = run("status", "--nodes", server=control.url)
    assert "ready" in said and tip[:12] in said and "2: 1 ready, 1 behind, 0 lost" in said
    first, second = (line for line in said.splitlines() if line.startswith("node-"))
    assert first.split()[:5] == ["node-1", "prod.eu", "ok", "7", tip[:12]]
    assert "degraded" in second and second.endswith("a bundle is refused")
    assert run_json("status", server=control.url)["fleet"]["summary"]["total"] == 2


def test_a_control_plane_that_is_not_ready_is_exit_code_1(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with running(tmp_path / "repo", "--spool", str(spool)) as control:
        wait_for(lambda: (spool / "..data").exists())
        spool.rename(tmp_path / "gone")
        spool.write_text("a file is in its place")
        run("put", write(tmp_path, "stuck", {"a": 1}), server=control.url)
        wait_for(lambda: control.http.get("/readyz").status_code == 503)
        done = run("status", server=control.url, code=1)
        assert done == ""
        assert run_json("status", server=control.url, code=1)["problem"]
