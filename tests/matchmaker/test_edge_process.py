"""Edge processes before one owner: players' connections in several processes, tickets in one."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from configedge.testing import Publisher
from tests.support.matchmaker import values

DEADLINE_S = 60.0


class Fleet:
    """An owner that can be killed and started again, and its edges."""

    def __init__(self, root: Path, processes: int = 2, **changes: Any) -> None:
        self.config, self.gateway = root / "cfg", root / "gateway.sock"
        Publisher(self.config).publish({"matchmaking": values(**changes)}, "ab" * 20)
        self.running: list[subprocess.Popen[str]] = []
        self.start_owner()
        options = ["edge", "--owner", str(self.gateway), "--processes", str(processes)]
        self.edge, ready = self._start(*options)
        self.url, self.pids = ready["url"], ready["pids"]
        self.http = httpx2.Client(base_url=self.url, timeout=DEADLINE_S)

    def start_owner(self) -> None:
        self.gateway.unlink(missing_ok=True)
        self.owner, ready = self._start("--gateway", str(self.gateway))
        self.owner_url = ready["url"]

    def _start(self, *arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        command = [sys.executable, "-m", "matchmaker", *arguments, "--config", str(self.config), "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], DEADLINE_S)[0], "not ready"
        return process, json.loads(process.stdout.readline())

    def until_ready(self) -> None:
        until = time.monotonic() + DEADLINE_S
        # Each process has a stream of its own: a new connection asks any of them.
        good = 0
        while good < 20:
            good = good + 1 if httpx2.get(f"{self.url}/readyz", timeout=DEADLINE_S).status_code == 200 else 0
            assert time.monotonic() < until
            time.sleep(0.01)

    def stop(self) -> None:
        self.http.close()
        for process in self.running:
            if process is self.edge:
                # Its processes end with it.
                process.terminate()
                process.wait(DEADLINE_S)
            process.kill()
            process.communicate()


@contextlib.contextmanager
def fleet(root: Path, **changes: Any) -> Iterator[Fleet]:
    made = Fleet(root, **changes)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("f")) as made:
        yield made


def body(*ids: str, rating: float = 1500, **more: Any) -> dict[str, Any]:
    return {"mode": "duel", "players": [{"id": id, "rating": rating} for id in ids], **more}


def dial(fleet: Fleet, path: str = "/v1/ws") -> ClientConnection:
    return connect(fleet.url.replace("http", "ws") + path, compression=None, open_timeout=DEADLINE_S)


def hear(ws: ClientConnection, event: str) -> dict[str, Any]:
    """The next message of that name."""
    while True:
        told: dict[str, Any] = json.loads(ws.recv(timeout=DEADLINE_S))
        if told["event"] == event:
            return told


def test_players_of_several_processes_meet(shared: Fleet) -> None:
    def play(id: str) -> Any:
        return httpx2.post(f"{shared.url}/v1/tickets?wait=30", json=body(id), timeout=DEADLINE_S).json()

    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(play, [f"p{number}" for number in range(10)]))
    assert {one["state"] for one in told} == {"assigned"}
    matches = {one["match_id"]: one["teams"] for one in told}
    assert sorted(id for teams in matches.values() for team in teams for id in team) == sorted(
        f"p{number}" for number in range(10)
    )


def test_a_ticket_is_asked_for_waited_for_and_cancelled(shared: Fleet) -> None:
    http = shared.http
    queued = http.post("/v1/tickets", json=body("c1", rating=200))
    assert queued.status_code == 202
    url = f"/v1/tickets/{queued.json()['ticket_id']}"
    again = http.post("/v1/tickets", json=body("c1", rating=200)).json()
    assert (again["ticket_id"], again["deduplicated"]) == (queued.json()["ticket_id"], True)
    for process in range(8):
        # From whichever process: by a new connection each time.
        told = httpx2.get(f"{shared.url}{url}?wait=0.0{process}", timeout=DEADLINE_S).json()
        assert told["state"] == "queued"
    waited = http.post("/v1/tickets?wait=0.1", json=body("c1", rating=200))
    assert (waited.status_code, waited.json()["deduplicated"]) == (202, True)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(httpx2.get, f"{shared.url}{url}?wait=30", timeout=DEADLINE_S)
        time.sleep(0.05)
        assert http.delete(url).json()["state"] == "cancelled"
        assert waiting.result().json()["state"] == "cancelled"
    assert http.get(url).json()["state"] == http.delete(url).json()["state"] == "cancelled"


def test_refusals_of_edge_and_owner_have_the_same_form(shared: Fleet) -> None:
    http = shared.http
    for sent, status, field in (
        (body("x", rating="high"), 400, "players.0.rating"),  # type: ignore[arg-type]
        ({**body("x"), "mode": "chess"}, 422, "mode"),
        (body("x", key="k" * 200), 400, "key"),
    ):
        answer = http.post("/v1/tickets", json=sent)
        assert (answer.status_code, answer.json()["field"]) == (status, field)
        assert answer.headers["content-type"] == "application/problem+json" and answer.json()["hint"]
    for method, path in (("GET", "none"), ("DELETE", "none"), ("POST", "none/decline"), ("GET", "x" * 100)):
        assert http.request(method, f"/v1/tickets/{path}").status_code == 404
    for rating in range(9):
        last = http.post("/v1/tickets", json=body("eager", rating=3000 + rating))
    assert last.status_code == 429 and int(last.headers["retry-after"]) >= 1


def test_a_request_that_grows_too_long_on_its_way_does_not_end_the_stream_of_all(shared: Fleet) -> None:
    rtts = ",".join(f'"r{number}":6e4' for number in range(64))
    players = ",".join(f'{{"id":"g{number}","rating":1,"rtts_ms":{{{rtts}}}}}' for number in range(24))
    text = f'{{"mode":"squad","players":[{players}]}}'
    assert len(text) < values()["limits"]["max_body_bytes"]
    answer = shared.http.post("/v1/tickets", content=text)
    assert answer.status_code == 400 and "limits.max_body_bytes" in answer.json()["hint"]
    with dial(shared) as ws:
        ws.send(json.dumps({"op": "accept", "ref": 1, "ticket_id": "x", "player": "p" * 9000}))
        assert hear(ws, "error")["status"] == 400
        ws.send(json.dumps({"op": "enqueue", "ref": 2, **body("still", rating=100)}))
        assert hear(ws, "queued")["ref"] == 2


def test_what_is_of_the_owner_is_not_here(shared: Fleet) -> None:
    assert shared.http.get("/v1/stats").status_code == 404
    paths = shared.http.get("/openapi.json").json()["paths"]
    assert "/v1/tickets" in paths and "/v1/stats" not in paths
    assert 'matchmaker_edge_connections{kind="http"}' in shared.http.get("/metrics").text
    assert shared.http.get("/healthz").json()["ok"] is True


def test_an_edge_that_is_killed_loses_no_ticket_and_is_replaced(tmp_path: Path) -> None:
    with fleet(tmp_path, modes__duel__max_wait_s=600) as made, dial(made) as ws:
        ws.send(json.dumps({"op": "enqueue", "ref": 1, **body("crashed", rating=400)}))
        id = hear(ws, "queued")["ticket_id"]
        for pid in made.pids:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=DEADLINE_S)
        until = time.monotonic() + DEADLINE_S
        while True:
            with contextlib.suppress(OSError, httpx2.HTTPError), dial(made) as again:
                again.send(json.dumps({"op": "get", "ref": 2, "ticket_id": id}))
                if json.loads(again.recv(timeout=DEADLINE_S))["event"] == "state":
                    httpx2.post(f"{made.url}/v1/tickets", json=body("other", rating=400), timeout=DEADLINE_S)
                    assert sorted(hear(again, "assigned")["teams"]) == [["crashed"], ["other"]]
                    break
            assert time.monotonic() < until
            time.sleep(0.05)


def test_an_owner_that_is_gone_is_told_with_a_time_to_come_back(tmp_path: Path) -> None:
    with fleet(tmp_path) as made, dial(made) as ws, ThreadPoolExecutor(1) as pool:
        ws.send(json.dumps({"op": "enqueue", "ref": 1, **body("told", rating=400)}))
        id = hear(ws, "queued")["ticket_id"]
        url = f"{made.url}/v1/tickets/{id}?wait=60"
        waiting = pool.submit(httpx2.get, url, timeout=DEADLINE_S)
        time.sleep(0.3)
        made.owner.kill()
        made.owner.wait()
        told = hear(ws, "going_away")
        assert told["ticket_id"] == id and told["retry_after_s"] >= 1 and told["status"] == 503
        answer = waiting.result()
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
        ws.send(json.dumps({"op": "enqueue", "ref": 2, **body("new")}))
        assert hear(ws, "error")["retry_after_s"] >= 1
        refused = made.http.post("/v1/tickets", json=body("new"))
        assert refused.status_code == 503 and int(refused.headers["retry-after"]) >= 1
        assert made.http.get("/readyz").status_code == 503
        made.start_owner()
        # It is another one, and knows nothing of the ticket.
        assert hear(ws, "returned")["ticket_id"] == id
        made.until_ready()
        assert made.http.post("/v1/tickets", json=body("new")).status_code == 202


def test_without_acks_a_lost_owner_is_told_too(tmp_path: Path) -> None:
    with fleet(tmp_path, processes=1) as made, dial(made, "/v1/ws?acks=false") as ws:
        ws.send(json.dumps({"op": "enqueue", "ref": 1, **body("quiet", rating=400)}))
        until = time.monotonic() + DEADLINE_S
        while httpx2.get(f"{made.owner_url}/v1/stats", timeout=DEADLINE_S).json()["queued"] == 0:
            assert time.monotonic() < until
        made.owner.kill()
        assert (told := hear(ws, "error"))["ref"] == 1 and told["retry_after_s"] >= 1


def test_a_stop_closes_with_a_word_and_leaves_the_tickets(tmp_path: Path) -> None:
    with fleet(tmp_path) as made, dial(made) as ws:
        ws.send(json.dumps({"op": "enqueue", "ref": 1, **body("stays", rating=400)}))
        id = hear(ws, "queued")["ticket_id"]
        made.edge.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=DEADLINE_S)
        assert ws.close_code == 1001
        assert made.edge.wait(DEADLINE_S) == 0
        found = httpx2.get(f"{made.owner_url}/v1/tickets/{id}", timeout=DEADLINE_S).json()
        assert found["state"] == "queued"


def test_the_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    with fleet(tmp_path) as made:
        made.edge.kill()
        until = time.monotonic() + DEADLINE_S
        for pid in made.pids:
            while Path(f"/proc/{pid}").exists():
                assert time.monotonic() < until
                time.sleep(0.05)


def test_what_keeps_it_from_starting_is_one_clear_line(tmp_path: Path) -> None:
    Publisher(tmp_path / "cfg").publish({"matchmaking": values()})

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "matchmaker", "edge", "--owner", str(tmp_path / "none"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S)

    done = start("--config", str(tmp_path / "nothing"), "--wait-config", "0")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    taken = start("--config", str(tmp_path / "cfg"), "--host", "192.0.2.1")
    assert taken.returncode == 2 and "choose another --port" in taken.stderr
