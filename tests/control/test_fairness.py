"""Writes take turns by subject: nobody waits for all that somebody else sent, and nothing that was answered is lost."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configedge.control.auth import Grant, Role
from configedge.control.fairness import MOST_OF_ONE, Crowded, FairQueue
from tests.support.access import Guarded, guarded
from tests.support.control import document, git, plain_client, running
from tests.support.relay import wait_for

FLOOD = 64
CREATE = {"If-None-Match": "*"}
HOLD = """#!/bin/sh
while [ -e {hold} ]; do sleep 0.02; done
"""


class Busy:
    """A queue whose thread is held: each piece of work waits until it is let go."""

    def __init__(self, **options: int) -> None:
        self.now = 0.0
        self.waited: list[float] = []
        self.refused: Counter[str] = Counter()
        self.done: list[str] = []
        self._go, self._begun = threading.Semaphore(0), threading.Semaphore(0)
        self.queue = FairQueue("held", self.waited.append, self._refuse, clock=lambda: self.now, **options)

    def _refuse(self, limit: str) -> None:
        self.refused[limit] += 1

    def submit(self, subject: str, name: str = "") -> Future[str]:
        def work() -> str:
            self.done.append(name or subject)
            self._begun.release()
            self._go.acquire()
            return name or subject

        return self.queue.submit(subject, work)

    def hold(self, subject: str = "first") -> None:
        """Has something under way."""
        self.submit(subject)
        self._begun.acquire()

    def step(self) -> None:
        """Lets what is under way end, and waits until the next has begun, if one waits."""
        more = self.queue.waiting().work
        self._go.release()
        if more:
            self._begun.acquire()

    def let_go(self) -> None:
        """Nothing is held any more."""
        for _ in range(1_000):
            self._go.release()

    def finish(self) -> list[str]:
        """All that was done, in order, without what was under way at first."""
        self.let_go()
        wait_for(lambda: self.queue.waiting().work == 0)
        self.queue.close()
        return self.done[1:]


@pytest.fixture
def busy() -> Iterator[Callable[..., Busy]]:
    made: list[Busy] = []

    def make(**options: int) -> Busy:
        made.append(Busy(**options))
        return made[-1]

    yield make
    for one in made:
        one.finish()


def test_subjects_take_turns_and_each_has_its_order(busy: Callable[..., Busy]) -> None:
    held = busy()
    held.hold()
    for name in ("a1", "a2", "a3", "b1", "b2", "c1"):
        held.submit(name[0], name)
    assert held.queue.waiting() == (6, 3)
    assert held.finish() == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_who_comes_while_another_is_served_is_next(busy: Callable[..., Busy]) -> None:
    held = busy()
    held.hold("flood")
    for _ in range(50):
        held.submit("flood")
    held.submit("quiet")
    assert held.finish()[:2] == ["quiet", "flood"]


@given(st.lists(st.sampled_from(["a", "b", "c", "d", None]), max_size=60))
@settings(deadline=None, max_examples=100)
def test_nobody_has_two_turns_while_another_waits_for_one(sent: list[str | None]) -> None:
    held = Busy()
    held.hold()
    waiting: Counter[str] = Counter()
    # For each subject, who has been waiting ever since its last turn.
    passed: dict[str, set[str]] = {}
    seen = 1
    for subject in [*sent, *[None] * len(sent)]:
        if subject is not None:
            held.submit(subject)
            waiting[subject] += 1
        elif +waiting:
            held.step()
            (served,) = held.done[seen:]
            seen += 1
            waiting[served] -= 1
            assert not passed.get(served, set()) - {served}, f"{served} was served again before {passed[served]}"
            passed[served] = set(+waiting)
            for others in passed.values():
                others.discard(served)
    assert not +waiting and Counter(held.finish()) == Counter(filter(None, sent))


def test_one_subject_has_so_many_places(busy: Callable[..., Busy]) -> None:
    held = busy(most=10, most_of_one=3)
    held.hold()
    for _ in range(3):
        held.submit("a")
    with pytest.raises(Crowded, match=r"^3 requests of yours .* nothing came of this one; .* try again in 1 s$"):
        held.submit("a")
    held.submit("b")
    assert held.refused == {"subject": 1}
    assert held.finish() == ["a", "b", "a", "a"]


def test_a_place_for_who_has_few_is_taken_from_who_has_most(busy: Callable[..., Busy]) -> None:
    held = busy(most=6, most_of_one=4)
    held.hold()
    taken = {name: held.submit(name[0], name) for name in ("a1", "a2", "a3", "a4", "b1", "b2")}
    held.submit("c", "c1")
    with pytest.raises(Crowded, match="6 requests of all clients") as refused:
        taken["a4"].result(timeout=60)
    assert refused.value.limit == "total"
    # Nobody has two more than b now: to take one from another would only turn it round.
    with pytest.raises(Crowded):
        held.submit("b", "b3")
    assert held.refused == {"total": 2} and held.queue.waiting() == (6, 3)
    assert held.finish() == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_how_long_to_wait_follows_how_long_things_take(busy: Callable[..., Busy]) -> None:
    held = busy(most_of_one=20)
    held.hold()
    for _ in range(20):
        held.submit("a")
    for _ in range(10):
        held.now += 2.0
        held.step()
        held.submit("a")
    wait_for(lambda: len(held.waited) == 11)
    assert held.waited[:3] == [0.0, 2.0, 4.0]
    with pytest.raises(Crowded) as refused:
        held.submit("a")
    assert 10 < refused.value.retry_after_s <= 30


def test_what_nobody_waits_for_any_more_is_not_done(busy: Callable[..., Busy]) -> None:
    held = busy()
    held.hold()
    gone = held.submit("a", "gone")
    held.submit("a", "stayed")
    assert gone.cancel()
    assert held.finish() == ["stayed"]


def test_an_error_is_for_who_sent_it_and_the_next_is_done() -> None:
    queue = FairQueue("test")

    def fail() -> None:
        raise ValueError("mine")

    failed, done = queue.submit("a", fail), queue.submit("a", lambda: 1)
    with pytest.raises(ValueError, match="mine"):
        failed.result(timeout=60)
    assert done.result(timeout=60) == 1
    queue.close()


def test_closing_ends_what_is_under_way_and_drops_what_waits() -> None:
    held = Busy()
    held.hold()
    left = held.submit("a")
    closing = threading.Thread(target=held.queue.close)
    closing.start()
    wait_for(lambda: is_closed(held))
    held.let_go()
    closing.join(timeout=60)
    assert left.cancelled() and held.done == ["first"]
    assert held.queue.waiting() == (0, 0)


def is_closed(held: Busy) -> bool:
    try:
        held.submit("late")
    except RuntimeError:
        return True
    return False


class Held:
    """A control plane whose writes end when they are let go: its remote takes no push before."""

    def __init__(self, target: Guarded, hold: Path, pool: ThreadPoolExecutor) -> None:
        self.target = target
        self._hold = hold
        self._pool = pool
        self.flood, self.quiet = self._client("flood"), self._client("quiet")

    def _client(self, name: str) -> httpx2.Client:
        bearer = {"Authorization": f"Bearer {self.target.token(name, Grant(Role.editor))}"}
        any_number = httpx2.Limits(max_connections=None)
        return httpx2.Client(base_url=self.target.control.url, headers=bearer, limits=any_number)

    def put(self, client: httpx2.Client, bundle: str, value: int) -> Future[httpx2.Response]:
        """Sends it on a connection of its own."""
        send = partial(client.put, f"/v1/bundles/{bundle}", json=document({"n": value}), headers=CREATE, timeout=120)
        return self._pool.submit(send)

    def metric(self, name: str) -> int:
        found = re.findall(
            rf"^configedge_control_{name} ([0-9]+)", self.target.admin.get("/metrics").text, re.MULTILINE
        )
        return int(found[0]) if found else 0

    def wait_for(self, work: int, subjects: int) -> None:
        """Until so much waits for its turn, of so many."""
        wanted = [work, subjects]
        wait_for(lambda: [self.metric(f'queue_{of}{{queue="write"}}') for of in ("waiting", "subjects")] == wanted)

    def let_go(self) -> None:
        self._hold.unlink()


def new_remote(tmp_path: Path) -> Path:
    remote = tmp_path / "remote"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    return remote


@contextmanager
def no_pushes(remote: Path) -> Iterator[Path]:
    """The remote takes none until the file is gone that this gives."""
    hook, hold = remote / "hooks" / "pre-receive", remote / "hold"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOLD.format(hold=hold))
    hook.chmod(0o755)
    hold.touch()
    try:
        yield hold
    finally:
        hold.unlink(missing_ok=True)


@contextmanager
def held(tmp_path: Path, connections: int) -> Iterator[Held]:
    remote = new_remote(tmp_path)
    with (
        guarded(tmp_path / "control", "--remote", str(remote)) as target,
        ThreadPoolExecutor(connections) as pool,
        no_pushes(remote) as hold,
    ):
        yield Held(target, hold, pool)


def test_a_flood_makes_another_subject_wait_for_one_write(tmp_path: Path) -> None:
    with held(tmp_path, FLOOD + 1) as plane:
        flood = [plane.put(plane.flood, f"flood/b{n}", n) for n in range(FLOOD)]
        plane.wait_for(FLOOD - 1, 1)
        quiet = plane.put(plane.quiet, "quiet/one", 7)
        plane.wait_for(FLOOD, 2)
        plane.let_go()
        answers = [sent.result(timeout=120) for sent in [*flood, quiet]]
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers][:1]
        log = git(tmp_path / "remote", "log", "--reverse", "--format=%H", "main").splitlines()
        # After the first of all: the one that was under way, then the quiet one.
        assert log.index(quiet.result().json()["commit"]) == 2
        acknowledged = [answer.json()["commit"] for answer in answers]
        assert len(set(acknowledged)) == FLOOD + 1 and set(acknowledged) == set(log[1:]), "all are there, each once"
        for n in range(FLOOD):
            read = plane.target.admin.get(f"/v1/bundles/flood/b{n}").json()
            assert read["document"]["spec"]["values"] == {"n": n}
        assert plane.metric('queue_wait_seconds_count{queue="write"}') == FLOOD + 1


def test_who_sends_too_much_at_once_is_told_what_to_do(tmp_path: Path) -> None:
    over = 5
    with held(tmp_path, MOST_OF_ONE + over + 2) as plane:
        # But for the first they are refused when it is their turn: it is there then.
        flood = [plane.put(plane.flood, "flood/one", n) for n in range(1 + MOST_OF_ONE + over)]
        plane.wait_for(MOST_OF_ONE, 1)
        wait_for(lambda: plane.metric('queue_refused_total{limit="subject",queue="write"}') == over)
        quiet = plane.put(plane.quiet, "quiet/one", 7)
        plane.wait_for(MOST_OF_ONE + 1, 2)
        plane.let_go()
        assert quiet.result(timeout=120).status_code == 200
        answers = [sent.result(timeout=120) for sent in flood]
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: MOST_OF_ONE, 429: over}
        refused = next(answer for answer in answers if answer.status_code == 429)
        problem = refused.json()
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert problem["type"] == "urn:configedge:problem:crowded"
        assert f"{MOST_OF_ONE} requests of yours" in problem["detail"] and "POST /v1/changes" in problem["detail"]
        metrics = plane.target.admin.get("/metrics").text
        assert f'rejected_total{{reason="crowded"}} {over}.0' in metrics
        assert "token:" not in metrics and "quiet" not in metrics, "no label says who it was"


def test_without_authentication_all_callers_have_all_places(tmp_path: Path) -> None:
    """They are one subject, and there is no other to keep places for."""
    remote, writes = new_remote(tmp_path), MOST_OF_ONE + 2
    with (
        running(tmp_path / "repo", "--remote", str(remote)) as control,
        ThreadPoolExecutor(writes) as pool,
        no_pushes(remote) as hold,
    ):
        client = plain_client(control.url, 120, headers=CREATE, limits=httpx2.Limits(max_connections=None))
        sent = [pool.submit(client.put, "/v1/bundles/any/one", json=document({"n": n})) for n in range(writes)]
        waiting = f'queue_waiting{{queue="write"}} {writes - 1}.0'
        wait_for(lambda: waiting in control.http.get("/metrics").text)
        hold.unlink()
        assert Counter(one.result(timeout=120).status_code for one in sent) == {200: 1, 412: writes - 1}
