"""What people and machines see of a running relay, and what it cannot do."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

import configedge
from tests.support.relay import Relay, binary, bundle, running, wait_for

AS_ROOT = os.geteuid() == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_metrics_health_and_readiness_are_served_on_loopback(tmp_path: Path) -> None:
    port = free_port()
    relay = Relay(tmp_path, "--http", f"127.0.0.1:{port}")
    relay.start()
    try:
        wait_for(lambda: relay.status().get("state") == "empty")
        assert get(port, "/healthz") == (200, "ok\n")
        assert get(port, "/readyz") == (503, "nothing is published yet\n")
        relay.put(bundle({"v": 1}))
        wait_for(lambda: get(port, "/readyz") == (200, "generation 1 is served\n"))
        relay.put("rubbish: [", "n.yaml")
        wait_for(lambda: 'configrelay_bundle_ok{namespace="default",bundle="n"} 0' in get(port, "/metrics")[1])
        text = get(port, "/metrics")[1]
        for line in (
            "configrelay_generation 1",
            'configrelay_state{state="degraded"} 1',
            'configrelay_watch_mode{mode="inotify"} 1',
            'configrelay_bundle_ok{namespace="default",bundle="m"} 1',
            "configrelay_problems 1",
        ):
            assert line in text.splitlines()
        samples = [line for line in text.splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+', line) for line in samples)
        assert get(port, "/nothing")[0] == 404
    finally:
        relay.stop()


def test_peers_that_are_slow_rude_or_many_hold_up_nothing(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, "--http", f"127.0.0.1:{port}", first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
        rude = socket.create_connection(("127.0.0.1", port))
        rude.sendall(b"x" * 20_000)
        half = socket.create_connection(("127.0.0.1", port))
        half.sendall(b"GET /metrics HTTP/1.1\r\nHo")
        relay.put(bundle({"v": 2}))
        wait_for(lambda: cfg["m.v"] == 2)
        assert get(port, "/healthz")[0] == 200
        assert get(port, "/metrics?x=1")[0] == 200
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(b"POST /metrics HTTP/1.1\r\n\r\n")
            assert peer.recv(100).startswith(b"HTTP/1.1 405")
        for connection in (*silent, rude, half):
            connection.close()


def test_a_file_forges_no_line_of_the_log(tmp_path: Path) -> None:
    forged = "configrelay: info: published generation 99"
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        (relay.spool / f"x\n{forged}.yaml").write_text("[")
        relay.put(bundle({"v": 2}).replace('"v"', json.dumps(f"x\n{forged}")))
        wait_for(lambda: len(relay.status()["problems"]) == 1 and not relay.status()["bundles"][0]["ok"])
        told = subprocess.run([binary(), "status", "--out", relay.out], capture_output=True, text=True).stdout
        checked = subprocess.run([binary(), "check", relay.spool], capture_output=True, text=True).stderr
        _, log = relay.stop()
    for text in (log, told, checked):
        assert "published generation 99" in text
        assert not any(line.startswith(forged) for line in text.splitlines())


def test_status_is_for_people_or_for_programs_and_tells_by_its_exit_code(tmp_path: Path) -> None:
    def status(*options: str) -> tuple[int, str]:
        done = subprocess.run([binary(), "status", "--out", relay.out, *options], capture_output=True, text=True)
        return done.returncode, done.stdout

    relay = Relay(tmp_path)
    assert status()[0] == 2
    relay.start()
    try:
        wait_for(lambda: relay.status().get("state") == "empty")
        assert status()[0] == 1
        relay.put(bundle({"v": 1}))
        wait_for(lambda: status()[0] == 0)
        relay.put("rubbish: [", "n.yaml")
        wait_for(lambda: "default/n: serves nothing" in status()[1])
        _, text = status()
        assert "state       degraded" in text
        assert "n.yaml:2: " in text
        assert json.loads(status("--json")[1])["state"] == "degraded"
    finally:
        relay.stop()


def test_it_has_given_up_what_it_does_not_need(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        assert relay.process is not None
        said = relay.status()["sandbox"]
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{relay.process.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert status["NoNewPrivs"] == "1"
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        assert status["Threads"] == "1"
        assert (said["no_new_privileges"], said["capabilities_dropped"]) == (True, True)
        if said["seccomp"]:
            assert status["Seccomp"] == "2"
        relay.stop()
        relay.options = ("--sandbox", "off")
        relay.start()
        relay.ready()
        wait_for(lambda: not relay.status()["sandbox"]["seccomp"])


def test_the_sandbox_reaches_no_further_than_its_directories(tmp_path: Path) -> None:
    """A durable copy outside of what was there at the start: the kernel refuses, and the relay says so and goes on."""
    inner = tmp_path / "inner"
    inner.mkdir()
    with running(inner, first=bundle({"v": 1})) as relay:
        if not relay.status()["sandbox"]["landlock"]:
            pytest.skip("this kernel has no Landlock")
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "m.yaml").write_text(bundle({"v": 2}))
        shutil.rmtree(relay.spool)
        # The spool now leads out of what it may read.
        relay.spool.symlink_to(outside)
        # Not the absence that it may have seen in between.
        wait_for(lambda: any("denied" in problem["message"] for problem in relay.status()["problems"]))
        assert [problem["code"] for problem in relay.status()["problems"]] == ["io"]
        assert configedge.open(relay.out)["m.v"] == 1


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
def test_it_runs_as_any_user(tmp_path: Path) -> None:
    for directory in (tmp_path, *tmp_path.parents):
        if directory.owner() == "root" and str(directory).startswith("/tmp/"):
            directory.chmod(0o755)
    relay = Relay(tmp_path)
    relay.put(bundle({"v": 1}))
    (tmp_path / "own").mkdir()
    os.chown(tmp_path / "own", 54321, 54321)
    program = tmp_path / "configrelay"
    shutil.copy2(binary(), program)
    command = [program, "--spool", relay.spool, "--out", tmp_path / "own" / "out", "--once"]
    done = subprocess.run(command, user=54321, group=54321, extra_groups=[], capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("published")) == (0, 1), done.stderr


@pytest.mark.skipif(not AS_ROOT, reason="only root can chroot")
def test_the_binary_alone_in_an_empty_root_is_enough(tmp_path: Path) -> None:
    """What a container made FROM scratch is: no library, no /etc, no /dev, no /proc."""
    root = tmp_path / "root"
    for directory in ("spool", "run/configedge"):
        (root / directory).mkdir(parents=True)
    shutil.copy2(binary(), root / "configrelay")
    (root / "spool" / "m.yaml").write_text(bundle({"v": 1}, schema={"properties": {"v": {"type": "integer"}}}))
    if b"/ld-linux" in Path(binary()).read_bytes()[:4096]:
        pytest.skip("the relay is linked dynamically here: glibc's static libraries are missing")
    command = ["chroot", root, "/configrelay", "--spool", "/spool", "--out", "/run/configedge", "--once"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert configedge.open(root / "run" / "configedge")["m.v"] == 1


@pytest.mark.skipif(not AS_ROOT, reason="only root can lower the kernel's limits")
def test_without_inotify_it_polls_and_says_why(tmp_path: Path) -> None:
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    before = limit.read_text()
    try:
        limit.write_text("0")
    except OSError:
        pytest.skip("the kernel's limits cannot be changed here")
    try:
        with running(tmp_path, first=bundle({"v": 1})) as relay:
            cfg = configedge.open(relay.out)
            assert relay.status()["watch"] == "poll"
            assert "max_user_instances" in relay.status()["watch_why"]
            relay.put(bundle({"v": 2}))
            wait_for(lambda: cfg["m.v"] == 2)
            limit.write_text(before)
            wait_for(lambda: relay.status()["watch"] == "inotify")
            assert relay.status()["watch_why"] == ""
    finally:
        limit.write_text(before)


def test_a_storm_of_events_delays_nothing_for_long(tmp_path: Path) -> None:
    stop = threading.Event()

    def storm(spool: Path) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            noise = spool / f".noise-{number % 50}"
            noise.write_bytes(b"")
            noise.unlink()

    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        thread = threading.Thread(target=storm, args=(relay.spool,))
        thread.start()
        try:
            for value in range(2, 6):
                relay.put(bundle({"v": value}))
                wait_for(lambda value=value: cfg["m.v"] == value, 5)
                time.sleep(0.05)
        finally:
            stop.set()
            thread.join()


def test_a_log_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 0})) as relay:
        cfg = configedge.open(relay.out)
        # More than a pipe holds, on a standard error that is never read.
        for value in range(60):
            for other in range(4):
                relay.put("a: [", f"{'n' * 200}-{value}-{other}.yaml")
            relay.put(bundle({"v": value}))
            wait_for(lambda value=value: cfg["m.v"] == value)
