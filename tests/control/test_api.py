from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.control import Control, document, git, push_file
from tests.support.relay import wait_for

SCHEMA = {"properties": {"ping": {"type": "integer", "maximum": 300}}}


def problem(response: httpx2.Response, status: int) -> dict[str, Any]:
    """The problem details of an answer, checked for their form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["status"] == status and found["detail"] and found["type"].startswith("urn:configedge:problem:")
    assert found["request_id"] == response.headers["x-request-id"]
    return found


def test_a_bundle_is_created_read_changed_and_deleted(shared: Control) -> None:
    made = shared.put("game/life", document({"ping": 80}, SCHEMA)).json()
    assert made["document"]["metadata"] == {"name": "life", "namespace": "game"}
    read = shared.get("game/life")
    assert read.json()["document"] == made["document"]
    assert read.headers["etag"] == f'"{made["etag"]}"' and read.json()["commit"] == made["commit"]
    changed = shared.patch("game/life", {"spec": {"values": {"ping": 90, "new": [1.0, 2**70]}}}, made["etag"]).json()
    assert changed["document"]["spec"]["values"] == {"ping": 90, "new": [1.0, 2**70]}
    assert "1.0," in shared.get("game/life").text, "a float stays one"
    gone = shared.delete("game/life", changed["etag"]).json()
    assert gone["etag"] is None and gone["document"] is None
    problem(shared.get("game/life"), 404)
    assert shared.get("game/life", at=made["commit"]).json()["document"] == made["document"]
    history = shared.http.get("/v1/bundles/game/life/history").json()["items"]
    assert [(item["commit"], item["message"]) for item in history] == [
        (gone["commit"], "Delete game/life"),
        (changed["commit"], "Update game/life"),
        (made["commit"], "Create game/life"),
    ]


def test_a_write_needs_a_precondition(shared: Control) -> None:
    etag = shared.put("game/pre", document({"a": 1})).json()["etag"]
    headers = {"Content-Type": "application/json"}
    body = json.dumps(document({"a": 2})).encode()
    problem(shared.http.put("/v1/bundles/game/pre", content=body, headers=headers), 428)
    problem(shared.http.delete("/v1/bundles/game/pre"), 428)
    problem(shared.put("game/pre", document({"a": 2})), 412)
    assert problem(shared.put("game/pre", document({"a": 2}), "0" * 40), 412)["etag"] == etag
    problem(shared.delete("game/pre", "0" * 40), 412)
    assert problem(shared.put("game/none", document({"a": 2}), etag), 412)["etag"] is None
    for header in ({"If-Match": "unquoted"}, {"If-None-Match": '"x"'}, {"If-Match": '"a"', "If-None-Match": "*"}):
        problem(shared.http.put("/v1/bundles/game/pre", content=body, headers=headers | header), 400)
    weak = shared.http.put("/v1/bundles/game/pre", content=body, headers=headers | {"If-Match": f'W/"{etag}"'})
    problem(weak, 412)
    listed = shared.http.put("/v1/bundles/game/pre", content=body, headers=headers | {"If-Match": f'"x", "{etag}"'})
    assert listed.status_code == 200


def test_a_get_of_what_you_have_is_304(shared: Control) -> None:
    etag = shared.put("game/have", document({"a": 1})).json()["etag"]
    have = shared.http.get("/v1/bundles/game/have", headers={"If-None-Match": f'"{etag}"'})
    assert (have.status_code, have.content) == (304, b"")


def test_writing_what_is_there_commits_nothing(shared: Control) -> None:
    made = shared.put("game/same", document({"a": 1})).json()
    again = shared.put("game/same", document({"a": 1}), made["etag"]).json()
    assert (again["changed"], again["commit"], again["etag"]) == (False, made["commit"], made["etag"])


def test_a_dry_run_checks_and_commits_nothing(shared: Control) -> None:
    tip = shared.tip()
    would = shared.put("game/dry", document({"ping": 1}, SCHEMA), dry_run=True).json()
    assert would["changed"] and would["dry_run"] and would["document"]
    problem(shared.put("game/dry", document({"ping": "x"}, SCHEMA), dry_run=True), 422)
    problem(shared.put("game/dry", document({"ping": 1}), "0" * 40, dry_run=True), 412)
    assert shared.tip() == tip
    assert shared.put("game/dry", document({"ping": 1}, SCHEMA)).json()["etag"] == would["etag"]


def test_a_schema_violation_names_key_and_line(shared: Control) -> None:
    etag = shared.put("game/schema", document({"ping": 80}, SCHEMA)).json()["etag"]
    tip = shared.tip()
    body = json.dumps(document({"ping": "high"}, SCHEMA, name="schema"), indent=1).encode()
    found = problem(shared.put("game/schema", body, etag), 422)["problems"]
    line = next(number for number, text in enumerate(body.decode().splitlines(), 1) if "high" in text)
    assert [(p["code"], p["key"], p["line"]) for p in found] == [("schema", "spec.values.ping", line)]
    found = problem(shared.patch("game/schema", {"spec": {"values": {"ping": 301}}}, etag), 422)["problems"]
    assert [(p["code"], p["key"]) for p in found] == [("schema", "spec.values.ping")] and "301" in found[0]["message"]
    assert shared.tip() == tip and shared.get("game/schema").json()["etag"] == etag


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": "\xff"}', 400),
        (b'{"apiVersion": 1, "apiVersion": 2}', 422),
        (b"[]", 422),
        (b"null", 422),
        (b"[" * 500_000, 400),
        (b'{"apiVersion":"configedge.io/v1alpha1","kind":"ConfigBundle","spec":{"values":{},"more":1}}', 422),
        (b'{"apiVersion":"configedge.io/v2","kind":"ConfigBundle","spec":{"values":{}}}', 422),
        (
            b'{"apiVersion":"configedge.io/v1alpha1","kind":"ConfigBundle","metadata":{"name":"x"},"spec":{"values":{}}}',
            422,
        ),
        (b'{"apiVersion":"configedge.io/v1alpha1","kind":"ConfigBundle","metadata":[],"spec":{"values":{}}}', 422),
        (b'{"apiVersion":"configedge.io/v1alpha1","kind":"ConfigBundle","spec":{"values":{"a b":1}}}', 422),
        (b'{"apiVersion":"configedge.io/v1alpha1","kind":"ConfigBundle","spec":{"values":{"a":"\\ud800"}}}', 400),
    ],
)
def test_a_bad_document_is_refused(shared: Control, body: bytes, status: int) -> None:
    found = shared.put("game/bad", body)
    assert found.status_code in (400, 422) and problem(found, found.status_code)["problems"], found.text
    assert found.status_code == status, found.text
    problem(shared.get("game/bad"), 404)


@pytest.mark.parametrize(
    "patch",
    [
        b"{",
        b"[]",
        b"null",
        b'{"a":1,"a":2}',
        b'{"spec":null}',
        b'{"spec":{"values":{"a":1e999}}}',
        b'{"metadata":{"name":"other"}}',
        b'{"metadata":null,"kind":null}',
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"spec":{"values":' + b'{"a":' * 200 + b"1" + b"}" * 202,
    ],
)
def test_a_bad_patch_is_refused(shared: Control, patch: bytes) -> None:
    made = shared.put("game/patch", document({"a": 1})).json() if shared.get("game/patch").status_code == 404 else None
    etag = made["etag"] if made else shared.get("game/patch").json()["etag"]
    found = shared.patch("game/patch", patch, etag)
    assert found.status_code in (400, 422) and problem(found, found.status_code)["problems"], found.text
    assert shared.get("game/patch").json()["etag"] == etag


def test_a_patch_needs_a_bundle(shared: Control) -> None:
    problem(shared.patch("game/nothing", {"spec": {}}, "0" * 40), 404)


def test_over_a_mebibyte_is_refused_before_it_is_read(shared: Control) -> None:
    problem(shared.put("game/big", b" " * (1 << 20) + b"{}"), 413)

    def chunks() -> Any:
        yield from (b" " * 65536 for _ in range(20))

    headers = {"Content-Type": "application/json", "If-None-Match": "*"}
    problem(httpx2.put(f"{shared.url}/v1/bundles/game/big", content=chunks(), headers=headers), 413)
    # Under the limit as JSON, over it as the YAML that a node would read: refused, or the node would refuse it.
    deep: Any = list(range(9_000))
    for _ in range(25):
        deep = [deep]
    problem(shared.put("game/big", document({"a": deep, "b": "x" * 60_000, "c": ["y" * 60_000] * 10})), 422)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-yaml", "application/merge-patch+json"])
def test_another_content_type_is_refused(shared: Control, kind: str) -> None:
    headers = {"If-None-Match": "*", "Content-Type": kind}
    problem(shared.http.put("/v1/bundles/game/type", content=b"{}", headers=headers), 415)
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    problem(shared.http.patch("/v1/bundles/game/type", content=b"{}", headers=headers), 415)
    headers = {"If-None-Match": "*", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    problem(shared.http.put("/v1/bundles/game/type", content=b"{}", headers=headers), 415)


def test_only_loopback_hosts_are_answered(shared: Control) -> None:
    for host in (
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil",
        "10.0.0.1",
        "169.254.1.1",
        "[::2]",
    ):
        problem(shared.http.get("/healthz", headers={"Host": host}), 421)
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:99999", "127.8.8.8", "[::1]", "[::1]:80"):
        assert shared.http.get("/healthz", headers={"Host": host}).status_code == 200
    problem(shared.http.get("/healthz", headers={"Host": "a b"}), 400)


NAMES = json.loads((Path(__file__).parents[1] / "vectors" / "names.json").read_text())["invalid"]
URLS = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f",
    "..;",
    "a%00",
    "a%0a",
    "%c0%ae",
    "%ff",
    "a%2f..%2fb",
    "%252e%252e",
    ".git",
    "a.yaml",
]


@pytest.mark.parametrize(
    "name", sorted({*URLS, *(name for name in ("".join(f"%{b:02x}" for b in n.encode()) for n in NAMES) if name)})
)
def test_a_hostile_name_reaches_nothing(shared: Control, name: str) -> None:
    tip = shared.tip()
    head = "\r\nContent-Type: application/json\r\nIf-None-Match: *\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    for path in (f"/v1/bundles/{name}/a", f"/v1/bundles/game/{name}", f"/v1/bundles/{name}/{name}"):
        host, port = shared.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 5) as raw:
            raw.sendall(f"PUT {path} HTTP/1.1\r\nHost: localhost{head}".encode())
            status = int(raw.makefile("rb").readline().split()[1])
        assert status in (400, 404, 405, 422), path
    assert shared.tip() == tip


def test_an_unknown_parameter_is_refused(shared: Control) -> None:
    found = problem(shared.put("game/typo", document({"a": 1}), dryrun=True), 422)
    assert found["problems"][0]["key"] == "query.dryrun" and "dry_run" in found["detail"]
    problem(shared.get("game/typo"), 404)
    problem(shared.http.get("/v1/bundles", params={"limit": 0}), 422)
    problem(shared.http.get("/v1/bundles", params={"cursor": "../x"}), 422)
    problem(shared.http.get("/v1/bundles", params={"namespace": ".."}), 422)
    problem(shared.http.get("/v1/history", params={"cursor": "HEAD~1"}), 404)
    problem(shared.get("game/typo", at="main"), 422)
    problem(shared.get("game/typo", at="1" * 40), 404)


def test_every_error_is_a_problem(shared: Control) -> None:
    problem(shared.http.get("/nothing"), 404)
    problem(shared.http.get("/v1/bundles/"), 404)
    assert "GET" in problem(shared.http.post("/v1/bundles"), 405)["detail"]


def test_a_request_keeps_its_id_and_says_how_long_it_took(shared: Control) -> None:
    etag = shared.put("game/id", document({"a": 1})).json()["etag"]
    headers = {"If-Match": f'"{etag}"', "Content-Type": "application/json", "X-Request-Id": "mine-1"}
    body = json.dumps(document({"a": 2})).encode()
    written = shared.http.put("/v1/bundles/game/id", content=body, headers=headers)
    assert written.headers["x-request-id"] == "mine-1"
    stages = dict(part.split(";dur=") for part in written.headers["server-timing"].split(", "))
    assert {"check", "commit"} == set(stages) and all(float(ms) > 0 for ms in stages.values())
    # Written after the answer was sent.
    wait_for(lambda: "mine-1" in shared.log.read_text())
    forged = shared.http.get("/healthz", headers={"X-Request-Id": "a b"}).headers["x-request-id"]
    assert forged != "a b"


def test_pages_give_everything_once(control: Control) -> None:
    names = [f"ns-{n % 3}/b-{n:02}" for n in range(13)]
    for name in names:
        control.put(name, document({"n": name}))
    for url, expected, of in (
        ("/v1/bundles", sorted(names), lambda i: f"{i['namespace']}/{i['name']}"),
        ("/v1/history", ["Begin the history", *(f"Create {name}" for name in names)][::-1], lambda i: i["message"]),
    ):
        found, cursor = [], None
        while True:
            page = control.http.get(url, params={"limit": 5, **({"cursor": cursor} if cursor else {})}).json()
            assert len(page["items"]) <= 5
            found += map(of, page["items"])
            if (cursor := page["next"]) is None:
                break
        assert found == expected
    assert len(control.http.get("/v1/bundles", params={"namespace": "ns-0"}).json()["items"]) == 5


def test_what_somebody_pushed_broken_is_shown_with_its_problems(control: Control, tmp_path: Path) -> None:
    control.put("game/good", document({"a": 1}))
    work = tmp_path / "work"
    push_file(control.repo, work, "bundles/game/broken.yaml", "spec: {values: [", unchecked=True)
    push_file(
        control.repo,
        work,
        "bundles/game/misnamed.yaml",
        "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\n"
        "metadata: {name: other, namespace: game}\nspec: {values: {}}\n",
        unchecked=True,
    )
    push_file(control.repo, work, "bundles/game/Not A Name.yaml", "x", unchecked=True)
    push_file(control.repo, work, "bundles/README.md", "x", unchecked=True)
    (work / "bundles/game/link.yaml").symlink_to("/etc/passwd")
    push_file(control.repo, work, "bundles/game/dir.yaml/x", "x", unchecked=True)
    broken = control.get("game/broken")
    assert broken.status_code == 200 and broken.json()["document"] is None
    assert broken.json()["text"] == "spec: {values: [" and broken.json()["problems"][0]["code"] == "yaml-syntax"
    assert control.get("game/misnamed").json()["problems"][0]["code"] == "name"
    assert control.get("game/link").json()["problems"][0]["code"] == "type"
    items = {i["name"]: i for i in control.http.get("/v1/bundles").json()["items"]}
    assert {name: bool(item["problems"]) for name, item in items.items()} == {
        "broken": True, "dir": True, "good": False, "link": True, "misnamed": True,
    }  # fmt: skip
    problem(control.patch("game/broken", {"spec": {}}, items["broken"]["etag"]), 409)
    assert control.put("game/broken", document({"a": 1}), items["broken"]["etag"]).json()["changed"]
    assert control.delete("game/link", items["link"]["etag"]).status_code == 200
    git(control.repo, "fsck", "--strict")


def test_a_file_where_a_directory_belongs_is_a_conflict(control: Control, tmp_path: Path) -> None:
    push_file(control.repo, tmp_path / "work", "bundles/game", "x")
    assert "not a directory" in problem(control.put("game/a", document({"a": 1})), 409)["detail"]
    problem(control.get("game/a"), 404)
    assert control.put("shop/a", document({"a": 1})).status_code == 200


def test_openapi_describes_what_the_routes_take_and_give(shared: Control) -> None:
    schema = shared.http.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    shapes = schema["components"]["schemas"]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"] and operation["description"], where
            assert "application/problem+json" in operation["responses"]["default"]["content"], where
            for answer in operation["responses"].values():
                for kind, content in answer.get("content", {}).items():
                    if kind.startswith("text/"):
                        continue
                    assert content["schema"]["$ref"].removeprefix("#/components/schemas/") in shapes, (where, kind)
            if method in ("put", "patch"):
                assert next(iter(operation["requestBody"]["content"].values()))["example"], where
    example = schema["paths"]["/v1/bundles/{namespace}/{name}"]["put"]["requestBody"]["content"]["application/json"]
    assert shared.put("treasure-hunt/matchmaking", example["example"]).status_code == 200


def test_the_docs_page_needs_nothing_from_elsewhere(shared: Control) -> None:
    page = shared.http.get("/docs")
    policy = page.headers["content-security-policy"]
    assert page.status_code == 200 and "default-src 'none'" in policy and "unsafe" not in policy
    assert "<script" not in page.text and "http://" not in page.text and "https://" not in page.text
    for path in shared.http.get("/openapi.json").json()["paths"]:
        assert path in page.text


def test_it_says_that_it_is_alive_and_ready(shared: Control) -> None:
    assert shared.http.get("/healthz").json() == {"status": "ok"}
    assert shared.http.get("/readyz").json()["commit"] == shared.tip()
