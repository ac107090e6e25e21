"""The load generator: when requests are due, how percentiles are found, and what is counted."""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.edge.frames import TO_SERVER, Framed, Kind
from matchmaker.load import gateway, plot
from matchmaker.load.__main__ import main
from matchmaker.load.arrivals import poisson
from matchmaker.load.doubles import Doubles
from matchmaker.load.histogram import Histogram
from matchmaker.load.plan import Load
from matchmaker.load.players import PARTIES, Played, Players, Population
from matchmaker.load.report import Board, summary
from matchmaker.load.tally import Tally, Window

values = st.integers(0, 2**40)


def histogram(numbers: list[int]) -> Histogram:
    made = Histogram()
    for number in numbers:
        made.record(number)
    return made


# Arrivals


def test_arrivals_are_poisson_at_the_rate_asked_for() -> None:
    times = list(poisson(1000, 20, Random(1)))
    assert times == sorted(times)
    assert times[-1] < 20
    # The number is within five deviations of its mean, and as many gaps are longer than theirs as e says.
    assert abs(len(times) - 20_000) < 5 * 20_000**0.5
    gaps = [b - a for a, b in pairwise(times)]
    assert abs(sum(gap > 0.001 for gap in gaps) / len(gaps) - 0.3679) < 0.02


def test_arrivals_are_the_same_for_the_same_seed() -> None:
    assert list(poisson(50, 1, Random(3))) == list(poisson(50, 1, Random(3)))


def test_a_rate_that_sends_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        list(poisson(0, 1, Random(1)))


# Percentiles


@given(st.lists(values, min_size=1), st.floats(0, 1))
def test_a_percentile_is_the_exact_one_or_less_than_a_128th_above(numbers: list[int], share: float) -> None:
    exact = sorted(numbers)[min(len(numbers) - 1, int(len(numbers) * share))]
    found = histogram(numbers).percentile(share)
    assert exact <= found <= exact + exact / 128


@given(st.lists(values), st.lists(values))
def test_histograms_put_together_are_one_of_all_values(some: list[int], others: list[int]) -> None:
    together = histogram(some)
    together.add(histogram(others))
    shares = [0, 0.5, 0.9, 0.999, 1]
    assert together.percentiles(shares) == histogram(some + others).percentiles(shares)
    assert together.count == len(some) + len(others)


@given(st.lists(st.integers(0, 255), min_size=1))
def test_small_values_are_exact(numbers: list[int]) -> None:
    assert histogram(numbers).percentiles([0, 1]) == [min(numbers), max(numbers)]


def test_a_percentile_of_nothing_is_0() -> None:
    assert Histogram().percentile(0.99) == 0


# Players


def test_no_player_comes_twice_in_any_lane() -> None:
    population = Population((Played("squad", 1, PARTIES),))
    names: list[str] = []
    for lane in range(3):
        players = Players(population, 7, lane)
        for body, size in players.ring(50) + players.ring(50):
            first = players.take(size)
            request = json.loads(body % tuple(range(first, first + size)))
            names += [player["id"] for player in request["players"]]
            assert len(request["players"]) == size
        for _ in range(50):
            names += [player["id"] for player in players.request()[0]["players"]]
    assert len(set(names)) == len(names)
    assert {len(name) for name in names} == {8}


def test_parties_are_as_large_as_often_as_asked_for() -> None:
    sizes = [size for _, size in Players(Population((Played("squad", 1, PARTIES),)), 1).ring(5000)]
    for size, share in PARTIES.items():
        assert abs(sizes.count(size) / 5000 - share) < 0.03


def test_players_name_their_nearest_regions_only_if_asked() -> None:
    request, _ = Players(Population((Played("duel"),), {"eu-west-1": 1.0}, measured=2), 1).request()
    assert len(request["players"][0]["rtts_ms"]) == 2
    assert "eu-west-1" in request["players"][0]["rtts_ms"]


# Doubles


def test_a_player_in_two_matches_is_found_also_between_generators() -> None:
    doubles, others = Doubles(), Doubles()
    assert doubles.saw("m1", ["a", "b"]) == 0
    assert doubles.saw("m1", ["a", "b"]) == 0
    assert doubles.saw("m2", ["b", "c"]) == 1
    others.saw("m3", ["a"])
    assert doubles.add(others) == 1
    assert doubles.knows("a", "m1")
    assert not doubles.knows("a", "m9")


# Counts


class Server(Framed):
    """Answers each enqueue by its number with what `plan` says: a list of kinds, repeated."""

    def __init__(self, plan: list[str]) -> None:
        super().__init__(TO_SERVER)
        self.plan, self.number = plan, 0

    def data_received(self, data: bytes) -> None:
        for kind, session, body in self._splitter.feed(data, 1 << 20):
            if kind == Kind.CANCEL:
                if self.plan != ["lost"]:
                    self.send(Kind.ENDED, session, b'{"state":"cancelled"}')
            elif kind != Kind.HELLO:
                self.answer(self.plan[self.number % len(self.plan)], session, json.loads(body))
                self.number += 1

    def answer(self, what: str, session: int, request: dict[str, Any]) -> None:
        told = {
            "match_id": f"m{id(self)}-{self.number}",
            "region": "eu-west-1",
            "teams": [[player["id"] for player in request["players"]], []],
            "generation": 1 + self.number % 2,
            "commit": "",
            "decided_monotonic_ns": self.number,
        }
        if what == "stranger":
            told["teams"] = [["nobody"], []]
        if what in ("assigned", "twice", "stranger"):
            self.send(Kind.ASSIGNED, session, json.dumps(told, separators=(",", ":")).encode())
        if what == "twice":
            self.send(Kind.ASSIGNED, session, json.dumps({**told, "match_id": "other"}, separators=(",", ":")).encode())
        if what == "refused":
            self.send(Kind.REFUSED, session, b'{"detail":"full","retry_after_s":1.5}')
        if what == "untold":
            self.send(Kind.REFUSED, session, b'{"detail":"full","retry_after_s":null}')
        if what == "expired":
            self.send(Kind.ENDED, session, b'{"state":"expired"}')


async def drive(path: Path, plan: list[str], sessions: int = 1000, **changes: Any) -> tuple[Tally, list[Window]]:
    server = await asyncio.get_running_loop().create_unix_server(lambda: Server(plan), path)
    windows: list[Window] = []
    load = Load(str(path), True, 400, 0.3, 2, sessions, patience_s=0.05, **changes)
    tally = await gateway.run(load, windows.append)
    server.close()
    return tally, windows


async def test_every_request_is_counted_once_by_what_became_of_it(tmp_path: Path) -> None:
    plan = ["assigned", "refused", "untold", "expired", "never", "twice", "stranger"]
    tally, windows = await drive(tmp_path / "s", plan)
    counts = tally.counts
    ended = counts["assigned"] + counts["refused"] + counts["expired"] + counts["unanswered"]
    assert ended == counts["sent"] > 50
    assert counts["refused"] > counts["refused_untold"] > 0
    assert counts["double"] > 0
    assert counts["mistold"] > 0
    assert counts["lost"] == 0
    assert tally.latency_us.count == counts["assigned"]
    assert sum(seen.tickets for seen in tally.generations.values()) == counts["assigned"]
    told = summary(tally)
    assert told["errors"] == counts["refused"] + counts["double"] + counts["mistold"]
    board = Board()
    for window in windows:
        board.take(window)
    assert board.report(0.25)["generation"] == 2


async def test_what_is_not_even_answered_when_it_is_taken_back_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "_CANCELLED_WITHIN_S", 0.1)
    tally, _ = await drive(tmp_path / "s", ["lost"])
    assert tally.counts["lost"] == tally.counts["unanswered"] == tally.counts["sent"] > 0


async def test_a_request_without_a_free_session_is_told_and_not_dropped_in_silence(tmp_path: Path) -> None:
    tally, _ = await drive(tmp_path / "s", ["never"], sessions=3)
    assert tally.counts["sent"] == 6
    assert tally.counts["unsent"] > 20


async def test_latencies_of_the_warm_up_are_not_counted(tmp_path: Path) -> None:
    tally, _ = await drive(tmp_path / "s", ["assigned"], warm_s=0.15)
    assert 0 < tally.latency_us.count < tally.counts["assigned"]


async def test_several_processes_share_a_load_and_tell_json_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = await asyncio.get_running_loop().create_unix_server(lambda: Server(["assigned"]), tmp_path / "s")
    where = ["--gateway", str(tmp_path / "s"), "--gateways", "3", "--processes", "2", "--squads", "0.5"]
    code = await asyncio.to_thread(main, [*where, "--rate", "400", "--seconds", "0.6", "--jsonl"])
    server.close()
    *reports, told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert told["assigned"] == told["sent"] > 100
    assert told["double"] == told["lost"] == 0
    assert {"t", "rps", "p50_ms", "p99_ms", "by_region", "generation", "first_seen"} <= set(reports[-1])


def test_charts_are_written_as_png_and_svg(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    timeline = [{"t": 0.25, "rps": 4.0, "p50_ms": 1.0, "p99_ms": 2.0, "p999_ms": 3.0}]
    paths = plot.draw(tmp_path / "charts", "a load", timeline, histogram([1000, 2000]))
    assert sorted(path.name for path in paths) == sorted(path.name for path in (tmp_path / "charts").iterdir())
    assert {path.suffix for path in paths} == {".png", ".svg"}


def test_charts_without_matplotlib_are_refused_before_the_load(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "matplotlib.figure", raising=False)
    assert main(["--plot", "charts"]) == 2
    assert "pip install matplotlib" in capsys.readouterr().err


def test_a_load_is_split_without_losing_any_of_it() -> None:
    parts = Load("x", True, 1000, connections=7).split(3)
    assert sum(part.connections for part in parts) == 7
    assert sum(part.rate for part in parts) == pytest.approx(1000)
    assert len({part.lane for part in parts}) == 3
    with pytest.raises(ValueError, match="connections"):
        Load("x", connections=2).split(3)


@pytest.mark.parametrize("where", [["--gateway", "127.0.0.1:1"], ["--url", "http://127.0.0.1:1"]])
def test_a_server_that_is_not_there_is_one_clear_line(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*where, "--seconds", "0.1"]) == 2
    told = capsys.readouterr().err
    assert "is a matchmaker running there?" in told
    assert told.count("\n") == 1
