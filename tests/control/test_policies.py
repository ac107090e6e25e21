"""Policies in the repository: what the control plane refuses before it commits, and what reaches a node."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import configedge
from configedge import policy
from tests.support.control import Control, deliver, document, git, running
from tests.support.policies import install, module
from tests.support.relay import Relay, wait_for

NO = '{"accept":false,"messages":[{"key":"limit","message":"it never fits","hint":"leave the policy out"}]}'
ODD = '{"accept":true,"messages":[{"key":"limit","message":"it is odd"}]}'


def push_policies(control: Control, work: Path, modules: dict[str, str], *, unchecked: bool = False) -> None:
    if not work.exists():
        git(work.parent, "clone", "--quiet", "--no-local", str(control.repo), str(work))
    git(work, "pull", "--quiet", "--rebase", "origin", "main")
    install(work / "policies", modules)
    git(work, "add", "policies")
    git(work, "-c", "user.name=ops", "-c", "user.email=ops@example.com", "commit", "--quiet", "-m", "Pin policies")
    deliver(control.repo, work, unchecked=unchecked)


def named(values: dict[str, object], *policies: str) -> dict[str, object]:
    whole = document(values)
    whole["spec"]["policies"] = list(policies)
    return whole


def test_what_a_policy_refuses_is_never_committed(control: Control, tmp_path: Path) -> None:
    before = control.tip()
    unknown = control.put("game/a", named({"limit": 1}, "no"))
    assert unknown.status_code == 422
    assert "there is no policies/manifest.yaml" in unknown.text
    assert control.tip() == before
    push_policies(control, tmp_path / "work", {"no": module(NO), "odd": module(ODD)})
    before = control.tip()
    for params in ({}, {"dry_run": "true"}):
        refused = control.put("game/a", named({"limit": 1}, "odd", "no"), **params)
        assert refused.status_code == 422
        [problem] = [p for p in refused.json()["problems"] if p["key"] == "spec.values.limit"]
        assert (problem["code"], problem["message"]) == ("policy", "it never fits (policy no)")
    assert control.tip() == before
    tried = control.put("game/a", named({"limit": 1}, "odd"), dry_run="true").json()
    assert (tried["warnings"][0]["message"], tried["dry_run"]) == ("it is odd (policy odd)", True)
    made = control.put("game/a", named({"limit": 1}, "odd"))
    assert made.status_code == 200
    patched = control.patch("game/a", {"spec": {"policies": ["no"]}}, made.json()["etag"])
    assert patched.status_code == 422


def test_a_bundle_that_a_later_policy_refuses_is_shown_with_its_problem(control: Control, tmp_path: Path) -> None:
    push_policies(control, tmp_path / "work", {"rule": module()})
    assert control.put("game/a", named({"limit": 1}, "rule")).status_code == 200
    assert control.get("game/a").json()["problems"] == []
    with pytest.raises(AssertionError, match="it never fits"):
        push_policies(control, tmp_path / "work", {"rule": module(NO)})
    deliver(control.repo, tmp_path / "work", unchecked=True)
    wait_for(lambda: [problem["code"] for problem in control.get("game/a").json()["problems"]] == ["policy"])


def test_policies_reach_the_node_with_the_bundles_that_name_them(tmp_path: Path) -> None:
    relay = Relay(tmp_path)
    with running(tmp_path / "repo", "--spool", str(relay.spool)) as control:
        push_policies(control, tmp_path / "work", {"rule": module()})
        assert control.put("game/a", named({"limit": 1}, "rule")).status_code == 200
        relay.start()
        try:
            wait_for(lambda: relay.status().get("state") == "ok")
            cfg = configedge.open(relay.out)
            assert cfg["a.limit"] == 1
            push_policies(control, tmp_path / "work", {"rule": module(NO)}, unchecked=True)
            # The node goes on with its last good, and says so.
            wait_for(lambda: relay.status()["state"] == "degraded")
            assert "it never fits" in str(relay.status()["bundles"])
            assert cfg["a.limit"] == 1
        finally:
            relay.stop()


def test_the_same_verdict_in_python_and_on_the_command_line(tmp_path: Path) -> None:
    install(tmp_path / "policies", {"no": module(NO), "odd": module(ODD)})
    text = (
        "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {name: m}\n"
        "spec:\n  values:\n    limit: 1\n  policies: [odd]\n"
    )
    good = configedge.check(text, policies=tmp_path / "policies")
    assert (good.ok, good.values, good.warnings[0].line) == (True, {"limit": 1}, 6)
    bad = configedge.check(text.replace("[odd]", "[no]"), policies=policy.load(tmp_path / "policies"))
    assert (bad.ok, bad.values, bad.problems[0].key, bad.problems[0].line) == (False, None, "spec.values.limit", 6)
    without = configedge.check(text)
    assert "no policies/manifest.yaml" in without.problems[0].message
    with pytest.raises(FileNotFoundError):
        configedge.check(text, policies=tmp_path / "nothing")


def test_a_manifest_is_only_written_of_modules_that_can_be_run(tmp_path: Path) -> None:
    install(tmp_path, {"good": module(), "bad": '(module (import "env" "now" (func)))'})
    (tmp_path / "manifest.yaml").unlink()
    with pytest.raises(ValueError, match=r"bad\.wasm: .* imports env\.now"):
        policy.pin(tmp_path)
    assert not (tmp_path / "manifest.yaml").exists()
    (tmp_path / "bad.wasm").unlink()
    assert set(policy.pin(tmp_path)) == {"good"}
    assert policy.load(tmp_path).problems() == []
    shutil.copy(tmp_path / "good.wasm", tmp_path / "other.wasm")
    assert [name for name, _ in policy.load(tmp_path).problems()] == ["other.wasm"]
