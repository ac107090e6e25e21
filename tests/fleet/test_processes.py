"""`python -m matchmaker --fleet`: players of real processes, over gateway streams and HTTP."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from configedge.testing import Publisher
from matchmaker.client import Client, RequestRefused, connect
from tests.support.broker import Broker
from tests.support.fleet_members import Member, members
from tests.support.matchmaker import values
from tests.support.relay import wait_for

LIMITS = {"limits__target_lag_ms": 10_000, "limits__requests_per_player_per_s": 1000}


def publish(directory: Path, **changes: object) -> Path:
    Publisher(directory / "config").publish({"matchmaking": values(**LIMITS, **changes)}, "ab" * 20)
    return directory / "config"


def player(name: str, mode: str = "duel") -> dict[str, object]:
    return {"mode": mode, "players": [{"id": name, "rating": 1500, "rtts_ms": {"eu-west-1": 9, "us-east-1": 90}}]}


async def stream(directory: Path, member: Member) -> Client:
    return await connect(str(directory / f"{member.name}.sock"))


@pytest.mark.timeout(180)
async def test_gateway_streams_of_two_processes_are_one_matchmaker(tmp_path: Path, shared_broker: Broker) -> None:
    config = publish(tmp_path)
    options = ("--fleet-prefix", "streams", "--lease", "1", "--gateway")
    with (
        members(["one"], shared_broker.url, config, tmp_path, [*options, str(tmp_path / "one.sock")]) as first,
        members(["two"], shared_broker.url, config, tmp_path, [*options, str(tmp_path / "two.sock")]) as second,
    ):
        async with await stream(tmp_path, first["one"]) as one, await stream(tmp_path, second["two"]) as two:
            ann = one.enqueue(player("ann"))
            async for happened in ann:
                assert happened.name == "queued"
                break
            told = (await ann.get())["state"], (await ann.cancel())["state"], (await ann.result())["state"]
            assert told == ("queued", "cancelled", "cancelled")

            bob, cat = one.enqueue(player("bob")), two.enqueue(player("cat"))
            match = await bob.result()
            assert match["match_id"] == (await cat.result())["match_id"]
            assert (match["generation"], match["commit"]) == (1, "ab" * 20)

            with pytest.raises(RequestRefused, match="not a mode"):
                await two.enqueue(player("dan", mode="chess")).result()

            # Who loses the first process finds the ticket at the second, by its id.
            eve = one.enqueue(player("eve"))
            async for _ in eve:
                break
            first["one"].process.kill()
            async with httpx2.AsyncClient(base_url=second["two"].url, timeout=60) as http:
                assert (await http.get(f"/v1/tickets/{eve.ticket_id}")).json()["state"] == "queued"
                fay = two.enqueue(player("fay"))
                found = (await http.get(f"/v1/tickets/{eve.ticket_id}", params={"wait": 50})).json()
                assert found["state"] == "assigned"
                assert found["match_id"] == (await fay.result())["match_id"]
                assert (await http.get(f"/v1/tickets/{eve.ticket_id}x")).status_code == 404
                assert (await http.get("/v1/tickets/nonsense")).status_code == 404


@pytest.mark.timeout(120)
def test_a_process_says_how_its_partitions_are_and_why_a_ticket_waits(tmp_path: Path, shared_broker: Broker) -> None:
    config = publish(tmp_path)
    options = ("--fleet-prefix", "told", "--partitions", "eu-west-1/duel", "*/*")
    with members(["one"], shared_broker.url, config, tmp_path, options) as found:
        http = httpx2.Client(base_url=found["one"].url, timeout=30)
        id = http.post("/v1/tickets", json=player("ann")).json()["ticket_id"]
        assert http.get(f"/v1/tickets/{id}").json()["ticket_id"] == id
        # The partition may not be served yet; when the ticket is cancelled, it is.
        explained = http.get(f"/v1/tickets/{id}/explain")
        assert explained.status_code in (200, 422)
        assert http.delete(f"/v1/tickets/{id}").json()["state"] == "cancelled"
        stats = http.get("/v1/stats").json()["fleet"]
        assert stats["member"] == "one" and stats["parked"] == {}
        assert "eu-west-1/duel" in stats["serving"]
        bob = http.post("/v1/tickets", json=player("bob")).json()["ticket_id"]
        # The log has it; its partition's engine comes to it with the next step.
        wait_for(lambda: "estimate_s" in http.get(f"/v1/tickets/{bob}/explain").json(), 60)
        metrics = http.get("/metrics").text
        assert 'matchmaker_fleet_partitions{state="parked"} 0' in metrics
        assert 'matchmaker_fleet_tickets{partition="eu-west-1/duel"} 1' in metrics
        http.close()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--fleet", "nats://secret@127.0.0.1:9"], "no broker at 127.0.0.1:9"),
        (["--fleet", "nats://127.0.0.1:9", "--partitions", "eu-west-1"], "'eu-west-1' is no partition"),
        (["--fleet", "nats://127.0.0.1:9", "--log", "x"], "--log is for a matchmaker on its own"),
    ],
)
def test_what_cannot_be_is_said_at_the_start(tmp_path: Path, options: list[str], why: str) -> None:
    command = [sys.executable, "-m", "matchmaker", "--config", str(publish(tmp_path)), "--port", "0", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 2
    assert why in done.stderr and "secret" not in done.stderr
