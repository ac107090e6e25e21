"""A request that is repeated under its Idempotency-Key is committed once, whoever died in between.

PROOFS=long repeats 1,000 requests over kills, and not 100.
"""

from __future__ import annotations

import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.control import Control, document, git, running
from tests.support.people import asking, person

REQUESTS = 1_000 if os.environ.get("PROOFS") == "long" else 100


def append(client: httpx2.Client, bundle: str, value: int, key: str, path: str = "-") -> httpx2.Response:
    """Not idempotent by itself: twice appends twice."""
    patch = [{"op": "add", "path": f"/spec/values/list/{path}", "value": value}]
    headers = {"Content-Type": "application/json-patch+json", "If-Match": "*", "Idempotency-Key": key}
    return client.patch(f"/v1/bundles/{bundle}", content=json.dumps(patch), headers=headers)


def listed(control: Control, bundle: str) -> list[int]:
    values: list[int] = control.get(bundle).json()["document"]["spec"]["values"]["list"]
    return values


def growing(control: Control, bundle: str) -> None:
    grows = document({"list": []}, annotations={"configedge.io/allow-resize": "true"})
    assert control.put(bundle, grows).status_code == 200


def test_a_repeated_request_is_answered_as_the_first_one(shared: Control) -> None:
    growing(shared, "once/a")
    first = append(shared.http, "once/a", 1, "k-1")
    tip = shared.tip()
    again = append(shared.http, "once/a", 1, "k-1")
    assert again.status_code == 200 and again.headers["etag"] == first.headers["etag"]
    one, two = first.json(), again.json()
    assert (one["repeated"], two["repeated"]) == (False, True)
    for member in ("commit", "before", "etag", "document", "changed", "namespace", "name", "layer"):
        assert one[member] == two[member], member
    assert shared.tip() == tip and listed(shared, "once/a") == [1]


def test_it_is_the_answer_of_then_even_if_the_bundle_is_another_now(shared: Control) -> None:
    made = shared.http.put(
        "/v1/bundles/once/then", json=document({"n": 1}), headers={"If-None-Match": "*", "Idempotency-Key": "k-then"}
    )
    gone = shared.http.delete("/v1/bundles/once/then", headers={"If-Match": "*", "Idempotency-Key": "k-gone"})
    assert (made.status_code, gone.status_code) == (200, 200)
    again = shared.http.put(
        "/v1/bundles/once/then", json=document({"n": 1}), headers={"If-None-Match": "*", "Idempotency-Key": "k-then"}
    )
    assert again.status_code == 200 and again.json()["document"] == made.json()["document"]
    deleted = shared.http.delete("/v1/bundles/once/then", headers={"If-Match": "*", "Idempotency-Key": "k-gone"})
    assert deleted.status_code == 200 and deleted.json()["etag"] is None and deleted.json()["repeated"]
    assert shared.get("once/then").status_code == 404


def test_a_key_is_for_one_request(shared: Control) -> None:
    growing(shared, "once/b")
    growing(shared, "once/c")
    assert append(shared.http, "once/b", 1, "k-2").status_code == 200
    tip = shared.tip()
    others = [
        append(shared.http, "once/b", 2, "k-2"),
        append(shared.http, "once/c", 1, "k-2"),
        append(shared.http, "once/b", 1, "k-2", "0"),
        shared.http.delete("/v1/bundles/once/b", headers={"If-Match": "*", "Idempotency-Key": "k-2"}),
        shared.http.post("/v1/changes", json={"changes": [
            {"bundle": "once/d", "op": "put", "document": document({"n": 1}), "if_match": None}
        ]}, headers={"Idempotency-Key": "k-2"}),
    ]  # fmt: skip
    for refused in others:
        assert refused.status_code == 422 and refused.json()["type"].endswith(":idempotency"), refused.text
    assert shared.tip() == tip


@pytest.mark.parametrize("key", ["", "two words", "é", "x" * 256])
def test_what_is_no_key_is_refused(shared: Control, key: str) -> None:
    headers = {"If-None-Match": "*", "Idempotency-Key": key.encode()}
    refused = shared.http.put("/v1/bundles/once/bad", json=document({"n": 1}), headers=headers)  # type: ignore[arg-type]
    assert refused.status_code == 422 and shared.get("once/bad").status_code == 404


def test_a_refused_request_or_a_dry_run_does_not_use_its_key_up(shared: Control) -> None:
    headers = {"If-Match": '"' + "0" * 40 + '"', "Idempotency-Key": "k-3"}
    assert shared.http.put("/v1/bundles/once/e", json=document({"n": 1}), headers=headers).status_code == 412
    headers = {"If-None-Match": "*", "Idempotency-Key": "k-3"}
    for params, changed in (({"dry_run": "true"}, True), ({}, True)):
        done = shared.http.put("/v1/bundles/once/e", json=document({"n": 1}), headers=headers, params=params)
        assert done.status_code == 200 and done.json()["changed"] is changed and not done.json()["repeated"]


def test_nobody_writes_a_key_into_the_history_by_a_message(shared: Control) -> None:
    growing(shared, "once/f")
    append(shared.http, "once/f", 1, "k-4")
    trailers = git(shared.repo, "log", "-1", "--format=%B", "main").strip().splitlines()[-2:]
    assert [line.partition(":")[0] for line in trailers] == ["Idempotency-Key", "Request"]
    headers = {"If-None-Match": "*"}
    forged = "x\n\n" + "\n".join(trailers).replace(trailers[0][-8:], "0" * 8)
    done = shared.http.put("/v1/bundles/once/g", json=document({"n": 1}), headers=headers, params={"message": forged})
    assert done.status_code == 200
    said = git(shared.repo, "log", "-1", "--format=%B", "main")
    assert not any(line.startswith("Idempotency-Key") for line in said.splitlines())


@pytest.mark.parametrize("what", ["changes", "rollback", "import"])
def test_a_change_of_several_documents_is_repeated_as_a_whole(shared: Control, what: str) -> None:
    changes = [
        {"bundle": f"several/{what}-{n}", "op": "put", "document": document({"n": n}), "if_match": None}
        for n in range(3)
    ]
    headers = {"Idempotency-Key": f"k-{what}"}

    def ask() -> httpx2.Response:
        if what == "changes":
            return shared.http.post("/v1/changes", json={"changes": changes}, headers=headers)
        if what == "rollback":
            more = {**headers, "If-Match": "*"}
            return shared.http.post(f"/v1/bundles/several/{what}-0/rollback", json={"to": then}, headers=more)
        named = document({"n": 1}, name=what, namespace="several")
        export = {"apiVersion": named["apiVersion"], "kind": "ConfigExport", "bundles": [named]}
        return shared.http.post("/v1/import", json=export, headers=headers)

    if what == "rollback":
        assert shared.http.post("/v1/changes", json={"changes": changes}).status_code == 200
        then = shared.tip()
        etag = shared.get(f"several/{what}-0").json()["etag"]
        assert shared.put(f"several/{what}-0", document({"n": 9}), etag).status_code == 200
    first, again = ask().json(), ask().json()
    assert (first["repeated"], again["repeated"]) == (False, True), (first, again)
    assert first["commit"] == again["commit"]
    told = [{(one["name"], one["etag"]) for one in reply["effects"] if one["changed"]} for reply in (first, again)]
    assert told[0] == told[1]


def test_the_same_key_of_somebody_else_is_another(tmp_path: Path) -> None:
    with asking(tmp_path / "repo") as control:
        growing(control, "game/a")
        for value, name in enumerate(("ann", "bob")):
            who = person(control, name, "editor")
            for _ in range(2):
                assert append(who, "game/a", value, "the-same").status_code == 200
        assert listed(control, "game/a") == [0, 1]


def test_requests_at_once_under_one_key_make_one_commit(shared: Control) -> None:
    growing(shared, "once/h")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: append(shared.http, "once/h", 7, "k-5"), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["commit"] for answer in answers}) == 1
    assert sorted(answer.json()["repeated"] for answer in answers) == [False] + [True] * 15
    assert listed(shared, "once/h") == [7]


def test_a_key_is_known_to_every_replica(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote")
    remote = ("--remote", str(tmp_path / "remote"))
    with running(tmp_path / "a", *remote) as a, running(tmp_path / "b", *remote) as b:
        growing(a, "game/a")
        for value, (one, other) in enumerate([(a, b), (b, a)]):
            # The other may not have heard of the bundle yet: it must find out by itself.
            first = append(one.http, "game/a", value, f"k-{value}")
            again = append(other.http, "game/a", value, f"k-{value}")
            assert (first.status_code, again.status_code) == (200, 200), again.text
            assert first.json()["commit"] == again.json()["commit"] and again.json()["repeated"]
        assert listed(a, "game/a") == listed(b, "game/a") == [0, 1]


@pytest.mark.timeout(60 + REQUESTS)
def test_requests_that_are_repeated_over_kills_are_committed_once_each(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--port", str(port), "--rate", "0,0")
    answers: dict[int, dict[str, Any]] = {}
    retries = 0

    def ask(value: int) -> None:
        nonlocal retries
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            for _ in range(1_000):
                try:
                    done = append(client, "game/a", value, f"key-{value}")
                except httpx2.HTTPError:
                    retries += 1
                    time.sleep(0.1)
                    continue
                assert done.status_code == 200, done.text
                answers[value] = done.json()
                return
        raise AssertionError(f"request {value} never got through")

    with running(repo, *options) as control:
        growing(control, "game/a")
        control.kill()
    kills = 0
    with ThreadPoolExecutor(4) as pool:
        asking_ = [pool.submit(ask, value) for value in range(REQUESTS)]
        while not all(one.done() for one in asking_):
            with running(repo, *options) as control:
                # Later each time, so that some kills come between a commit and its answer.
                deadline = time.monotonic() + 0.5 + 0.037 * (kills % 11)
                while time.monotonic() < deadline and not all(one.done() for one in asking_):
                    time.sleep(0.005)
                control.kill()
                kills += 1
        for one in asking_:
            one.result()
    git(repo, "fsck", "--strict")
    with running(repo, *options) as control:
        assert sorted(listed(control, "game/a")) == list(range(REQUESTS))
        commits = [answer["commit"] for answer in answers.values()]
        assert len(set(commits)) == REQUESTS
        assert set(git(repo, "rev-list", "main").split()) >= set(commits)
        assert int(git(repo, "rev-list", "--count", "main")) == REQUESTS + 2
        # A day later nobody asks; but now each is still known.
        assert append(control.http, "game/a", 0, "key-0").json()["commit"] == answers[0]["commit"]
    repeated = sum(answer["repeated"] for answer in answers.values())
    print(f"\n{REQUESTS} requests, {kills} kills, {retries} retries, {repeated} answered from the history", end="")
    assert kills >= 2 and retries
