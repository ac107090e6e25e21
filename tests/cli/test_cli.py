from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import configedge.testing
from tests.cli.shell import run
from tests.support.control import Control
from tests.support.policies import install, module

BUNDLE = """\
apiVersion: configedge.io/v1alpha1
kind: ConfigBundle
metadata: {name: life, namespace: game}
spec:
  values:
    ping: %s
  schema: {properties: {ping: {type: integer}}}
"""


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
    bundle = BUNDLE.replace("life", "line")
    file.write_text(bundle % "high")
    assert f"{file}:6:" in (said := run("put", file, server=control.url, code=1)) and "spec.values.ping" in said
    file.write_text(bundle % 80)
    run("put", file, server=control.url)
    patch = '{"spec":{"values":{"ping":"high"}}}'
    assert "spec.values.ping" in run("patch", "game/line", patch, server=control.url, code=1)


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


def test_keys_are_listed_with_their_values_and_secrets_hidden(tmp_path: Path) -> None:
    directory = tmp_path / "out"
    values = {
        "ping": 80,
        "regions": {"eu": {"weight": 1.5}, "eu-west": 2},
        "token": "s3cret",
        "long": "x" * 300,
        "list": [],
    }
    configedge.testing.publish(directory, {"game": values}, secrets=["game.token"])
    listed = run("ls", "--dir", directory)
    assert [line.split()[0] for line in listed.splitlines()] == sorted(
        ["game.ping", "game.regions.eu.weight", "game.regions.eu-west", "game.token", "game.long", "game.list"]
    )
    assert "s3cret" not in listed and "(secret)" in listed and max(map(len, listed.splitlines())) < 140
    assert run("ls", "game.regions.eu", "--dir", directory) == "game.regions.eu.weight  1.5\n"
    assert json.loads(run("ls", "game.regions.eu", "--json", "--dir", directory)) == {"game.regions.eu.weight": 1.5}
    assert "no 'game.region' in" in run("ls", "game.region", "--dir", directory, code=1)
    assert (
        "s3cret" not in (dumped := run("dump", "--dir", directory))
        and json.loads(dumped)["values"]["game"]["ping"] == 80
    )
    assert json.loads(run("dump", "--show-secrets", "--dir", directory))["values"]["game"]["token"] == "s3cret"
    assert "s3cret" in run("ls", "--show-secrets", "--dir", directory)
    # Asked for by name.
    assert run("get", "game.token", "--dir", directory) == "s3cret\n"
    [file] = directory.glob("g-*")
    assert run("get", "game.ping", "--dir", file) == "80\n"
    broken = tmp_path / "broken"
    broken.write_bytes(file.read_bytes()[:-1])
    assert "truncated" in run("dump", "--dir", broken, code=2)


def test_a_node_is_read_when_its_relay_is_dead_and_that_is_said(tmp_path: Path) -> None:
    directory = tmp_path / "out"
    configedge.testing.publish(directory, {"game": {"ping": 80}})
    with open(directory / "current", "r+b") as page:
        page.seek(128)
        page.write((1).to_bytes(8, "little"))
    done = subprocess.run(
        [sys.executable, "-m", "configedge.cli", "get", "game.ping", "--dir", directory], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "80\n")
    assert "its relay ended in order" in done.stderr and "the last good configuration" in done.stderr


def test_changes_are_watched_from_the_shell(tmp_path: Path) -> None:
    directory = tmp_path / "out"
    publisher = configedge.testing.Publisher(directory)
    publisher.publish({"game": {"ping": 80, "token": "old-s3cret", "gone": 1}}, "", ["game.token"])
    command = [sys.executable, "-m", "configedge.cli", "watch", "--dir", str(directory), "-n", "1"]
    watches = [subprocess.Popen([*command, *more], stdout=-1, stderr=-1, text=True) for more in ([], ["--json"])]
    for watch in watches:
        assert watch.stderr is not None
        # Told before it begins to wait; with --json nothing is.
        assert watch.args[-1:] == ["--json"] or "watching everything" in watch.stderr.readline()
    deadline = time.monotonic() + 20
    value = 80
    while any(watch.poll() is None for watch in watches):
        assert time.monotonic() < deadline
        value += 1
        publisher.publish({"game": {"ping": value, "token": f"s3cret-{value}", "new": [1]}}, "ab" * 20, ["game.token"])
        time.sleep(0.3)
    told, told_json = (watch.communicate()[0] for watch in watches)
    assert "  ~ game.ping  80 -> " in told and "  ~ game.token  (secret)" in told and "ab" * 6 in told
    assert "  + game.new.0  1" in told and "  - game.gone  1" in told
    change = json.loads(told_json)
    assert change["changed"]["game.token"] == "(secret)" and change["commit"] == "ab" * 20
    assert "s3cret" not in told + told_json


def test_help_loads_nothing_heavy() -> None:
    heavy = ["fastapi", "pygit2", "httpx2", "yaml", "uvicorn"]
    code = f"import sys, configedge.cli; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
    assert "control" in run("--help")
    assert "--repo" in run("control", "--help")


def test_policies_are_pinned_listed_and_used_by_check(tmp_path: Path) -> None:
    refuse = '{"accept":false,"messages":[{"key":"ping","message":"too high","hint":"lower it"}]}'
    install(tmp_path / "policies", {"no": module(refuse), "yes": module()})
    (tmp_path / "policies/manifest.yaml").unlink()
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    (bundles / "a.yaml").write_text(BUNDLE % 80 + "  policies: [yes]\n")
    assert "no policies/manifest.yaml" in run("check", tmp_path, code=1)
    assert "yes sha256:" in run("policy", "pin", tmp_path / "policies")
    assert "yes (" in run("policy", "ls", tmp_path / "policies")
    assert run("check", tmp_path) == "1 bundle, no problem\n"
    (bundles / "a.yaml").write_text(BUNDLE % 80 + "  policies: [yes, no]\n")
    assert "too high (policy no)" in run("check", bundles, code=1)
    (tmp_path / "policies/no.wasm").write_bytes(b"rubbish")
    assert "pins sha256:" in run("check", bundles, code=1)
    assert "not a module" in run("policy", "pin", tmp_path / "policies", code=1)
