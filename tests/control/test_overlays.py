"""What an environment, or a region in it, has otherwise: merged in order, checked with its bundle, explained."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx2
import yaml

from tests.support.control import Control, document, git

JSON_PATCH = "application/json-patch+json"
ANYTHING = {"Content-Type": "application/json", "If-Match": "*"}


def put(control: Control, bundle: str, values: dict[str, Any], layer: str = "", **more: Any) -> str:
    """Creates a bundle or an overlay; gives its ETag."""
    done = control.put(bundle + (f"/overlays/{layer}" if layer else ""), document(values, **more))
    assert done.status_code == 200, done.text
    return str(done.json()["etag"])


def effective(control: Control, bundle: str, layer: str, **params: Any) -> dict[str, Any]:
    return view(control, bundle, "effective", layer, **params)


def view(control: Control, bundle: str, what: str, layer: str = "", **params: Any) -> dict[str, Any]:
    environment, _, region = layer.partition(".")
    params |= {name: value for name, value in (("environment", environment), ("region", region)) if value}
    done = control.http.get(f"/v1/bundles/{bundle}/{what}", params=params)
    assert done.status_code == 200, done.text
    told: dict[str, Any] = done.json()
    return told


def rendered(control: Control, bundle: str, layer: str) -> Any:
    """The values that whoever reads Git finds for a layer."""
    return yaml.safe_load(git(control.repo, "show", f"main:rendered/{layer}/{bundle}.yaml"))["spec"]["values"]


def change(control: Control, *changes: dict[str, Any], **params: Any) -> httpx2.Response:
    return control.http.post("/v1/changes", json={"changes": list(changes)}, params=params)


def codes(response: httpx2.Response) -> set[str]:
    return {problem["code"] for problem in response.json()["problems"]}


def test_the_region_wins_over_the_environment_and_that_over_the_bundle(shared: Control) -> None:
    put(shared, "order/a", {"a": 1, "b": 1, "c": 1, "list": [1, 2], "d": {"x": 1, "y": 1}})
    put(shared, "order/plain", {"n": 1})
    put(shared, "order/a", {"b": 2, "c": 2, "list": [3], "d": {"x": None, "z": 2}}, "prod")
    put(shared, "order/a", {"c": 3, "a": None, "d": {"y": {"deep": True}}}, "prod.eu")
    prod = {"a": 1, "b": 2, "c": 2, "list": [3], "d": {"y": 1, "z": 2}}
    eu = {"b": 2, "c": 3, "list": [3], "d": {"y": {"deep": True}, "z": 2}}
    base = {"a": 1, "b": 1, "c": 1, "list": [1, 2], "d": {"x": 1, "y": 1}}
    for layer, values, place in (
        ("", base, ""),
        ("staging", base, ""),
        ("staging.eu", base, ""),
        ("prod", prod, "prod"),
        ("prod.us", prod, "prod"),
        ("prod.eu", eu, "prod.eu"),
    ):
        told = effective(shared, "order/a", layer)
        assert (told["values"], told["rendered_from"]) == (values, place), layer
        if place:
            assert rendered(shared, "order/a", place) == values, "Git and the API say the same"
            assert rendered(shared, "order/plain", place) == {"n": 1}, "a layer has every bundle"


def test_a_region_needs_no_overlay_of_its_environment(shared: Control) -> None:
    put(shared, "lone/a", {"n": 1, "m": 1})
    put(shared, "lone/a", {"n": 2}, "lone-env.eu")
    assert effective(shared, "lone/a", "lone-env.eu")["values"] == {"n": 2, "m": 1}
    assert effective(shared, "lone/a", "lone-env")["values"] == {"n": 1, "m": 1}


def test_an_overlay_is_read_as_it_was_at_a_commit(shared: Control) -> None:
    put(shared, "then/a", {"n": 1})
    etag = put(shared, "then/a", {"n": 2}, "prod")
    before = shared.tip()
    done = shared.patch("then/a/overlays/prod", {"spec": {"values": {"n": 3}}}, etag)
    assert done.status_code == 200 and done.json()["layer"] == "prod", done.text
    assert effective(shared, "then/a", "prod")["values"] == {"n": 3}
    assert effective(shared, "then/a", "prod", at=before)["values"] == {"n": 2}
    history = shared.http.get("/v1/bundles/then/a/history", params={"layer": "prod"}).json()["items"]
    assert [item["commit"] for item in history] == [done.json()["commit"], before]


def test_a_json_patch_can_write_the_null_that_a_merge_patch_cannot(shared: Control) -> None:
    put(shared, "null/a", {"n": 1, "m": 1})
    etag = put(shared, "null/a", {"m": 2}, "prod")
    body = json.dumps([{"op": "add", "path": "/spec/values/n", "value": None}])
    headers = {"Content-Type": JSON_PATCH, "If-Match": f'"{etag}"'}
    done = shared.http.patch("/v1/bundles/null/a/overlays/prod", content=body, headers=headers)
    assert done.status_code == 200, done.text
    assert effective(shared, "null/a", "prod")["values"] == {"m": 2}
    assert rendered(shared, "null/a", "prod") == {"m": 2}


def test_explain_names_each_layer_that_has_the_key_and_who_made_it_so(shared: Control) -> None:
    put(shared, "why/a", {"n": 1, "gone": 1, "only": {"base": 1}})
    first = shared.tip()
    etag = put(shared, "why/a", {"n": 2, "gone": None}, "prod")
    second = shared.tip()
    put(shared, "why/a", {"n": 3}, "prod.eu")
    third = shared.tip()
    # A later change of another key is not what made this one so.
    assert shared.patch("why/a/overlays/prod", {"spec": {"values": {"other": 1}}}, etag).status_code == 200
    told = view(shared, "why/a", "explain", "prod.eu", key="n")
    assert (told["found"], told["value"], told["type"], told["layer"]) == (True, 3, "integer", "prod.eu")
    origins = [(one["layer"], one["value"], one["wins"], one["commit"]) for one in told["origins"]]
    assert origins == [("", 1, False, first), ("prod", 2, False, second), ("prod.eu", 3, True, third)]
    authors = {item["commit"]: item["author"] for item in shared.http.get("/v1/history").json()["items"]}
    assert all(one["author"] == authors[one["commit"]] and one["time"] for one in told["origins"])
    told = view(shared, "why/a", "explain", "prod.eu", key="gone")
    assert (told["found"], told["layer"]) == (False, "prod")
    assert [(one["layer"], one["removes"], one["wins"]) for one in told["origins"]] == [
        ("", False, False),
        ("prod", True, True),
    ]
    told = view(shared, "why/a", "explain", "prod", key="nowhere")
    assert (told["found"], told["origins"]) == (False, [])
    items = view(shared, "why/a", "explain", "prod.eu")["items"]
    assert {one["key"]: (one["value"], one["layer"]) for one in items} == {
        "n": (3, "prod.eu"),
        "only.base": (1, ""),
        "other": (1, "prod"),
    }


def test_explain_of_an_object_names_each_layer_that_has_a_part_in_it(shared: Control) -> None:
    put(shared, "why/o", {"limits": {"a": 1, "b": 1, "c": 1}, "whole": {"a": 1}})
    put(shared, "why/o", {"limits": {"b": 2, "c": 2}, "whole": {"a": 2}}, "prod")
    put(shared, "why/o", {"limits": {"c": 3}}, "prod.eu")

    def winners(layer: str, key: str) -> list[str]:
        return [one["layer"] for one in view(shared, "why/o", "explain", layer, key=key)["origins"] if one["wins"]]

    assert winners("prod.eu", "limits") == ["", "prod", "prod.eu"]
    assert winners("prod.eu", "whole") == ["prod"], "nothing of the bundle's is left"
    assert winners("prod.eu", "limits.b") == ["prod"]


def test_a_change_of_the_bundle_that_breaks_an_overlay_is_refused_and_names_the_layer(shared: Control) -> None:
    etag = put(shared, "break/a", {"n": 1, "m": 1}, schema={"properties": {"n": {"maximum": 100}}})
    put(shared, "break/a", {"n": 90}, "prod.eu")
    tip = shared.tip()
    tighter = document({"n": 1, "m": 1}, {"properties": {"n": {"maximum": 50}}})
    refused = shared.put("break/a", tighter, etag)
    assert refused.status_code == 422
    assert [problem["file"] for problem in refused.json()["problems"]] == ["overlays/prod.eu/break/a.yaml"]
    assert shared.tip() == tip, "nothing was changed"
    assert effective(shared, "break/a", "prod.eu")["values"] == {"n": 90, "m": 1}
    overlay = shared.put("break/a/overlays/prod", document({"n": 500}))
    assert overlay.status_code == 422 and "overlays/prod/break/a.yaml" in overlay.text
    # Both at once are well.
    there = shared.get("break/a/overlays/prod.eu").json()["etag"]
    both = change(
        shared,
        {"bundle": "break/a", "op": "put", "document": tighter, "if_match": etag},
        {"bundle": "break/a@prod.eu", "op": "put", "document": document({"n": 50}), "if_match": there},
    )
    assert both.status_code == 200, both.text


def test_an_overlay_brings_no_schema_and_no_policies_of_its_own(shared: Control) -> None:
    put(shared, "own/a", {"n": 1})
    for more in ({"schema": {"type": "object"}}, {"policies": ["x"]}):
        overlay = document({"n": 2})
        overlay["spec"] |= more
        refused = shared.put("own/a/overlays/prod", overlay)
        assert refused.status_code == 422, refused.text


def test_a_bundle_with_overlays_is_not_deleted_without_them(shared: Control) -> None:
    etag = put(shared, "keep/a", {"n": 1})
    overlay = put(shared, "keep/a", {"n": 2}, "prod")
    refused = shared.delete("keep/a", etag)
    assert refused.status_code == 409 and "keep/a@prod" in refused.json()["detail"]
    both = change(
        shared,
        {"bundle": "keep/a", "op": "delete", "if_match": etag},
        {"bundle": "keep/a@prod", "op": "delete", "if_match": overlay},
    )
    assert both.status_code == 200, both.text
    assert shared.get("keep/a").status_code == 404 and shared.get("keep/a/overlays/prod").status_code == 404
    assert "keep" not in git(shared.repo, "ls-tree", "-r", "--name-only", "main", "bundles", "overlays", "rendered")


def test_an_overlay_of_nothing_is_refused(shared: Control) -> None:
    refused = shared.put("nothing/a/overlays/prod", document({"n": 2}))
    assert refused.status_code == 409 and "nothing/a" in refused.json()["detail"]
    both = change(
        shared,
        {"bundle": "nothing/a@prod", "op": "put", "document": document({"n": 2}), "if_match": None},
        {"bundle": "nothing/a", "op": "put", "document": document({"n": 1}), "if_match": None},
    )
    assert both.status_code == 200, both.text
    assert effective(shared, "nothing/a", "prod")["values"] == {"n": 2}


def test_a_layer_that_would_more_than_double_is_refused_unless_it_says_so(shared: Control) -> None:
    put(shared, "size/a", {f"k{n}": n for n in range(40)})
    much = {f"more{n}": n for n in range(100)}
    refused = shared.put("size/a/overlays/prod", document(much))
    assert refused.status_code == 422 and codes(refused) == {"resize"}, refused.text
    assert "rendered/prod/" in refused.json()["problems"][0]["file"]
    little = shared.put("size/a/overlays/prod", document({f"k{n}": None for n in range(35)}))
    assert little.status_code == 422 and codes(little) == {"resize"}, little.text
    allowed = document(much, annotations={"configedge.io/allow-resize": "true"})
    assert shared.put("size/a/overlays/prod", allowed).status_code == 200


def test_a_dry_run_shows_what_nodes_of_every_layer_would_see(shared: Control) -> None:
    etag = put(shared, "nodes/a", {"n": 1, "m": 1})
    put(shared, "nodes/a", {"n": 2}, "prod")
    put(shared, "nodes/a", {"m": 3}, "prod.eu")
    told = shared.patch("nodes/a", {"spec": {"values": {"n": 5, "m": 5}}}, etag, dry_run=True).json()
    seen = {one["layer"]: keys(one["changes"]) for one in told["nodes"]}
    assert told["dry_run"] and seen[""] == {"m", "n"} and seen["prod"] == {"m"} and "prod.eu" not in seen
    assert shared.get("nodes/a").json()["etag"] == etag


def keys(changes: Iterable[dict[str, Any]]) -> set[str]:
    return {change["key"] for change in changes}


def test_an_overlay_is_guarded_against_overwriting_as_a_bundle_is(shared: Control) -> None:
    put(shared, "guard/a", {"n": 1})
    etag = put(shared, "guard/a", {"n": 2}, "prod")
    path = "/v1/bundles/guard/a/overlays/prod"
    assert shared.http.put(path, json=document({"n": 3})).status_code == 428
    assert shared.put("guard/a/overlays/prod", document({"n": 3})).status_code == 412
    assert shared.put("guard/a/overlays/prod", document({"n": 3}), "0" * 40).status_code == 412
    assert shared.delete("guard/a/overlays/prod", "0" * 40).status_code == 412
    done = shared.put("guard/a/overlays/prod", document({"n": 3}), etag)
    assert done.status_code == 200
    listed = shared.http.get("/v1/bundles/guard/a/overlays").json()["items"]
    assert [(one["layer"], one["etag"]) for one in listed] == [("prod", done.json()["etag"])]
    assert shared.delete("guard/a/overlays/prod", done.json()["etag"]).status_code == 200
    assert shared.get("guard/a/overlays/prod").status_code == 404
    assert effective(shared, "guard/a", "prod")["values"] == {"n": 1}


def test_a_rollback_leaves_the_overlays_unless_told_otherwise(shared: Control) -> None:
    put(shared, "back/a", {"n": 1})
    put(shared, "back/a", {"n": 2}, "prod")
    then = shared.tip()
    for bundle, value in (("back/a", 10), ("back/a/overlays/prod", 20)):
        etag = shared.get(bundle).json()["etag"]
        assert shared.patch(bundle, {"spec": {"values": {"n": value}}}, etag).status_code == 200
    put(shared, "back/a", {"n": 30}, "prod.eu")
    done = shared.http.post("/v1/bundles/back/a/rollback", json={"to": then}, headers=ANYTHING)
    assert done.status_code == 200, done.text
    assert [effective(shared, "back/a", layer)["values"]["n"] for layer in ("", "prod", "prod.eu")] == [1, 20, 30]
    back = {"to": then, "overlays": True}
    done = shared.http.post("/v1/bundles/back/a/rollback", json=back, headers=ANYTHING)
    assert done.status_code == 200, done.text
    assert [effective(shared, "back/a", layer)["values"]["n"] for layer in ("", "prod", "prod.eu")] == [1, 2, 2]
    assert shared.get("back/a/overlays/prod.eu").status_code == 404
