"""Who is refused when there is more to do than can be done."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

import configedge
from configedge.testing import Publisher
from matchmaker.live import LiveSettings
from matchmaker.overload import CLASSES, LagController, Pace, Turns
from matchmaker.request import Enqueue, PlayerIn
from matchmaker.service import Service
from tests.support.matchmaker import engine_of, queue, values

TARGET = 0.02


def test_one_long_pause_refuses_nobody() -> None:
    lag = LagController()
    for at in range(100):
        lag.observe(0.5 if at == 50 else 0.001, TARGET, at / 100)
        assert lag.admits(0)


def test_a_standing_lag_refuses_low_classes_first() -> None:
    lag = LagController()
    for at in range(20):
        lag.observe(1.1 * TARGET, TARGET, at / 100)
    assert lag.shedding
    told = []
    for times in (0.9, 1.1, 2.1, 4.1, 8.1, 1000):
        lag.read(times * TARGET, TARGET)
        told.append([lag.admits(priority) for priority in range(CLASSES)].count(False))
    assert told == [0, 1, 2, 3, 4, 4]


def test_it_is_over_after_a_whole_interval_without_need() -> None:
    lag = LagController()
    for at in range(20):
        lag.observe(3 * TARGET, TARGET, at / 100)
    assert not lag.admits(1)
    for at in range(20, 45):
        lag.observe(0.0, TARGET, at / 100)
    assert not lag.shedding
    lag.read(3 * TARGET, TARGET)
    assert lag.admits(0), "it takes more than one"


@pytest.mark.parametrize("load", [0.5, 0.9, 1.5, 3.0, 10.0])
def test_a_queue_stays_short_and_the_server_busy_with_what_it_admits(load: float) -> None:
    """A queue in simulated time: 30 us for a request that is taken, 2 us for one that is refused."""
    taken_s, refused_s, seconds = 30e-6, 2e-6, 4.0
    lag, now, sweep = LagController(), 0.0, 0.01
    gap = taken_s / load
    queue: deque[float] = deque()
    came, waits, done = 0.0, [], 0
    while now < seconds:
        while came <= now:
            queue.append(came)
            came += gap
        if now >= sweep:
            lag.observe(now - sweep, TARGET, now)
            sweep = now + 0.01
        if not queue:
            now = min(came, sweep)
            continue
        # What is there is read at once, and then handled one after the other.
        lag.read(now - queue[0], TARGET)
        for _ in range(min(200, len(queue))):
            since = queue.popleft()
            if lag.admits(0):
                if now > 1:
                    waits.append(now - since)
                done += 1
                now += taken_s
            else:
                now += refused_s
    assert max(waits) < 3 * TARGET
    # Whatever time the refusals leave.
    most = load if load < 1 else (1 - load * refused_s / taken_s) / (1 - refused_s / taken_s)
    assert done * taken_s / seconds >= 0.95 * most


def test_what_queues_are_late_with_is_lag_of_every_request() -> None:
    lag = LagController()
    lag.behind_s = 2.1 * TARGET
    for at in range(20):
        lag.observe(0.0, TARGET, at / 100)
    lag.read(0.0, TARGET)
    assert not lag.admits(1)
    lag.behind_s = 0.0
    lag.read(0.0, TARGET)
    assert lag.admits(0)


def test_an_engine_knows_how_late_it_is() -> None:
    window = [{"after_ms": 0, "points": 1}, {"after_ms": 1000, "points": 2}]
    engine = engine_of(modes__duel__bucket_width=1, modes__duel__max_rating=4000, modes__duel__window=window)
    for number in range(1200):
        queue(engine, 1.0, f"p{number}", number * 3.0)
    assert engine.late_s(1.0) == 0.0
    engine.tick(600.0)
    assert engine.behind(600.0)
    assert engine.late_s(600.0) > 100
    while engine.behind(600.0):
        engine.tick(600.0)
    assert engine.late_s(600.0) == 0.0


async def test_a_sweep_that_is_never_through_sheds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by a load of more than the engine could do: it was behind for seconds, and nobody measured any lag."""
    Publisher(tmp_path / "cfg").publish({"matchmaking": values(limits__finished_ttl_s=0.1)}, "ab" * 20)
    service = Service(LiveSettings(configedge.open(tmp_path / "cfg")))
    monkeypatch.setattr("matchmaker.core.engine._LOOKS", 0)
    sweep = asyncio.create_task(service.run())
    gone, _ = service.enqueue(Enqueue([PlayerIn("gone", 1500.0)], "duel"))
    service.cancel(gone.id)
    service.enqueue(Enqueue([PlayerIn("ada", 1500.0)], "duel"))
    async with asyncio.timeout(60):
        while service.refuses_below(time.monotonic()) < CLASSES:
            await asyncio.sleep(0.01)
        while True:
            # What ended long ago is forgotten all the same.
            try:
                service.describe(gone.id)
            except KeyError:
                break
            await asyncio.sleep(0.01)
        monkeypatch.undo()
        while service.refuses_below(time.monotonic()):
            await asyncio.sleep(0.01)
    sweep.cancel()
    await asyncio.gather(sweep, return_exceptions=True)


async def test_a_matchmaker_that_got_no_processor_is_not_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found with 400,000 sockets and 40 busy processes beside it: it refused most, and was idle."""
    window = [{"after_ms": after, "points": 100} for after in (0, 50)]
    Publisher(tmp_path / "cfg").publish({"matchmaking": values(modes__duel__window=window)}, "ab" * 20)
    service = Service(LiveSettings(configedge.open(tmp_path / "cfg")))
    monkeypatch.setattr("matchmaker.core.engine._LOOKS", 1)
    for number in range(10):
        service.enqueue(Enqueue([PlayerIn(f"p{number}", 250.0 * number)], "duel"))
    sweep = asyncio.create_task(service.run())
    await asyncio.sleep(0)
    time.sleep(2.0)
    most = 0.0
    async with asyncio.timeout(60):
        while service.engine.behind(time.monotonic()):
            await asyncio.sleep(0)
            most = max(most, service.lag.behind_s)
    assert most < 1.0
    sweep.cancel()
    await asyncio.gather(sweep, return_exceptions=True)


class Loop:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.soon: list[Callable[[], None]] = []
        self.turns = Turns(self.soon.append)
        monkeypatch.setattr("matchmaker.overload.time.monotonic", lambda: self.now)

    def turn(self, *reads: float) -> list[float]:
        """One turn of the loop, with what each thing that is read takes; gives how long each had waited at most."""
        for call in self.soon:
            call()
        self.soon.clear()
        waited = []
        for takes in reads:
            waited.append(round(self.now - self.turns.since(self.now), 6))
            self.now += takes
        return waited


def test_what_comes_to_an_idle_loop_has_not_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch)
    assert loop.turn(0.001) == [0.0]
    loop.turn()
    loop.now += 5.0
    assert loop.turn(0.004, 0.001) == [0.0, 0.004]


def test_what_comes_to_a_busy_loop_may_have_waited_since_the_last_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch)
    loop.turn(0.03, 0.02)
    assert loop.turn(0.01) == [0.05]
    assert loop.turn(0.01) == [0.01]


def test_the_time_to_come_back_follows_the_backlog() -> None:
    pace = Pace()
    for second in range(20):
        pace.left(100, float(second))
    waits = [pace.retry_after_s(backlog, 1.0) for backlog in (0, 1000, 100_000)]
    assert 1.0 <= waits[0] <= 1.5
    assert 5 <= waits[1] <= 16
    assert 60 <= waits[2] <= 90
