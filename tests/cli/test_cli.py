from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import configedge.testing
from tests.support.control import Control, running

BUNDLE = """\
apiVersion: configedge.io/v1alpha1
kind: ConfigBundle
metadata: {name: life, namespace: game}
spec:
  values:
    ping: %s
  schema: {properties: {ping: {type: integer}}}
"""


def run(*arguments: object, server: str = "", stdin: str = "", code: int = 0) -> str:
    """What the command prints: on stdout if it succeeds, else on stderr."""
    environment = {**os.environ, "CONFIGEDGE_SERVER": server} if server else {**os.environ}
    command = [sys.executable, "-m", "configedge.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, input=stdin, env=environment, timeout=30)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    with running(tmp_path_factory.mktemp("cli") / "repo") as control:
        yield control


def test_a_bundle_is_put_read_patched_and_deleted(control: Control, tmp_path: Path) -> None:
    server = control.url
    file = tmp_path / "life.yaml"
    file.write_text(BUNDLE % 80)
    assert "dry run" in run("put", file, "--dry-run", server=server)
    first = json.loads(run("put", file, "--json", server=server))
    assert run("get", "game/life", server=server).startswith("apiVersion: configedge.io/v1alpha1\n")
    file.write_text(BUNDLE % 90)
    assert "written" in run("put", file, server=server)
    assert "unchanged" in run("put", file, server=server)
    assert "changed since" in run("put", file, "--if-match", first["etag"], server=server, code=1)
    assert "written" in run("patch", "game/life", '{"spec":{"values":{"ping":91}}}', server=server)
    assert "written" in run("patch", "game/life", "-", server=server, stdin='{"spec":{"values":{"ping":92}}}')
    assert "    ping: 92\n" in run("get", "game/life", server=server)
    assert "    ping: 80\n" in run("get", "game/life", "--at", first["commit"], server=server)
    assert run("ls", "--namespace", "game", server=server).startswith("game/life  ")
    log = run("log", "game/life", server=server).splitlines()
    assert [line.split("  ")[-1] for line in log] == ["Update game/life"] * 3 + ["Create game/life"]
    assert "deleted" in run("delete", "game/life", server=server)
    assert "no bundle" in run("get", "game/life", server=server, code=1)
    assert "no bundle" in run("delete", "game/life", server=server, code=1)
    assert "no bundle" in run("patch", "game/life", "{}", server=server, code=1)
    assert json.loads(run("log", "-n", 1, "--json", server=server))[0]["message"] == "Delete game/life"


def test_a_refused_bundle_names_the_line_of_the_file(control: Control, tmp_path: Path) -> None:
    file = tmp_path / "life.yaml"
    file.write_text(BUNDLE % "high")
    assert f"{file}:6:" in (said := run("put", file, server=control.url, code=1)) and "spec.values.ping" in said
    file.write_text(BUNDLE % 80)
    run("put", file, server=control.url)
    patch = '{"spec":{"values":{"ping":"high"}}}'
    assert "spec.values.ping" in run("patch", "game/life", patch, server=control.url, code=1)


def test_a_control_plane_out_of_reach_is_exit_code_2(tmp_path: Path) -> None:
    assert "cannot reach http://127.0.0.1:1" in run("ls", server="http://127.0.0.1:1", code=2)
    assert "not a URL" in run("ls", server="nonsense", code=2)
    assert "not a name" in run("get", "../x", code=2)
    run("put", tmp_path / "none.yaml", code=2)
    run("nonsense", code=2)


def test_check_names_what_is_wrong_in_a_tree(tmp_path: Path) -> None:
    (tmp_path / "bundles/game").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/broken.yaml").write_text("{")
    (tmp_path / "bundles/game/life.yaml").write_text(BUNDLE % 80)
    assert run("check", tmp_path) == "1 bundle, no problem\n"
    (tmp_path / "bundles/game/again.yaml").write_text(BUNDLE % 80)
    (tmp_path / "bundles/game/bad.json").write_text("{")
    said = run("check", tmp_path, code=1)
    assert "again.yaml" in said and "is also in" in said and "bad.json:1" in said
    (tmp_path / "empty").mkdir()
    assert "there is no" in run("check", tmp_path / "empty", code=2)


def test_a_snapshot_is_read_from_the_shell(tmp_path: Path) -> None:
    directory = tmp_path / "out"
    values = {"ping": 80, "motd": "hello", "regions": {"eu": [1.0, 2**70]}}
    configedge.testing.publish(directory, {"game": values}, "ab" * 20)
    assert run("get", "game.ping", "--dir", directory) == "80\n"
    assert run("get", "game.motd", "--dir", directory) == "hello\n"
    assert json.loads(run("get", "game.regions", "--dir", directory)) == values["regions"]
    assert "game.pong" in (said := run("get", "game.pong", "--dir", directory, code=1)) and "game.ping" in said
    assert json.loads(run("dump", "--dir", directory)) == {
        "generation": 1,
        "commit": "ab" * 20,
        "values": {"game": values},
    }
    assert "no snapshot directory" in run("get", "a", "--dir", tmp_path / "none", code=2)


def test_help_loads_nothing_heavy() -> None:
    heavy = ["fastapi", "pygit2", "httpx2", "yaml", "uvicorn"]
    code = f"import sys, configedge.cli; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
    assert "control" in run("--help")
    assert "--repo" in run("control", "--help")
