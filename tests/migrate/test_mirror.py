"""Commits written through to a real Redis, through restarts of everything."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from configedge.bundle import BundlePath
from configedge.control.auth import Grant, Role
from configedge.migrate.legacy import Legacy
from configedge.migrate.map import LegacyMap, Rule
from configedge.migrate.mirror import Mirror
from tests.cli.shell import COMMAND, call, environment, run
from tests.migrate.running import write_map
from tests.support.access import guarded
from tests.support.control import Control, document, git, running
from tests.support.legacy import Redis
from tests.support.relay import wait_for

RULE = {"prefix": "mm:", "forms": {"regions.*": "hash", "limits": "json"}, "types": {"ranked": "bit"}}
VALUES: dict[str, Any] = {
    "max_ping_ms": 80,
    "ranked": True,
    "name": "x",
    "regions": {"eu": {"weight": 1.5, "open": True}},
    "limits": {"party": 5, "modes": ["duel"]},
}


class Mirroring:
    """A `configedge migrate mirror` that runs, and what it has said so far."""

    def __init__(self, server: str, *options: object) -> None:
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [COMMAND, "migrate", "mirror", *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(server, {"PYTHONUNBUFFERED": "1"}),
        )
        assert self.process.stdout is not None
        self._reading = threading.Thread(target=lambda out: self.said.extend(out), args=(self.process.stdout,))
        self._reading.start()

    def told(self, what: str) -> bool:
        return any(what in line for line in self.said)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(20)
        self._reading.join()
        assert not self.told("Traceback"), self.said
        return code


@contextmanager
def mirroring(server: str, *options: object) -> Iterator[Mirroring]:
    mirror = Mirroring(server, *options)
    try:
        yield mirror
    finally:
        mirror.process.kill()
        mirror.process.wait()
        assert not mirror.told("Traceback"), mirror.said


def heard(listening: Any) -> str:
    message = listening.get_message(timeout=1)
    return str(message["data"]) if message else ""


def patch(control: Control, bundle: str, values: dict[str, Any]) -> str:
    etag = control.get(bundle).json()["etag"]
    done = control.patch(bundle, {"spec": {"values": values}}, etag)
    assert done.status_code == 200, done.text
    return str(done.json()["commit"])


def test_commits_are_written_in_the_forms_of_the_map_and_deleted_where_they_delete(
    control: Control, legacy: Redis, tmp_path: Path
) -> None:
    control.put("mirror/matchmaking", document(VALUES))
    legacy.client.mset(
        {"mm:lock": "theirs", "mm:max_ping_ms": "70", "other": "1", "mm:limits": '{"party": 5,\n"modes": ["duel"]}'}
    )
    legacy.client.hset("mm:regions:eu", mapping={"weight": "1.5", "pid": "99"})
    wanted = write_map(tmp_path, {**RULE, "bundle": "mirror/matchmaking"}, mirror={"channel": "config"})
    dry = run("migrate", "mirror", legacy.url, "--map", wanted, "--dry-run", server=control.url)
    assert "write mm:max_ping_ms" in dry and "write mm:regions:eu open" in dry and "limits" not in dry
    assert legacy.text("mm:max_ping_ms") == "70" and not legacy.client.exists("configedge:mirror")
    listening: Any = legacy.client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    listening.subscribe("config")
    with mirroring(control.url, legacy.url, "--map", wanted) as mirror:
        wait_for(lambda: legacy.text("mm:max_ping_ms") == "80", 30)
        assert legacy.text("mm:ranked") == "1" and legacy.text("mm:name") == "x"
        assert legacy.text("mm:limits") == '{"party": 5,\n"modes": ["duel"]}', "what says so already is left as it is"
        assert legacy.hash("mm:regions:eu") == {"weight": "1.5", "open": "true", "pid": "99"}
        commit = patch(
            control,
            "mirror/matchmaking",
            {"name": None, "regions": {"eu": {"weight": None}, "us": {"weight": 2.0}}, "limits": {"party": 6}},
        )
        wait_for(lambda: mirror.told(commit[:12]), 30)
        assert legacy.text("mm:name") is None and legacy.text("mm:limits") == '{"party":6,"modes":["duel"]}'
        assert legacy.hash("mm:regions:eu") == {"open": "true", "pid": "99"}
        assert legacy.hash("mm:regions:us") == {"weight": "2.0"}
        assert legacy.text("mm:lock") == "theirs" and legacy.text("other") == "1"
        assert legacy.hash("configedge:mirror")["commit"] == commit
        assert mirror.stop() == 0
    told = set[str]()
    changed = {"mm:max_ping_ms", "mm:name", "mm:limits", "mm:regions:eu", "mm:regions:us"}
    while not changed <= told:
        told.add(wait_for(lambda: heard(listening)))
    listening.close()


def test_it_goes_on_after_the_commit_that_is_in_redis(control: Control, legacy: Redis, tmp_path: Path) -> None:
    control.put("resume/x", document({"a": 1, "b": 1}))
    wanted = write_map(tmp_path, {"prefix": "r:", "bundle": "resume/x"})
    options = (legacy.url, "--map", wanted)
    with mirroring(control.url, *options) as mirror:
        wait_for(lambda: legacy.text("r:a") == "1", 30)
        assert mirror.stop(signal.SIGINT) == 0
    commits = [
        patch(control, "resume/x", {"a": 2}),
        patch(control, "resume/x", {"b": None}),
        patch(control, "resume/x", {"a": 3}),
    ]
    with mirroring(control.url, *options) as mirror:
        wait_for(lambda: mirror.told(commits[-1][:12]), 30)
        assert [line.split()[0] for line in mirror.said] == [commit[:12] for commit in commits]
        assert legacy.text("r:a") == "3" and legacy.text("r:b") is None
        mirror.process.kill()
    with mirroring(control.url, *options) as mirror:
        last = patch(control, "resume/x", {"a": 4})
        wait_for(lambda: mirror.told(last[:12]), 30)
        assert [line.split()[0] for line in mirror.said] == [last[:12]]


def test_redis_and_the_control_plane_may_go_and_come_back(tmp_path: Path, legacy: Redis) -> None:
    repo = tmp_path / "repo"
    wanted = write_map(tmp_path, {"prefix": "d:", "bundle": "down/x"})
    with running(repo) as control:
        control.put("down/x", document({"a": 1, "b": 1}))
        port = control.url.rpartition(":")[2]
        with mirroring(control.url, legacy.url, "--map", wanted) as mirror:
            wait_for(lambda: legacy.text("d:a") == "1", 30)
            legacy.kill()
            patch(control, "down/x", {"a": 2})
            wait_for(lambda: mirror.told("trying again"), 30)
            # It comes back empty.
            legacy.start()
            wait_for(lambda: legacy.text("d:a") == "2" and legacy.text("d:b") == "1", 60)
            control.kill()
            wait_for(lambda: mirror.told("is lost"), 30)
            with running(repo, "--port", port) as again:
                last = patch(again, "down/x", {"a": 3})
                wait_for(lambda: mirror.told(last[:12]), 60)
                assert legacy.text("d:a") == "3"


def test_what_somebody_else_writes_is_told_and_written_over_with_the_next_change(
    control: Control, legacy: Redis, tmp_path: Path
) -> None:
    control.put("foreign/x", document({"a": 1, "b": 1}))
    wanted = write_map(tmp_path, {"prefix": "f:", "bundle": "foreign/x"})
    with mirroring(control.url, legacy.url, "--map", wanted) as mirror:
        wait_for(lambda: legacy.text("f:a") == "1", 30)
        legacy.client.set("f:b", "99")
        patch(control, "foreign/x", {"a": 2})
        wait_for(lambda: mirror.told("f:b was changed in Redis by somebody else"), 30)
        assert legacy.text("f:b") == "1"


def test_a_key_of_another_type_is_not_touched(control: Control, legacy: Redis, tmp_path: Path) -> None:
    control.put("types/x", document({"a": 1, "b": 1}))
    legacy.client.rpush("t:a", "queue")
    wanted = write_map(tmp_path, {"prefix": "t:", "bundle": "types/x"})
    done = call("migrate", "mirror", legacy.url, "--map", wanted, "--once", server=control.url)
    assert done.returncode == 1 and "t:a is a list in Redis" in done.stderr
    assert legacy.client.lrange("t:a", 0, -1) == ["queue"] and legacy.text("t:b") == "1"


def test_another_map_lets_go_of_what_it_is_not_for(control: Control, legacy: Redis, tmp_path: Path) -> None:
    control.put("maps/x", document({"a": {"k": 1}, "b": 1, "c": {"d": 1}}))
    rule = {"prefix": "p:", "bundle": "maps/x"}
    once = ("migrate", "mirror", legacy.url, "--once", "--map")
    run(*once, write_map(tmp_path, rule), server=control.url)
    assert legacy.text("p:a:k") == "1" and legacy.text("p:c:d") == "1"
    run(*once, write_map(tmp_path, {**rule, "forms": {"a": "hash"}}, skip=["p:b"]), server=control.url)
    assert legacy.hash("p:a") == {"k": "1"} and legacy.text("p:a:k") is None
    assert legacy.text("p:b") == "1", "what is outside the map is nobody's to delete"
    control.delete("maps/x", control.get("maps/x").json()["etag"])
    run(*once, write_map(tmp_path, {**rule, "forms": {"a": "hash"}}, skip=["p:b"]), server=control.url)
    assert legacy.client.keys("p:*") == ["p:b"]


def test_nodes_of_an_environment_get_what_is_theirs(control: Control, legacy: Redis, tmp_path: Path) -> None:
    control.put("layers/x", document({"a": 1, "b": 1}))
    overlay = document({"a": 2})
    headers = {"If-None-Match": "*"}
    made = control.http.put("/v1/bundles/layers/x/overlays/prod", json=overlay, headers=headers)
    assert made.status_code == 200, made.text
    wanted = write_map(tmp_path, {"prefix": "l:", "bundle": "layers/x"})
    run("migrate", "mirror", legacy.url, "--map", wanted, "--once", "-e", "prod", server=control.url)
    assert (legacy.text("l:a"), legacy.text("l:b")) == ("2", "1")


def test_a_history_that_was_replaced_is_read_anew(tmp_path: Path, legacy: Redis) -> None:
    wanted = write_map(tmp_path, {"prefix": "h:", "bundle": "history/x"})
    with running(tmp_path / "repo") as control:
        control.put("history/x", document({"a": 1, "gone": 1}))
        run("migrate", "mirror", legacy.url, "--map", wanted, "--once", server=control.url)
    with running(tmp_path / "other") as control:
        control.put("history/x", document({"a": 5}))
        assert git(tmp_path / "other", "rev-parse", "main") != legacy.hash("configedge:mirror")["commit"]
        with mirroring(control.url, legacy.url, "--map", wanted):
            wait_for(lambda: legacy.text("h:a") == "5" and legacy.text("h:gone") is None, 30)


def test_metrics_tell_what_was_written_and_how_late(control: Control, legacy: Redis, tmp_path: Path) -> None:
    control.put("metrics/x", document({"a": 1, "b": 1}))
    wanted = write_map(tmp_path, {"prefix": "me:", "bundle": "metrics/x"})
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with mirroring(control.url, legacy.url, "--map", wanted, "--metrics", f"127.0.0.1:{port}") as mirror:
        wait_for(lambda: legacy.text("me:a") == "1", 30)
        last = patch(control, "metrics/x", {"a": 2, "b": None})
        wait_for(lambda: mirror.told(last[:12]), 30)
        told = httpx2.get(f"http://127.0.0.1:{port}/metrics").text
        for line in (
            "writes_total 3.0",
            "deletes_total 1.0",
            "commits_total 2.0",
            "failures_total 0.0",
            "lag_seconds 0.0",
        ):
            assert f"configedge_mirror_{line}" in told
    wrong = ("migrate", "mirror", legacy.url, "--map", wanted, "--metrics", "here")
    assert "no address" in run(*wrong, server=control.url, code=2)


def test_a_token_that_may_not_read_a_bundle_does_not_empty_it(legacy: Redis, tmp_path: Path) -> None:
    wanted = write_map(tmp_path, {"prefix": "g:", "bundle": "game/x"})
    with guarded(tmp_path / "plane") as plane:
        for bundle in ("game/x", "elsewhere/y"):
            made = plane.admin.put(f"/v1/bundles/{bundle}", json=document({"a": 1}), headers={"If-None-Match": "*"})
            assert made.status_code == 200, made.text
        once = ("migrate", "mirror", legacy.url, "--map", wanted, "--once")
        reader = plane.token("reader", Grant(Role.viewer, "game"))
        run(*once, server=plane.control.url, env={"CONFIGEDGE_TOKEN": reader})
        assert legacy.text("g:a") == "1"
        other = plane.token("other", Grant(Role.viewer, "elsewhere"))
        done = call(*once, server=plane.control.url, env={"CONFIGEDGE_TOKEN": other})
        assert done.returncode == 1 and "may not read game/x" in done.stderr
        assert legacy.text("g:a") == "1"


def test_a_wrong_control_plane_does_not_empty_it(control: Control, legacy: Redis, tmp_path: Path) -> None:
    control.put("wrong/x", document({"a": 1}))
    once = (
        "migrate",
        "mirror",
        legacy.url,
        "--map",
        write_map(tmp_path, {"prefix": "v:", "bundle": "wrong/x"}),
        "--once",
    )
    run(*once, server=control.url)
    with running(tmp_path / "other") as empty:
        empty.put("something/else", document({"a": 1}))
        assert "its keys are left as they are" in run(*once, server=empty.url, code=1)
    assert legacy.text("v:a") == "1"


def test_its_own_keys_are_not_in_the_map(control: Control, legacy: Redis, tmp_path: Path) -> None:
    control.put("own/x", document({"a": 1}))
    wanted = write_map(tmp_path, {"bundle": "own/x"})
    said = run("migrate", "mirror", legacy.url, "--map", wanted, "--once", server=control.url, code=2)
    assert "configedge:mirror" in said and "skip:" in said
    write_map(tmp_path, {"bundle": "own/x"}, skip=["configedge:*"])
    run("migrate", "mirror", legacy.url, "--map", wanted, "--once", server=control.url)


def test_two_mirrors_do_no_harm(legacy: Redis) -> None:
    bundle = BundlePath("two", "x")
    wanted = LegacyMap((Rule("w:", bundle),))
    mirrors = [Mirror(Legacy(legacy.url), wanted) for _ in range(2)]

    done = list[int]()

    def write(mirror: Mirror) -> None:
        for number in range(30):
            mirror.apply(f"{number:040x}", 0.0, {bundle: {"n": number, f"k{number}": number}})
            done.append(number)

    threads = [threading.Thread(target=write, args=(mirror,)) for mirror in mirrors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 60
    mirrors[0].apply("f" * 40, 0.0, {bundle: {"n": 1}})
    assert legacy.client.keys("w:*") == ["w:n"] and legacy.text("w:n") == "1"
    assert list(legacy.hash("configedge:mirror:keys")) == ['["w:n", ""]']
    assert mirrors[1].state().commit == "f" * 40


def test_it_says_which_package_is_changed(legacy: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from configedge.migrate.harvest import SourceError

    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(SourceError, match=r"configedge\[migrate\]"):
        Legacy(legacy.url)
