"""A log is enough to do exactly the same again, and a log that does not fit is told."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matchmaker.__main__ import main
from matchmaker.core.backfill import Backfill
from matchmaker.core.engine import Engine
from matchmaker.core.placement import Placement
from matchmaker.core.refused import AlreadyQueued, Refused
from matchmaker.core.settings import Settings, compile_settings
from matchmaker.core.ticket import More, Ticket
from matchmaker.history.eventlog import EventLog, LogError, LogFile
from matchmaker.history.outline import outline
from matchmaker.history.recorder import Recorder
from matchmaker.history.records import BackfillPart
from matchmaker.history.replay import Differs, Replay, replay
from tests.support.matchmaker import values

REGIONS = ("us-east-1", "eu-west-1", "sa-east-1")
VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"modes__duel__accept_s": 4.0, "modes__squad__accept_s": 2.0},
    {"modes__duel__window_policy": "mutual", "modes__squad__merge_after_s": 1.5, "modes__duel__hold_ms": 300},
    {"modes__squad__team_size": 2, "modes__squad__max_party_size": 2, "modes__squad__roles": {"tank": 1, "heal": 1}},
    {"modes__squad__enabled": False, "regions__eu-west-1__open": False},
    {"modes__duel__bucket_width": 100, "modes__squad__relax": {"after_s": 3, "min_teams": 2, "min_team_size": 1}},
)


def compiled(variant: int, generation: int = 1) -> Settings:
    return compile_settings(values(**VARIANTS[variant]), generation, f"c{generation}")


moments = st.sampled_from([0.0, 0.02, 0.3, 1.0, 5.0])
numbers = st.integers(1, 30)
calls = st.one_of(
    st.fixed_dictionaries(
        {
            "call": st.just("enqueue"),
            "size": st.sampled_from([1, 1, 1, 2, 5]),
            "rating": st.sampled_from([1400.0, 1490.5, 1500.1, 1700.0, 2600.0]),
            "modes": st.sampled_from([("duel",), ("squad",), ("duel", "squad"), ("chess",)]),
            "region": st.sampled_from(REGIONS),
            "priority": st.sampled_from([0, 0, 0, 2]),
            "deadline": st.sampled_from([None, None, 2.0]),
            "avoid": st.sampled_from([(), (), ("p1-0", "p2-0", "p3-0")]),
            "roles": st.sampled_from([(), ("tank",), ("heal",)]),
            "as_before": st.booleans(),
        }
    ),
    st.fixed_dictionaries({"call": st.just("tick")}),
    st.fixed_dictionaries({"call": st.sampled_from(["cancel", "accept", "decline", "withdraw"]), "number": numbers}),
    st.fixed_dictionaries({"call": st.just("accept_all")}),
    st.fixed_dictionaries({"call": st.just("ask"), "number": numbers, "region": st.sampled_from(REGIONS)}),
    st.fixed_dictionaries({"call": st.just("apply"), "variant": st.integers(0, len(VARIANTS) - 1)}),
)
sequences = st.lists(st.tuples(moments, calls), max_size=60)


class Player:
    """Plays a sequence of calls on an engine, and keeps what they came to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = 1000.0
        self.count = 0
        self.outlines: list[Any] = []

    def play(self, sequence: list[tuple[float, dict[str, Any]]]) -> None:
        for pause, call in sequence:
            self.now += pause
            for act in self._acts(dict(call)):
                try:
                    outcome = act()
                except (Refused, AlreadyQueued, KeyError) as error:
                    outcome = error
                if told := outline(outcome):
                    self.outlines.append(told)

    def _acts(self, call: dict[str, Any]) -> list[Callable[[], Any]]:
        engine, now, number = self.engine, self.now, call.get("number", 0)
        id = number << 32
        match call["call"]:
            case "enqueue":
                return [lambda: self._enqueue(**call)]
            case "tick":
                return [lambda: engine.tick(now)]
            case "cancel":
                return [lambda: engine.cancel(id, now)]
            case "accept":
                return [lambda: engine.accept(id, f"p{number}-0", now)]
            case "accept_all":
                everybody = [(ticket.id, player) for ticket in engine.tickets for player in ticket.players]
                return [lambda who=who: engine.accept(*who, now) for who in everybody]  # type: ignore[misc]
            case "decline":
                return [lambda: engine.decline(id, now)]
            case "withdraw":
                return [lambda: engine.withdraw_backfill(f"b{number}")]
            case "ask":
                avoid = frozenset({"p4-0", "p5-0"})
                asked = Backfill(f"b{number}", call["region"], "duel", [2, 1], 1500.0, 80.0, now + 3, avoid)
                return [lambda: engine.ask(asked, now)]
        generation = engine.settings.generation + 1
        return [lambda: engine.apply(compiled(call["variant"], generation), now)]

    def _enqueue(self, **call: Any) -> Any:
        self.count += not call["as_before"]
        number, size = max(1, self.count), call["size"]
        who = tuple(f"p{number}-{at}" for at in range(size))
        ticket = Ticket(number << 32, who[0] if size == 1 else who, call["rating"], self.now)
        deadline = self.now + call["deadline"] if call["deadline"] else None
        roles = (call["roles"],) * size if call["roles"] else ()
        if call["priority"] or deadline or call["avoid"] or roles:
            ticket.more = More(call["priority"], roles, frozenset(call["avoid"]), deadline)
        if not self.engine.regions.open(call["region"]):
            raise Refused("closed", "region", "")
        others = tuple(region for region in REGIONS if region != call["region"])
        return self.engine.enqueue(ticket, call["modes"], Placement(call["region"], 0.0, "", others), self.now)


def recorded(path: Path, sequence: list[tuple[float, dict[str, Any]]], variant: int = 0, **options: Any) -> Player:
    hash_ids = options.pop("hash_ids", False)
    log = EventLog(path, **options)
    player = Player(Recorder(compiled(variant), log, hash_ids=hash_ids))
    player.play(sequence)
    log.close()
    assert not log.failed
    return player


def evening(tickets: int = 40) -> list[tuple[float, dict[str, Any]]]:
    """Duels, all of which are matched."""
    enqueue = {"call": "enqueue", "size": 1, "rating": 1500.0, "modes": ("duel",), "region": "us-east-1"}
    rest = {"priority": 0, "deadline": None, "avoid": (), "roles": (), "as_before": False}
    return [(0.3, {**enqueue, **rest}) for _ in range(tickets)]


def everything(path: Path) -> list[Path]:
    """All files of a log, oldest first."""
    return [*sorted(path.parent.glob(f"{path.name}.*"), key=lambda file: -int(file.suffix[1:])), path]


@given(sequence=sequences, variant=st.integers(0, len(VARIANTS) - 1), name=st.sampled_from(["l", "l.gz"]))
@hypothesis_settings(max_examples=250, deadline=None)
def test_any_sequence_of_calls_is_replayed_bit_for_bit(sequence: Any, variant: int, name: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / name
        told = recorded(path, sequence, variant).outlines
        steps = list(Replay(LogFile(path)))
        assert all(step.same for step in steps)
        assert [line for step in steps if (line := outline(step.outcome))] == [
            line for line in told if line != [["raised", "Refused", "closed"]]
        ]


@given(sequence=sequences, variant=st.integers(0, len(VARIANTS) - 1), hash_ids=st.booleans())
@hypothesis_settings(max_examples=150, deadline=None)
def test_each_file_of_a_rotated_log_is_replayed_on_its_own(sequence: Any, variant: int, hash_ids: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "l"
        log = EventLog(path, max_bytes=1, keep=1000)
        player = Player(Recorder(compiled(variant), log, hash_ids=hash_ids))
        for step in sequence:
            # Full as soon as its header is written; then the next tick begins another one.
            while log.full < 1:
                time.sleep(0)
            player.play([step])
        before = len(player.engine), {ticket.id for ticket in player.engine.tickets}
        log.close()
        files = everything(path)
        assert len(files) > 1 or not any(call["call"] == "tick" for _, call in sequence)
        for file in files:
            again = Replay(LogFile(file))
            assert all(step.same for step in again), file
        assert (len(again.engine), {ticket.id for ticket in again.engine.tickets}) == before


def test_a_changed_line_is_found_and_named(tmp_path: Path) -> None:
    path = tmp_path / "log"
    recorded(path, evening())
    assert replay(LogFile(path))["matches"] == 20
    lines = path.read_text().splitlines(keepends=True)
    lines[10] = lines[10].replace('"rating":1500.0', '"rating":4900.0')
    path.write_text("".join(lines))
    with pytest.raises(Differs, match=r"line 11 differs: .*4900.* came to nothing this time; replay with") as caught:
        replay(LogFile(path))
    assert caught.value.line == 11
    assert main(["replay", "--log", str(path)]) == 1


@pytest.mark.parametrize("name", ["log", "log.gz"])
def test_a_torn_tail_is_left_out_and_told(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / name
    recorded(path, evening())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 30])
    assert main(["replay", "--log", str(path)]) == 0
    assert "the last line is torn" in capsys.readouterr().out
    path.write_bytes(whole)
    assert main(["replay", "--log", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{path}: the same: 40 calls, 20 matches")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no whole line"),
        (b'{"call":"tick","at":1}\n', "not a header"),
        (b"plain text\n", "line 1: JSON is malformed"),
        (b"\x1f\x8bnot gzip", "not whole as gzip"),
    ],
)
def test_what_is_not_a_log_is_refused(
    tmp_path: Path, content: bytes, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    assert main(["replay", "--log", str(path)]) == 2
    assert told in capsys.readouterr().err


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log"
    recorded(path, evening())
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:5], b"{}\n", *lines[5:]]))
    with pytest.raises(LogError, match="line 6: "):
        replay(LogFile(path))


def test_hashed_ids_name_nobody_and_are_replayed_exactly(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sequence = [*evening(), (0.0, {"call": "ask", "number": 1, "region": "us-east-1"}), (0.1, {"call": "tick"})]
    told = recorded(path, sequence, hash_ids=True).outlines
    assert replay(LogFile(path))["matches"] == sum(event[0] == "match" for events in told for event in events)
    assert LogFile(path).header.hashed_ids
    names = {record.who for _, record in LogFile(path) if hasattr(record, "who")}
    assert len(names) == 40
    assert not any(f'"p{number}-0"' in path.read_text() for number in range(50))


def test_ticks_for_which_nothing_is_due_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "log"
    recorded(path, [(0.02, {"call": "tick"})] * 500)
    assert path.read_bytes().count(b"\n") == 1


def test_the_log_is_for_its_owner_alone_and_older_ones_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for _ in range(5):
        recorded(path, evening(2), keep=2)
    assert [file.name for file in everything(path)] == ["log.2", "log.1", "log"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_stops_the_log_and_not_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = EventLog(tmp_path / "log")

    class Full:
        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self) -> None: ...

    monkeypatch.setattr(log, "_file", Full())
    player = Player(Recorder(compiled(0), log))
    for step in evening():
        player.play([step])
        log.flush()
    log.close()
    assert len(player.outlines) == 20
    assert log.failed
    [error] = [record.getMessage() for record in caplog.records]
    assert "No space left on device; the matchmaker goes on" in error


@pytest.mark.parametrize("name", ["", "/dev/null"])
def test_only_a_file_can_be_the_log(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        EventLog(name or tmp_path)
    assert Path("/dev/null").is_char_device()


def test_settings_and_placement_evidence_are_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = EventLog(path)
    engine = Recorder(compiled(0), log)
    engine.enqueue(
        Ticket(1 << 32, "ann", 1500.0, 3.0), ("duel",), Placement("us-east-1", 9.5, ""), 3.0, [{"us-east-1": 9.5}]
    )
    engine.apply(replace(engine.settings, generation=7), 4.0)
    log.close()
    assert LogFile(path).header.settings == compiled(0)
    [(_, came), (_, applied)] = list(LogFile(path))
    assert msgspec.to_builtins(came)["rtts"] == ({"us-east-1": 9.5},)
    assert msgspec.to_builtins(applied)["settings"]["generation"] == 7


def test_a_running_match_is_written_down_with_those_who_were_sent_there() -> None:
    half_full = Backfill(
        "b",
        "us",
        "squad",
        [1, 0],
        1500.0,
        300.0,
        60.0,
        frozenset({"x"}),
        frozenset({"sent", "there"}),
        [{"tank": 1}, {}],
    )
    assert BackfillPart.of(half_full, str).backfill() == half_full
    hidden = BackfillPart.of(half_full, lambda name: f"h-{name}").backfill()
    assert (hidden.avoid, hidden.players) == ({"h-x"}, {"h-sent", "h-there"})
