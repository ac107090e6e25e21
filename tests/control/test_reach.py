"""How far commits and bundles have come, by what nodes say they serve and what Git says that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configedge.control.fleet import LOST_S, MAX_PROBLEMS, Heartbeat, NodeState
from configedge.control.reach import MOST_TOLD, Reach, Scope, serves
from configedge.control.store import Store
from tests.support.control import Control, document, git, running
from tests.support.nodes import beat
from tests.support.people import asking, person

REFUSED = {"state": "degraded", "problems": ["shop.b.yaml:5: spec.values.n: schema"]}


def put(control: Control, bundle: str, value: int = 1) -> str:
    found = control.get(bundle)
    etag = found.json()["etag"] if found.status_code == 200 else None
    return str(control.put(bundle, document({"n": value}), etag).raise_for_status().json()["commit"])


def of_commit(control: Control, commit: str, **scope: str) -> dict[str, Any]:
    answer = control.http.get(f"/v1/fleet/commits/{commit}", params=scope)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def of_bundle(control: Control, bundle: str, **scope: str) -> dict[str, Any]:
    found = control.http.get("/v1/fleet/bundles", params=scope).raise_for_status().json()
    return next(
        {**one, "nodes": found["nodes"]} for one in found["items"] if f"{one['namespace']}/{one['name']}" == bundle
    )


def counts(found: dict[str, Any]) -> tuple[int, int]:
    return found["reached"], found["nodes"]


def missing(found: dict[str, Any]) -> dict[str, str]:
    return {node["node"]: node["why"] for node in found["missing"]}


def test_a_commit_is_reached_by_who_serves_it_or_what_came_after(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        first, second, third = (put(control, "game/a", value) for value in (1, 2, 3))
        beat(control, "old", first)
        beat(control, "same", second)
        beat(control, "newer", third)
        beat(control, "none", "", state="empty", generation=0, published_at=0)
        beat(control, "elsewhere", "ab" * 20)
        beat(control, "longer", "ab" * 32)
        found = of_commit(control, second)
        assert counts(found) == (2, 6) and (found["commit"], found["tip"]) == (second, third)
        assert missing(found) == {"old": "behind", "none": "empty", "elsewhere": "behind", "longer": "behind"}
        assert counts(of_commit(control, first)) == (3, 6) and counts(of_commit(control, third)) == (1, 6)


def test_who_serves_the_same_content_has_it(tmp_path: Path) -> None:
    """A rollback's result, or a commit that is of another namespace: a node need not have fetched it."""
    with running(tmp_path / "repo") as control:
        first, second = put(control, "game/a", 1), put(control, "game/a", 2)
        back = put(control, "game/a", 1)
        beat(control, "n", first)
        assert counts(of_commit(control, second)) == (0, 1) and counts(of_commit(control, back)) == (1, 1)
        other = put(control, "shop/b", 1)
        assert counts(of_commit(control, other)) == (0, 1)
        assert counts(of_commit(control, other, namespace="game")) == (1, 1)
        assert counts(of_commit(control, other, namespace="shop")) == (0, 1)


def test_who_refuses_something_is_told_apart(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        tip = put(control, "game/a")
        beat(control, "refuses", tip, **REFUSED)
        beat(control, "silent", tip, state="silent", problems=["the relay is silent for 9 s"])
        beat(control, "held", tip, state="held")
        found = of_commit(control, tip)
        assert counts(found) == (1, 3) and missing(found) == {"refuses": "refuses", "silent": "silent"}
        assert {tuple(node["problems"]) for node in found["missing"]} >= {tuple(REFUSED["problems"])}
        assert missing(of_commit(control, tip, namespace="game")) == {"silent": "silent"}
        assert missing(of_commit(control, tip, namespace="shop")) == {"silent": "silent", "refuses": "refuses"}


def test_nodes_are_chosen_by_where_they_are(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        first, tip = put(control, "game/a", 1), put(control, "game/a", 2)
        beat(control, "eu", tip, environment="prod", region="eu")
        beat(control, "us", first, environment="prod", region="us")
        beat(control, "test", first, environment="test")
        assert counts(of_commit(control, tip)) == (1, 3)
        assert counts(of_commit(control, tip, environment="prod")) == (1, 2)
        assert counts(of_commit(control, tip, environment="prod", region="eu")) == (1, 1)
        assert counts(of_commit(control, tip, region="eu")) == (1, 1)


def test_a_commit_that_is_none_of_main_is_an_error(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        tree = git(control.repo, "rev-parse", "main^{tree}")
        aside = git(control.repo, "commit-tree", "-m", "Aside", tree)
        for commit, status in (("f" * 40, 404), (aside, 404), ("main", 422)):
            assert control.http.get(f"/v1/fleet/commits/{commit}").status_code == status
        assert control.http.get(f"/v1/fleet/commits/{control.tip()}?environment=No").status_code == 422


def test_each_bundle_is_ready_where_its_text_is_served(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        first = put(control, "game/a", 1)
        second = put(control, "shop/b", 1)
        third = put(control, "shop/b", 2)
        beat(control, "old", second)
        beat(control, "new", third)
        beat(control, "refuses", third, **REFUSED)
        game, shop = of_bundle(control, "game/a"), of_bundle(control, "shop/b")
        assert (game["ready"], game["nodes"], game["commit"], game["refused"]) == (3, 3, first, 0)
        assert (shop["ready"], shop["nodes"], shop["commit"], shop["refused"]) == (1, 3, third, 1)
        assert shop["refusals"] == [{"node": "refuses", "problem": REFUSED["problems"][0]}]
        assert game["etag"] == control.get("game/a").json()["etag"]
        # What brought it is worked out anew for what changed alone.
        fourth = put(control, "shop/b", 3)
        assert of_bundle(control, "shop/b")["commit"] == fourth and of_bundle(control, "game/a")["commit"] == first


def test_bundles_are_those_that_a_layer_gets(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        put(control, "game/a", 1)
        url, body = "/v1/bundles/game/a/overlays/prod", document({"n": 2})
        headers = {"If-None-Match": "*", "Content-Type": "application/json"}
        overlaid = control.http.put(url, json=body, headers=headers).raise_for_status().json()["commit"]
        base = put(control, "other/b", 1)
        beat(control, "prod", overlaid, environment="prod")
        beat(control, "test", base, environment="test")
        found = of_bundle(control, "game/a", environment="prod")
        assert (found["commit"], found["ready"], found["nodes"]) == (overlaid, 1, 1)
        assert of_bundle(control, "other/b", environment="prod")["ready"] == 0
        assert control.http.get("/v1/fleet/bundles?region=eu").status_code == 422


def test_who_may_read_a_part_is_told_of_that_part(tmp_path: Path) -> None:
    with asking(tmp_path / "repo") as control:
        tip = put(control, "game/a")
        put(control, "shop/b")
        beat(control, "n", tip, **REFUSED)
        viewer = person(control, "viewer", "viewer", namespace="game")
        items = viewer.get("/v1/fleet/bundles").json()["items"]
        assert [item["name"] for item in items] == ["a"]
        assert viewer.get(f"/v1/fleet/commits/{tip}").json()["missing"][0]["problems"] == []


def heartbeat(state: str = "ok", problems: tuple[str, ...] = (), node: str = "n", commit: str = "") -> Heartbeat:
    return Heartbeat(node, "", "", 1, commit, state, problems, 0.0, 0.0, "")


@pytest.mark.parametrize(
    ("state", "problems", "game", "shop"),
    [
        ("ok", (), True, True),
        ("held", (), True, True),
        ("empty", (), False, False),
        ("silent", (), False, False),
        ("degraded", (), False, False),
        ("degraded", ("shop.b.yaml:5: spec.values.n: schema",), True, False),
        ("degraded", ("shop.b.yaml: conflict", "game.a.yaml:1: yaml"), False, False),
        ("degraded", ("policies/m.wasm: policy",), False, False),
        ("degraded", ("empty-spool",), False, False),
        ("degraded", ("shop.b.yaml: limit",) * MAX_PROBLEMS, False, False),
    ],
)
def test_a_refusal_is_of_the_namespace_that_it_names(
    state: str, problems: tuple[str, ...], game: bool, shop: bool
) -> None:
    node = heartbeat(state, problems)
    assert serves(node, Scope(namespace="game").concerned_by) is game
    assert serves(node, Scope(namespace="shop").concerned_by) is shop
    assert serves(node, Scope().concerned_by) is (state in ("ok", "held"))


def test_only_some_of_many_are_named_and_all_are_counted(tmp_path: Path) -> None:
    store, now = Store(tmp_path / "repo"), [100.0]
    try:
        reach = Reach(store, lambda: now[0])
        nodes = [NodeState.of(heartbeat(node=f"n{at:05}"), 0.0) for at in range(10_000)]
        lost = [NodeState.of(heartbeat(node="lost"), LOST_S + 1)]
        found = reach.of_commit(store.tip(), nodes + lost, Scope())
        assert (found["reached"], found["nodes"], found["lost"]) == (0, 10_000, 1)
        assert [one["node"] for one in found["missing"]] == [f"n{at:05}" for at in range(MOST_TOLD)]
        assert found["settled"] is False
        now[0] += LOST_S + 1
        assert reach.of_commit(store.tip(), nodes, Scope())["settled"] is True
    finally:
        store.close()
