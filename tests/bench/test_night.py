"""The incident's bench tells what it saw: what is told of requests that are known, and one real night in small."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benches.night import charts, runs
from benches.night.runs import CONFIGEDGE, Plan
from benches.night.skew import Skew
from benches.night.timeline import Night
from benches.night.traffic import Generator, Request
from benches.veltrix import Overlay


def request(due: float, ms: float, generation: int = 1, *, refused: bool = False) -> Request:
    state = "refused" if refused else "assigned"
    return Request(due, due + 0.001, due + ms / 1e3, state, 0 if refused else generation, "eu-west-1")


def night(*more: Request) -> Night:
    """100 requests of 10 ms in the second before a push at 100 s, and 100 of 40 ms, by the push, after it."""
    quiet = [request(99 + at / 100, 10) for at in range(100)]
    after = [request(100 + at / 100, 40, generation=2) for at in range(100)]
    counters = [{"t": 99.0 + step / 10, "retries": max(0.0, step - 10.0)} for step in range(25)]
    return Night([*quiet, *after, *more], [100.0], 1.0, [counters])


def test_a_push_is_told_beside_the_quiet_part_before_it() -> None:
    (push,) = night().each_push()
    assert push.quiet_p99 == pytest.approx(10)
    assert push.p99 == pytest.approx(40)
    assert push.quiet_answer_p99 == push.answer_p99 == pytest.approx(1)
    assert (push.errors, push.quiet_errors) == (0, 0)
    assert push.first_new_s == pytest.approx(0.04)
    assert push.counted["retries"] == pytest.approx(10)


def test_who_was_refused_waited_too() -> None:
    (push,) = night(*[request(100.5, 800, refused=True) for _ in range(100)]).each_push()
    assert push.errors == pytest.approx(50)
    assert push.p99 == pytest.approx(800)


def test_a_push_that_nobody_decides_by_is_told_as_that() -> None:
    seen = night()
    seen.requests = [request(one.due, one.ms) for one in seen.requests]
    (push,) = seen.each_push()
    assert (push.first_new_s, push.last_old_s) == (None, None)


def test_the_timeline_has_a_point_each_100_ms() -> None:
    points = night(request(100.25, 900, refused=True)).timeline()
    assert [point.t for point in points] == pytest.approx([step / 10 for step in range(-10, 10)])
    assert all(point.p99_ms == pytest.approx(10) for point in points if point.t < -0.05)
    assert sum(point.errors for point in points) == 1
    assert sum(point.retries for point in points) == pytest.approx(10)
    assert next(point for point in points if point.t == 0.2).p99_ms == pytest.approx(900)


def test_skew_is_from_the_first_new_decision_to_the_last_old_one() -> None:
    assert Skew([15.0, 60.0], [14.9, 59.9], 7).seconds == pytest.approx(44.9)
    assert Skew([0.02, 0.03], [0.01, 0.02], 0).seconds == 0


def test_charts_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    points = {name: night().timeline() for name in ("Veltrix as it was", CONFIGEDGE)}
    drawn = charts.timelines(tmp_path / "timeline", "A title", points, 0.5)
    drawn += charts.skews(tmp_path / "skew", "A title", {"Veltrix": Skew([15.0, 60.0], [14.9, 59.9], 7)})
    assert {file.suffix for file in drawn} == {".svg", ".png"}
    assert all(file.stat().st_size for file in drawn)


@pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no redis-server on the path")
def test_a_night_of_veltrix_in_small() -> None:
    pytest.importorskip("grpc", reason="grpcio is not installed: make bench installs it")
    generator = Generator()
    try:
        with runs.veltrix(Overlay()) as subject:
            seen = runs.night(subject, Plan(rate=50, part_s=2.0, stall_s=1.9, pushes=1), generator, lambda: None)
    finally:
        generator.close()
    (push,) = seen.each_push()
    assert push.counted["retries"], "the stall made calls time out"
    assert push.errors
    assert json.dumps(seen.content())


def test_a_night_of_configedge_in_small() -> None:
    generator = Generator()
    try:
        with runs.configedge() as subject:
            seen = runs.night(subject, Plan(rate=50, part_s=2.0, stall_s=1.0, pushes=1), generator, lambda: None)
    finally:
        generator.close()
    (push,) = seen.each_push()
    assert push.errors == push.quiet_errors == 0
    assert not any(push.counted.values()), "nobody is asked"
