"""configrelay as a process: what arrives in its spool, and what readers see of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

import configedge
from tests.support.relay import Relay, binary, bundle, remove, running, wait_for


def run(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary(), *map(str, args)], capture_output=True, text=True, timeout=20)


def swap(relay: Relay, version: int, files: dict[str, str], commit: str = "") -> None:
    """What Kubernetes' AtomicWriter and `configedge sync` do."""
    data = relay.spool / f"..{version}"
    data.mkdir()
    for file, text in files.items():
        (data / file).write_text(text)
    if commit:
        (data / ".configedge.json").write_text(json.dumps({"commit": commit, "more": 1}))
    link = relay.spool / "..data_tmp"
    link.symlink_to(data.name)
    link.rename(relay.spool / "..data")


def test_a_changed_file_is_read_by_a_service(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"limit": 1})) as relay:
        cfg = configedge.open(relay.out)
        assert cfg["m.limit"] == 1
        relay.put(bundle({"limit": 2}))
        wait_for(lambda: cfg["m.limit"] == 2)
        relay.put(json.dumps({"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": {"name": "j"},
                              "spec": {"values": {"x": [1, {"y": "😀"}]}}}), "j.json")  # fmt: skip
        wait_for(lambda: cfg.get("j.x.1.y") == "😀")
        health = cfg.health()
        assert health.ok
        assert relay.process is not None
        assert health.relay_pid == relay.process.pid


def test_a_swapped_spool_is_one_change_with_its_commit(tmp_path: Path) -> None:
    relay = Relay(tmp_path)
    swap(relay, 1, {"a.yaml": bundle({"v": 1}, "a"), "b.yaml": bundle({"v": 1}, "b")}, "a" * 40)
    relay.start()
    try:
        assert relay.ready()["commit"] == "a" * 40
        cfg = configedge.open(relay.out)
        for version in range(2, 20):
            swap(
                relay,
                version,
                {"a.yaml": bundle({"v": version}, "a"), "b.yaml": bundle({"v": version}, "b")},
                f"{version:040x}",
            )
            snap = wait_for(lambda version=version: (s := cfg.snapshot()).commit == f"{version:040x}" and s)
            assert (snap["a.v"], snap["b.v"]) == (version, version)
    finally:
        relay.stop()


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("a: [", "", 2),
        (bundle({"limit": "high"}, schema={"properties": {"limit": {"type": "integer"}}}), "spec.values.limit", 5),
        (bundle({"limit": 5}).replace("spec:", "spce:"), "spce", 4),
        (bundle({"x": "y" * 70_000}), "spec.values.x", 5),
        (bundle({"limit": 1}).replace("limit", "li.mit"), "spec.values.li.mit", 5),
        (bundle({}).replace("{}", "{limit: .nan}", 1), "spec.values.limit", 5),
        (bundle({"limit": 1}).replace("kind: ConfigBundle", "kind: ConfigBundle\nkind: Other"), "kind", 3),
    ],
)
def test_a_bad_bundle_is_refused_with_file_key_and_line_and_the_last_good_stays(
    tmp_path: Path, text: str, key: str, line: int
) -> None:
    with running(tmp_path, first=bundle({"limit": 1})) as relay:
        cfg = configedge.open(relay.out)
        relay.put(text)
        wait_for(lambda: relay.status().get("state") == "degraded")
        told = relay.status()["bundles"][0]
        problem = told["problems"][0]
        assert (told["name"], told["ok"]) == ("m", False)
        assert (problem["file"], problem["key"], problem["line"]) == ("m.yaml", key, line)
        assert problem["message"]
        assert problem["hint"]
        assert cfg["m.limit"] == 1
        assert cfg.generation == 1
        relay.put(bundle({"limit": 2}))
        wait_for(lambda: cfg["m.limit"] == 2)
        wait_for(lambda: relay.status()["state"] == "ok")


def test_a_bad_bundle_does_not_stop_the_others(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        relay.put(bundle({"v": 1}, "other"), "other.yaml")
        wait_for(lambda: cfg.get("other.v") == 1)
        relay.put("not: [a bundle", "m.yaml")
        relay.put(bundle({"v": 2}, "other"), "other.yaml")
        wait_for(lambda: cfg["other.v"] == 2)
        assert cfg["m.v"] == 1


def test_the_last_good_of_a_bad_bundle_survives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1, "deep": {"list": [1, 2.5, "x"]}})) as relay:
        relay.stop(signal.SIGKILL)
        relay.put("rubbish: [")
        relay.put(bundle({"v": 5}, "other"), "other.yaml")
        relay.start()
        cfg = configedge.open(relay.out)
        wait_for(lambda: cfg.get("other.v") == 5)
        assert cfg.snapshot().to_dict("m") == {"v": 1, "deep": {"list": [1, 2.5, "x"]}}


def test_an_emptied_spool_is_refused_and_a_removed_bundle_is_removed(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        relay.put(bundle({"v": 2}, "other"), "other.yaml")
        wait_for(lambda: cfg.get("other.v") == 2)
        (relay.spool / "m.yaml").unlink()
        wait_for(lambda: "m.v" not in cfg)
        (relay.spool / "other.yaml").unlink()
        wait_for(lambda: [p["code"] for p in relay.status()["problems"]] == ["empty-spool"])
        assert cfg["other.v"] == 2
        shutil.rmtree(relay.spool)
        wait_for(lambda: [p["code"] for p in relay.status()["problems"]] == ["io"])
        relay.spool.mkdir()
        relay.put(bundle({"v": 3}, "other"), "other.yaml")
        wait_for(lambda: cfg["other.v"] == 3)


def test_without_events_a_change_is_still_seen(tmp_path: Path) -> None:
    with running(tmp_path, "--watch", "poll", first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        assert relay.status()["watch"] == "poll"
        relay.put(bundle({"v": 2}))
        wait_for(lambda: cfg["m.v"] == 2)


def test_generations_only_grow_over_kills_and_restarts(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 0})) as relay:
        cfg = configedge.open(relay.out)
        last = cfg.generation
        for value in range(1, 6):
            relay.stop(signal.SIGKILL)
            assert cfg["m.v"] == value - 1
            relay.put(bundle({"v": value}))
            relay.start()
            wait_for(lambda value=value: cfg["m.v"] == value)
            assert cfg.generation > last
            last = cfg.generation


def test_a_restarted_relay_that_finds_nothing_new_publishes_nothing(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 0})) as relay:
        assert relay.stop() == (0, relay_log("published generation 1 (commit unknown, 2 keys,"))
        relay.start()
        assert relay.ready()["generation"] == 1
        _, log = relay.stop()
        assert "published" not in log.replace("what is published stays", "")


class relay_log(str):
    """Equal to a log that contains it."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and str(self) in other


def test_a_deleted_snapshot_directory_is_made_again(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        remove(relay.out)
        relay.put(bundle({"v": 2}))
        wait_for(lambda: cfg["m.v"] == 2)
        assert relay.status()["state"] == "ok"


def test_after_a_reboot_the_durable_copy_is_served_before_the_spool_is_there(tmp_path: Path) -> None:
    durable = tmp_path / "disk" / "last-good"
    with running(tmp_path, "--durable", str(durable), first=bundle({"v": 1})) as relay:
        relay.stop()
        shutil.rmtree(relay.out)
        shutil.rmtree(relay.spool)
        relay.start()
        assert relay.ready()["keys"] == 2
        assert configedge.open(relay.out)["m.v"] == 1


def test_two_namespaces_with_the_same_bundle_are_a_conflict_unless_one_is_chosen(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1}, namespace="a")) as relay:
        relay.put(bundle({"v": 2}, namespace="b"), "n.yaml")
        wait_for(lambda: relay.status()["state"] == "degraded")
        [problem] = [p for b in relay.status()["bundles"] for p in b["problems"]]
        assert (problem["file"], problem["code"]) == ("n.yaml", "conflict")
        assert "--namespace" in problem["hint"]
        assert configedge.open(relay.out)["m.v"] == 1
        relay.stop()
        relay.options = ("--namespace", "b")
        relay.start()
        relay.ready()
        cfg = configedge.open(relay.out)
        wait_for(lambda: cfg["m.v"] == 2)


def test_links_out_of_the_spool_and_odd_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text(bundle({"v": "secret"}, "secret"))
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        (relay.spool / "link.yaml").symlink_to(secret)
        os.mkfifo(relay.spool / "fifo.yaml")
        wait_for(lambda: len([b for b in relay.status()["bundles"] if not b["ok"]]) == 2)
        cfg = configedge.open(relay.out)
        assert "secret" not in cfg
        link = relay.spool / "..data_tmp"
        link.symlink_to(tmp_path)
        link.rename(relay.spool / "..data")
        wait_for(lambda: [p["code"] for p in relay.status()["problems"]] == ["io"])
        assert cfg["m.v"] == 1


def test_sigterm_ends_it_with_zero_and_sighup_looks_again(tmp_path: Path) -> None:
    with running(tmp_path, "--watch", "poll", first=bundle({"v": 1})) as relay:
        assert relay.process is not None
        relay.put(bundle({"v": 2}))
        relay.process.send_signal(signal.SIGHUP)
        cfg = configedge.open(relay.out)
        wait_for(lambda: cfg["m.v"] == 2)
        code, log = relay.stop(signal.SIGTERM)
        assert code == 0
        assert "stopped" in log
        assert cfg["m.v"] == 2


def test_once_publishes_and_tells_by_its_exit_code(tmp_path: Path) -> None:
    relay = Relay(tmp_path)
    arguments = ("--once", "--spool", relay.spool, "--out", relay.out)
    assert run(*arguments).returncode == 1
    relay.put(bundle({"v": 1}))
    assert run(*arguments).returncode == 0
    assert configedge.open(relay.out)["m.v"] == 1
    relay.put("rubbish: [", "n.yaml")
    done = run(*arguments)
    assert done.returncode == 1
    assert "n.yaml:2:1" in done.stderr


def test_what_keeps_it_from_running_is_one_clear_message(tmp_path: Path) -> None:
    relay = Relay(tmp_path)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    for arguments, message in (
        ((), "--spool DIR is missing"),
        (("--spool", relay.spool), "--out DIR is missing"),
        (("--spool", relay.spool, "--out", in_the_way), "cannot use the snapshot directory"),
        (("--spool", relay.spool, "--out", relay.out, "--watch", "magic"), "use auto, inotify or poll"),
        (("serve",), "not a command"),
        (("--nonsense",), "nonsense"),
    ):
        done = run(*arguments)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_a_second_relay_on_the_same_directory_is_turned_away(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        done = run("--spool", relay.spool, "--out", relay.out)
        assert done.returncode == 2
        assert "another relay publishes here" in done.stderr


def test_check_tells_all_problems_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(bundle({"v": 1}))
    assert run("check", tmp_path).returncode == 0
    (tmp_path / "bad.json").write_text('{"apiVersion": 1}')
    done = run("check", tmp_path)
    assert done.returncode == 1
    assert "bad.json:1:16: apiVersion: 1, and configedge.io/v1alpha1 is the only one there is" in done.stderr
    assert run("check", tmp_path / "nothing").returncode == 2


def test_logs_can_be_json(tmp_path: Path) -> None:
    with running(tmp_path, "--log", "json", first=bundle({"v": 1})) as relay:
        _, log = relay.stop()
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.splitlines()]
    assert [line["event"] for line in lines] == ["published", "stopped"]


def test_a_number_too_long_for_readers_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(bundle({}).replace("values: {}", "values: {n: " + "9" * 4301 + "}"))
    done = run("check", file)
    assert (done.returncode, "the limit is 4300" in done.stderr, "spec.values.n" in done.stderr) == (1, True, True)


def test_what_a_bundle_calls_secret_is_marked_and_stays_so_while_a_worse_one_is_refused(tmp_path: Path) -> None:
    def text(listed: str, values: dict[str, Any]) -> str:
        annotation = f"namespace: default, annotations: {{configedge.io/secret: {json.dumps(listed)}}}"
        return bundle(values).replace("namespace: default", annotation)

    def secrets(cfg: configedge.Reader) -> set[str]:
        snap = cfg.snapshot()
        return {key for key in snap if snap.is_secret(key)}

    values: dict[str, Any] = {"db": {"password": "x", "host": "y"}, "tokens": ["a", {"b": "c"}], "open": 1}
    with running(tmp_path, first=text("db.password, tokens.1", values)) as relay:
        cfg = configedge.open(relay.out)
        marked = {"m", "m.db", "m.db.password", "m.tokens", "m.tokens.1", "m.tokens.1.b"}
        assert secrets(cfg) == marked
        assert cfg.health().relay_state == "running"
        relay.put(text("db.pasword", values))
        wait_for(lambda: cfg.health().relay_state == "stale")
        wait_for(lambda: 'there is no "db.pasword" in spec.values' in str(relay.status()))
        relay.put(bundle({"new": 1}, "other"), "other.yaml")
        wait_for(lambda: "other.new" in cfg)
        assert secrets(cfg) == marked
        relay.put(text("db.password", values))
        wait_for(lambda: secrets(cfg) == {"m", "m.db", "m.db.password"})
        assert cfg.health().relay_state == "running"
        relay.stop()
        assert cfg.health().relay_state == "stopped"
