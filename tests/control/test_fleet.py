from __future__ import annotations

import json
import math
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configedge.bundle import BundleError
from configedge.control.fleet import (
    FORGET_S,
    INTERVAL_S,
    LOST_S,
    MAX_BODY,
    Fleet,
    FleetUnavailable,
    Heartbeat,
    MemoryFleet,
    NodeState,
    Propagation,
    RedisFleet,
    open_fleet,
    summary,
)
from tests.support.relay import wait_for

A, B, C = "a" * 40, "b" * 40, "c" * 40
SENT: dict[str, Any] = {
    "node": "game-7.eu",
    "environment": "prod",
    "region": "eu-west-1",
    "generation": 12,
    "commit": A,
    "state": "ok",
    "problems": ["game.a.yaml:5: spec.values.n: schema"],
    "published_at": 1_000.5,
    "sent_at": 1001,
    "version": "0.1.0",
}


def heartbeat(node: str = "n", commit: str = A, received_at: float = 0.0, **members: Any) -> Heartbeat:
    sent = {**SENT, "node": node, "commit": commit, **members}
    return Heartbeat.read(json.dumps(sent).encode(), received_at)


def seen(age: float = 0.0, commit: str = A, **members: Any) -> NodeState:
    return NodeState.of(heartbeat(commit=commit, **members), age)


# Heartbeats


def test_a_heartbeat_is_read_as_it_was_sent() -> None:
    read = Heartbeat.read(json.dumps(SENT).encode(), 5.0)
    assert json.loads(read.body()) == SENT and read.received_at == 5.0
    assert Heartbeat.read(read.body(), 5.0) == read
    short = {name: SENT[name] for name in SENT if name not in ("environment", "region", "problems")}
    assert Heartbeat.read(json.dumps(short).encode(), 0).problems == ()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("node", ""),
        ("node", "n" * 254),
        ("node", "a/b"),
        ("node", "n\n"),
        ("node", 7),
        ("environment", "Prod"),
        ("environment", None),
        ("region", "eu_1"),
        ("generation", -1),
        ("generation", 1 << 64),
        ("generation", 1.0),
        ("generation", True),
        ("commit", "abc"),
        ("commit", "A" * 40),
        ("commit", "a" * 41),
        ("state", "fine"),
        ("problems", "text"),
        ("problems", ["x"] * 21),
        ("problems", ["x" * 301]),
        ("problems", ["\x1b[2J"]),
        ("problems", ["a\nb"]),
        ("problems", [1]),
        ("published_at", "now"),
        ("published_at", -1),
        ("published_at", 1e12),
        ("sent_at", None),
        ("sent_at", True),
        ("version", "<b>"),
        ("version", "1" * 65),
        ("admin", True),
    ],
)
def test_a_member_that_is_wrong_is_named_with_its_fix(member: str, value: Any) -> None:
    with pytest.raises(BundleError) as refused:
        Heartbeat.read(json.dumps({**SENT, member: value}).encode(), 0)
    [problem] = refused.value.problems
    assert member in problem.key and problem.message and problem.hint


@pytest.mark.parametrize("member", [name for name in SENT if name not in ("environment", "region", "problems")])
def test_a_member_that_is_missing_is_named(member: str) -> None:
    with pytest.raises(BundleError) as refused:
        Heartbeat.read(json.dumps({name: value for name, value in SENT.items() if name != member}).encode(), 0)
    assert [problem.key for problem in refused.value.problems] == [member]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"[" * 9_000,
        b'{"node": NaN}',
        b'{"node": "a", "node": "b"}',
        b'{"sent_at": 1e999}',
    ],
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BundleError):
        Heartbeat.read(body, 0)


def test_a_body_is_bounded() -> None:
    with pytest.raises(BundleError, match=f"the limit is {MAX_BODY}"):
        Heartbeat.read(json.dumps(SENT).encode() + b" " * MAX_BODY, 0)


@given(
    st.dictionaries(
        st.sampled_from([*SENT, "x"]), st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.text())
    )
)
def test_no_member_makes_anything_but_a_heartbeat_or_a_refusal(members: dict[str, Any]) -> None:
    try:
        read = Heartbeat.read(json.dumps({**SENT, **members}).encode(), 0)
    except BundleError as error:
        assert all(problem.hint for problem in error.problems)
    else:
        assert Heartbeat.read(read.body(), 0) == read


# Stores


class Redis:
    """A real Redis behind a password, on a Unix socket."""

    PASSWORD = "canary-5c1d"

    def __init__(self, root: Path) -> None:
        self.socket = root / "redis.sock"
        self.url = f"unix://:{self.PASSWORD}@{self.socket}?db=0"
        self._root = root
        self.start()

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--requirepass", self.PASSWORD]
        self._process = subprocess.Popen(
            ["redis-server", *options, "--dir", str(self._root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self._answers)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    pytest.importorskip("redis")
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


class Now:
    def __init__(self, at: float = 1_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[tuple[Fleet, Now]]:
    """A fleet that keeps three nodes at most, and its clock."""
    now = Now()
    fleet: Fleet
    if request.param == "memory":
        fleet = MemoryFleet(now, most=3)
    else:
        fleet = RedisFleet(request.getfixturevalue("redis").url, now, most=3)
    yield fleet, now
    fleet.close()


def test_the_last_heartbeat_of_each_node_is_kept(store: tuple[Fleet, Now]) -> None:
    fleet, now = store
    assert fleet.nodes() == []
    for one in (heartbeat("b", A, now()), heartbeat("a", A, now()), heartbeat("b", B, now(), problems=["x"])):
        fleet.report(one)
    assert [state.heartbeat for state in fleet.nodes()] == [
        heartbeat("a", A, now()),
        heartbeat("b", B, now(), problems=["x"]),
    ]


def test_a_silent_node_is_lost_and_after_a_day_forgotten(store: tuple[Fleet, Now]) -> None:
    fleet, now = store
    fleet.report(heartbeat("a", received_at=now()))
    for age, lost in ((LOST_S, False), (LOST_S + 1, True), (FORGET_S - 1, True)):
        now.at = 1_000_000.0 + age
        [state] = fleet.nodes()
        assert (state.age_s, state.lost) == (age, lost)
    now.at = 1_000_001.0 + FORGET_S
    assert fleet.nodes() == []


def test_a_node_is_lost_after_three_times_what_it_was_told(store: tuple[Fleet, Now]) -> None:
    fleet, now = store
    for name, next_s in (("often", INTERVAL_S), ("seldom", 60.0)):
        fleet.report(replace(heartbeat(name, received_at=now()), next_s=next_s))
    for age, lost in ((LOST_S, []), (LOST_S + 1, ["often"]), (180, ["often"]), (181, ["often", "seldom"])):
        now.at = 1_000_000.0 + age
        assert [state.heartbeat.node for state in fleet.nodes() if state.lost] == lost


def test_over_the_limit_the_longest_silent_node_is_forgotten(store: tuple[Fleet, Now]) -> None:
    fleet, now = store
    for name in ("a", "b", "c", "a", "d"):
        now.at += 1
        fleet.report(heartbeat(name, received_at=now()))
    assert [state.heartbeat.node for state in fleet.nodes()] == ["a", "c", "d"]


def test_control_planes_share_a_fleet_in_redis(redis: Redis) -> None:
    ours, theirs = open_fleet(redis.url), open_fleet(redis.url)
    ours.report(heartbeat("a", received_at=time.time()))
    assert [state.heartbeat.node for state in theirs.nodes()] == ["a"]
    ours.close()
    theirs.close()


def test_a_redis_that_is_away_is_told_of_at_once_and_used_again_when_it_is_back(redis: Redis) -> None:
    fleet = open_fleet(redis.url)
    fleet.report(heartbeat("a", received_at=time.time()))
    redis.stop()
    calls: list[Callable[[], object]] = [lambda: fleet.report(heartbeat("a", received_at=time.time())), fleet.nodes]
    for call in calls * 3:
        start = time.monotonic()
        with pytest.raises(FleetUnavailable, match="--fleet-store") as told:
            call()
        assert time.monotonic() - start < 1.0
        assert redis.PASSWORD not in str(told.value) and str(redis.socket) in str(told.value)
    redis.start()

    def back() -> bool:
        try:
            fleet.report(heartbeat("a", received_at=time.time()))
        except FleetUnavailable:
            return False
        return True

    wait_for(back)
    assert [state.heartbeat.node for state in fleet.nodes()] == ["a"]
    fleet.close()


def test_a_redis_that_hangs_holds_a_caller_up_for_two_seconds_at_most(tmp_path: Path) -> None:
    pytest.importorskip("redis")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        fleet = open_fleet(f"redis://:secret@127.0.0.1:{silent.getsockname()[1]}/0")
        for most in (2.5, 0.1, 0.1):
            start = time.monotonic()
            with pytest.raises(FleetUnavailable):
                fleet.nodes()
            assert time.monotonic() - start < most
        fleet.close()


def test_what_another_version_wrote_into_redis_is_passed_over(redis: Redis) -> None:
    fleet = RedisFleet(redis.url)
    fleet.report(heartbeat("a", received_at=time.time()))
    fleet.report(heartbeat("b", received_at=time.time()))
    fleet._redis.set("configedge:node:a", b'{"v": 2}')
    assert [state.heartbeat.node for state in fleet.nodes()] == ["b"]
    fleet.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory",
        "http://h",
        "redis://",
        "redis:///0",
        "unix://",
        "redis://h:port-canary/0",
        "redis://:canary/9@h:1",
        "redis://:canary@h?socket_timeout=canary",
        "redis://:canary@h?no_such_option=canary",
        "redis://[canary",
    ],
)
def test_a_url_that_is_unusable_is_refused_and_not_repeated(url: str) -> None:
    pytest.importorskip("redis")
    with pytest.raises(ValueError) as refused:
        fleet = open_fleet(url)
        fleet.nodes()
    assert "canary" not in str(refused.value) and "fleet store" in str(refused.value)


# Numbers


def unknown(commit: str) -> None:
    return None


def test_the_numbers_of_a_fleet_add_up() -> None:
    nodes = [
        seen(commit=B),
        seen(commit=B, state="held"),
        seen(commit=B, state="degraded"),
        seen(commit=A),
        seen(commit=A),
        seen(LOST_S + 1, A),
    ]
    told = summary(nodes, B, {A: 100.0, B: 200.0}.get, now=230.0)
    numbers = {"total": 6, "ready": 2, "behind": 3, "lost": 1}
    assert told == {**numbers, "commits": {B: 3, A: 2}, "worst_lag_s": 30.0, "next_s": INTERVAL_S}
    assert summary(nodes, B, unknown)["worst_lag_s"] is None, "nobody knows when the tip was made"
    assert summary([seen(commit=B)], B, unknown)["worst_lag_s"] == 0.0
    assert summary([], B, unknown) == {
        "total": 0,
        "ready": 0,
        "behind": 0,
        "lost": 0,
        "commits": {},
        "worst_lag_s": 0.0,
        "next_s": INTERVAL_S,
    }


def test_a_node_that_missed_several_commits_lags_since_the_first_of_them() -> None:
    pushes = Propagation(lambda: 0.0)
    for position, (commit, at) in enumerate(((A, 100.0), (B, 200.0), (C, 300.0))):
        pushes.committed(commit, at, position)
    assert [pushes.missed_since(commit) for commit in (A, B, C, "d")] == [200.0, 300.0, None, None]
    nodes = [seen(commit=B), seen(commit=A)]
    assert summary(nodes, C, {C: 300.0}.get, pushes.missed_since, now=310.0)["worst_lag_s"] == 110.0


# Propagation


def test_a_later_commit_counts_for_the_earlier_ones() -> None:
    now = Now(100.0)
    pushes = Propagation(now)
    pushes.committed(A, 100.0, 1)
    for node in ("x", "y", "z"):
        pushes.reported(node, "0" * 40, 50.0)
    assert pushes.rows() == [
        {
            "commit": A,
            "at": 100.0,
            "position": 1,
            "nodes": 3,
            "served": 0,
            "first_s": None,
            "half_s": None,
            "all_s": None,
        }
    ]
    now.at = 104.0
    pushes.reported("x", A, 101.0)
    pushes.committed(B, 103.0, 2)
    pushes.reported("y", B, 104.0)
    times = [(row["commit"], row["first_s"], row["half_s"], row["all_s"]) for row in pushes.rows()]
    assert times == [(B, 1.0, None, None), (A, 1.0, 4.0, None)]
    pushes.reported("x", B, 103.5)
    pushes.reported("z", B, 104.0)
    times = [(row["commit"], row["first_s"], row["half_s"], row["all_s"]) for row in pushes.rows()]
    assert times == [(B, 0.5, 1.0, 1.0), (A, 1.0, 4.0, 4.0)]


def test_a_lost_node_is_not_waited_for_and_a_new_machine_is_not_late() -> None:
    now = Now(100.0)
    pushes = Propagation(now)
    pushes.reported("x", A, 0.0)
    pushes.reported("gone", A, 0.0)
    pushes.committed(B, 100.0, 1)
    now.at = 102.0
    pushes.reported("x", B, 101.0)
    assert pushes.rows()[0]["all_s"] is None
    now.at = 200.0
    pushes.reported("x", B, 101.0)
    assert pushes.rows()[0]["all_s"] == 1.0
    pushes.reported("new", "0" * 40, 0.0)
    assert pushes.rows()[0]["all_s"] == 1.0
    pushes.reported("new", B, 199.0)
    pushes.reported("gone", B, 199.0)
    assert pushes.rows()[0]["all_s"] == 1.0 and pushes.rows()[0]["nodes"] == 1


def test_clocks_that_are_wrong_give_no_absurd_times() -> None:
    pushes = Propagation(lambda: 110.0)
    pushes.committed(A, 100.0, 1)
    pushes.reported("behind", A, 3.0)
    pushes.reported("ahead", A, 9e9)
    assert (pushes.rows()[0]["first_s"], pushes.rows()[0]["all_s"]) == (0.0, 10.0)


def test_a_commit_may_be_told_twice_and_the_oldest_are_dropped() -> None:
    pushes = Propagation(lambda: 0.0, keep=2)
    for commit, position in ((A, 1), (A, 1), (B, 2), (A, 1), (C, 3)):
        pushes.committed(commit, 0.0, position)
    assert [row["commit"] for row in pushes.rows()] == [C, B]


KEEP = 3
Event = tuple[str, Any]
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([0.5, 4.0, LOST_S, LOST_S + 1])),
        st.tuples(st.just("commit"), st.none()),
        st.tuples(st.just("report"), st.tuples(st.sampled_from("xyz"), st.integers(0, 7), st.floats(-5, 5))),
    ),
    max_size=40,
)


def reference(events: list[Event]) -> list[dict[str, Any]]:
    """The same from the whole story, commit by commit and node by node."""
    now, pushes, reports = 100.0, list[tuple[int, float]](), list[tuple[str, float, int, float]]()
    for kind, what in events:
        if kind == "wait":
            now += what
        elif kind == "commit":
            pushes.append((len(pushes), now))
        else:
            node, back, skew = what
            kept = [position for position, _ in pushes[-KEEP:]]
            position = len(pushes) - 1 - back
            reports.append((node, now, position if position in kept else -1, now + skew))
    rows = []
    for position, at in reversed(pushes[-KEEP:]):
        served, missing = [], 0
        for node in "xyz":
            joined, last, had = -math.inf, -math.inf, None
            for who, when, newest, published in reports:
                if who != node:
                    continue
                joined = when if when - last > LOST_S else joined
                last = when
                if newest >= position and had is None:
                    had = max(0.0, min(published, when) - at) if joined <= at + LOST_S else math.inf
            if had is None:
                missing += now - last <= LOST_S and joined <= at + LOST_S
            elif had < math.inf:
                served.append(had)
        served.sort()
        total = len(served) + missing
        half = math.ceil(total / 2)
        rows.append(
            {
                "commit": str(position),
                "at": at,
                "position": position,
                "nodes": total,
                "served": len(served),
                "first_s": served[0] if served else None,
                "half_s": served[half - 1] if served and len(served) >= half else None,
                "all_s": served[-1] if served and not missing else None,
            }
        )
    return rows


@given(EVENTS)
def test_propagation_is_what_the_whole_story_says(events: list[Event]) -> None:
    now = Now(100.0)
    pushes = Propagation(now, keep=KEEP)
    commits = 0
    for kind, what in events:
        if kind == "wait":
            now.at += what
        elif kind == "commit":
            pushes.committed(str(commits), now(), commits)
            commits += 1
        else:
            node, back, skew = what
            pushes.reported(node, str(commits - 1 - back), now() + skew)
    rows = pushes.rows()
    assert rows == reference(events)
    for row in rows:
        told = [row[name] for name in ("first_s", "half_s", "all_s") if row[name] is not None]
        assert told == sorted(told)


def test_a_heartbeat_from_the_future_has_no_negative_age() -> None:
    assert NodeState.of(replace(heartbeat(), received_at=10.0), 5.0).age_s == 0.0
