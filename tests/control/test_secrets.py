"""No secret gets to where others read: the log, metrics, audit, answers to others, words of commits."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from configedge.control.auth import Grant, Role
from tests.support.access import Guarded, Raw, guarded
from tests.support.control import MERGE, document, git, running
from tests.support.relay import wait_for
from tests.support.signing import make_key

JSON = {"Content-Type": "application/json"}
JSON_PATCH = "application/json-patch+json"
# Every version of files that was ever in any branch.
VERSIONS = (
    *("rev-list", "--all", "--full-history", "--objects", "--no-object-names"),
    *("--filter=object:type=blob", "--filter-provided-objects", "--"),
)


class Canaries:
    """Secrets that nobody else would write."""

    def __init__(self) -> None:
        self.all: dict[str, str] = {}

    def make(self, kind: str) -> str:
        return self.add(kind, f"canary{secrets.token_hex(8)}")

    def add(self, kind: str, secret: str) -> str:
        self.all[f"{kind} {len(self.all)}"] = secret
        return secret

    def check(self, where: str, text: str) -> None:
        found = [kind for kind, secret in self.all.items() if secret in text]
        assert not found, (
            where,
            found,
            [line[:300] for line in text.splitlines() for one in found if self.all[one] in line],
        )


@pytest.mark.parametrize("form", ["text", "json"])
def test_fifty_canaries_are_in_nobodys_words(tmp_path: Path, form: str) -> None:
    canaries = Canaries()
    password, header = canaries.make("password of Redis"), canaries.make("header for traces")
    key = tmp_path / "key"
    make_key(key)
    for line in key.read_text().splitlines()[1:-1]:
        canaries.add("signing key", line)
    options = ["--log", form, "--sign", str(key), "--fleet-store", f"redis://:{password}@127.0.0.1:1/0"]
    options += ["--otlp", "http://127.0.0.1:1"]
    with guarded(
        tmp_path / "control", *options, env={"OTEL_EXPORTER_OTLP_HEADERS": f"authorization={header}"}
    ) as target:
        other = target.client((Grant(Role.viewer, "shop"),), "other")
        reader = target.client((Grant(Role.viewer),), "reader")
        with watched(reader) as told:
            documents(target, canaries)
            credentials(target, canaries)
            misplaced(target, canaries)
            for url in ("/v1/history", "/v1/proposals", "/v1/watch?namespace=A", "/v1/fleet", "/v1/audit", "/readyz"):
                canaries.check(f"{url} of another", reader.get(url).text)
            for more in (
                "",
                "/overlays",
                "/history",
                "/effective",
                "/explain",
                "/explain?key=db.password",
                "/tombstones",
            ):
                for client in (other, target.bearer(None)):
                    refused = client.get(f"/v1/bundles/game/s0{more}")
                    assert refused.status_code in (401, 403)
                    canaries.check("error of another", refused.text)
            tip = reader.get("/v1/history").json()["commit"]
            first = reader.get("/v1/history?limit=1000").json()["items"][-1]["commit"]
            canaries.check("diff", reader.get("/v1/diff", params={"from": first, "to": tip}).text)
            metrics = reader.get("/metrics").text
            wait_for(lambda: "refused" in told[0] and "proposal" in told[0])
        canaries.check("events", told[0])
        canaries.check("metrics", metrics)
        target.control.stop()
        assert len(canaries.all) >= 50
        canaries.check("log", target.control.log.read_text())
        canaries.check("audit", target.audit_file.read_text())
        canaries.check("tokens", target.tokens.path.read_text())
        repo = target.control.repo
        canaries.check("commits", git(repo, "log", "--all", "--format=%an %ae %cn %ce %B %N"))
        canaries.check("reflogs", "".join(path.read_text() for path in (repo / "logs").rglob("*") if path.is_file()))
        for kind in ("tombstones", "approvals"):
            kept = git(repo, *VERSIONS, kind)
            assert kept, kind
            canaries.check(kind, git(repo, "cat-file", "--batch", stdin=kept.encode()))


@contextmanager
def watched(client: httpx2.Client) -> Iterator[list[str]]:
    """What a watcher is told meanwhile, as one growing text."""
    told, ending = [""], threading.Event()

    def read() -> None:
        with client.stream("GET", "/v1/watch", timeout=1) as response:
            lines = response.iter_text()
            while not ending.is_set():
                try:
                    told[0] += next(lines)
                except (httpx2.ReadTimeout, StopIteration):
                    return

    thread = threading.Thread(target=read)
    thread.start()
    wait_for(lambda: "hello" in told[0])
    yield told
    ending.set()
    thread.join(timeout=5)


def documents(target: Guarded, canaries: Canaries) -> None:
    """Values of keys that are marked as secret, in every request that takes values, well made and not."""
    admin, second = target.admin, target.client((Grant(Role.approver),), "second")
    schema = {"properties": {"db": {"properties": {"password": {"type": "string", "pattern": "^canary"}}}}}

    def values() -> dict[str, Any]:
        return {
            "db": {"password": canaries.make("value"), "port": 1},
            "keys": [canaries.make("item")],
            "pad": "x" * 200,
        }

    for n in range(8):
        name, secret = f"game/s{n}", {"configedge.io/secret": "db.password, keys"}
        made = document(values(), schema, annotations=secret)
        created = admin.put(f"/v1/bundles/{name}", json=made, headers={"If-None-Match": "*"})
        assert created.status_code == 200, created.text
        etag = created.json()["etag"]
        url, match = f"/v1/bundles/{name}", {"If-Match": f'"{etag}"'}
        for broken in (
            {"db": {"password": [canaries.make("wrong type")]}},
            {"db": {"password": "x" + canaries.make("no match")}},
        ):
            patch = json.dumps({"spec": {"values": broken}})
            refused = admin.patch(url, content=patch, headers={**match, "Content-Type": MERGE})
            assert refused.status_code == 422, refused.text
            changes = [{"bundle": name, "op": "merge", "patch": json.loads(patch), "if_match": etag}]
            for more in ("/v1/changes", "/v1/validate", "/v1/proposals"):
                assert admin.post(more, json={"changes": changes}).status_code == 422
        test = [{"op": "test", "path": "/spec/values/db/password", "value": canaries.make("test")}]
        assert admin.patch(url, json=test, headers={**match, "Content-Type": JSON_PATCH}).status_code == 422
        half = json.dumps(made)[:-9]
        assert admin.put(url, content=half, headers={**match, **JSON}).status_code == 400
        assert admin.put(url, json=made, headers={"If-Match": f'"{canaries.make("etag")}"'}).status_code == 412
        key = {"Idempotency-Key": canaries.make("idempotency key")}
        old, also = {"old": canaries.make("deleted")}, {"configedge.io/secret": "db.password, keys, old"}
        changed = document(values() | old, schema, annotations=also)
        etag = admin.put(url, json=changed, headers={**match, **key}).json()["etag"]
        if n == 0:
            # What is deleted leaves a tombstone, which is for its key alone.
            gone = {"metadata": {"annotations": secret}, "spec": {"values": {"old": None}}}
            headers = {"If-Match": f'"{etag}"', "Content-Type": MERGE}
            deleted = admin.patch(url, content=json.dumps(gone), headers=headers)
            assert deleted.status_code == 200, deleted.text
            etag = deleted.json()["etag"]
        assert admin.put(url, json=made, headers={"If-Match": f'"{etag}"', **key}).status_code == 422
        over = document({"db": {"password": canaries.make("overlay")}})
        laid = admin.put(f"{url}/overlays/prod", json=over, headers={"If-None-Match": "*"})
        assert laid.status_code == 200, laid.text
        wrong = document({"db": {"password": {"x": canaries.make("bad overlay")}}})
        assert admin.put(f"{url}/overlays/dev", json=wrong, headers={"If-None-Match": "*"}).status_code == 422
        change = {
            "bundle": name,
            "op": "put",
            "document": document(values(), schema, annotations=secret),
            "if_match": etag,
        }
        proposed = admin.post("/v1/proposals", json={"changes": [change]}).json()
        end = f"/v1/proposals/{proposed['id']}"
        if n % 2:
            assert second.post(f"{end}/approve", json={"digest": proposed["digest"]}).status_code == 200
        else:
            assert second.post(f"{end}/reject", json={}).status_code == 200
        gone = json.dumps({"spec": {"values": {"db": {"password": None}}}})
        assert admin.patch(url, content=gone, headers={"If-Match": "*", "Content-Type": MERGE}).status_code in (
            200,
            422,
        )
    export = admin.get("/v1/export").json()
    for mode in ("merge", "replace"):
        assert admin.post(f"/v1/import?mode={mode}&revive=true", json=export).status_code == 200
    broken = {**export, "overlays": [{"layer": canaries.make("layer") + "!", "document": {}}]}
    assert admin.post("/v1/import", json=broken).status_code == 422


def credentials(target: Guarded, canaries: Canaries) -> None:
    """Tokens of all kinds, valid and not, in the header where they belong."""
    admin = target.admin
    for n in range(4):
        asked = {"name": f"made-{n}", "grants": [{"role": "viewer"}], "expires_in_s": 60}
        made = admin.post("/v1/tokens", json=asked).json()
        token = canaries.add("token", made["token"])
        assert target.bearer(token).get("/v1/whoami").status_code == 200
        assert admin.delete(f"/v1/tokens/{made['id']}").status_code == 200
        for path in ("/v1/whoami", "/v1/bundles/game/s0", f"/v1/tokens/{made['id']}"):
            refused = target.bearer(token).get(path)
            assert refused.status_code in (401, 405)
    forged = [
        canaries.add("oidc", target.issuer.token("alice", aud="another")),
        canaries.add("oidc", target.issuer.token("alice", exp=int(time.time()) - 100)),
        canaries.add("oidc", target.issuer.token("alice", sub=canaries.make("claim") + "\n")),
        canaries.add("token", f"cet_{'a' * 10}_{secrets.token_urlsafe(32)}"),
        canaries.make("no token"),
    ]
    anybody = target.bearer(None)
    for credential in forged:
        for header in (f"Bearer {credential}", f"Basic {credential}", credential, f"Bearer {credential} {credential}"):
            for path in ("/v1/bundles", "/v1/history", "/v1/changes"):
                method = "POST" if path == "/v1/changes" else "GET"
                refused = anybody.request(method, path, headers={"Authorization": header})
                assert refused.status_code == 401
                canaries.check("401", refused.text)
    valid = canaries.add("oidc", target.issuer.token("alice"))
    assert target.bearer(valid).get("/v1/whoami").status_code == 200


def misplaced(target: Guarded, canaries: Canaries) -> None:
    """Tokens where they do not belong: somebody pasted them into a path, a query, a body."""
    raw = Raw(target.control.url, target.token("careless", Grant(Role.admin)))
    token = canaries.add("token", target.token("pasted", Grant(Role.viewer)))
    jwt = canaries.add("oidc", target.issuer.token("bob"))
    for secret in (token, jwt, canaries.make("pasted")):
        if secret in (token, jwt):
            for method, path in (
                ("DELETE", f"/v1/tokens/{secret}"),
                ("GET", f"/v1/proposals/{secret}"),
                ("POST", f"/v1/proposals/{secret}/withdraw"),
                ("GET", f"/v1/bundles/{secret}/x"),
                ("GET", f"/v1/bundles/game/{secret}/history"),
                ("GET", f"/{secret}"),
                ("GET", "/v1/bundles/%63" + secret[1:] + "/x"),
            ):
                assert 400 <= raw.send(method, path)[0] < 500
                assert 400 <= Raw(target.control.url).send(method, path)[0] < 500
        for query in (f"token={secret}", f"cursor={secret}", f"at={secret}", f"namespace={secret}"):
            raw.send("GET", f"/v1/bundles?{query}")
        for body in (
            {"name": secret, "grants": [{"role": "viewer"}], "expires_in_s": 60},
            {"name": "x", "grants": [{"role": secret}], "expires_in_s": 60},
            {"name": "x", "grants": [{"role": "viewer", "namespace": secret + "!"}], "expires_in_s": 60},
        ):
            content = json.dumps(body).encode()
            status = raw.send("POST", "/v1/tokens?dry_run=true", content, JSON)[0]
            # The one in small letters is a name.
            assert status == 422 or (status == 200 and secret.startswith("canary"))
        beat = json.dumps({"node": secret + "!", "state": secret}).encode()
        assert raw.send("POST", "/v1/fleet/heartbeats", beat, JSON)[0] == 422
        for header in (
            "If-Match",
            "Last-Event-ID",
            "Cookie",
            "traceparent",
            "X-Forwarded-For",
            "Referer",
            "User-Agent",
        ):
            raw.send("GET", "/v1/bundles/game/s0", None, {header: secret})
    raw.close()


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def refusing_server() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("kind", ["remote", "mirror"])
@pytest.mark.parametrize("shape", ["{}", "a@{}", "a/{}"])
def test_the_password_of_another_repository_is_in_nobodys_words(tmp_path: Path, kind: str, shape: str) -> None:
    canaries = Canaries()
    password = shape.format(canaries.make("password"))
    user = canaries.make("user")
    with refusing_server() as port:
        url = f"http://{user}:{password}@127.0.0.1:{port}/config.git"
        with running(tmp_path / "repo", f"--{kind}", url) as control:
            written = control.put("game/life", document({"a": 1}))
            assert written.status_code == (503 if kind == "remote" else 200)
            canaries.check("a refused write", written.text)
            wait_for(lambda: control.http.get("/readyz").status_code == 503)
            canaries.check("readiness", control.http.get("/readyz").text)
            canaries.check("metrics", control.http.get("/metrics").text)
            canaries.check("history", control.http.get("/v1/history").text)
            work = tmp_path / "work"
            git(tmp_path, "clone", "-q", "--no-local", "-b", "main", str(control.repo), str(work))
            git(work, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "x")
            pushed = subprocess.run(["git", "-C", str(work), "push", "origin", "main"], capture_output=True, text=True)
            canaries.check("the answer to a push", pushed.stderr + pushed.stdout)
            control.stop()
            canaries.check("log", control.log.read_text())
            assert re.search("remote|mirror", control.log.read_text())
            for path in control.repo.rglob("*"):
                if path.is_file() and "objects" not in path.parts:
                    canaries.check(str(path), path.read_text(errors="replace"))
