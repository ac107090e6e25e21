"""Deleted keys: one that comes back may mean something else to a service that still knows the old one."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from configedge.control.diff import key_changes
from configedge.control.tombstones import KEPT_S, Tombstone, after, file_of, read, write
from tests.support.control import Control, document, git

NOW = 1_800_000_000


def bury(
    old: dict[str, Any],
    new: dict[str, Any],
    before: tuple[Tombstone, ...] = (),
    *,
    now: int = NOW,
    revive: bool = False,
) -> tuple[dict[str, Tombstone], set[str]]:
    """What is remembered after a change, and the keys that it is refused for."""
    changes = key_changes({"spec": {"values": old}}, {"spec": {"values": new}})
    stones, refused = after(before, changes, old, now, "token:ci", revive, "bundles/game/a.yaml")
    return {stone.key: stone for stone in stones}, {problem.key.removeprefix("spec.values.") for problem in refused}


def stone(key: str, time: int = NOW) -> Tombstone:
    return Tombstone(key, time, "token:ci", "integer")


def test_a_deleted_key_is_remembered_with_who_when_and_what() -> None:
    stones, refused = bury({"a": {"b": 1, "c": "x"}, "d": [1]}, {"a": {"c": "x"}})
    assert refused == set()
    assert stones == {
        "a.b": Tombstone("a.b", NOW, "token:ci", "integer"),
        "d": Tombstone("d", NOW, "token:ci", "array"),
    }


def test_a_deleted_section_is_remembered_by_its_topmost_key() -> None:
    assert bury({"a": {"b": {"c": 1}}}, {})[0].keys() == {"a"}


@pytest.mark.parametrize(
    ("buried", "old", "new"),
    [
        ("a", {}, {"a": 1}),
        ("a", {}, {"a": {"b": 1}}),
        ("a.b", {}, {"a": {"b": 1}}),
        ("a.b", {"a": {}}, {"a": {"b": 1, "c": 1}}),
        ("a.b", {"a": 1}, {"a": {"b": 2}}),
        ("a", {"x": 1}, {"x": 1, "a": {"deep": {"er": 1}}}),
    ],
)
def test_a_key_that_comes_back_is_refused(buried: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert bury(old, new, (stone(buried),))[1] == {buried}
    stones, refused = bury(old, new, (stone(buried),), revive=True)
    assert refused == set() and buried not in stones


@pytest.mark.parametrize(
    ("buried", "old", "new"),
    [
        ("a", {"b": 1}, {"b": 2}),
        ("a.b", {"a": {"c": 1}}, {"a": {"c": 2}}),
        ("a.b", {}, {"a": {"c": 2}}),
        ("a", {}, {"ab": 1}),
        ("a.b", {}, {"a": 1}),
    ],
)
def test_another_key_is_not(buried: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    stones, refused = bury(old, new, (stone(buried),))
    assert refused == set() and buried in stones


def test_after_180_days_it_is_forgotten() -> None:
    assert KEPT_S == 180 * 86_400
    kept = (stone("a", NOW - KEPT_S + 1),)
    assert bury({}, {"a": 1}, kept)[1] == {"a"}
    stones, refused = bury({}, {"a": 1}, (stone("a", NOW - KEPT_S),))
    assert (stones, refused) == ({}, set())


def test_what_is_remembered_is_bounded_to_the_newest() -> None:
    many = tuple(stone(f"k{n}", NOW - 5_000 + n) for n in range(5_000))
    stones, _ = bury({"a": 1}, {}, many)
    assert len(stones) == 2_000 and "a" in stones and "k4999" in stones and "k0" not in stones


def test_it_reads_what_it_wrote_and_passes_over_what_it_did_not() -> None:
    stones = (stone("a"), Tombstone("b.c", NOW, 'user:"x": {y}', "object"))
    assert read(write(stones)) == stones
    assert write(()) is None and read(None) == ()
    assert read(b"- {key: a, time: soon, by: x, type: y}\n- 7\n") == ()
    assert read(b"- [") == ()


def delete_key(control: Control, bundle: str, key: str) -> None:
    etag = control.get(bundle).json()["etag"]
    done = control.patch(bundle, {"spec": {"values": {key: None}}}, etag)
    assert done.status_code == 200, done.text


def refused_as_tombstone(response: httpx2.Response) -> bool:
    told = response.json()
    return response.status_code == 422 and {problem["code"] for problem in told["problems"]} == {"tombstone"}


def stones_of(control: Control, bundle: str) -> set[str]:
    items = control.http.get(f"/v1/bundles/{bundle}/tombstones").json()["items"]
    return {item["key"] for item in items}


def test_a_write_that_brings_a_key_back_needs_to_say_so(shared: Control) -> None:
    shared.put("stone/a", document({"n": 1, "flag": True}))
    delete_key(shared, "stone/a", "flag")
    etag = shared.get("stone/a").json()["etag"]
    refused = shared.patch("stone/a", {"spec": {"values": {"flag": False}}}, etag)
    assert refused_as_tombstone(refused)
    problem = refused.json()["problems"][0]
    assert problem["key"] == "spec.values.flag" and "revive" in problem["hint"] and "today" in problem["message"]
    item = shared.http.get("/v1/bundles/stone/a/tombstones").json()["items"][0]
    assert (item["key"], item["type"]) == ("flag", "boolean") and item["by"].startswith("local:")
    revived = shared.patch("stone/a", {"spec": {"values": {"flag": False}}}, etag, revive=True)
    assert revived.status_code == 200, revived.text
    assert stones_of(shared, "stone/a") == set()


def test_a_deleted_bundle_leaves_its_keys_behind(shared: Control) -> None:
    etag = shared.put("stone/b", document({"n": 1, "m": {"x": 1}})).json()["etag"]
    assert shared.delete("stone/b", etag).status_code == 200
    assert refused_as_tombstone(shared.put("stone/b", document({"n": 1})))
    assert shared.put("stone/b", document({"other": 1})).status_code == 200
    assert stones_of(shared, "stone/b") == {"n", "m"}


def test_a_rollback_may_bring_keys_back(shared: Control) -> None:
    shared.put("stone/c", document({"n": 1, "flag": True}))
    then = shared.tip()
    delete_key(shared, "stone/c", "flag")
    etag = shared.get("stone/c").json()["etag"]
    done = shared.http.post(
        "/v1/bundles/stone/c/rollback",
        json={"to": then},
        headers={"If-Match": f'"{etag}"', "Content-Type": "application/json"},
    )
    assert done.status_code == 200, done.text
    assert stones_of(shared, "stone/c") == set()


def test_a_change_set_and_a_dry_run_are_held_to_it_too(shared: Control) -> None:
    shared.put("stone/d", document({"n": 1, "flag": True}))
    delete_key(shared, "stone/d", "flag")
    etag = shared.get("stone/d").json()["etag"]
    merge = {"bundle": "stone/d", "op": "merge", "patch": {"spec": {"values": {"flag": 1}}}, "if_match": etag}
    for path in ("/v1/changes", "/v1/validate", "/v1/proposals"):
        assert refused_as_tombstone(shared.http.post(path, json={"changes": [merge]})), path
        revived = shared.http.post(path, json={"changes": [merge]}, params={"revive": True, "dry_run": True})
        assert revived.status_code in (200, 201, 422) and "tombstone" not in revived.text, path


def test_they_are_a_file_of_the_commit_that_deleted(shared: Control) -> None:
    shared.put("stone/e", document({"n": 1, "flag": True}))
    delete_key(shared, "stone/e", "flag")
    assert "tombstones/stone/e.yaml" in git(shared.repo, "show", "--name-only", "--format=", "main")
    assert "flag" in git(shared.repo, "show", "main:tombstones/stone/e.yaml")


def test_the_file_of_a_bundle_is_its_own() -> None:
    from configedge.bundle import BundlePath

    assert file_of(BundlePath("game", "a")) == "tombstones/game/a.yaml"
