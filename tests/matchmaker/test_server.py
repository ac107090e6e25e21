"""The matchmaker as a process, over real sockets."""

from __future__ import annotations

import asyncio
import json
import math
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from configedge.testing import Publisher
from matchmaker.client import connect as connect_gateway
from tests.support.matchmaker import Matchmaker, running, values


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matchmaker]:
    with running(tmp_path_factory.mktemp("m") / "cfg", limits__max_body_bytes=2048) as matchmaker:
        yield matchmaker


def test_two_players_over_http_get_the_same_match(server: Matchmaker) -> None:
    with ThreadPoolExecutor() as pool:
        first = pool.submit(server.enqueue, "h1", wait=5, eu_west_1=20)
        second = pool.submit(server.enqueue, "h2", wait=5, eu_west_1=30)
        one, two = first.result().json(), second.result().json()
    assert one["state"] == two["state"] == "assigned"
    assert one["match_id"] == two["match_id"]
    assert one["region"] == "eu-west-1"
    assert sorted(id for team in one["teams"] for id in team) == ["h1", "h2"]
    assert (one["generation"], one["commit"]) == (1, "ab" * 20)
    assert server.http.get(f"/v1/tickets/{one['ticket_id']}").json() == one


def test_a_ticket_can_be_asked_for_and_cancelled(server: Matchmaker) -> None:
    queued = server.enqueue("c1")
    assert queued.status_code == 202
    ticket = queued.json()
    assert ticket["state"] == "queued"
    again = server.enqueue("c1").json()
    assert (again["ticket_id"], again["deduplicated"]) == (ticket["ticket_id"], True)
    url = f"/v1/tickets/{ticket['ticket_id']}"
    assert server.http.get(url, params={"wait": 0.05}).json()["state"] == "queued"
    assert server.http.delete(url).json()["state"] == "cancelled"
    assert server.http.delete(url).json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"[1]", 400, ""),
        (b"{", 400, ""),
        (b'{"mode": "duel", "x": 1, "players": [{"id": "a", "rating": 1}]}', 400, "x"),
        (b'{"mode": "duel", "players": []}', 400, "players"),
        (b'{"mode": 1, "players": []}', 400, "mode"),
        (b'{"mode": "duel", "players": [{"id": "a", "rating": "high"}]}', 400, "players.0.rating"),
        (
            b'{"mode": "duel", "players": [{"id": "a", "rating": 1, "rtts_ms": {"eu": -1}}]}',
            400,
            "players.0.rtts_ms",
        ),
        (b'{"mode": "duel", "players": [{"id": "a", "rating": 1, "skill": 2}]}', 400, "players.0.skill"),
        (b'{"mode": "chess", "players": [{"id": "a", "rating": 1}]}', 422, "mode"),
        (b" " * 5000, 413, ""),
    ],
)
def test_a_bad_request_names_the_field_and_what_to_do(server: Matchmaker, body: bytes, status: int, field: str) -> None:
    answer = server.http.post("/v1/tickets", content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert answer.json()["detail"]
    assert answer.json()["hint"]


def test_what_is_not_there_is_404_and_a_wrong_method_405(server: Matchmaker) -> None:
    assert server.http.get("/v1/tickets/nothing").status_code == 404
    assert server.http.delete("/v1/tickets/nothing").status_code == 404
    assert server.http.get("/nothing").status_code == 404
    assert server.http.put("/v1/tickets").status_code == 405
    assert server.http.get("/v1/tickets/x", params={"wait": "long"}).status_code == 400


def test_a_websocket_carries_many_tickets(server: Matchmaker) -> None:
    with connect(server.url.replace("http", "ws") + "/v1/ws") as ws:
        for ref in range(10):
            player = {"id": f"w{ref}", "rating": 1500, "rtts_ms": {"sa-east-1": 10}}
            ws.send(json.dumps({"op": "enqueue", "ref": ref, "mode": "duel", "players": [player]}))
        events: list[dict[str, Any]] = []
        while sum(event["event"] == "assigned" for event in events) < 10:
            events.append(json.loads(ws.recv(timeout=5)))
        assert {event["ref"] for event in events if event["event"] == "assigned"} == set(range(10))
        ws.send(json.dumps({"op": "enqueue", "ref": "x", "mode": "duel", "players": [{"id": "wx", "rating": 5000}]}))
        queued = json.loads(ws.recv(timeout=5))
        ws.send(json.dumps({"op": "cancel", "ref": "y", "ticket_id": queued["ticket_id"]}))
        assert {json.loads(ws.recv(timeout=5))["event"] for _ in range(2)} == {"cancelled", "state"}
        for message, field in (("{", ""), ('{"op": "dance"}', "op"), ('{"op": "enqueue", "mode": "duel"}', "players")):
            ws.send(message)
            error = json.loads(ws.recv(timeout=5))
            assert (error["event"], error["field"]) == ("error", field)


def test_metrics_and_health_are_there(server: Matchmaker) -> None:
    assert server.http.get("/healthz").json()["ok"] is True
    assert server.http.get("/readyz").status_code == 200
    metrics = server.http.get("/metrics").text
    assert "matchmaker_config_generation 1" in metrics
    assert 'matchmaker_matches_total{generation="1"}' in metrics


def test_a_published_change_decides_the_next_match_and_a_senseless_one_does_not(tmp_path: Path) -> None:
    with running(tmp_path / "cfg") as server:

        def meet(a: str, b: str) -> dict[str, Any]:
            server.enqueue(a, us_east_1=40, eu_west_1=45)
            state: dict[str, Any] = server.enqueue(b, wait=5, us_east_1=40, eu_west_1=45).json()
            return state

        assert meet("a", "b")["region"] == "us-east-1"
        regions = {
            "us-east-1": {"weight": 2.0, "open": True, "load": 0.0},
            "eu-west-1": {"weight": 1.0, "open": True, "load": 0.0},
        }
        generation = server.publish("cd" * 20, regions=regions)
        moved = meet("c", "d")
        assert (moved["region"], moved["generation"], moved["commit"]) == ("eu-west-1", generation, "cd" * 20)
        server.publish("ef" * 20, regions=regions, resolution__default_region="moon")
        kept = meet("e", "f")
        assert (kept["region"], kept["generation"]) == ("eu-west-1", generation)
        stats = server.http.get("/v1/stats").json()
        assert stats["settings_refused"] == 1
        assert "moon" in stats["settings_error"]


def test_full_queues_answer_503_with_a_time_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path / "cfg", limits__max_queued_total=1, limits__retry_after_s=7) as server:
        server.enqueue("a", rating=1000)
        answer = server.enqueue("b", rating=2000)
        told = answer.json()["retry_after_s"]
        assert (answer.status_code, answer.headers["retry-after"]) == (503, str(math.ceil(told))) and told >= 7


def test_an_expired_ticket_says_why(tmp_path: Path) -> None:
    with running(tmp_path / "cfg", modes__duel__max_wait_s=0.1) as server:
        state = server.enqueue("a", wait=5).json()
        assert (state["state"], state["reason"]) == ("expired", "no match within 0.1 s")


def test_sigterm_tells_those_who_wait_and_ends_with_zero(tmp_path: Path) -> None:
    with running(tmp_path / "cfg") as server, ThreadPoolExecutor() as pool:
        waiting = pool.submit(server.enqueue, "a", wait=30)
        while server.http.get("/v1/stats").json()["queued"] == 0:
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        state = waiting.result().json()
        assert state["state"] == "returned"
        assert "stopping" in state["reason"]
        assert server.process.wait(timeout=5) == 0


def test_what_keeps_it_from_starting_is_one_clear_line(tmp_path: Path) -> None:
    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "matchmaker", "--wait-config", "0", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=20)

    done = start("--config", str(tmp_path / "nothing"))
    assert done.returncode == 2
    assert "no snapshot directory there" in done.stderr
    assert done.stderr.count("\n") == 1
    with running(tmp_path / "cfg"), socket.create_server(("127.0.0.1", 0)) as taken:
        done = start("--config", str(tmp_path / "cfg"), "--port", str(taken.getsockname()[1]))
        assert done.returncode == 2
        assert "choose another --port" in done.stderr


def test_the_load_generator_counts_what_it_sees(server: Matchmaker) -> None:
    command = [
        sys.executable,
        "-m",
        "matchmaker.load",
        "--url",
        server.url,
        "--rate",
        "200",
        "--seconds",
        "1.5",
        "--jsonl",
    ]
    done = subprocess.run([*command, "--seed", "77"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    *reports, summary = [json.loads(line) for line in done.stdout.splitlines()]
    assert summary["event"] == "summary"
    assert summary["errors"] == 0
    assert summary["assigned"] + summary["unanswered"] == summary["sent"] > 100
    assert abs(sum(reports[-1]["by_region"].values()) - 1) < 0.01


def test_a_request_that_is_repeated_with_its_key_gets_its_ticket(server: Matchmaker) -> None:
    body = {"mode": "duel", "players": [{"id": "idem", "rating": 4000}], "max_wait_s": 60}
    first = server.http.post("/v1/tickets", json=body, headers={"Idempotency-Key": "k1"})
    again = server.http.post("/v1/tickets", json=body, headers={"Idempotency-Key": "k1"}).json()
    assert (again["ticket_id"], again["deduplicated"]) == (first.json()["ticket_id"], True)
    body["max_wait_s"] = 30
    other = server.http.post("/v1/tickets", json=body, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["field"]) == (409, "key")
    server.http.delete(f"/v1/tickets/{first.json()['ticket_id']}")


def test_a_ticket_says_why_it_waits(server: Matchmaker) -> None:
    ticket = server.enqueue("lonely", rating=300).json()
    told = server.http.get(f"/v1/tickets/{ticket['ticket_id']}/explain").json()
    [queue] = told["queues"]
    assert told["state"] == "queued" and "duel" in told["why"]
    assert (queue["players_needed"], queue["players_missing"], queue["window_points"]) == (2, 1, 150)
    assert 0 < queue["widens_in_s"] <= 0.25 and 0 < queue["expires_in_s"] <= 30
    server.http.delete(f"/v1/tickets/{ticket['ticket_id']}")
    assert server.http.get(f"/v1/tickets/{ticket['ticket_id']}/explain").json()["state"] == "cancelled"


def test_a_player_who_asks_too_often_is_told_when_to_come_back(server: Matchmaker) -> None:
    answers = [server.enqueue("eager", rating=2900) for _ in range(8)]
    refused = answers[-1]
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1
    assert refused.json()["detail"].startswith("eager")


def test_a_match_waits_for_all_to_accept_it(tmp_path: Path) -> None:
    with running(tmp_path / "cfg", modes__duel__accept_s=20) as server:
        tickets = [server.enqueue(id).json()["ticket_id"] for id in ("a", "b")]
        states = [server.http.get(f"/v1/tickets/{id}").json()["state"] for id in tickets]
        assert states == ["proposed", "proposed"]
        assert server.http.post(f"/v1/tickets/{tickets[0]}/accept", json={"player": "b"}).status_code == 404
        first = server.http.post(f"/v1/tickets/{tickets[0]}/accept", json={"player": "a"}).json()
        assert first["state"] == "proposed"
        second = server.http.post(f"/v1/tickets/{tickets[1]}/accept", json={"player": "b"}).json()
        assert second["state"] == "assigned"
        assert server.http.get(f"/v1/tickets/{tickets[0]}").json()["match_id"] == second["match_id"]
        tickets = [server.enqueue(id).json()["ticket_id"] for id in ("c", "d")]
        assert server.http.post(f"/v1/tickets/{tickets[0]}/decline").json()["state"] == "rejected"
        assert server.http.get(f"/v1/tickets/{tickets[1]}").json()["state"] == "queued"


def test_a_running_match_gets_the_players_it_asks_for(server: Matchmaker) -> None:
    asked = server.http.post(
        "/v1/backfills", json={"region": "us-east-1", "mode": "squad", "seats": [1, 0], "rating": 1500}
    )
    assert asked.status_code == 201 and asked.json()["joined"] == []
    joined = server.enqueue("filler", mode="squad").json()
    assert (joined["state"], joined["backfill_id"]) == ("assigned", asked.json()["backfill_id"])
    assert joined["teams"] == [["filler"], []]
    assert server.http.delete(f"/v1/backfills/{asked.json()['backfill_id']}").status_code == 404
    moon = {"region": "moon", "mode": "squad", "seats": [1], "rating": 1}
    assert server.http.post("/v1/backfills", json=moon).json()["field"] == "region"


def test_a_gateway_is_served_beside_http_and_told_of_the_end(tmp_path: Path) -> None:
    with running(tmp_path / "cfg", options=("--gateway", str(tmp_path / "gw.sock"))) as server:
        player = {"id": "g", "rating": 1500}

        async def play() -> dict[str, Any]:
            async with await connect_gateway(str(tmp_path / "gw.sock")) as gateway:
                session = gateway.enqueue({"mode": "duel", "players": [player]})
                await gateway.ping()
                await asyncio.to_thread(server.enqueue, "h")
                return await session.result()

        assert asyncio.run(play())["teams"] in ([["g"], ["h"]], [["h"], ["g"]])
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=10) == 0
        assert not (tmp_path / "gw.sock").exists()


def test_a_gateway_that_cannot_be_served_is_one_clear_line(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "cfg")
    publisher.publish({"matchmaking": values()})
    where = str(tmp_path / "missing" / "gw.sock")
    command = [sys.executable, "-m", "matchmaker", "--config", str(tmp_path / "cfg"), "--port", "0", "--gateway", where]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 2
    assert where in ended.stderr and "choose another address" in ended.stderr and "Traceback" not in ended.stderr
