"""`configedge wait` and `configedge status --fleet`: who serves what, for pipelines and for people."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from configedge.control.fleet import INTERVAL_S
from tests.cli.shell import COMMAND, PYTHON, call, environment, run, run_json, write
from tests.cli.test_completion import completed
from tests.support.control import Control, running
from tests.support.nodes import beat
from tests.support.relay import wait_for


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Control]:
    """A control plane whose fleet is one's own."""
    with running(tmp_path / "repo") as control:
        yield control


def put(control: Control, tmp_path: Path, value: int, name: str = "a") -> str:
    if control.get(f"game/{name}").status_code == 200:
        patch = f'{{"spec":{{"values":{{"n":{value}}}}}}}'
        return str(run_json("patch", f"game/{name}", patch, server=control.url)["commit"])
    return str(run_json("put", write(tmp_path, name, {"n": value}), server=control.url)["commit"])


@contextmanager
def beating(control: Control, nodes: dict[str, str]) -> Iterator[None]:
    """These nodes report these commits, until the end."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.5):
            for node, commit in nodes.items():
                beat(control, node, commit)

    thread = threading.Thread(target=work)
    for node, commit in nodes.items():
        beat(control, node, commit)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_it_ends_when_enough_nodes_have_the_commit(alone: Control, tmp_path: Path) -> None:
    first, second = put(alone, tmp_path, 1), put(alone, tmp_path, 2)
    nodes = {f"n{at}": first for at in range(3)}
    with beating(alone, nodes), ThreadPoolExecutor() as pool:
        waiting = pool.submit(call, "wait", second[:8], "--nodes", "3", "--timeout", "60s", server=alone.url)
        nodes["n0"] = nodes["n1"] = second
        assert run("wait", second, "--nodes", "2", "--timeout", "1m", server=alone.url).startswith("reached")
        assert not waiting.done()
        nodes["n2"] = put(alone, tmp_path, 3)
        done = waiting.result(90)
        assert done.returncode == 0 and f"{second[:12]} on 3 of 3 nodes, 3 wanted" in done.stdout


def test_a_share_is_of_all_that_answer_and_not_of_those_that_were_quick(alone: Control, tmp_path: Path) -> None:
    tip = put(alone, tmp_path, 1)
    with beating(alone, {"n0": tip, "n1": tip}):
        done = run_json("wait", tip, "--timeout", "60s", server=alone.url)
    assert (done["reached"], done["nodes"], done["wanted"], done["done"]) == (2, 2, 2, True)
    assert done["settled"], "the control plane had run for long enough to know all"


def test_not_in_time_is_exit_code_3_and_who_is_missing(alone: Control, tmp_path: Path) -> None:
    first, second = put(alone, tmp_path, 1), put(alone, tmp_path, 2)
    beat(alone, "late", first, environment="prod", region="eu")
    problem = "game.a.yaml:5: spec.values.n: schema"
    beat(alone, "unwilling", second, state="degraded", problems=[problem])
    beat(alone, "good", second)
    done = call("wait", second, "--nodes", "3", "--timeout", "500ms", server=alone.url)
    assert done.returncode == 3 and "not in time" in done.stderr and "on 1 of 3 nodes, 3 wanted" in done.stderr
    late, unwilling = (line for line in done.stdout.splitlines() if line.startswith(("late", "unwilling")))
    assert "prod.eu" in late and first[:12] in late and "has an older one" in late
    assert "refuses something of it" in unwilling and problem in unwilling
    told = run_json("wait", second, "--nodes", "3", "--timeout", "0", server=alone.url, code=3)
    assert {node["node"]: node["why"] for node in told["missing"]} == {"late": "behind", "unwilling": "refuses"}
    other = run_json("wait", second, "--nodes", "2", "--timeout", "0", "--namespace", "shop", server=alone.url)
    assert other["reached"] == 3, "in shop all have the same"
    assert (
        run_json("wait", second, "--nodes", "1", "--timeout", "0", "-e", "prod", server=alone.url, code=3)["nodes"] == 1
    )


def test_without_a_time_it_also_waits_for_as_long_as_nodes_do_between_heartbeats(
    alone: Control, tmp_path: Path
) -> None:
    first, second = put(alone, tmp_path, 1), put(alone, tmp_path, 2)
    beat(alone, "n", first)
    # Half a minute in place of nothing would be a long test.
    script = "from configedge.cli import main, wait; wait._TIMEOUT_S = 0.0; main()"
    command = [PYTHON, "-c", script, "wait", second, "--json"]
    done = subprocess.run(command, env=environment(alone.url), capture_output=True, text=True, timeout=60)
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert told["next_s"] == INTERVAL_S and told["seconds"] >= INTERVAL_S and told["nodes"] == 1


def test_without_nodes_nothing_is_reached(alone: Control, tmp_path: Path) -> None:
    done = call("wait", put(alone, tmp_path, 1), "--timeout", "0", server=alone.url)
    assert done.returncode == 3 and "no node reports" in done.stderr


def test_what_is_no_commit_is_an_error_at_once(control: Control) -> None:
    assert "there is no commit" in run("wait", "f" * 40, "--timeout", "1h", server=control.url, code=1)
    assert "no commit begins so" in run("wait", "ffffffff", "--timeout", "1h", server=control.url, code=2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--nodes", "0"), "--nodes '0' is no number of nodes"),
        (("--nodes", "101%"), "--nodes '101%' is no number of nodes"),
        (("--nodes", "all"), "--nodes 'all' is no number of nodes"),
        (("--timeout", "soon"), "--timeout 'soon' is no time"),
        (("--timeout", "-1s"), "--timeout '-1s' is no time"),
    ],
)
def test_an_option_that_cannot_be_followed_is_named(control: Control, options: tuple[str, ...], said: str) -> None:
    assert said in run("wait", "f" * 40, *options, server=control.url, code=2)


def test_it_waits_through_a_restart_of_the_control_plane(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control, ThreadPoolExecutor() as pool:
        tip, port = put(control, tmp_path, 1), control.url.rpartition(":")[2]
        waiting = pool.submit(call, "wait", tip, "--nodes", "1", "--timeout", "100s", server=control.url)
        wait_for(lambda: "GET /v1/fleet/commits" in control.log.read_text(), 60)
        control.kill()
        with running(tmp_path / "repo", "--port", port) as again:
            beat(again, "n", tip)
            assert waiting.result(110).returncode == 0


def test_one_that_is_out_of_reach_is_exit_code_2() -> None:
    assert "cannot reach" in run("wait", "f" * 40, server="http://127.0.0.1:1", code=2)


def test_a_terminal_shows_how_far_it_is(alone: Control, tmp_path: Path) -> None:
    tip = put(alone, tmp_path, 1)
    beat(alone, "n", tip)
    ours, theirs = pty.openpty()
    command = [COMMAND, "wait", tip, "--nodes", "2", "--timeout", "60s"]
    env = environment(alone.url, {"TERM": "xterm", "COLUMNS": "120"})
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=env)
    os.close(theirs)
    try:
        shown = b""
        while b"on 1 of 1 nodes, 2 wanted" not in shown:
            shown += os.read(ours, 4096)
        beat(alone, "m", tip)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0 and b"on 2 of 2 nodes" in out
    finally:
        process.kill()
        os.close(ours)


def test_commits_are_completed(control: Control, tmp_path: Path) -> None:
    tip = put(control, tmp_path, 1, "completed")
    assert completed(f"configedge wait {tip[:6]}", control.url) == [tip]


def test_the_fleet_is_shown_by_commit_with_who_lags_and_who_refuses(alone: Control, tmp_path: Path) -> None:
    first, second = put(alone, tmp_path, 1), put(alone, tmp_path, 2)
    problem = "game.a.yaml:5: spec.values.n: schema"
    for at in range(7):
        beat(alone, f"old-{at}", first)
    beat(alone, "new", second)
    for node in ("bad-1", "bad-2"):
        beat(alone, node, second, state="degraded", problems=[problem])
    said = run("status", "--fleet", server=alone.url)
    newest, old = (line.split() for line in said[said.index("What nodes serve") :].splitlines()[1:3])
    assert newest[:5] == [second[:12], "(newest)", "3", "2", "0"]
    assert old[:4] == [first[:12], "7", "0", "0"] and " ".join(old).endswith("old-3 old-4 and 2 more")
    assert f"2  {problem}  bad-1 bad-2" in said
    told = run_json("status", "--fleet", server=alone.url)["fleet"]["commits"]
    assert [(one["commit"], one["nodes"], one["refusing"]) for one in told] == [(second, 3, 2), (first, 7, 0)]
    assert told[0]["since"] <= told[0]["until"]
