"""What a good bundle is still refused for: an unlikely change of size, and somebody's hold."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

import configedge
from tests.support.relay import Relay, bundle, remove, running, wait_for


def annotated(values: dict[str, Any], **annotations: str) -> str:
    named = {f"configedge.io/{name.replace('_', '-')}": value for name, value in annotations.items()}
    return bundle(values).replace("namespace: default", f"namespace: default, annotations: {json.dumps(named)}")


def sized(count: int, mark: int = 0) -> dict[str, Any]:
    return {"mark": mark, **{f"k{number}": number for number in range(count)}}


def codes(relay: Relay) -> list[str]:
    return [problem["code"] for told in relay.status().get("bundles", []) for problem in told["problems"]]


@pytest.mark.parametrize(("before", "after"), [(40, 15), (40, 90), (40, -1), (2, -1)])
def test_an_unlikely_change_of_size_is_refused_unless_it_is_said_to_be_meant(
    tmp_path: Path, before: int, after: int
) -> None:
    small = {} if after < 0 else sized(after, 1)
    with running(tmp_path, first=bundle(sized(before))) as relay:
        cfg = configedge.open(relay.out)
        relay.put(bundle(small))
        wait_for(lambda: codes(relay) == ["resize"])
        [told] = relay.status()["bundles"]
        assert (told["serving"], told["problems"][0]["line"]) == ("last-good", 5)
        assert str(before + 1) in told["problems"][0]["message"]
        assert "configedge.io/allow-resize" in told["problems"][0]["hint"]
        assert cfg.snapshot().to_dict("m") == sized(before)
        relay.put(annotated(small, allow_resize="yes"))
        wait_for(lambda: codes(relay) == ["type"])
        relay.put(annotated(small, allow_resize="true"))
        wait_for(lambda: cfg.snapshot().to_dict("m") == small)
        assert relay.status()["state"] == "ok"


def test_small_bundles_may_grow_and_shrink_and_so_may_large_ones_by_half(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle(sized(1))) as relay:
        cfg = configedge.open(relay.out)
        for count in (12, 1, 12, 24, 47, 90, 46):
            relay.put(bundle(sized(count)))
            wait_for(lambda count=count: cfg.snapshot().to_dict("m") == sized(count))


def test_a_text_that_more_than_doubles_is_refused_too(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"text": "x" * 5_000})) as relay:
        cfg = configedge.open(relay.out)
        relay.put(bundle({"text": "x" * 11_000}))
        wait_for(lambda: codes(relay) == ["resize"])
        assert len(cfg["m.text"]) == 5_000


def test_a_hold_keeps_what_is_published_until_it_is_taken_away(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        (relay.spool / "hold").write_text("the on-call said so\nsecond line")
        wait_for(lambda: relay.status()["state"] == "held")
        assert relay.status()["hold"] == "the on-call said so"
        assert relay.status()["held_since"] > 0
        relay.put(bundle({"v": 2}))
        relay.put("rubbish: [", "n.yaml")
        wait_for(lambda: len(relay.status()["bundles"]) == 2)
        assert cfg["m.v"] == 1
        assert relay.status()["state"] == "degraded", "what is wrong is told of during a hold, too"
        (relay.spool / "n.yaml").unlink()
        wait_for(lambda: relay.status()["state"] == "held")
        assert cfg.health().relay_state == "stale"
        relay.stop(signal.SIGKILL)
        relay.start()
        relay.ready()
        wait_for(lambda: relay.status()["state"] == "held")
        assert cfg["m.v"] == 1
        (relay.spool / "hold").unlink()
        wait_for(lambda: cfg["m.v"] == 2)
        assert relay.status()["state"] == "ok"
        assert relay.status()["hold"] is None


def test_an_annotation_holds_one_bundle(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        relay.put(annotated({"v": 2}, hold="incident 7"))
        relay.put(bundle({"v": 2}, "other"), "other.yaml")
        wait_for(lambda: cfg.get("other.v") == 2)
        assert cfg["m.v"] == 1
        held = next(told for told in relay.status()["bundles"] if told["name"] == "m")
        assert (held["serving"], held["problems"][0]["code"]) == ("last-good", "held")
        assert "incident 7" in held["problems"][0]["message"]
        assert relay.status()["state"] == "held"
        relay.put(bundle({"v": 3}))
        wait_for(lambda: cfg["m.v"] == 3)


def test_a_file_that_claims_the_bundle_of_another_takes_nothing_from_it(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        relay.put(bundle({"v": 1}, "a"), "a.yaml")
        wait_for(lambda: cfg.get("a.v") == 1)
        relay.put(bundle({"v": 9}), "a.yaml")
        wait_for(lambda: codes(relay) == ["conflict"])
        assert (cfg["m.v"], cfg["a.v"]) == (1, 1)


def test_a_restarted_relay_keeps_what_an_unreadable_file_may_have_held(tmp_path: Path) -> None:
    relay = Relay(tmp_path)
    relay.put(bundle({"v": 1}, "inside"), "outside.yaml")
    relay.start()
    try:
        relay.ready()
        relay.stop(signal.SIGKILL)
        relay.put("rubbish: [", "outside.yaml")
        relay.put(bundle({"v": 2}, "other"), "other.yaml")
        relay.start()
        relay.ready()
        cfg = configedge.open(relay.out)
        wait_for(lambda: cfg.get("other.v") == 2)
        assert cfg["inside.v"] == 1
    finally:
        relay.stop()


def test_a_deleted_directory_comes_back_with_the_last_good_of_a_broken_bundle(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        relay.put(bundle({"v": 2}))
        wait_for(lambda: cfg["m.v"] == 2)
        relay.put("rubbish: [")
        wait_for(lambda: relay.status()["state"] == "degraded")
        remove(relay.out)
        relay.put(bundle({"v": 1}, "other"), "other.yaml")
        wait_for(lambda: cfg.get("other.v") == 1)
        assert cfg["m.v"] == 2


@pytest.mark.parametrize("held", [False, True])
def test_a_published_file_that_is_deleted_is_published_again(tmp_path: Path, held: bool) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        relay.put(bundle({"v": 1}, "n"), "n.yaml")
        wait_for(lambda: "n.v" in configedge.open(relay.out))
        # So that it has nothing of it in its memory.
        relay.stop()
        relay.start()
        relay.ready()
        if held:
            (relay.spool / "hold").touch()
            wait_for(lambda: relay.status()["state"] == "held")
        before = configedge.open(relay.out)
        for file in relay.out.glob("g-*"):
            file.unlink()
        wait_for(lambda: list(relay.out.glob("g-*")), 3)
        cfg = configedge.open(relay.out, wait=3)
        assert (cfg["m.v"], cfg["n.v"], before["m.v"]) == (1, 1, 1)
        assert relay.status()["generation"] == cfg.generation
        relay.put("rubbish: [")
        relay.put(bundle({"v": 2}, "n"), "n.yaml")
        wait_for(lambda: codes(relay) == ["yaml-syntax"])
        assert (cfg["m.v"], cfg["n.v"]) == (1, 1 if held else 2)


def test_a_durable_copy_that_could_not_be_written_is_told_of_until_it_is(tmp_path: Path) -> None:
    in_the_way = tmp_path / "disk"
    in_the_way.write_text("")
    durable = in_the_way / "last-good"
    with running(tmp_path, "--durable", str(durable), first=bundle({"v": 1})) as relay:
        wait_for(lambda: [problem["code"] for problem in relay.status()["problems"]] == ["not-durable"])
        assert relay.status()["state"] == "degraded"
        time.sleep(2.5)
        assert [problem["code"] for problem in relay.status()["problems"]] == ["not-durable"]
        in_the_way.unlink()
        in_the_way.mkdir()
        wait_for(lambda: relay.status()["state"] == "ok", 15)
        assert durable.exists()


def test_a_durable_copy_is_made_of_what_an_earlier_relay_published_without_one(tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        relay.stop()
        durable = tmp_path / "new" / "last-good"
        relay.options = ("--durable", str(durable))
        relay.start()
        wait_for(durable.exists)
        relay.stop()
        shutil.rmtree(relay.out)
        shutil.rmtree(relay.spool)
        relay.start()
        assert relay.ready()["keys"] == 2


def test_a_namespace_keeps_what_an_unreadable_file_of_it_may_have_held(tmp_path: Path) -> None:
    relay = Relay(tmp_path, "--namespace", "game")
    relay.put(bundle({"v": 1}, "inside", "game"), "outside.yaml")
    relay.put(bundle({"v": 1}, "other", "game"), "other.yaml")
    relay.start()
    try:
        relay.ready()
        relay.stop(signal.SIGKILL)
        relay.put("rubbish: [", "outside.yaml")
        relay.put(bundle({"v": 2}, "other", "game"), "other.yaml")
        relay.start()
        relay.ready()
        cfg = configedge.open(relay.out)
        wait_for(lambda: cfg["other.v"] == 2)
        assert cfg["inside.v"] == 1
    finally:
        relay.stop()


def test_a_missing_durable_copy_is_still_written_after_the_directory_was_made_anew(tmp_path: Path) -> None:
    in_the_way = tmp_path / "disk"
    in_the_way.write_text("")
    with running(tmp_path, "--durable", str(in_the_way / "last-good"), first=bundle({"v": 1})) as relay:
        wait_for(lambda: [problem["code"] for problem in relay.status()["problems"]] == ["not-durable"])
        remove(relay.out)
        wait_for(lambda: (relay.out / "current").exists())
        in_the_way.unlink()
        in_the_way.mkdir()
        wait_for((in_the_way / "last-good").exists, 15)
        wait_for(lambda: relay.status().get("state") == "ok")
