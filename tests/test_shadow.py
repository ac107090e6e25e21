"""Shadow reads beside a real snapshot directory."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from typing import Any

import prometheus_client
import pytest

import configedge
from configedge.bundle import BundlePath
from configedge.migrate.map import LegacyMap, Rule
from configedge.shadow import Shadow
from configedge.testing import TestReader

VALUES: dict[str, Any] = {
    "max_ping_ms": 80,
    "weight": 1.5,
    "ranked": True,
    "name": "eu",
    "none": None,
    "eu": {"weight": 1.5, "open": True},
    "modes": ["duel", {"size": 2}],
    "db_password": "canary-ours",
    "pin": "canary-pin",
}


@pytest.fixture
def cfg() -> TestReader:
    made = configedge.testing.reader({})
    made.publish({"m": VALUES}, "ab" * 20, ["m.pin"])
    return made


@pytest.fixture
def shadow(cfg: TestReader) -> Iterator[Shadow]:
    """Compares every read, and takes no difference for a change under way."""
    made = Shadow(cfg, sample=1, settle_s=0, registry=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("key", "legacy"),
    [
        ("m.max_ping_ms", 80),
        ("m.max_ping_ms", 80.0),
        ("m.max_ping_ms", "80"),
        ("m.max_ping_ms", b"80"),
        ("m.weight", "1.5"),
        ("m.ranked", "true"),
        ("m.ranked", True),
        ("m.name", b"eu"),
        ("m.modes", '["duel", {"size":2}]'),
        ("m.modes", ["duel", {"size": 2.0}]),
        ("m.eu", {b"weight": b"1.5", b"open": b"true"}),
        ("m.eu", {"weight": "1.5", "open": True}),
        ("m.eu", '{"open": true, "weight": 1.5}'),
        ("m.not.there", None),
        ("m.none", None),
    ],
)
def test_what_says_the_same_matches(shadow: Shadow, key: str, legacy: Any) -> None:
    assert shadow.read(key, legacy) is legacy
    assert shadow.flush(30) and shadow.counts["match"] == 1 and not shadow.mismatches


@pytest.mark.parametrize(
    ("key", "legacy", "outcome"),
    [
        ("m.max_ping_ms", 81, "mismatch"),
        ("m.max_ping_ms", "080", "mismatch"),
        ("m.max_ping_ms", True, "mismatch"),
        ("m.ranked", 1, "mismatch"),
        ("m.name", "us", "mismatch"),
        ("m.name", b"\xff", "mismatch"),
        ("m.modes", ["duel"], "mismatch"),
        ("m.max_ping_ms", None, "mismatch"),
        ("m.eu", {"weight": "1.5"}, "mismatch"),
        ("m.eu", {"weight": "1.5", "open": "false"}, "mismatch"),
        ("m.not.there", "1", "missing"),
    ],
)
def test_what_says_something_else_is_counted_by_key(shadow: Shadow, key: str, legacy: Any, outcome: Any) -> None:
    assert shadow.read(key, legacy) is legacy
    assert shadow.flush(30) and shadow.counts[outcome] == 1 and shadow.mismatches == {key: 1}


def test_a_mismatch_is_logged_with_both_values_and_where_ours_is_from(
    shadow: Shadow, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        shadow.read("m.max_ping_ms", "90\nforged line")
    shadow.flush(30)
    [record] = caplog.records
    assert record.levelno == logging.WARNING and shadow.counts["mismatch"] == 5
    told = record.getMessage()
    assert "m.max_ping_ms" in told and r"'90\nforged line'" in told and "ConfigEdge 80" in told
    assert "generation 2" in told and "commit abababababab" in told


def test_a_key_is_told_again_after_a_while_with_how_often(shadow: Shadow, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        shadow.read("m.max_ping_ms", 1)
    shadow.flush(30)
    shadow._log_every_s = 0
    shadow.read("m.max_ping_ms", 1)
    shadow.flush(30)
    assert ["; 2 more since" in record.getMessage() for record in caplog.records] == [False, True]


def test_secrets_are_not_logged(cfg: TestReader, caplog: pytest.LogCaptureFixture) -> None:
    shadow = Shadow(cfg, sample=1, settle_s=0, secret=lambda key: key == "m.name", registry=False)
    shadow.read("m.name", "canary-by-predicate")
    shadow.read("m.pin", "canary-marked")
    shadow.read("m.db_password", "canary-by-name")
    shadow.read("m.max_ping_ms", "redis://user:canary-in-a-url@host")
    shadow.flush(30)
    assert len(caplog.records) == 4 and "canary" not in caplog.text and caplog.text.count("(secret)") == 8


def test_ours_is_what_it_was_when_the_service_read(cfg: TestReader) -> None:
    going = threading.Event()

    def same(theirs: Any, ours: Any) -> bool:
        going.wait(30)
        return bool(theirs == ours)

    shadow = Shadow(cfg, sample=1, settle_s=0, same=same, registry=False)
    for number in range(3):
        cfg.publish({"m": {"n": number}})
        shadow.read("m.n", number)
    going.set()
    shadow.flush(30)
    assert shadow.counts["match"] == 3


def test_a_key_that_was_changed_just_now_is_settling(cfg: TestReader) -> None:
    shadow = Shadow(cfg, sample=1, settle_s=3600, registry=False)
    shadow.read("m.max_ping_ms", 70)
    shadow.read("m.not.there", 1)
    shadow.flush(30)
    assert (shadow.counts["settling"], shadow.counts["missing"], shadow.counts["mismatch"]) == (1, 1, 0)


def test_only_a_sample_is_compared(cfg: TestReader) -> None:
    shadow = Shadow(cfg, sample=0.02, queue=100_000, registry=False)
    for _ in range(50_000):
        shadow.read("m.max_ping_ms", 80)
    shadow.flush(30)
    # 1,000 are expected; less than half or more than twice that does not happen.
    assert 500 < shadow.counts["match"] < 2_000 and sum(shadow.counts.values()) == shadow.counts["match"]


def test_reads_that_belong_together_are_compared_together(shadow: Shadow) -> None:
    values = {"m.max_ping_ms": "80", "m.name": "us", "m.weight": 1.5}
    assert shadow.read_all(values) is values
    values["m.weight"] = 9
    shadow.flush(30)
    assert (shadow.counts["match"], shadow.mismatches) == (2, {"m.name": 1})


def test_what_cannot_wait_is_dropped_and_counted(cfg: TestReader) -> None:
    stuck, going = threading.Event(), threading.Event()

    def same(theirs: Any, ours: Any) -> bool:
        stuck.set()
        return going.wait(30)

    shadow = Shadow(cfg, sample=1, queue=10, same=same, registry=False)
    shadow.read("m.name", "eu")
    assert stuck.wait(30)
    for _ in range(25):
        assert shadow.read("m.name", "eu") == "eu"
    assert shadow.dropped == 15
    going.set()
    shadow.flush(30)
    assert shadow.counts["match"] == 11


def test_nothing_is_raised_into_the_service(cfg: TestReader, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("canary")

    for more in ({"same": broken}, {"key": broken}, {"secret": broken}):
        shadow = Shadow(cfg, sample=1, settle_s=0, registry=False, **more)  # type: ignore[arg-type]
        assert shadow.read("m.name", "us") == "us"
        shadow.flush(30)
        assert shadow.counts["error"] == 1
    assert "canary" not in caplog.text and "could not be compared: RuntimeError" in caplog.text
    gone = Shadow(cfg, sample=1, registry=False)
    gone._cfg = None  # type: ignore[assignment]
    assert gone.read("m.name", "us") == "us" and gone.dropped == 1
    gone.close()
    assert gone.read("m.name", "us") == "us" and gone.dropped == 1


def test_legacy_keys_are_translated_by_the_map(cfg: TestReader) -> None:
    legacy = LegacyMap((Rule("mm:", BundlePath("treasure-hunt", "m")),))
    shadow = Shadow(cfg, sample=1, settle_s=0, key=legacy.reader_key, registry=False)
    get = shadow.wrap({"mm:max_ping_ms": "80", "mm:name": "us", "other": "1"}.get)
    assert [get(key) for key in ("mm:max_ping_ms", "mm:name", "other")] == ["80", "us", "1"]
    shadow.flush(30)
    assert shadow.mismatches == {"m.name": 1} and sum(shadow.counts.values()) == 2


def test_a_forked_worker_compares_for_itself(shadow: Shadow) -> None:
    shadow.read("m.name", "us")
    shadow.flush(30)
    told, say = os.pipe()
    child = os.fork()
    if child == 0:
        shadow.read("m.name", "eu")
        shadow.read("m.name", "asia")
        done = shadow.flush(30)
        os.write(say, f"{done} {shadow.counts['match']} {shadow.counts['mismatch']}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(told, 100) == b"True 1 1"
    assert shadow.counts["mismatch"] == 1


def test_metrics(cfg: TestReader) -> None:
    registry = prometheus_client.CollectorRegistry()
    shadow = Shadow(cfg, sample=1, settle_s=0, registry=registry)
    shadow.read("m.name", "us")
    shadow.read("m.name", "eu")
    for number in range(150):
        shadow.read(f"m.missing-{number}", 1)
    shadow.flush(30)
    told = prometheus_client.generate_latest(registry).decode()
    for line in (
        'reads_total{outcome="match"} 1.0',
        'reads_total{outcome="mismatch"} 1.0',
        'reads_total{outcome="missing"} 150.0',
        'mismatches_total{key="m.name"} 1.0',
        'mismatches_total{key="other"} 51.0',
        "dropped_total 0.0",
        "queue 0.0",
    ):
        assert f"configedge_shadow_{line}" in told
    with pytest.raises(ValueError, match="Duplicated"):
        Shadow(cfg, registry=registry)


@pytest.mark.parametrize("wrong", [{"sample": 0.0}, {"sample": 1.5}, {"queue": 0}])
def test_what_makes_no_sense_is_refused(cfg: TestReader, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give"):
        Shadow(cfg, registry=False, **wrong)


def test_its_thread_is_there_once_something_is_compared_and_ends_with_it(cfg: TestReader) -> None:
    shadow = Shadow(cfg, sample=1, registry=False)
    assert shadow._thread is None and shadow.flush()
    shadow.read("m.name", "eu")
    shadow.flush(30)
    thread = shadow._thread
    assert thread is not None and thread.is_alive() and thread.daemon
    del shadow
    thread.join(30)
    assert not thread.is_alive()
