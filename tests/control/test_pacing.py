"""How often nodes are to report: a control plane of any size of fleet is asked no more than it can carry."""

from __future__ import annotations

import heapq
import json
import random
import statistics
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from configedge.control.auth import Grant, Role
from configedge.control.fleet import (
    INTERVAL_S,
    LOST_AFTER,
    LOST_S,
    MAX_NODES,
    Heartbeat,
    NodeState,
    Propagation,
    summary,
)
from configedge.control.pacing import HEARTBEATS_S, LONGEST_S, Pacing
from configedge.control.reach import Reach, Scope
from configedge.control.store import Store
from tests.support.access import guarded
from tests.support.control import running

LARGE = int(10 * INTERVAL_S * HEARTBEATS_S)


def beat(node: str = "n", commit: str = "") -> Heartbeat:
    now = time.time()
    return Heartbeat(node, "", "", 1, commit, "ok", (), now, now, "1", now)


class Now:
    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def fleet(pacing: Pacing, nodes: int) -> float:
    """What the last of so many nodes is told."""
    return [pacing.heard(f"node-{n}") for n in range(nodes)][-1]


@pytest.mark.parametrize(
    ("nodes", "next_s"),
    [
        (1, INTERVAL_S),
        (int(INTERVAL_S * HEARTBEATS_S), INTERVAL_S),
        (10_000, 10_000 / HEARTBEATS_S),
        (MAX_NODES, LONGEST_S),
    ],
)
def test_a_larger_fleet_reports_more_seldom(nodes: int, next_s: float) -> None:
    pacing = Pacing()
    assert fleet(pacing, nodes) == next_s
    assert pacing.lost_s() == LOST_AFTER * next_s
    assert pacing.heard("node-0") == next_s, "a node counts once"


def test_nodes_that_are_gone_do_not_count_for_long() -> None:
    now = Now()
    pacing = Pacing(now)
    assert fleet(pacing, LARGE) == 10 * INTERVAL_S
    now.at += LOST_AFTER * 10 * INTERVAL_S + 1
    assert pacing.lost_s() == LOST_S
    assert pacing.heard("another") == INTERVAL_S


def test_so_many_nodes_are_counted_and_no_more() -> None:
    pacing = Pacing(most=2_000)
    assert fleet(pacing, 100_000) == 2_000 / HEARTBEATS_S


@pytest.mark.parametrize("nodes", [100, LARGE])
def test_a_fleet_that_starts_at_once_soon_asks_no_more_than_the_control_plane_carries(nodes: int) -> None:
    now, chance = Now(), random.Random(7)
    pacing = Pacing(now)
    due = [(now.at + chance.random(), n) for n in range(nodes)]
    heapq.heapify(due)
    seconds = Counter[int]()
    while due[0][0] < 1_400.0:
        now.at, n = heapq.heappop(due)
        seconds[int(now.at)] += 1
        heapq.heappush(due, (now.at + pacing.heard(str(n)) * chance.uniform(0.9, 1.1), n))
    settled = [seconds[second] for second in range(1_200, 1_400)]
    assert statistics.mean(settled) == pytest.approx(min(nodes / INTERVAL_S, HEARTBEATS_S), rel=0.05)


def test_a_node_that_reports_seldom_is_waited_for() -> None:
    now = Now()
    pushes = Propagation(now)
    for name, next_s in (("often", INTERVAL_S), ("seldom", 60.0)):
        pushes.reported(name, "0" * 40, 0.0, next_s)
    pushes.committed("a" * 40, now.at, 1)
    now.at += 100
    pushes.reported("seldom", "a" * 40, now.at - 50, 60.0)
    [row] = pushes.rows()
    assert (row["nodes"], row["served"], row["all_s"]) == (1, 1, 50.0), "the other one is lost, this one never was"


def test_after_a_start_a_large_fleet_has_the_time_to_report(tmp_path: Path) -> None:
    """Each node was told before how long to wait: as they come, they tell how many there are."""
    now = Now()
    pacing = Pacing(now)
    store = Store(tmp_path / "repo")
    reach = Reach(store, now, pacing.lost_s)
    whole_s = LARGE / HEARTBEATS_S
    for second in range(int(3 * whole_s)):
        for n in range(int(HEARTBEATS_S)):
            if second * HEARTBEATS_S + n < LARGE:
                pacing.heard(f"{second}-{n}")
            else:
                pacing.heard(f"{second % int(whole_s)}-{n}")
        assert not reach.settled(), second
        now.at += 1
    now.at += 1
    assert reach.settled()
    store.close()


def test_who_waits_for_nodes_is_told_how_long_they_may_take_to_report(tmp_path: Path) -> None:
    store = Store(tmp_path / "repo")
    intervals = {"quick": (INTERVAL_S, "eu"), "seldom": (40.0, "us"), "gone": (120.0, "us")}
    nodes = [
        NodeState(replace(beat(name), environment="prod", region=region, next_s=next_s), 0.0, name == "gone")
        for name, (next_s, region) in intervals.items()
    ]
    assert summary(nodes, store.tip(), lambda commit: None)["next_s"] == 40.0, "nobody waits for one that is lost"
    reach = Reach(store)
    for scope, longest in ((Scope(), 40.0), (Scope("prod", "eu"), INTERVAL_S), (Scope("test"), INTERVAL_S)):
        assert reach.of_commit(store.tip(), nodes, scope)["next_s"] == longest
    store.close()


def test_what_a_node_was_told_outlives_the_store() -> None:
    """Through Redis, also from a control plane that says nothing of it."""
    told = replace(beat("a"), next_s=40.0)
    assert Heartbeat.kept(told.keep(), told.received_at) == told
    usual = beat("b")
    assert usual.keep() == usual.body(), "as one of an older version has it"
    assert Heartbeat.kept(usual.body(), usual.received_at) == usual


@pytest.mark.parametrize("next_s", [0, -1, True, "40", None, 1e9, float("nan")])
def test_what_was_kept_and_makes_no_sense_is_refused(next_s: object) -> None:
    kept = json.loads(beat().body()) | {"next_s": next_s}
    with pytest.raises(ValueError):
        Heartbeat.kept(json.dumps(kept).encode(), 0.0)


def test_an_answer_says_when_to_report_again(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        sent = control.http.post(
            "/v1/fleet/heartbeats", content=beat().body(), headers={"Content-Type": "application/json"}
        )
        assert sent.json() == {"tip": control.tip(), "next_s": INTERVAL_S}
        [node] = control.http.get("/v1/fleet").json()["nodes"]
        assert node["next_s"] == INTERVAL_S and not node["lost"]


def test_nodes_that_share_a_token_are_not_refused_for_writing_too_often(tmp_path: Path) -> None:
    with guarded(tmp_path / "control", "--rate", "2,2000") as target:
        node = target.client((Grant(Role.node),), "node")
        headers = {"Content-Type": "application/json"}
        for n in range(20):
            sent = node.post("/v1/fleet/heartbeats", content=beat(f"n{n}").body(), headers=headers)
            assert sent.status_code == 200, sent.text
