"""The worked policies in `policies/examples`, as they are committed, through the same check that a node makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import configedge
from configedge import _core, policy
from tests.support.policies import EXAMPLES, install
from tests.support.relay import bundle, running, wait_for

NAMES = ("region-weights", "wait-order", "rating-buckets")


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = {name: (EXAMPLES / name / f"{name}.wat").read_text() for name in NAMES}
    return install(tmp_path_factory.mktemp("worked") / "policies", texts)


def check(policies: Path, name: str, values: dict[str, Any]) -> configedge.bundle.Checked:  # type: ignore[name-defined]
    text = bundle(values) + f"  policies: [{name}]\n"
    return configedge.check(text, policies=policies)


def keys(checked: Any) -> list[str]:
    return [problem.key.removeprefix("spec.values.") for problem in checked.problems]


def test_they_keep_the_contract_and_are_small(policies: Path) -> None:
    assert policy.load(policies).problems() == []
    for name in NAMES:
        assert (policies / f"{name}.wasm").stat().st_size < 64 << 10, name
        assert check(policies, name, {"something": "else"}).ok, "a policy says nothing of what it is not about"


def test_region_weights_sum_to_one_and_open_regions_have_capacity(policies: Path) -> None:
    eu, us = {"weight": 0.6, "capacity": 4000}, {"weight": 0.4, "capacity": 3000}
    closed = {"weight": 0.9, "capacity": 0, "open": False}
    assert check(policies, "region-weights", {"regions": {"eu": eu, "us": us, "ap": closed}}).ok
    off = check(policies, "region-weights", {"regions": {"eu": eu, "us": us | {"weight": 0.5}}})
    assert keys(off) == ["regions"]
    assert "sum to 1.1" in off.problems[0].message
    assert off.problems[0].hint
    full = check(policies, "region-weights", {"regions": {"eu": eu, "us": us | {"capacity": 0}}})
    assert keys(full) == ["regions.us.capacity"]
    assert full.problems[0].line == 5
    thirds = {name: {"weight": 1 / 3, "capacity": 1} for name in "abc"}
    assert check(policies, "region-weights", {"regions": thirds}).ok


def test_waits_do_not_shrink_along_the_order_of_modes(policies: Path) -> None:
    modes = {"casual": {"max_wait_s": 30}, "ranked": {"max_wait_s": 60}, "tournament": {"max_wait_s": 120}}
    order = ["casual", "ranked", "tournament"]
    assert check(policies, "wait-order", {"modes": modes, "mode_order": order}).ok
    wrong = check(policies, "wait-order", {"modes": modes | {"ranked": {"max_wait_s": 20}}, "mode_order": order})
    assert keys(wrong) == ["modes.ranked.max_wait_s"]
    missing = check(policies, "wait-order", {"modes": modes, "mode_order": [*order, "duel"]})
    assert len(keys(missing)) == 1 and "duel" in str(missing.problems[0])
    unlisted = check(policies, "wait-order", {"modes": modes, "mode_order": order[:2]})
    assert unlisted.ok
    assert "tournament" in str(unlisted.warnings[0])


def test_rating_buckets_are_derived_for_readers(policies: Path, tmp_path: Path) -> None:
    rating = {"min": 0, "max": 3000, "bucket_width": 100}
    derived = check(policies, "rating-buckets", {"rating": rating})
    assert derived.ok
    assert derived.values["rating"]["buckets"] == list(range(0, 3000, 100))
    assert derived.values["rating"]["bucket_count"] == 30
    for wrong in ({"min": 3000, "max": 0}, {"bucket_width": 0}, {"bucket_width": 1}, {"max": "high"}):
        assert not check(policies, "rating-buckets", {"rating": rating | wrong}).ok, wrong
    odd = check(policies, "rating-buckets", {"rating": rating | {"max": 3050}})
    assert odd.ok and odd.warnings
    taken = check(policies, "rating-buckets", {"rating": rating | {"buckets": [1]}})
    assert not taken.ok

    spool = tmp_path / "spool" / "policies"
    spool.mkdir(parents=True)
    for file in policies.iterdir():
        (spool / file.name).write_bytes(file.read_bytes())
    with running(tmp_path, first=bundle({"rating": rating}) + "  policies: [rating-buckets]\n") as relay:
        cfg = configedge.open(relay.out)
        assert (cfg["m.rating.buckets.29"], cfg["m.rating.bucket_count"]) == (2900, 30)
        relay.put(bundle({"rating": rating | {"bucket_width": 200}}) + "  policies: [rating-buckets]\n")
        wait_for(lambda: cfg["m.rating.bucket_count"] == 15)


def test_large_documents_fit_in_their_fuel(policies: Path) -> None:
    regions = {f"r{number:04}": {"weight": 1 / 2_000, "capacity": 10, "name": "x" * 300} for number in range(2_000)}
    assert check(policies, "region-weights", {"regions": regions}).ok
    modes = {f"m{number:02}": {"max_wait_s": number + 1, "pad": "y" * 9_000} for number in range(60)}
    assert check(policies, "wait-order", {"modes": modes, "mode_order": sorted(modes)}).ok
    size = len(json.dumps(regions))
    assert size > 700_000


def test_the_digest_is_that_of_the_module(policies: Path) -> None:
    import hashlib

    for name in NAMES:
        module = (policies / f"{name}.wasm").read_bytes()
        assert _core.policy_digest(module) == "sha256:" + hashlib.sha256(module).hexdigest()
