"""Flux is told of a commit as its notification-controller wants to be told."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from configedge.kube.receiver import ATTEMPTS, Receiver, ReceiverError
from tests.support.control import Control, document, running
from tests.support.relay import wait_for

TOKEN = b"shared between both"
PATH = "/hook/bed6d00b5555b1603e1f59b94d7fdbca58089cb5663633fb83f2815dc626d92b"


class Flux(ThreadingHTTPServer):
    """Takes what a Receiver of type generic-hmac takes; `busy` requests are answered with 503 first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[str] = []
        self.asked = self.busy = 0
        self.gate = threading.Event()
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    server: Flux

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        self.server.gate.wait(10)
        kind, _, sent = self.headers.get("X-Signature", "").partition("=")
        good = kind == "sha256" and hmac.compare_digest(sent, hmac.new(TOKEN, body, hashlib.sha256).hexdigest())
        status = (
            404 if self.path != PATH else 400 if not good else 503 if self.server.asked <= self.server.busy else 200
        )
        if status == 200:
            self.server.told.append(json.loads(body)["commit"])
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def flux() -> Iterator[Flux]:
    with Flux() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.gate.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    # As editors and secrets have it, with a newline or without.
    (tmp_path / "token").write_bytes(TOKEN + b"\n")
    return tmp_path / "token"


def test_a_commit_is_told_and_signed(token: Path) -> None:
    with flux() as server, Receiver(server.url, token) as receiver:
        receiver.committed("a" * 40, 0.0)
        wait_for(lambda: server.told == ["a" * 40])


def test_commits_that_come_meanwhile_are_told_as_one(token: Path) -> None:
    with flux() as server, Receiver(server.url, token) as receiver:
        server.gate.clear()
        receiver.committed("first", 0.0)
        wait_for(lambda: server.asked == 1)
        for at in range(200):
            receiver.committed(f"c{at}", 0.0)
        server.gate.set()
        wait_for(lambda: server.told[-1:] == ["c199"])
        assert server.told == ["first", "c199"]


def test_it_is_tried_again_and_then_left_to_the_interval(token: Path, caplog: pytest.LogCaptureFixture) -> None:
    with flux() as server, Receiver(server.url, token) as receiver:
        server.busy = 2
        receiver.committed("a", 0.0)
        wait_for(lambda: server.told == ["a"], 30)
        assert server.asked == 3
        server.busy = 1_000_000
        with caplog.at_level(logging.WARNING):
            receiver.committed("b", 0.0)
            wait_for(lambda: "it will see it at its next look" in caplog.text, 60)
        assert server.asked == 3 + ATTEMPTS
        assert PATH not in caplog.text and TOKEN.decode() not in caplog.text


def test_a_token_that_was_changed_is_read_again(token: Path) -> None:
    with flux() as server, Receiver(server.url, token) as receiver:
        token.write_text("another")
        with pytest.raises(ReceiverError, match=r"answered 400; is the token the Receiver's\?"):
            receiver.tell("a")
        token.write_bytes(TOKEN)
        receiver.tell("b")
        assert server.told == ["b"]


def test_what_cannot_work_is_said_at_once(tmp_path: Path, token: Path) -> None:
    with pytest.raises(ReceiverError, match="webhookPath"):
        Receiver("flux", token)
    with pytest.raises(ReceiverError, match="cannot read"):
        Receiver("http://flux", tmp_path / "none")
    (tmp_path / "empty").touch()
    with pytest.raises(ReceiverError, match="has no token"):
        Receiver("http://flux", tmp_path / "empty")
    with flux() as server, pytest.raises(ReceiverError, match="answered 404; is the path") as raised:
        Receiver(f"{server.url}x", token).tell("a")
    assert PATH not in str(raised.value)
    with pytest.raises(ReceiverError, match="cannot reach http"):
        Receiver(server.url, token).tell("a")


def figures(control: Control) -> dict[str, float]:
    found = [line.split() for line in control.http.get("/metrics").text.splitlines()]
    return {line[0].partition("receiver_")[2]: float(line[1]) for line in found if "receiver_hints" in line[0]}


def test_the_control_plane_tells_of_each_commit_and_keeps_the_path_to_itself(tmp_path: Path, token: Path) -> None:
    with flux() as server:
        (tmp_path / "url").write_text(server.url + "\n")
        options = ("--receiver-url-file", str(tmp_path / "url"), "--receiver-token-file", str(token))
        with running(tmp_path / "repo", *options) as control:
            commits = []
            for number in range(3):
                made = control.put(f"game/a{number}", document({"n": 1})).raise_for_status()
                commits.append(made.json()["commit"])
                wait_for(lambda: server.told == commits, 30)
            wait_for(lambda: figures(control).get('hints_total{outcome="told"}') == 3, 30)
            assert figures(control)['hints_total{outcome="failed"}'] == 0
            server.busy = 1_000_000
            assert control.put("game/b", document({"n": 1})).status_code == 200
            wait_for(lambda: figures(control)['hints_total{outcome="failed"}'] == 1, 60)
            assert control.http.get("/readyz").status_code == 200, "Flux will look by itself"
            command = Path(f"/proc/{control.process.pid}/cmdline").read_text()
            assert control.stop() == 0
        said = control.log.read_text()
        assert "Flux was not told" in said and "it will see it at its next look" in said
        assert PATH not in said + command and TOKEN.decode() not in said + command


def test_a_receiver_that_is_away_delays_no_commit_and_no_end(tmp_path: Path, token: Path) -> None:
    with flux() as server:
        server.gate.clear()
        (tmp_path / "url").write_text(server.url)
        options = ("--receiver-url-file", str(tmp_path / "url"), "--receiver-token-file", str(token))
        with running(tmp_path / "repo", *options) as control:
            for number in range(5):
                assert control.put(f"game/a{number}", document({"n": 1})).status_code == 200
            assert server.told == []
            server.gate.set()
            wait_for(lambda: server.told[-1:] == [control.tip()], 30)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"--receiver-url-file": "http://flux/hook/canary"}, "go together"),
        ({"--receiver-token-file": "canary"}, "go together"),
        ({"--receiver-url-file": "canary", "--receiver-token-file": "canary"}, "no URL; give http://HOST"),
        ({"--receiver-url-file": "http://[canary", "--receiver-token-file": "canary"}, "no URL; give http://HOST"),
        ({"--receiver-url-file": "", "--receiver-token-file": "canary"}, "has no URL of a Receiver"),
        ({"--receiver-url-file": "http://flux/hook/canary", "--receiver-token-file": ""}, "has no token"),
    ],
)
def test_a_control_plane_says_which_file_is_wrong_and_not_what_is_in_it(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    options = []
    for name, content in files.items():
        (tmp_path / name.strip("-")).write_text(content)
        options += [name, str(tmp_path / name.strip("-"))]
    command = [sys.executable, "-m", "configedge.control", "--port", "0", "--repo", str(tmp_path / "repo"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert "canary" not in done.stderr.replace(str(tmp_path), "") and done.stderr.count("\n") == 1
