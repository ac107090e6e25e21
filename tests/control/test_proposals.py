"""Protected paths: nothing there changes before somebody else has approved of exactly that."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from configedge.control.auth import Principal
from configedge.control.proposals import KEPT_S, Person, Proposals
from configedge.control.remote import Remote
from configedge.control.store import Store
from configedge.control.writing import Writing
from tests.support.control import Control, document, git, running
from tests.support.people import asking, person

RULES = [
    {"namespace": "game", "key": "limits", "approvals": 1},
    {"namespace": "vault", "approvals": 2},
    {"namespace": "shop", "environment": "prod", "approvals": 1},
]
MERGE = {"Content-Type": "application/merge-patch+json"}


@dataclass
class Team:
    control: Control
    ann: httpx2.Client
    """An editor."""
    bob: httpx2.Client
    cid: httpx2.Client
    """Approvers, as `bob` is."""
    eve: httpx2.Client
    """May write and approve."""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with asking(tmp_path_factory.mktemp("team") / "repo", RULES) as control:
        yield gather(control)


def gather(control: Control) -> Team:
    return Team(
        control,
        person(control, "ann", "editor"),
        person(control, "bob", "approver"),
        person(control, "cid", "approver"),
        person(control, "eve", "editor", "approver"),
    )


def put(bundle: str, values: dict[str, Any], etag: str | None) -> dict[str, Any]:
    return {"bundle": bundle, "op": "put", "document": document(values), "if_match": etag}


def propose(who: httpx2.Client, *changes: dict[str, Any], **params: Any) -> httpx2.Response:
    return who.post("/v1/proposals", json={"message": "Raise it", "changes": list(changes)}, params=params)


def proposed(who: httpx2.Client, *changes: dict[str, Any]) -> dict[str, Any]:
    done = propose(who, *changes)
    assert done.status_code == 201, done.text
    told: dict[str, Any] = done.json()
    assert told["state"] == "open" and told["commit"] is None
    return told


def approve(who: httpx2.Client, proposal: dict[str, Any], **params: Any) -> httpx2.Response:
    digest = {"digest": proposal["digest"]}
    return who.post(f"/v1/proposals/{proposal['id']}/approve", json=digest, params=params)


def there(team: Team, bundle: str, values: dict[str, Any]) -> str:
    """A new bundle, made the way that is open for it; gives its ETag."""
    proposal = proposed(team.ann, put(bundle, values, None))
    for approver in (team.bob, team.cid)[: proposal["needed"]]:
        done = approve(approver, proposal)
        assert done.status_code == 200, done.text
    assert done.json()["state"] == "committed", done.text
    return etag_of(team, bundle)


def etag_of(team: Team, bundle: str) -> str:
    path, _, layer = bundle.partition("@")
    told = team.ann.get(f"/v1/bundles/{path}" + (f"/overlays/{layer}" if layer else ""))
    assert told.status_code == 200, told.text
    return str(told.json()["etag"])


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, str(response.json()["type"]).rpartition(":")[2]


def test_a_protected_key_changes_by_no_way_without_approval(team: Team) -> None:
    etag = there(team, "game/ways", {"limits": {"n": 1}, "free": 1})
    then = team.control.tip()
    free = team.ann.patch(
        "/v1/bundles/game/ways",
        content=json.dumps({"spec": {"values": {"free": 2}}}),
        headers={**MERGE, "If-Match": f'"{etag}"'},
    )
    assert free.status_code == 200, "the rest of the bundle is not protected"
    etag = free.json()["etag"]
    merged = proposed(team.ann, put("game/ways", {"limits": {"n": 2}, "free": 2}, etag))
    assert approve(team.bob, merged).status_code == 200
    etag, tip = etag_of(team, "game/ways"), team.control.tip()
    match = {"If-Match": f'"{etag}"'}
    admin = team.control.http
    export = admin.get("/v1/export", params={"at": then}).json()
    ways = {
        "put": team.ann.put("/v1/bundles/game/ways", json=document({"limits": {"n": 9}}), headers=match),
        "merge patch": team.ann.patch(
            "/v1/bundles/game/ways",
            content=json.dumps({"spec": {"values": {"limits": {"n": 9}}}}),
            headers={**MERGE, **match},
        ),
        "json patch": team.ann.patch(
            "/v1/bundles/game/ways",
            content=json.dumps([{"op": "remove", "path": "/spec/values/limits"}]),
            headers={"Content-Type": "application/json-patch+json", **match},
        ),
        "what it lies in": team.ann.put("/v1/bundles/game/ways", json=document({"limits": 1}), headers=match),
        "delete": team.ann.delete("/v1/bundles/game/ways", headers=match),
        "overlay": team.ann.put(
            "/v1/bundles/game/ways/overlays/prod",
            json=document({"limits": {"n": 9}}),
            headers={"If-None-Match": "*"},
        ),
        "change set": team.ann.post(
            "/v1/changes",
            json={"changes": [put("game/other", {"a": 1}, None), put("game/ways", {"limits": 9}, etag)]},
        ),
        "rollback": team.ann.post("/v1/bundles/game/ways/rollback", json={"to": then}, headers=match),
        "rollback of everything": admin.post("/v1/rollback", json={"to": then}, headers={"If-Match": f'"{tip}"'}),
        "import": admin.post("/v1/import", json=export),
    }
    assert {way: code(answer) for way, answer in ways.items()} == dict.fromkeys(ways, (403, "approval-required"))
    assert team.control.tip() == tip and team.ann.get("/v1/bundles/game/other").status_code == 404
    assert "POST /v1/proposals" in ways["put"].json()["detail"]


def test_a_dry_run_says_how_many_must_approve(team: Team) -> None:
    told = team.ann.post("/v1/validate", json={"changes": [put("vault/dry", {"a": 1}, None)]})
    assert told.status_code == 200 and told.json()["needs_approvals"] == 2, told.text
    told = team.ann.post("/v1/validate", json={"changes": [put("free/dry", {"a": 1}, None)]})
    assert told.json()["needs_approvals"] == 0
    assert propose(team.ann, put("vault/dry", {"a": 1}, None), dry_run=True).status_code == 201
    listed = team.ann.get("/v1/proposals").json()["items"]
    assert all("vault/dry" not in one["bundles"] for one in listed)


def test_only_overlays_of_the_protected_environment_need_approval(team: Team) -> None:
    etag = there(team, "shop/a", {"price": 1})
    headers = {"If-None-Match": "*"}
    test = team.ann.put("/v1/bundles/shop/a/overlays/test", json=document({"price": 2}), headers=headers)
    assert test.status_code == 200, test.text
    prod = team.ann.put("/v1/bundles/shop/a/overlays/prod.eu", json=document({"price": 2}), headers=headers)
    assert code(prod) == (403, "approval-required")
    # What the base says, prod gets too.
    base = team.ann.put("/v1/bundles/shop/a", json=document({"price": 3}), headers={"If-Match": f'"{etag}"'})
    assert code(base) == (403, "approval-required")


def test_what_was_approved_is_committed_with_who_and_when_inside(team: Team) -> None:
    etag = there(team, "game/record", {"limits": 1})
    proposal = proposed(team.ann, put("game/record", {"limits": 2}, etag))
    shown = team.bob.get(f"/v1/proposals/{proposal['id']}").json()
    assert not shown["stale"] and [one["changes"] for one in shown["effects"]] == [
        [{"key": "limits", "kind": "changed", "type_changed": False, "secret": False, "before": 1, "after": 2}]
    ]
    before = team.control.tip()
    done = approve(team.bob, proposal).json()
    assert done["state"] == "committed" and done["commit"] == team.control.tip() != before
    assert team.ann.get("/v1/bundles/game/record").json()["document"]["spec"]["values"] == {"limits": 2}
    record = json.loads(git(team.control.repo, "show", f"main:approvals/{proposal['id']}.json"))
    assert record["digest"] == proposal["digest"]
    assert record["proposed"]["subject"] == "token:ann" and record["message"] == "Raise it"
    assert [(one["subject"], one["time"] > 0) for one in record["approved"]] == [("token:bob", True)]
    said = team.ann.get("/v1/history", params={"limit": 1}).json()["items"][0]
    assert said["author"] == "ann" and said["subject"] == "token:ann" and "approved by bob" in said["message"]


def test_nobody_approves_of_a_change_of_their_own(team: Team) -> None:
    proposal = proposed(team.eve, put("game/own", {"limits": 1}, None))
    assert code(approve(team.eve, proposal)) == (409, "conflict")
    assert code(approve(team.ann, proposal)) == (403, "forbidden")
    assert approve(team.bob, proposal).json()["state"] == "committed"


def test_two_approvals_are_those_of_two_people(team: Team) -> None:
    proposal = proposed(team.ann, put("vault/two", {"a": 1}, None))
    assert proposal["needed"] == 2
    for _ in range(2):
        told = approve(team.bob, proposal).json()
        assert told["state"] == "open" and [one["name"] for one in told["approvals"]] == ["bob"]
    assert team.ann.get("/v1/bundles/vault/two").status_code == 404
    assert approve(team.cid, proposal, dry_run=True).json()["state"] == "open"
    told = approve(team.cid, proposal).json()
    assert told["state"] == "committed" and [one["name"] for one in told["approvals"]] == ["bob", "cid"]


def test_an_approval_is_of_a_digest(team: Team) -> None:
    proposal = proposed(team.ann, put("game/digest", {"limits": 1}, None))
    assert code(approve(team.bob, {**proposal, "digest": "0" * 64})) == (412, "stale")
    assert team.ann.get("/v1/bundles/game/digest").status_code == 404


def test_an_edit_meanwhile_voids_the_proposal(team: Team) -> None:
    etag = there(team, "game/edit", {"limits": 1, "free": 1})
    proposal = proposed(team.ann, put("game/edit", {"limits": 2, "free": 1}, etag))
    edit = put("game/edit", {"limits": 1, "free": 2}, etag)
    assert team.ann.post("/v1/changes", json={"changes": [edit]}).status_code == 200
    tip = team.control.tip()
    assert team.bob.get(f"/v1/proposals/{proposal['id']}").json()["stale"] is True
    assert code(approve(team.bob, proposal)) == (412, "stale")
    assert team.control.tip() == tip
    # Also if it is put back: then it is what was looked at again.
    back = put("game/edit", {"limits": 1, "free": 1}, etag_of(team, "game/edit"))
    assert team.ann.post("/v1/changes", json={"changes": [back]}).status_code == 200
    assert approve(team.bob, proposal).json()["state"] == "committed"


def test_what_was_withdrawn_or_rejected_is_not_approved_any_more(team: Team) -> None:
    ours = proposed(team.ann, put("game/end", {"limits": 1}, None))
    assert code(team.bob.post(f"/v1/proposals/{ours['id']}/withdraw")) == (409, "conflict")
    assert team.ann.post(f"/v1/proposals/{ours['id']}/withdraw").json()["state"] == "withdrawn"
    theirs = proposed(team.ann, put("game/end", {"limits": 1}, None))
    no = {"reason": "not on a Friday"}
    assert code(team.ann.post(f"/v1/proposals/{theirs['id']}/reject", json=no)) == (403, "forbidden")
    told = team.bob.post(f"/v1/proposals/{theirs['id']}/reject", json=no).json()
    assert (told["state"], told["reason"]) == ("rejected", "not on a Friday")
    for proposal in (ours, theirs):
        assert code(approve(team.bob, proposal)) == (409, "conflict")
        open_ = team.ann.get("/v1/proposals").json()["items"]
        every = team.ann.get("/v1/proposals", params={"state": "all"}).json()["items"]
        assert proposal["id"] not in {one["id"] for one in open_} and proposal["id"] in {one["id"] for one in every}
    assert team.ann.get("/v1/bundles/game/end").status_code == 404


def test_what_would_change_nothing_or_is_broken_is_not_proposed(team: Team) -> None:
    etag = there(team, "game/same", {"limits": 1})
    assert code(propose(team.ann, put("game/same", {"limits": 1}, etag))) == (409, "conflict")
    assert propose(team.ann, put("game/same", {"limits": 2}, "0" * 40)).status_code == 412
    broken = put("game/broken", {"limits": 1}, None)
    broken["document"]["spec"]["schema"] = {"properties": {"limits": {"type": "string"}}}
    assert code(propose(team.ann, broken)) == (422, "schema")
    assert code(propose(team.bob, put("game/bob", {"limits": 1}, None))) == (403, "forbidden")


def test_approvers_at_once_make_one_commit(team: Team) -> None:
    proposal = proposed(team.ann, put("game/race", {"limits": 1}, None))
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda who: approve(who, proposal), (team.bob, team.cid, team.eve)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    path = f"approvals/{proposal['id']}.json"
    assert len(git(team.control.repo, "log", "--format=%h", "main", "--", path).split()) == 1


def test_a_crash_between_the_commit_and_saying_so_commits_once(team: Team) -> None:
    proposal = proposed(team.ann, put("game/crash", {"limits": 1}, None))
    ref = f"refs/proposals/{proposal['id']}"
    before = git(team.control.repo, "rev-parse", ref)
    done = approve(team.bob, proposal).json()
    # What a crash in between leaves: main has moved, the proposal has not.
    git(team.control.repo, "update-ref", ref, before)
    told = team.ann.get(f"/v1/proposals/{proposal['id']}").json()
    assert told["state"] == "committed" and told["commit"] == done["commit"]
    assert [one["name"] for one in told["approvals"]] == ["bob"]
    assert code(approve(team.cid, proposal)) == (409, "conflict")
    assert team.control.tip() == done["commit"]


def test_rules_that_became_stricter_hold_for_what_is_open(tmp_path: Path) -> None:
    with asking(tmp_path / "repo", [{"namespace": "game", "approvals": 1}]) as control:
        team = gather(control)
        proposal = proposed(team.ann, put("game/a", {"a": 1}, None))
        control.kill()
    with asking(tmp_path / "repo", [{"namespace": "game", "approvals": 2}]) as control:
        for who in (team.bob, team.cid):
            who.base_url = control.url
        told = approve(team.bob, proposal).json()
        assert (told["state"], told["needed"]) == ("open", 2), "it outlived the kill, and one is not enough any more"
        assert approve(team.cid, proposal).json()["state"] == "committed"


def test_an_approver_of_one_namespace_approves_of_nothing_else(team: Team) -> None:
    only = person(team.control, "game-only", "approver", namespace="game")
    proposal = proposed(team.ann, put("game/both", {"limits": 1}, None), put("vault/both", {"a": 1}, None))
    assert code(approve(only, proposal)) == (403, "forbidden")
    assert code(only.get(f"/v1/proposals/{proposal['id']}")) == (403, "forbidden")
    assert proposal["id"] not in {one["id"] for one in only.get("/v1/proposals").json()["items"]}
    assert team.ann.post(f"/v1/proposals/{proposal['id']}/withdraw").status_code == 200


def test_proposals_and_their_ends_are_in_the_audit(team: Team) -> None:
    proposal = proposed(team.ann, put("game/noted", {"limits": 1}, None))
    assert code(approve(team.ann, proposal)) == (403, "forbidden")
    done = approve(team.bob, proposal).json()
    items = team.control.http.get("/v1/audit", params={"limit": 3}).json()["items"]
    assert [(one["subject"], one["action"], one["outcome"]) for one in reversed(items)] == [
        ("token:ann", "propose", "allowed"),
        ("token:ann", "approve", "denied"),
        ("token:bob", "approve", "allowed"),
    ]
    assert items[0]["commit"] == done["commit"]


def test_rules_that_derive_a_protected_key_need_approval_too(tmp_path: Path) -> None:
    """Whoever may add a policy, or loosen the schema, could set a protected value without naming it."""
    with running(tmp_path / "repo") as control:
        etag = control.put("vault/a", document({"n": 1})).json()["etag"]
    with asking(tmp_path / "repo", [{"namespace": "vault", "key": "limit"}]) as control:
        loose = control.patch("vault/a", {"spec": {"schema": {"type": "object"}}}, etag)
        assert loose.status_code == 403 and loose.json()["type"].endswith("approval-required")
        assert control.patch("vault/a", {"spec": {"values": {"n": 2}}}, etag).status_code == 200


def test_a_maker_and_their_token_are_one_person(tmp_path: Path) -> None:
    assert Person("user:a", "a", 0).is_of(Principal("token:mine", "mine", "m@x", (), "user:a"))
    assert Person("token:mine", "mine", 0, "", "user:a").is_of(Principal("user:a", "a", "a@x", ()))
    assert not Person("token:x", "x", 0, "", "local:root").is_of(Principal("token:y", "y", "y@x", (), "local:root"))


@pytest.mark.parametrize("replicated", [False, True])
def test_what_ended_long_ago_is_forgotten_and_what_is_open_is_not(tmp_path: Path, replicated: bool) -> None:
    repo = tmp_path / "repo"
    options: tuple[str, ...] = ()
    if replicated:
        git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote")
        options = ("--remote", str(tmp_path / "remote"))
    with running(repo, *options) as control:
        ended, still = (proposed(control.http, put(f"game/{name}", {"n": 1}, None))["id"] for name in "ab")
        assert control.http.post(f"/v1/proposals/{ended}/withdraw").status_code == 200
    with closing(Store(repo, remote=Remote(str(tmp_path / "remote")) if replicated else None)) as store:
        proposals = Proposals(Writing(store, tuple))
        assert proposals.forget(time.time() - KEPT_S) == 0, "not before its time"
        assert proposals.forget(time.time() + 1) == 1
    with running(repo, *options) as control:
        assert [one["id"] for one in control.http.get("/v1/proposals").json()["items"]] == [still]
    for place in [repo, *([tmp_path / "remote"] if replicated else [])]:
        assert git(place, "for-each-ref", "--format=%(refname)", "refs/proposals") == f"refs/proposals/{still}"
