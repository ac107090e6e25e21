"""Waiting that counts though it was not in this queue: at another matchmaker, or for a region to become near enough."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker import turned_away
from matchmaker.age_token import VALID_S, sign_age, waited_s
from matchmaker.turned_away import TurnedAway
from tests.support.matchmaker import Matchmaker, running

KEY = bytes(range(32))
NOW = 1_800_000_000.0
PLAYERS = ["ann", "böb"]


def test_a_token_tells_how_long_its_players_waited_until_it_expires() -> None:
    token = sign_age(KEY, PLAYERS, NOW - 12.5, NOW)
    assert waited_s(KEY, PLAYERS, token, NOW + 1) == waited_s(KEY, PLAYERS[::-1], token, NOW + 1) == 13.5
    assert waited_s(KEY, PLAYERS, token, NOW + VALID_S + 1) == 0
    assert waited_s(KEY, ["ann"], token, NOW) == waited_s(KEY[::-1], PLAYERS, token, NOW) == 0
    assert waited_s(KEY, ['ann","böb'], token, NOW) == 0
    assert waited_s(KEY, PLAYERS, sign_age(KEY, PLAYERS, NOW + 5, NOW), NOW) == 0, "a clock is ahead"


@given(st.integers(0, 200), st.text(max_size=3))
def test_no_other_text_is_a_token(at: int, put: str) -> None:
    token = sign_age(KEY, PLAYERS, NOW - 12.5, NOW)
    other = token[:at] + put + token[at + len(put) :]
    assert other == token or waited_s(KEY, PLAYERS, other, NOW) == 0


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(KEY)
    return path


@pytest.fixture
def server(tmp_path: Path, key: Path) -> Iterator[Matchmaker]:
    with running(tmp_path / "cfg", ["--signing-key", str(key)]) as matchmaker:
        yield matchmaker


def ask(server: Matchmaker, token: str, wait: float = 0, player: str = "ann") -> dict[str, object]:
    wanted = {"mode": "duel", "players": [{"id": player, "rating": 1500}], "age_token": token}
    told: dict[str, object] = server.http.post("/v1/tickets", params={"wait": wait}, json=wanted).json()
    return told


def test_a_ticket_that_a_stopping_matchmaker_gives_back_keeps_its_age_at_another(
    tmp_path: Path, key: Path, server: Matchmaker
) -> None:
    with running(tmp_path / "other", ["--signing-key", str(key)]) as stopping, ThreadPoolExecutor() as pool:
        waiting = pool.submit(stopping.enqueue, "ann", wait=30)
        while stopping.http.get("/v1/stats").json()["queued"] == 0:
            time.sleep(0.01)
        began = time.monotonic()
        time.sleep(0.3)
        stopping.process.send_signal(signal.SIGTERM)
        returned = waiting.result().json()
    assert returned["state"] == "returned"
    told = ask(server, returned["age_token"])
    waited = told["waited_ms"]
    assert isinstance(waited, float) and 300 <= waited <= (time.monotonic() - began) * 1000 + 100
    assert ask(server, returned["age_token"], player="bob")["state"] == "assigned"
    found = server.http.get(f"/v1/tickets/{told['ticket_id']}").json()
    assert found["state"] == "assigned" and found["waited_ms"] >= waited


def test_who_waited_elsewhere_expires_that_much_sooner(server: Matchmaker) -> None:
    began = time.monotonic()
    told = ask(server, sign_age(KEY, ["ann"], time.time() - 29.5, time.time()), wait=10)
    assert told["state"] == "expired" and time.monotonic() - began < 5


def test_a_token_that_does_not_hold_counts_for_nothing(tmp_path: Path, server: Matchmaker) -> None:
    token = sign_age(KEY, ["ann"], time.time() - 20, time.time())
    waited = ask(server, token, player="bob")["waited_ms"]
    assert isinstance(waited, float) and waited < 10_000
    with running(tmp_path / "keyless") as keyless, ThreadPoolExecutor() as pool:
        waited = ask(keyless, token)["waited_ms"]
        assert isinstance(waited, float) and waited < 10_000
        waiting = pool.submit(keyless.enqueue, "eve", wait=30, rating=100)
        while keyless.http.get("/v1/stats").json()["queued"] < 2:
            time.sleep(0.01)
        keyless.process.send_signal(signal.SIGTERM)
        assert "age_token" not in waiting.result().json(), "it could not be believed"


def test_who_comes_back_when_told_to_is_taken_by_a_region_that_was_too_far(tmp_path: Path) -> None:
    widen = {"resolution__beyond_max": "widen", "resolution__widen_ms_per_s": 100}
    with running(tmp_path / "cfg", **widen) as server:
        refused = server.enqueue("ann", us_east_1=300, sa_east_1=900)
        assert refused.status_code == 503 and refused.headers["retry-after"] == "1"
        assert "us-east-1, the nearest, is 300 ms away; it will do after 0.5 s of waiting" in refused.json()["detail"]
        early = server.enqueue("ann", us_east_1=300, sa_east_1=900)
        assert early.status_code == 503 and early.json()["retry_after_s"] < refused.json()["retry_after_s"]
        time.sleep(float(refused.headers["retry-after"]))
        assert server.enqueue("bob", us_east_1=300).status_code == 503
        taken = server.enqueue("ann", us_east_1=300, sa_east_1=900)
        assert (taken.status_code, taken.json()["region"]) == (202, "us-east-1")


def test_waiting_for_a_region_ends_with_it_or_by_staying_away(monkeypatch: pytest.MonkeyPatch) -> None:
    away = TurnedAway()
    assert away.waited_s("ann", 100) == 0
    away.add("ann", 5, 100)
    away.add("ann", 2, 103)
    assert away.waited_s("ann", 105) == 5
    assert away.waited_s("ann", 105 + 61) == 0 and len(away) == 0
    away.add("ann", 5, 200)
    away.remove("ann")
    assert away.waited_s("ann", 206) == 0
    monkeypatch.setattr(turned_away, "_LIMIT", 3)
    for at, name in enumerate("abcd"):
        away.add(name, 5, 300 + at)
    assert len(away) == 3 and away.waited_s("a", 305) == 0 and away.waited_s("d", 305) == 2
    away.add("b", 5, 304)
    away.add("e", 5, 305)
    assert [name for name in "bcde" if away.waited_s(name, 306)] == ["b", "d", "e"], "c asked longest ago"
