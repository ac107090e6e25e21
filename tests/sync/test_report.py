"""`configedge report` against a real relay, with a small HTTP server as its control plane."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from configedge.control.fleet import Heartbeat
from configedge.sync.report import LEAST_S, MOST_S, PATH, Names, Node, Reporter, wanted
from configedge.sync.server import Server, SyncError
from configedge.testing import Publisher
from tests.support.relay import Relay, bundle, running, wait_for

TOKEN = "cet_canary_0123456789"
REPORT = [sys.executable, "-m", "configedge.cli", "report"]


class ControlPlane:
    """Takes heartbeats as the control plane will, and can be told to answer otherwise."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, str], bytes] = (204, {}, b"")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, headers, answer = outer.answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def heartbeats(self) -> list[Heartbeat]:
        return [Heartbeat.read(body, time.time()) for _, _, body in self.requests]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def control() -> Iterator[ControlPlane]:
    made = ControlPlane()
    yield made
    made.close()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    return file


@contextmanager
def reporting(relay: Relay, url: str, *options: object) -> Iterator[subprocess.Popen[str]]:
    command = [*REPORT, "--out", relay.out, "--server", url, "--node", "n1", *options]
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    """Exit code and all that it said."""
    process.send_signal(how)
    out, errors = process.communicate(timeout=10)
    return process.returncode, out + errors


def once(out: Path, url: str, *options: object) -> tuple[int, str]:
    command = [*REPORT, "--out", out, "--server", url, "--node", "n1", "--once", *options]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


def test_a_node_tells_what_it_serves_and_at_once_when_that_changes(
    tmp_path: Path, control: ControlPlane, token: Path
) -> None:
    options = ("--environment", "prod", "--region", "eu-west-1", "--token-file", token, "--interval", 30)
    with running(tmp_path, first=bundle({"n": 1})) as relay, reporting(relay, control.url, *options) as process:
        [first] = wait_for(control.heartbeats)
        status = relay.status()
        assert (first.node, first.environment, first.region) == ("n1", "prod", "eu-west-1")
        assert (first.generation, first.commit, first.state) == (status["generation"], status["commit"], "ok")
        assert first.published_at == status["timings"]["published_at_ns"] / 1e9 and first.version == status["version"]
        assert first.problems == () and 0 <= time.time() - first.sent_at < 10
        path, headers, _ = control.requests[0]
        assert path == "/v1/fleet/heartbeats" and headers["content-type"] == "application/json"
        assert headers["authorization"] == f"Bearer {TOKEN}"
        argv = Path(f"/proc/{process.pid}/cmdline").read_bytes() + Path(f"/proc/{process.pid}/environ").read_bytes()
        assert TOKEN.encode() not in argv

        relay.put(bundle({"n": 2}))
        wait_for(lambda: len(control.requests) == 2, 5)
        told = control.heartbeats()[1]
        assert told.generation == first.generation + 1 and told.sent_at - told.published_at < 2

        token.write_text("another")
        relay.put(bundle({"n": 3}))
        wait_for(lambda: len(control.requests) == 3, 5)
        assert control.requests[2][1]["authorization"] == "Bearer another"
        code, said = end(process)
        assert code == 0 and TOKEN not in said and "another" not in said and said.count("\n") == 1


def test_heartbeats_come_at_their_interval(tmp_path: Path, control: ControlPlane) -> None:
    with (
        running(tmp_path, first=bundle({"n": 1})) as relay,
        reporting(relay, control.url, "--interval", 0.5) as process,
    ):
        wait_for(lambda: len(control.requests) >= 5)
        assert end(process, signal.SIGINT)[0] == 0
    sent = [one.sent_at for one in control.heartbeats()]
    gaps = [after - before for before, after in itertools.pairwise(sent)]
    assert min(gaps) >= 0.44, "nobody is told more often than asked"


def test_heartbeats_come_as_the_control_plane_says(tmp_path: Path, control: ControlPlane) -> None:
    control.answer = (200, {}, b'{"tip": "", "next_s": 1.5}')
    with Reporter(node(tmp_path), Server(control.url, None), 600.0):
        # A tenth of an hour would be the interval.
        wait_for(lambda: len(control.requests) >= 3, 60)
    sent = [one.sent_at for one in control.heartbeats()]
    assert min(after - before for before, after in itertools.pairwise(sent)) >= 1.3


def test_in_a_large_fleet_a_change_is_not_told_at_once(tmp_path: Path, control: ControlPlane) -> None:
    """All nodes have it in one moment. A node tells of it before its next heartbeat is due, and not right after one."""
    control.answer = (200, {}, b'{"tip": "", "next_s": 8}')
    publisher = Publisher(tmp_path / "out")
    publisher.publish({"m": {"n": 1}}, "a" * 40)
    with Reporter(Node(tmp_path / "out", Names("n1")), Server(control.url, None), 0.5):
        wait_for(lambda: len(control.requests) == 1)
        publisher.publish({"m": {"n": 2}}, "b" * 40)
        wait_for(lambda: len(control.requests) == 2, 60)
    first, second = control.heartbeats()
    assert second.commit == "b" * 40 and second.sent_at - first.sent_at >= 2.7


def test_what_is_refused_is_told_before_the_next_heartbeat_and_so_is_that_it_is_well_again(
    tmp_path: Path, control: ControlPlane
) -> None:
    """Neither makes a new generation."""
    with (
        running(tmp_path, first=bundle({"n": 1})) as relay,
        Reporter(Node(relay.out, Names("n1")), Server(control.url, None), 600.0),
    ):
        wait_for(lambda: len(control.requests) == 1)
        relay.put("not a bundle: [")
        wait_for(lambda: len(control.requests) == 2, 60)
        relay.put(bundle({"n": 1}))
        wait_for(lambda: len(control.requests) == 3, 60)
    told = control.heartbeats()
    assert [one.state for one in told] == ["ok", "degraded", "ok"] and {one.generation for one in told} == {1}
    assert [[line.partition(":")[0] for line in one.problems] for one in told] == [[], ["m.yaml"], []]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ({}, None),
        ({"tip": "a"}, None),
        ({"next_s": 5.0}, 5.0),
        ({"next_s": 40}, 40.0),
        ({"next_s": 0.001}, LEAST_S),
        ({"next_s": 10**400}, MOST_S),
        ({"next_s": float("inf")}, MOST_S),
        ({"next_s": float("nan")}, None),
        ({"next_s": 0}, None),
        ({"next_s": -5}, None),
        ({"next_s": True}, None),
        ({"next_s": "40"}, None),
        ({"next_s": None}, None),
    ],
)
def test_what_a_control_plane_wants_is_taken_within_reason(answer: dict[str, Any], seconds: float | None) -> None:
    assert wanted(answer) == seconds


def node(tmp_path: Path) -> Node:
    Publisher(tmp_path / "out").publish({"m": {}}, "")
    return Node(tmp_path / "out", Names("n1"))


def test_what_a_relay_refused_is_told_without_its_values(tmp_path: Path, control: ControlPlane) -> None:
    schema = {"properties": {"secret": {"type": "string", "maxLength": 8}}}
    with running(tmp_path, first=bundle({"secret": "short"}, schema=schema)) as relay:
        relay.put(bundle({"secret": "canary-value"}, schema=schema))
        wait_for(lambda: relay.status()["state"] == "degraded")
        assert once(relay.out, control.url)[0] == 0
    [told] = control.heartbeats()
    assert told.state == "degraded" and told.generation == 1
    assert [line.partition(":")[0] for line in told.problems] == ["m.yaml"]
    assert "spec.values.secret" in told.problems[0] and b"canary" not in control.requests[0][2]


def test_a_relay_that_died_is_told_as_silent(tmp_path: Path, control: ControlPlane) -> None:
    with running(tmp_path, first=bundle({"n": 1})) as relay:
        assert once(relay.out, control.url)[0] == 0
        relay.stop(signal.SIGKILL)
        time.sleep(5.5)
        assert once(relay.out, control.url)[0] == 0
    before, after = control.heartbeats()
    assert (before.state, after.state) == ("ok", "silent")
    assert after.generation == before.generation and "silent" in after.problems[0]


def test_without_a_status_the_snapshot_alone_is_told_of(tmp_path: Path, control: ControlPlane) -> None:
    publisher = Publisher(tmp_path / "out")
    publisher.publish({"m": {"n": 1}}, "a" * 40)
    assert once(tmp_path / "out", control.url)[0] == 0
    [told] = control.heartbeats()
    assert (told.generation, told.commit, told.state, told.problems) == (1, "a" * 40, "ok", ())
    assert 0 <= time.time() - told.published_at < 30


def test_a_node_that_serves_nothing_says_so_until_it_does(tmp_path: Path, control: ControlPlane) -> None:
    relay = Relay(tmp_path)
    with reporting(relay, control.url, "--interval", 30) as process:
        [told] = wait_for(control.heartbeats)
        assert (told.state, told.generation, told.commit) == ("empty", 0, "") and told.problems
        Publisher(relay.out).publish({"m": {"n": 1}}, "a" * 40)
        wait_for(lambda: len(control.requests) == 2)
        assert control.heartbeats()[1].commit == "a" * 40
        assert end(process)[0] == 0


def test_a_control_plane_that_is_away_is_complained_of_once_and_found_again(tmp_path: Path) -> None:
    first = ControlPlane()
    first.close()
    with running(tmp_path, first=bundle({"n": 1})) as relay, reporting(relay, first.url, "--interval", 0.5) as process:
        time.sleep(3)
        again = ControlPlane(first.port)
        wait_for(lambda: again.requests, 20)
        code, said = end(process)
        again.close()
    assert code == 0
    assert said.count("cannot reach") == 1 and said.count("reporting to") == 1


def test_a_node_that_was_refused_waits_longer_and_longer(tmp_path: Path, control: ControlPlane) -> None:
    control.answer = (503, {}, b"")
    Publisher(tmp_path / "out").publish({"m": {}}, "")
    with Reporter(Node(tmp_path / "out", Names("n1")), Server(control.url, None), 0.5):
        time.sleep(6)
    # At 0, then after 0.5 to 1, 1 to 2, 2 to 4 seconds more.
    assert 2 <= len(control.requests) <= 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500, 503])
def test_once_ends_with_one_if_it_is_refused(tmp_path: Path, control: ControlPlane, token: Path, status: int) -> None:
    Publisher(tmp_path / "out").publish({"m": {}}, "")
    control.answer = (status, {}, json.dumps({"detail": f"no\x1b[2J {'' if status == 500 else TOKEN}"}).encode())
    code, said = once(tmp_path / "out", control.url, "--token-file", token)
    assert code == 1 and str(status) in said
    assert TOKEN not in said and "\x1b" not in said


def test_a_redirect_is_not_followed(tmp_path: Path, control: ControlPlane, token: Path) -> None:
    thief = ControlPlane()
    Publisher(tmp_path / "out").publish({"m": {}}, "")
    for status in (301, 302, 303, 307, 308):
        control.answer = (status, {"Location": thief.url + "/v1/fleet/heartbeats"}, b"")
        code, said = once(tmp_path / "out", control.url, "--token-file", token)
        assert code == 1 and "redirect" in said
    thief.close()
    assert thief.requests == []


def test_a_control_plane_that_never_answers_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with socket.socket() as silent, running(tmp_path, first=bundle({"n": 1})) as relay:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with reporting(relay, f"http://127.0.0.1:{silent.getsockname()[1]}") as process:
            silent.settimeout(10)
            connection, _ = silent.accept()
            start = time.monotonic()
            assert end(process)[0] == 0
            assert time.monotonic() - start < 3
            connection.close()


def test_a_control_plane_that_is_out_of_reach_ends_once_with_two(tmp_path: Path) -> None:
    Publisher(tmp_path / "out").publish({"m": {}}, "")
    code, said = once(tmp_path / "out", "http://127.0.0.1:1")
    assert code == 2 and "cannot reach http://127.0.0.1:1" in said


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--node", "a b"), "--node"),
        (("--node", os.fsdecode(b"\xff")), "--node"),
        (("--environment", "Prod"), "--environment"),
        (("--region", "eu_1"), "--region"),
        (("--server", "config.example"), "--server"),
        (("--server", "ftp://config.example"), "--server"),
        (("--server", "https://user:canary@config.example"), "--server"),
        (("--server", "https://[canary"), "--server"),
        (("--server", "http://config.example", "--token-file", "token"), "--server"),
        (("--token-file", "not-there"), "--token-file"),
    ],
)
def test_an_option_that_cannot_be_followed_is_named(tmp_path: Path, options: tuple[str, ...], named: str) -> None:
    code, said = once(tmp_path, "http://127.0.0.1:1", *options)
    assert code == 2 and named in said and "canary" not in said and "Traceback" not in said


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"a\nb", b"\xff\xfe", b"x" * 9000, b"a\x00b"])
def test_a_token_file_that_holds_no_token_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(SyncError, match="does not hold one token") as refused:
        Server("http://127.0.0.1:1", tmp_path / "token").post(PATH, Node(tmp_path, Names("n1")).look().body())
    assert "two words" not in str(refused.value)


@pytest.mark.parametrize(
    "status",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"state": 7, "generation": "x", "version": [], "problems": 1, "bundles": {}, "timings": []}',
        b'{"state": "\\u001b", "version": "\\u001b[2J", "problems": [1, {}, {"file": "\\u001b\xc3\xa9", "line": []}]}',
        json.dumps({"problems": [{"key": '"' * 500, "code": "x" * 500}] * 100}).encode(),
    ],
)
def test_a_status_of_any_shape_gives_a_heartbeat_that_is_taken(tmp_path: Path, status: bytes) -> None:
    Publisher(tmp_path).publish({"m": {"n": 1}}, "a" * 40)
    (tmp_path / "status.json").write_bytes(status)
    told = Node(tmp_path, Names("n1")).look()
    assert Heartbeat.read(told.body(), 0.0) == told and told.state == "ok" and told.commit == "a" * 40
