"""From a reply of the REST API to the cluster, by the real Flux, with our manifests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from configedge.kube.receiver import Receiver, ReceiverError
from tests.kube.client import bundle_path
from tests.kube.cluster import APPLIER, GAME
from tests.kube.way import APPLIED, SOURCE, Way, revision, soon, way

# What a reader of YAML could take for something else, and what tools on the way could change.
WORDS = """
    on On ON off no yes Yes y Y n N true False null Null ~ 0x10 0o17 0b1 010 1e3 +1 .5 5. 1_000 1:30 .inf .nan NaN = <<
    2026-11-30 2026-11-30T13:00:00Z !x &a *a @a `a` %a ? : - | > [a] {a} 'a' "a" # \\ -- ---  ...
"""
STRANGE = {
    "texts": [*WORDS.split(), "", " a ", "a: b", "a #b", "- d", "é\u2028\U0001f600\ufeff", "\t", "a\n", "\r\n"],
    "keys": {word: at for at, word in enumerate(WORDS.split()) if re.fullmatch("[A-Za-z0-9_-]+", word)},
    "lines": "one\ntwo\n\n  three\n",
    "numbers": [0, -1, 2**63 - 1, -(2**63), 0.1, 1e300, 5e-324, 1.5],
    "others": [True, False, None, [], {}, [[]]],
    "variables": ["${HOME}", "$(id)", "$$", "{{ x }}", "${var:=default}"],
    "kind": "Kustomization",
    "metadata": {"name": "another", "namespace": "kube-system"},
    "patches": [{"op": "remove"}],
}


@pytest.fixture(scope="module")
def run(controllers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    with way(tmp_path_factory.mktemp("flux")) as running:
        commit = running.put("matchmaking", {"region": "eu", "weight": 1})
        soon(lambda: running.applied() == commit)
        yield running


def handled(run: Way) -> str:
    """What the Receiver asked for last, as source-controller has it."""
    return str(run.admin.get(SOURCE)["status"].get("lastHandledReconcileAt", ""))


def test_a_reply_becomes_a_bundle_in_the_cluster(run: Way) -> None:
    commit = run.put("matchmaking", {"region": "eu", "weight": 2})
    soon(lambda: run.values("matchmaking") == {"region": "eu", "weight": 2})
    soon(lambda: run.applied() == commit)
    assert revision(run.admin.get(SOURCE)["status"]["artifact"]["revision"]) == commit
    assert run.condition(SOURCE, "SourceVerified")["status"] == "True"
    kept = run.admin.get(bundle_path(GAME, "matchmaking"))["metadata"]
    assert {it["manager"] for it in kept["managedFields"]} == {"kustomize-controller"}


def test_what_is_committed_is_what_arrives(run: Way) -> None:
    run.put("strange", STRANGE)
    arrived = soon(lambda: run.values("strange"))
    run.remove("strange")
    assert arrived == STRANGE
    # Equal is not the same: 1 and 1.0 and True are equal.
    assert json.dumps(arrived, sort_keys=True) == json.dumps(STRANGE, sort_keys=True)


def test_the_receiver_makes_it_immediate(run: Way) -> None:
    before = handled(run)
    commit = run.put("matchmaking", {"region": "eu", "weight": 3})
    soon(lambda: run.applied() == commit)
    # Not by the interval: it was asked for.
    assert handled(run) != before


def test_the_receiver_takes_nothing_from_strangers(run: Way, tmp_path: Path) -> None:
    url = (run.directory / "receiver-url").read_text().strip()
    before = handled(run)
    assert httpx2.post(url, content=b"push", trust_env=False).status_code >= 400
    forged = {"X-Signature": "sha256=" + "0" * 64}
    assert httpx2.post(url, content=b"push", headers=forged, trust_env=False).status_code >= 400
    assert httpx2.post(f"{url[:-4]}0000", content=b"push", headers=forged, trust_env=False).status_code == 404
    (tmp_path / "token").write_text("another")
    with pytest.raises(ReceiverError, match=r"answered 4.*; is the token the Receiver's\?"):
        Receiver(url, tmp_path / "token").tell("a" * 40)
    assert handled(run) == before


def test_what_is_removed_from_git_is_removed_from_the_cluster(run: Way) -> None:
    run.put("gone", {"a": 1})
    soon(lambda: run.values("gone"))
    run.remove("gone")
    soon(lambda: run.values("gone") is None and run.values("strange") is None)
    assert run.values("matchmaking")


def test_a_bundle_for_a_namespace_that_is_not_here_stops_nobody(run: Way) -> None:
    run.put("lost", {"a": 1}, "nowhere")
    commit = run.put("matchmaking", {"region": "eu", "weight": 6})
    soon(lambda: run.applied() == commit)
    assert run.values("matchmaking") == {"region": "eu", "weight": 6}
    assert run.values("lost", "nowhere") is None


def test_what_was_written_past_git_is_put_back_at_the_next_look(run: Way) -> None:
    wanted = run.values("matchmaking")
    run.admin.patch(
        bundle_path(GAME, "matchmaking"),
        {"spec": {"values": {"weight": 1000, "more": 1}}},
        act_as="admin",
        groups=["system:masters", "configedge:break-glass"],
    )
    assert run.values("matchmaking") != wanted
    run.admin.patch(APPLIED, {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}})
    soon(lambda: run.values("matchmaking") == wanted)


def test_flux_acts_as_the_applier_alone(run: Way) -> None:
    audited = (run.server.directory / "audit.log").read_text().splitlines()
    writes = [json.loads(line) for line in audited]
    by = {
        it["impersonatedUser"]["username"]
        for it in writes
        if "impersonatedUser" in it and it["stage"] == "ResponseComplete"
    }
    assert APPLIER in by and by <= {APPLIER, "admin"}


def test_the_last_bundle_of_a_path_stays_until_there_is_another(run: Way) -> None:
    """Git has no empty directories, and a directory that is not there is no order to remove everything."""
    run.remove("matchmaking")
    soon(lambda: "path not found" in run.condition(APPLIED).get("message", ""))
    assert run.values("matchmaking")
    run.put("another", {"a": 1})
    soon(lambda: run.values("another") and run.values("matchmaking") is None)
