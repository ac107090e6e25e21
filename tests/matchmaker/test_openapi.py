"""/openapi.json says what the server does: real answers have its shapes, and generated requests find no fault.

The generated requests are the same each time; PROOFS=long takes others, and more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from matchmaker.edge.routes import TABLE
from tests.support.matchmaker import Matchmaker, running

HOW = ["--max-examples", "100"] if os.environ.get("PROOFS") == "long" else ["--max-examples", "20", "--seed", "20"]

# No shape says that 1.0 is not taken for a whole number here, or that one of mode and modes must be there.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 404, 409, 413, 422, 429, 503]
[checks.negative_data_rejection]
expected-statuses = [400, 404, 405, 409, 413, 414, 422, 426, 429, 431, 503]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matchmaker]:
    with running(tmp_path_factory.mktemp("m") / "cfg", modes__squad__accept_s=20) as matchmaker:
        yield matchmaker


@pytest.fixture(scope="module")
def document(server: Matchmaker) -> dict[str, Any]:
    found: dict[str, Any] = server.http.get("/openapi.json").json()
    return found


def validator(document: dict[str, Any], schema: Any) -> Any:
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


def holds(document: dict[str, Any], answer: httpx2.Response, method: str, path: str) -> Any:
    """The content of an answer that is as the document says; nothing is in it that the document does not name."""
    told = document["paths"][path][method]["responses"][str(answer.status_code)]
    media, content = answer.headers["content-type"], answer.json()
    schema = told["content"][media]["schema"]
    validator(document, schema).validate(content)
    assert any(set(content) <= named for named in _properties(document, schema)), content
    return content


def _properties(document: dict[str, Any], schema: Any) -> list[set[str]]:
    found = schema.get("anyOf", [schema])
    names = [one["$ref"].rpartition("/")[2] for one in found]
    return [set(document["components"]["schemas"][name]["properties"]) for name in names]


def test_every_route_is_in_it(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert told == {(route.method, route.path) for route in TABLE}


def test_examples_have_the_shapes_they_are_examples_of(document: dict[str, Any]) -> None:
    checked = 0
    for methods in document["paths"].values():
        for operation in methods.values():
            parts = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in [content for part in parts for content in part.get("content", {}).values()]:
                for example in content.get("examples", {}).values():
                    validator(document, content["schema"]).validate(example["value"])
                    checked += 1
    assert checked > 10


def test_answers_have_the_shapes_that_it_tells(server: Matchmaker, document: dict[str, Any]) -> None:
    http, tickets, one = server.http, "/v1/tickets", "/v1/tickets/{id}"
    queued = holds(document, server.enqueue("ada", rating=800), "post", tickets)
    again = holds(document, server.enqueue("ada", rating=800), "post", tickets)
    assert again["deduplicated"] and again["ticket_id"] == queued["ticket_id"]
    url = f"{tickets}/{queued['ticket_id']}"
    assert holds(document, http.get(url), "get", one)["state"] == "queued"
    assert holds(document, http.get(f"{url}/explain"), "get", f"{one}/explain")["queues"]
    assert holds(document, server.enqueue("bob", rating=800, wait=5), "post", tickets)["state"] == "assigned"
    assert holds(document, http.get(url), "get", one)["state"] == "assigned"
    holds(document, http.get(f"{url}/explain"), "get", f"{one}/explain")
    other = server.enqueue("eve", rating=2800).json()["ticket_id"]
    assert holds(document, http.delete(f"{tickets}/{other}"), "delete", one)["state"] == "cancelled"
    holds(document, http.get(f"{tickets}/none"), "get", one)
    holds(document, http.post(tickets, content=b"{"), "post", tickets)
    holds(document, server.enqueue("ada", mode="chess"), "post", tickets)
    for _ in range(9):
        late = server.enqueue("often", rating=100)
    holds(document, late, "post", tickets)
    seats = {"region": "us-east-1", "mode": "squad", "seats": [1], "rating": 1500}
    asked = holds(document, http.post("/v1/backfills", json=seats), "post", "/v1/backfills")
    backfill = f"/v1/backfills/{asked['backfill_id']}"
    holds(document, http.delete(backfill), "delete", "/v1/backfills/{id}")
    holds(document, http.delete(backfill), "delete", "/v1/backfills/{id}")
    for path in ("/v1/stats", "/healthz", "/readyz", "/openapi.json", "/v1/ws"):
        if path == "/openapi.json":
            assert json.loads(http.get(path).content) == document
        else:
            holds(document, http.get(path), "get", path)


def test_proposals_have_the_shape_that_it_tells(server: Matchmaker, document: dict[str, Any]) -> None:
    first = holds(document, server.enqueue("a", "b", "c", "d", "e", mode="squad"), "post", "/v1/tickets")
    second = holds(document, server.enqueue("f", "g", "h", "i", "j", mode="squad"), "post", "/v1/tickets")
    assert second["state"] == "proposed"
    accept, decline = ("/v1/tickets/{id}/accept", "/v1/tickets/{id}/decline")
    url = f"/v1/tickets/{first['ticket_id']}"
    holds(document, server.http.post(f"{url}/accept", json={"player": "z"}), "post", accept)
    assert holds(document, server.http.post(f"{url}/accept", json={"player": "a"}), "post", accept)
    assert holds(document, server.http.post(f"{url}/decline"), "post", decline)["state"] == "rejected"


def test_generated_requests_find_no_fault(tmp_path: Path) -> None:
    # All may ask as often as they like, and nobody waits long.
    limits: dict[str, Any] = {"limits__max_long_poll_s": 0.05, "limits__requests_per_player_per_s": 1e6}
    with running(tmp_path / "cfg", **limits) as server:
        _schemathesis(server, tmp_path)
        assert server.http.get("/readyz").status_code == 200


def _schemathesis(server: Matchmaker, tmp_path: Path) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS)
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(settings), "run"]
    command += [f"{server.url}/openapi.json", "--exclude-path", "/v1/ws", "--checks", "all", *HOW]
    # A ticket that was just made is not there to be declined before a match is proposed to it. DELETE takes a ticket
    # back, and what became of it can be read after: cancelled, or assigned before.
    command += ["--exclude-checks", "ensure_resource_availability,use_after_free"]
    command += ["--workers", "1", "--request-timeout", "30", "--generation-database", "none", "--no-color"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
