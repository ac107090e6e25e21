"""What another configuration would have done, told from a log."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
import yaml

from configedge.testing import Publisher
from matchmaker.__main__ import main
from matchmaker.core.events import Proposed
from matchmaker.core.placement import Placement
from matchmaker.core.region import Regions
from matchmaker.core.settings import compile_settings
from matchmaker.core.ticket import Ticket
from matchmaker.history.eventlog import MAX_BYTES, EventLog, LogFile
from matchmaker.history.quality import Quality
from matchmaker.history.recorder import Recorder
from matchmaker.history.simulation import Evening, Simulation
from matchmaker.load.rtt import player_rtts_ms
from tests.support.matchmaker import EXAMPLE, values
from tests.support.relay import wait_for

HOMES = ("us-east-1", "eu-west-1")
# Starts at once with what other configurations need seconds for.
WIDE = [{"after_ms": 0, "points": 800}]
NARROW = [{"after_ms": 0, "points": 50}, {"after_ms": 2000, "points": 100}, {"after_ms": 8000, "points": 300}]


def record(
    path: Path, seconds: float = 120.0, rate: float = 6.0, seed: int = 7, max_bytes: int = MAX_BYTES, **changes: Any
) -> None:
    """An evening: players arrive at Poisson times, few of them leave again, and all accept what they are offered."""
    random = Random(seed)
    log = EventLog(path, max_bytes)
    engine = Recorder(compile_settings(values(**changes), 4, "c4"), log)
    regions = Regions(engine.settings.regions, engine.settings.resolution)
    now, tick, number = 0.0, 0.0, 0
    while (now := now + random.expovariate(rate)) < seconds:
        while tick <= now:
            engine.tick(tick)
            tick += 0.02
        if max_bytes != MAX_BYTES:
            # An evening in a second is quicker than the disk, and a file is as large as what is written.
            log.flush()
            wait_for(lambda: log.behind == 0)
        number += 1
        rtts = [player_rtts_ms(random.choice(HOMES), random)]
        placement = regions.choose(rtts)
        assert placement is not None
        ticket = Ticket(number << 32, f"p{number}", random.gauss(1500, 250), now)
        for event in engine.enqueue(ticket, ("duel",), placement, now, rtts):
            if isinstance(event, Proposed):
                for member in event.match.tickets:
                    engine.accept(member.id, member.players[0], now)
        if random.random() < 0.02:
            engine.cancel(ticket.id, now)
    log.close()


def bundle(path: Path, **changes: Any) -> Path:
    document = {**EXAMPLE, "spec": {**EXAMPLE["spec"], "values": values(**changes), "policies": []}}
    path.write_text(yaml.safe_dump(document))
    return path


def run(evening: Evening, **changes: Any) -> Quality:
    return Simulation(evening, compile_settings(values(**changes))).run()


def test_a_narrower_window_lowers_the_spread_and_raises_the_wait(tmp_path: Path) -> None:
    record(tmp_path / "log", modes__duel__window=WIDE)
    evening = Evening(LogFile(tmp_path / "log"))
    wide, narrow = (run(evening, modes__duel__window=window).mode("duel") for window in (WIDE, NARROW))
    assert evening.differs is None
    assert wide.tickets == narrow.tickets > 500
    for share in (0.5, 0.9):
        assert narrow.spread(share) < wide.spread(share) / 2
        assert narrow.wait(share) > wide.wait(share)
    assert narrow.longest >= narrow.wait(0.99) >= narrow.wait(0.5)
    for quality in (wide, narrow):
        assert sum(quality.ended.values()) + quality.left + quality.refused == quality.tickets
        assert sum(quality.regions.values()) == len(quality.spreads) == quality.ended["assigned"] // 2


def test_the_recorded_settings_give_again_about_what_was_recorded(tmp_path: Path) -> None:
    record(tmp_path / "log")
    evening = Evening(LogFile(tmp_path / "log"))
    recorded = evening.recorded.mode("duel")
    again = Simulation(evening, evening.settings).run().mode("duel")
    assert evening.settings.generation == 4
    # Only the times of ticks differ.
    assert again.tickets == recorded.tickets
    assert abs(again.ended["assigned"] - recorded.ended["assigned"]) <= 0.01 * recorded.tickets
    assert abs(again.spread(0.5) - recorded.spread(0.5)) <= 0.1 * recorded.spread(0.5)


def test_players_are_placed_anew_by_their_round_trip_times(tmp_path: Path) -> None:
    record(tmp_path / "log", seconds=30)
    evening = Evening(LogFile(tmp_path / "log"))
    both, one = run(evening).mode("duel"), run(evening, **{"regions__eu-west-1__open": False}).mode("duel")
    assert both.regions["eu-west-1"] > 20
    assert "eu-west-1" not in one.regions
    assert one.ended["assigned"] > both.ended["assigned"] * 0.9


def test_a_rotated_file_begins_with_the_tickets_that_were_open(tmp_path: Path) -> None:
    narrow = [{"after_ms": 0, "points": 50}]
    record(tmp_path / "log", max_bytes=30_000, modes__duel__window=narrow)
    last = LogFile(tmp_path / "log")
    assert last.header.state is not None
    opened = len(last.header.state.tickets)
    evening = Evening(last)
    wide = run(evening, modes__duel__window=WIDE).mode("duel")
    assert evening.differs is None
    assert opened > 5
    assert wide.tickets == evening.recorded.mode("duel").tickets > opened
    assert wide.left < 3 < evening.recorded.mode("duel").left


def test_a_closed_mode_refuses_all_its_tickets(tmp_path: Path) -> None:
    record(tmp_path / "log", seconds=10)
    closed = run(Evening(LogFile(tmp_path / "log")), modes__duel__enabled=False).mode("duel")
    assert closed.refused == closed.tickets > 0


def test_answers_come_as_in_the_log_and_otherwise_at_once(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    engine = Recorder(compile_settings(values(modes__duel__accept_s=10)), log)
    here = Placement("us-east-1", 1.0, "edge hint")
    pairs = (("slow", 4.0), ("quick", 0.0), ("never", None))
    for number, (name, delay) in enumerate(pairs):
        now, ids = 100.0 * number, ((2 * number + 1) << 32, (2 * number + 2) << 32)
        for id in ids:
            engine.enqueue(Ticket(id, f"{name}{id}", 1500.0, now), ("duel",), here, now)
        if delay is not None:
            for id in ids:
                engine.accept(id, f"{name}{id}", now + delay)
        for step in range(2000):
            engine.tick(now + delay + step / 50 if delay else now + step / 50)
    log.close()
    evening = Evening(LogFile(tmp_path / "log"))
    asked = run(evening, modes__duel__accept_s=10).mode("duel")
    assert [round(wait) for wait in asked.waits] == [0, 0, 4000, 4000]
    assert asked.ended == {"assigned": 4, "rejected": 2}
    # Whoever takes 4 s is late now, and both are out.
    assert run(evening, modes__duel__accept_s=3).mode("duel").ended == {"assigned": 2, "rejected": 4}
    assert run(evening).mode("duel").ended == {"assigned": 6}


def test_the_command_prints_the_difference_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    assert matplotlib
    record(tmp_path / "log.gz", modes__duel__window=WIDE)
    narrow = bundle(tmp_path / "narrow.yaml", modes__duel__window=NARROW)
    same = bundle(tmp_path / "same.yaml", modes__duel__window=WIDE)
    out = tmp_path / "pictures"
    arguments = ["--log", str(tmp_path / "log.gz"), "--config", str(narrow), "--config", str(same), "--out", str(out)]
    assert main(["whatif", *arguments]) == 0
    told = capsys.readouterr().out
    lines = {line.split("  ")[0]: line for line in told.splitlines()}
    assert lines["duel"].split() == ["duel", "recorded", "now", "narrow.yaml", "same.yaml"]
    assert "`now` is generation 4, commit c4" in told
    assert "(+" in lines["wait P90, ms"]
    assert "(-" in lines["spread P90, points"]
    assert lines["tickets"].endswith("(+0)")
    assert "matches in eu-west-1" in lines
    assert (out / "whatif.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (out / "whatif.svg").read_bytes()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"modes__duel__team_size": 0}, "spec.values.modes.duel.team_size"),
        ({"resolution__default_region": "moon"}, "'moon' is not a region"),
    ],
)
def test_a_bundle_that_would_be_refused_is_refused_here(
    tmp_path: Path, changes: dict[str, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "log", seconds=1)
    assert (
        main(["whatif", "--log", str(tmp_path / "log"), "--config", str(bundle(tmp_path / "new.yaml", **changes))]) == 2
    )
    error = capsys.readouterr().err
    assert told in error
    assert "new.yaml" in error


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "log", seconds=2)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    arguments = ["--log", str(tmp_path / "log"), "--config", str(bundle(tmp_path / "new.yaml")), "--out", str(tmp_path)]
    assert main(["whatif", *arguments]) == 2
    assert "configedge[charts]" in capsys.readouterr().err


def test_a_server_records_what_can_be_replayed(tmp_path: Path) -> None:
    Publisher(tmp_path / "cfg").publish({"matchmaking": values()}, "ab" * 20)
    log = tmp_path / "log.gz"
    command = [sys.executable, "-m", "matchmaker"]
    server = subprocess.Popen(
        [*command, "--config", str(tmp_path / "cfg"), "--port", "0", "--log", str(log), "--log-hash-ids"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        for name in ("ann", "bob", "cat"):
            player = {"id": name, "rating": 1500, "rtts_ms": {"us-east-1": 20, "eu-west-1": 90}}
            httpx2.post(f"{url}/v1/tickets", json={"mode": "duel", "players": [player]})
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
    finally:
        server.kill()
        server.wait()
    done = subprocess.run([*command, "replay", "--log", str(log)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "1 matches, 1 returned" in done.stdout
    new = bundle(tmp_path / "new.yaml", **{"regions__us-east-1__open": False})
    done = subprocess.run([*command, "whatif", "--log", str(log), "--config", str(new)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "matches in eu-west-1" in done.stdout
