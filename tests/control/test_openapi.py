"""The OpenAPI document is true: generated requests break nothing, and every answer is of the shape that it says.

PROOFS=long generates as many for a control plane that asks nobody who he is, and not its examples only; and others each
time.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from configedge.control.auth import Grant, Role
from tests.support.access import Guarded, guarded
from tests.support.control import MERGE, Control, document, push_file, running

LONG = os.environ.get("PROOFS") == "long"
JSON = {"Content-Type": "application/json"}
CREATE = {**JSON, "If-None-Match": "*"}
BUNDLE = "/v1/bundles/treasure-hunt/matchmaking"
# A document that is of the right shape may still break a rule, and no shape says what somebody else has changed.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 412, 413, 422, 428, 429]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 422, 428]

# Where If-Match may be left out, schemathesis tries a 0 without quotes as if it were valid.
[[operations]]
include-name-regex = "^(PUT|POST) /v1/bundles"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 400, 401, 403, 404, 409, 412, 413, 422, 428, 429]
"""


def schemathesis(directory: Path, url: str, *options: str) -> None:
    """Every endpoint but the endless one, with all checks; fails with what it says."""
    settings = directory / "schemathesis.toml"
    settings.write_text(SETTINGS)
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(settings), "run"]
    endless = [word for path in ("/v1/watch", "/v1/watch/tip") for word in ("--exclude-path", path)]
    command += [f"{url}/openapi.json", *endless, "--checks", "all", "--max-examples", "12"]
    command += [] if LONG else ["--seed", "12"]
    command += ["--workers", "1", "--request-timeout", "20", "--generation-database", "none", "--no-color", *options]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]


def write_something(put: Any) -> None:
    values = {"max_ping_ms": 80, "regions": {"eu": {"weight": 1.0}}}
    assert put(BUNDLE, document(values)).status_code == 200
    assert put(f"{BUNDLE}/overlays/prod", document({"max_ping_ms": 90})).status_code == 200


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Guarded]:
    with guarded(tmp_path / "control") as found:
        write_something(lambda url, what: found.admin.put(url, json=what, headers=CREATE))
        yield found


def test_generated_requests_of_an_admin_break_nothing(target: Guarded, tmp_path: Path) -> None:
    token = target.token("generated", Grant(Role.admin))
    schemathesis(tmp_path, target.control.url, "--header", f"Authorization: Bearer {token}")
    assert "Traceback" not in target.control.log.read_text()


def test_the_examples_without_authentication_break_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "repo", "--rate", "0,0") as control:
        write_something(lambda url, what: control.http.put(url, json=what, headers=CREATE))
        schemathesis(tmp_path, control.url, "--phases", "examples,coverage" if LONG else "examples")
        assert "Traceback" not in control.log.read_text()


class Shapes:
    """Sends requests, and compares each answer with what the document says of it."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client
        self.document: dict[str, Any] = client.get("/openapi.json").json()
        self.seen: set[tuple[str, str]] = set()
        self._paths = {re.compile(re.sub(r"\{[a-z]+\}", "[^/]+", path) + "$"): path for path in self.document["paths"]}

    def ask(self, method: str, url: str, status: int | tuple[int, ...] = 200, **more: Any) -> httpx2.Response:
        response = self.client.request(method, url, **more)
        assert response.status_code in (status if isinstance(status, tuple) else (status,)), response.text
        # The most exact template: one that has a literal where another has a parameter.
        fitting = [path for form, path in self._paths.items() if form.match(url.partition("?")[0])]
        operation = self.document["paths"][min(fitting, key=lambda path: path.count("{"))][method.lower()]
        answers = operation["responses"]
        answer = answers.get(str(response.status_code)) or answers["default"]
        if content := answer.get("content"):
            kind = response.headers["content-type"].partition(";")[0]
            assert kind in content, (url, kind)
            if kind.endswith("json"):
                schema = {**content[kind]["schema"], "components": self.document["components"]}
                jsonschema_rs.validator_for(schema).validate(response.json())
        self.seen.add((operation["operationId"], "fine" if response.status_code < 400 else "refused"))
        return response

    def get(self, url: str, status: int | tuple[int, ...] = 200, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", url, status, **more).json()
        return found

    def post(self, url: str, body: Any, status: int | tuple[int, ...] = 200, **headers: str) -> dict[str, Any]:
        done: dict[str, Any] = self.ask("POST", url, status, json=body, headers=headers).json()
        return done


def test_every_answer_is_of_the_shape_that_the_document_says(target: Guarded) -> None:
    shapes = Shapes(target.admin)
    first = shapes.get("/v1/history")["commit"]
    etag = shapes.get(BUNDLE)["etag"]
    shapes.ask("GET", BUNDLE, 304, headers={"If-None-Match": f'"{etag}"'})
    secret = {"annotations": {"configedge.io/secret": "regions"}}
    schema = {"properties": {"max_ping_ms": {"type": "integer"}}}
    changed = document({"max_ping_ms": 70, "regions": {"us": {"weight": 2}}, "list": [1, None, {}]}, schema, **secret)
    for dry_run in ("true", "false"):
        url = f"{BUNDLE}?message=why&dry_run={dry_run}"
        etag = shapes.ask("PUT", url, json=changed, headers={"If-Match": f'"{etag}"'}).json()["etag"] or etag
        if dry_run == "true":
            etag = shapes.get(BUNDLE)["etag"]
    keyed = {"If-Match": f'"{etag}"', "Idempotency-Key": "k", "Content-Type": MERGE}
    for _ in range(2):
        done = shapes.ask("PATCH", BUNDLE, content='{"spec":{"values":{"max_ping_ms":71}}}', headers=keyed).json()
    assert done["repeated"]
    shapes.ask("PATCH", BUNDLE, 412, content="{}", headers={"If-Match": '"0"', "Content-Type": MERGE})
    refused = '{"spec":{"values":{"max_ping_ms":"x"}}}'
    shapes.ask("PATCH", BUNDLE, 422, content=refused, headers={"If-Match": "*", "Content-Type": MERGE})
    gone = '{"spec":{"values":{"list":null}}}'
    etag = shapes.ask("PATCH", BUNDLE, content=gone, headers={"If-Match": "*", "Content-Type": MERGE}).json()["etag"]
    assert shapes.get(f"{BUNDLE}/tombstones")["items"]
    over = f"{BUNDLE}/overlays/prod.eu"
    shapes.ask("PUT", over, json=document({"max_ping_ms": 60, "not-there": None}), headers=CREATE)
    shapes.ask("PATCH", over, content='{"spec":{"values":{"x":1}}}', headers={"If-Match": "*", "Content-Type": MERGE})
    for url in (
        f"{BUNDLE}/overlays",
        over,
        f"{BUNDLE}/history?limit=2",
        f"{BUNDLE}/history?layer=prod.eu",
        "/v1/bundles",
    ):
        shapes.get(url)
    for query in ("", "?environment=prod&region=eu", f"?environment=prod&at={first}"):
        shapes.get(f"{BUNDLE}/effective{query}")
        for key in ("", "key=max_ping_ms", "key=regions", "key=not.there", "key=regions.us.weight"):
            shapes.get(f"{BUNDLE}/explain{query}" + (("&" if query else "?") + key if key else ""))
    shapes.get(f"/v1/diff?from={first}")
    shapes.get(f"/v1/diff?from={'0' * 40}", 404)
    operation = {
        "bundle": "treasure-hunt/matchmaking",
        "op": "merge",
        "patch": {"spec": {"values": {"max_ping_ms": 1}}},
    }
    change = {"message": "m", "changes": [{**operation, "if_match": etag}]}
    shapes.post("/v1/validate", {"changes": [operation]})
    shapes.post("/v1/changes?dry_run=true", change)
    shapes.post("/v1/changes", {"changes": [operation]}, 422)
    approver = target.client((Grant(Role.approver),), "second")
    for end, status in (("approve", 200), ("reject", 200), ("withdraw", 200)):
        etag = shapes.get(BUNDLE)["etag"]
        patch = {"spec": {"values": {"max_ping_ms": len(end)}}}
        change = {"message": "m", "changes": [{**operation, "patch": patch, "if_match": etag}]}
        assert shapes.post("/v1/proposals?dry_run=true", change, 201)
        made = shapes.post("/v1/proposals", change, 201)
        url = f"/v1/proposals/{made['id']}"
        shapes.get(url)
        body = {"approve": {"digest": made["digest"]}, "reject": {"reason": "no"}, "withdraw": {}}[end]
        shapes.client = approver if end != "withdraw" else target.admin
        shapes.post(f"{url}/{end}", body, status)
        shapes.post(f"{url}/{end}", body, 409)
        shapes.client = target.admin
        shapes.get(url)
    shapes.get("/v1/proposals?state=all")
    shapes.post("/v1/changes", change)
    shapes.post("/v1/changes", change, 412)
    etag, tip = shapes.get(BUNDLE)["etag"], shapes.get("/v1/history")["commit"]
    exported = shapes.get("/v1/export")
    shapes.post(f"{BUNDLE}/rollback", {"to": first}, **{"If-Match": f'"{etag}"'})
    shapes.post(f"{BUNDLE}/rollback", {"to": "0" * 40}, 404, **{"If-Match": "*"})
    shapes.post("/v1/rollback", {"to": tip}, **{"If-Match": f'"{shapes.get("/v1/history")["commit"]}"'})
    shapes.post("/v1/rollback", {"to": tip}, 428)
    shapes.post("/v1/import?mode=replace", exported)
    shapes.post("/v1/import", {}, 422)
    for layer in ("prod.eu", "prod"):
        shapes.ask("DELETE", f"{BUNDLE}/overlays/{layer}", headers={"If-Match": "*"})
    shapes.ask("DELETE", BUNDLE, headers={"If-Match": "*"})
    shapes.get(BUNDLE, 404)
    asked = {"name": "fresh", "grants": [{"role": "node", "environment": "prod"}], "expires_in_s": 60}
    shapes.post("/v1/tokens?dry_run=true", asked)
    token = shapes.post("/v1/tokens", asked, 201)
    shapes.post("/v1/tokens", asked, 422)
    shapes.get("/v1/tokens")
    example = self_example(shapes.document, "/v1/fleet/heartbeats")
    shapes.post("/v1/fleet/heartbeats", example)
    shapes.post("/v1/fleet/heartbeats", {}, 422)
    assert shapes.get("/v1/fleet")["nodes"]
    assert shapes.get(f"/v1/fleet/commits/{tip}")["missing"]
    shapes.get(f"/v1/fleet/commits/{'0' * 40}", 404)
    shapes.get("/v1/fleet/bundles")
    for status in (200, 404):
        shapes.ask("DELETE", f"/v1/tokens/{token['id']}", status)
    for url in ("/v1/whoami", "/v1/audit?limit=1000", "/healthz", "/readyz"):
        shapes.get(url)
    shapes.ask("GET", "/metrics")
    fine = {operation for operation, outcome in shapes.seen if outcome == "fine"}
    operations = {one["operationId"] for methods in shapes.document["paths"].values() for one in methods.values()}
    assert {one for one in operations - fine if "watch" not in one} == set(), "each was answered well at least once"


def self_example(document: dict[str, Any], path: str) -> Any:
    """The example that the document has of a body: it must be one that is taken."""
    return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]


def test_a_method_that_a_path_does_not_take_is_told_all_that_it_takes(shared: Control) -> None:
    refused = shared.http.request("OPTIONS", "/v1/bundles/game/life")
    assert refused.status_code == 405 and refused.headers["allow"] == "DELETE, GET, PATCH, PUT"


@pytest.mark.parametrize("member", ["labels", "annotations"])
def test_labels_and_annotations_that_are_no_objects_are_refused(shared: Control, member: str) -> None:
    for value in ([None], "x", 1, None):
        body = document({"a": 1}, **{member: value})
        refused = shared.put(f"game/{member}", body)
        assert refused.status_code == 422, refused.text
        assert refused.json()["problems"][0]["key"] == f"metadata.{member}"


def test_annotations_that_were_pushed_as_something_else_break_no_answer(control: Control, tmp_path: Path) -> None:
    first = control.tip()
    body = document({"a": 1}, name="odd", namespace="game", annotations=[None])
    pushed = push_file(control.repo, tmp_path / "work", "bundles/game/odd.yaml", json.dumps(body))
    for url in (f"/v1/diff?from={first}&to={pushed}", "/v1/bundles/game/odd", "/v1/bundles/game/odd/explain"):
        assert control.http.get(url).status_code == 200
    etag = control.get("game/odd").json()["etag"]
    assert control.put("game/odd", document({"a": 2}), etag).status_code == 200
