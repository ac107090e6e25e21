"""Every endpoint, for everybody, on every kind of path, beside a reference that fits on a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import httpx2
import pytest

from configedge.control.auth import Grant, Role
from tests.support.access import Guarded, guarded
from tests.support.control import MERGE, document

WHO: dict[str, tuple[Grant, ...]] = {
    "viewer": (Grant(Role.viewer),),
    "editor": (Grant(Role.editor),),
    "approver": (Grant(Role.approver),),
    "admin": (Grant(Role.admin),),
    "node": (Grant(Role.node),),
    "nobody": (),
    "game-viewer": (Grant(Role.viewer, "game"),),
    "game-editor": (Grant(Role.editor, "game"),),
    "game-admin": (Grant(Role.admin, "game"),),
    "li-editor": (Grant(Role.editor, prefix="li"),),
    "prod-viewer": (Grant(Role.viewer, environment="prod"),),
    "prod-editor": (Grant(Role.editor, "game", environment="prod"),),
    "dev-approver": (Grant(Role.approver, environment="dev"),),
    "shop-node": (Grant(Role.node, "shop"),),
    "two-grants": (Grant(Role.viewer, "shop"), Grant(Role.editor, "game", "li", "prod")),
}
THERE = ("game/life", "game/match", "shop/life", "game/life@prod", "game/life@prod.eu", "game/life@dev")
ABSENT = ("shop/gone", "game/match@dev")
PATHS = THERE + ABSENT
VERBS = {
    Role.viewer: "read",
    Role.editor: "read write",
    Role.approver: "read approve",
    Role.node: "read report",
    Role.admin: "read write approve admin report",
}


def may(grants: Sequence[Grant], verb: str, path: str) -> bool:
    bundle, _, layer = path.partition("@")
    namespace, name = bundle.split("/")
    for grant in grants:
        here = grant.namespace in ("*", namespace) and name.startswith(grant.prefix)
        # Overlays mean nothing without what they lie over.
        in_layer = grant.environment in ("*", layer.split(".")[0]) or (verb == "read" and not layer)
        if verb in VERBS[grant.role].split() and here and in_layer:
            return True
    return False


def allowed(grants: Sequence[Grant] | None, rule: str, paths: Sequence[str] = ()) -> bool:
    """The reference. None: nobody knows who asks. A rule is a verb on each path, or `VERB everywhere|somewhere`."""
    verb, _, where = rule.partition(" ")
    if verb == "anyone":
        return True
    if grants is None:
        return False
    if verb == "known":
        return True
    if where == "somewhere":
        return any(verb in VERBS[grant.role].split() for grant in grants)
    if where == "everywhere":
        whole = [grant for grant in grants if (grant.namespace, grant.prefix, grant.environment) == ("*", "", "*")]
        return any(verb in VERBS[grant.role].split() for grant in whole)
    return all(may(grants, verb, path) for path in paths)


@dataclass
class World:
    """What is there, and who asks."""

    guarded: Guarded
    clients: dict[str, httpx2.Client] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    commits: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """Each commit with what it touched, the oldest first."""
    proposals: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def grants(self, who: str) -> tuple[Grant, ...] | None:
        return None if who == "stranger" else WHO[who]

    def seen(self, who: str) -> set[str]:
        return {path for path in THERE if allowed(self.grants(who), "read", [path])}


def marker(path: str) -> str:
    """A word that only this document has."""
    return "m-" + re.sub(r"[/@.]", "-", path) + "-m"


def operation(world: World, path: str, value: int = 2) -> dict[str, Any]:
    if path in ABSENT:
        return {"bundle": path, "op": "put", "document": document({"a": value}), "if_match": None}
    patch = {"spec": {"values": {"a": value}}}
    return {"bundle": path, "op": "merge", "patch": patch, "if_match": world.etags[path]}


def post(client: httpx2.Client, url: str, body: Any, **more: Any) -> httpx2.Response:
    return client.post(url, content=json.dumps(body), headers={"Content-Type": "application/json"}, **more)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with guarded(tmp_path_factory.mktemp("matrix") / "control") as running:
        world = World(running)
        admin = running.admin

        def commit(paths: Sequence[str], value: int) -> None:
            changes = []
            for path in paths:
                there = path in world.etags
                change = operation(world, path, value) if there else {"bundle": path, "op": "put", "if_match": None}
                if not there:
                    change["document"] = document({"a": value, "word": marker(path)})
                changes.append(change)
            words = " and ".join(map(marker, paths))
            done = post(admin, "/v1/changes", {"message": f"About {words}", "changes": changes})
            assert done.status_code == 200, done.text
            world.commits.append((done.json()["commit"], frozenset(paths)))
            for effect in done.json()["effects"]:
                layer = f"@{effect['layer']}" if effect["layer"] else ""
                world.etags[f"{effect['namespace']}/{effect['name']}{layer}"] = effect["etag"]

        for path in THERE:
            commit([path], 0)
        commit(["game/match", "shop/life"], 1)
        commit(["game/life", "game/life@dev"], 1)
        for path in PATHS:
            made = post(admin, "/v1/proposals", {"message": marker(path), "changes": [operation(world, path)]})
            assert made.status_code == 201, made.text
            world.proposals[path], world.digests[path] = made.json()["id"], made.json()["digest"]
        world.clients = {name: running.client(grants, name) for name, grants in WHO.items()}
        world.clients["stranger"] = running.bearer(None)
        yield world


Asked = tuple[str, str, dict[str, Any]]
"""Method, URL, and what else httpx takes."""


@dataclass(frozen=True)
class Row:
    rule: str
    ask: Callable[[World, str], Asked]
    paths: tuple[str, ...] = ("",)
    """Those that it is asked about; the empty one if it is about none."""
    writes: bool = False
    """It takes `dry_run`."""


def url_of(path: str, more: str = "") -> str:
    bundle, _, layer = path.partition("@")
    return f"/v1/bundles/{bundle}" + (f"/overlays/{layer}" if layer else "") + more


def layer_params(path: str) -> dict[str, str]:
    environment, _, region = path.partition("@")[2].partition(".")
    return {name: value for name, value in (("environment", environment), ("region", region)) if value}


def require(world: World, path: str) -> dict[str, str]:
    return {"If-Match": f'"{world.etags[path]}"'} if path in world.etags else {"If-None-Match": "*"}


def put(world: World, path: str) -> Asked:
    headers = {"Content-Type": "application/json", **require(world, path)}
    return "PUT", url_of(path), {"content": json.dumps(document({"a": 2, "word": "w"})), "headers": headers}


def patch(world: World, path: str) -> Asked:
    headers = {"Content-Type": MERGE, "If-Match": f'"{world.etags.get(path, "x")}"'}
    return "PATCH", url_of(path), {"content": '{"spec":{"values":{"a":3}}}', "headers": headers}


def delete(world: World, path: str) -> Asked:
    return "DELETE", url_of(path), {"headers": {"If-Match": f'"{world.etags.get(path, "x")}"'}}


def roll_back(world: World, path: str) -> Asked:
    headers = {"Content-Type": "application/json", **require(world, path)}
    return "POST", url_of(path, "/rollback"), {"content": body(to=world.commits[-1][0]), "headers": headers}


def body(**members: Any) -> str:
    return json.dumps(members)


def sent(method: str, url: str, content: str, **headers: str) -> Callable[[World, str], Asked]:
    return lambda world, path: (
        method,
        url,
        {"content": content, "headers": {"Content-Type": "application/json", **headers}},
    )


def got(url: str, **params: str) -> Callable[[World, str], Asked]:
    return lambda world, path: ("GET", url, {"params": params})


def below(more: str) -> Callable[[World, str], Asked]:
    return lambda world, path: ("GET", url_of(path, more), {})


def layered(more: str) -> Callable[[World, str], Asked]:
    return lambda world, path: ("GET", url_of(path.partition("@")[0], more), {"params": layer_params(path)})


def one_history(world: World, path: str) -> Asked:
    bundle, _, layer = path.partition("@")
    return "GET", url_of(bundle, "/history"), {"params": {"layer": layer}}


def a_set(url: str) -> Callable[[World, str], Asked]:
    return lambda world, path: (
        "POST",
        url,
        {"content": body(changes=[operation(world, path)]), "headers": {"Content-Type": "application/json"}},
    )


def proposal(method: str, more: str = "") -> Callable[[World, str], Asked]:
    def ask(world: World, path: str) -> Asked:
        url = f"/v1/proposals/{world.proposals.get(path, '0' * 16)}{more}"
        content = {"/approve": body(digest=world.digests.get(path, "")), "/reject": "{}"}.get(more)
        return method, url, {"content": content, "headers": {"Content-Type": "application/json"}} if content else {}

    return ask


BASE = tuple(path for path in PATHS if "@" not in path)
OVERLAYS = tuple(path for path in PATHS if "@" in path)
HEARTBEAT = body(
    node="n", generation=1, commit="", state="ok", problems=[], published_at=0, sent_at=0, version="1", environment=""
)
EXPORT = body(apiVersion="configedge.io/v1alpha1", kind="ConfigExport", bundles=[], overlays=[])
NEW_TOKEN = body(name="fresh", grants=[{"role": "viewer"}], expires_in_s=60)
_B, _P = "/v1/bundles/{namespace}/{name}", "/v1/proposals"
ROWS: dict[str, Row] = {
    "GET /v1/bundles": Row("known", got("/v1/bundles")),
    f"GET {_B}": Row("read", below(""), BASE),
    f"PUT {_B}": Row("write", put, BASE, True),
    f"PATCH {_B}": Row("write", patch, BASE, True),
    f"DELETE {_B}": Row("write", delete, BASE, True),
    f"GET {_B}/overlays": Row("read", below("/overlays"), BASE),
    f"GET {_B}/overlays/{{layer}}": Row("read", below(""), OVERLAYS),
    f"PUT {_B}/overlays/{{layer}}": Row("write", put, OVERLAYS, True),
    f"PATCH {_B}/overlays/{{layer}}": Row("write", patch, OVERLAYS, True),
    f"DELETE {_B}/overlays/{{layer}}": Row("write", delete, OVERLAYS, True),
    f"GET {_B}/effective": Row("read", layered("/effective"), PATHS),
    f"GET {_B}/explain": Row("read", layered("/explain"), PATHS),
    f"GET {_B}/history": Row("read", one_history, PATHS),
    f"GET {_B}/tombstones": Row("read", below("/tombstones"), BASE),
    f"POST {_B}/rollback": Row("write", roll_back, BASE, True),
    "POST /v1/rollback": Row(
        "admin everywhere", sent("POST", "/v1/rollback", body(to="0" * 40), **{"If-Match": "*"}), writes=True
    ),
    "POST /v1/changes": Row("write", a_set("/v1/changes"), PATHS, True),
    "POST /v1/validate": Row("read", a_set("/v1/validate"), PATHS),
    "GET /v1/export": Row("known", got("/v1/export")),
    "POST /v1/import": Row("admin everywhere", sent("POST", "/v1/import", EXPORT), writes=True),
    "GET /v1/history": Row("known", got("/v1/history")),
    "GET /v1/diff": Row("known", lambda world, path: ("GET", "/v1/diff", {"params": {"from": world.commits[0][0]}})),
    f"POST {_P}": Row("write", a_set("/v1/proposals"), PATHS, True),
    f"GET {_P}": Row("known", got("/v1/proposals")),
    f"GET {_P}/{{id}}": Row("read", proposal("GET"), PATHS),
    f"POST {_P}/{{id}}/approve": Row("approve", proposal("POST", "/approve"), PATHS, True),
    f"POST {_P}/{{id}}/reject": Row("approve", proposal("POST", "/reject"), PATHS, True),
    f"POST {_P}/{{id}}/withdraw": Row("read", proposal("POST", "/withdraw"), PATHS, True),
    "GET /v1/watch": Row("known", got("/v1/watch")),
    "GET /v1/watch/tip": Row("known", got("/v1/watch/tip")),
    "GET /v1/whoami": Row("known", got("/v1/whoami")),
    "GET /v1/tokens": Row("admin everywhere", got("/v1/tokens")),
    "POST /v1/tokens": Row("admin everywhere", sent("POST", "/v1/tokens", NEW_TOKEN), writes=True),
    "DELETE /v1/tokens/{id}": Row(
        "admin everywhere", lambda world, path: ("DELETE", "/v1/tokens/abcdefghij", {}), writes=True
    ),
    "GET /v1/audit": Row("admin everywhere", got("/v1/audit")),
    "POST /v1/fleet/heartbeats": Row("report somewhere", sent("POST", "/v1/fleet/heartbeats", HEARTBEAT)),
    "GET /v1/fleet": Row("read somewhere", got("/v1/fleet")),
    "GET /v1/fleet/bundles": Row("read somewhere", got("/v1/fleet/bundles")),
    "GET /v1/fleet/commits/{commit}": Row(
        "read somewhere", lambda world, path: ("GET", f"/v1/fleet/commits/{world.commits[0][0]}", {})
    ),
    "GET /healthz": Row("anyone", got("/healthz")),
    "GET /readyz": Row("anyone", got("/readyz")),
    "GET /metrics": Row("known", got("/metrics")),
}
# What an allowed request may be answered though what it is about is there.
NOT_DONE = {
    f"DELETE {_B}": 409,
    f"POST {_P}/{{id}}/withdraw": 409,
    "POST /v1/rollback": 404,
    "DELETE /v1/tokens/{id}": 404,
}


@dataclass(frozen=True)
class Answer:
    who: str
    endpoint: str
    path: str
    status: int
    text: str
    request_id: str


def ask(world: World, who: str, endpoint: str, path: str) -> Answer:
    """What is expected to be allowed is a dry run; what is not, is tried in earnest."""
    row = ROWS[endpoint]
    method, url, more = row.ask(world, path)
    if row.writes and allowed(world.grants(who), row.rule, [path]):
        more = {**more, "params": {**more.get("params", {}), "dry_run": "true"}}
    request_id = re.sub(r"[^a-z0-9-]", "-", f"{who}-{list(ROWS).index(endpoint)}-{path}")
    more = {**more, "headers": {**more.get("headers", {}), "X-Request-Id": request_id}}
    with world.clients[who].stream(method, url, **more) as response:
        watching = response.headers["content-type"].startswith("text/event-stream")
        text = "" if watching else response.read().decode()
    return Answer(who, endpoint, path, response.status_code, text, request_id)


def test_everybody_may_exactly_what_the_reference_allows(world: World) -> None:
    schema = world.guarded.admin.get("/openapi.json").json()
    endpoints = {f"{method.upper()} {path}" for path, methods in schema["paths"].items() for method in methods}
    assert endpoints == ROWS.keys(), "each endpoint has a row here"
    before = world.guarded.admin.get("/v1/history", params={"limit": 1}).json()["commit"]
    cases = [
        (who, endpoint, path) for who in (*WHO, "stranger") for endpoint, row in ROWS.items() for path in row.paths
    ]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda case: ask(world, *case), cases))
    for answer in answers:
        grants, row = world.grants(answer.who), ROWS[answer.endpoint]
        told = f"{answer.who}: {answer.endpoint} {answer.path}: {answer.status} {answer.text[:300]}"
        if not allowed(grants, row.rule, [answer.path]):
            assert answer.status == (401 if grants is None else 403), told
        elif answer.path in ABSENT:
            assert answer.status in (200, 201, 404, 412, NOT_DONE.get(answer.endpoint)), told
        else:
            assert answer.status in (200, 201) or answer.status == NOT_DONE.get(answer.endpoint), told
    assert world.guarded.admin.get("/v1/history", params={"limit": 1}).json()["commit"] == before
    states = {one["state"] for one in world.guarded.admin.get("/v1/proposals?state=all").json()["items"]}
    assert states == {"open"}
    check_that_denials_tell_nothing(world, answers)
    check_that_denials_are_audited(world, answers)


def check_that_denials_tell_nothing(world: World, answers: list[Answer]) -> None:
    """The same words whether a thing is there or not."""
    said: dict[tuple[str, str, bool], set[str]] = {}
    for answer in answers:
        if answer.status in (401, 403):
            problem = json.loads(answer.text)
            assert problem.pop("request_id") == answer.request_id
            text = json.dumps(problem).replace(answer.path or "-", "PATH")
            for id in world.proposals.values():
                text = text.replace(id, "ID")
            readable = bool(answer.path) and allowed(world.grants(answer.who), "read", [answer.path])
            said.setdefault((answer.who, answer.endpoint, readable), set()).add(text)
    assert not {case: texts for case, texts in said.items() if len(texts) > 1}


def check_that_denials_are_audited(world: World, answers: list[Answer]) -> None:
    entries = {entry["request_id"]: entry for entry in world.guarded.audit()}
    for answer in answers:
        if answer.status == 403:
            entry = entries.get(answer.request_id)
            assert entry is not None, answer
            subject = "user:nobody" if answer.who == "nobody" else f"token:{answer.who}"
            assert (entry["outcome"], entry["subject"]) == ("denied", subject)
    # Of strangers a few a second are noted, and how many were not.
    assert any(entry["subject"] == "unknown" and entry["outcome"] == "denied" for entry in entries.values())


def test_a_proposal_that_is_not_there_is_denied_like_one_that_may_not_be_read(world: World) -> None:
    for who, client in world.clients.items():
        grants = world.grants(who)
        hidden = next((path for path in THERE if not allowed(grants, "read", [path])), None)
        if hidden is None or grants is None:
            continue
        for more in ("", "/approve", "/reject", "/withdraw"):
            texts = set()
            for id in (world.proposals[hidden], "0" * 16):
                url = f"/v1/proposals/{id}{more}"
                body = {"digest": "0" * 64} if more == "/approve" else {}
                response = client.get(url) if not more else post(client, url, body)
                assert response.status_code == 403
                texts.add(response.json()["detail"].replace(id, "ID"))
            assert len(texts) == 1


def test_a_change_set_is_allowed_if_each_of_its_documents_is(world: World) -> None:
    endpoints = {"/v1/changes": "write", "/v1/validate": "read", "/v1/proposals": "write"}
    cases = [(who, url, pair) for who in WHO for url in endpoints for pair in combinations(PATHS, 2)]

    def ask(case: tuple[str, str, tuple[str, str]]) -> httpx2.Response:
        who, url, pair = case
        dry = url != "/v1/validate" and allowed(WHO[who], endpoints[url], pair)
        changes = [operation(world, path) for path in pair]
        return post(world.clients[who], url, {"changes": changes}, params={"dry_run": "true"} if dry else {})

    with ThreadPoolExecutor(6) as pool:
        for (who, url, pair), response in zip(cases, pool.map(ask, cases), strict=True):
            fine = all(allowed(WHO[who], endpoints[url], [path]) for path in pair)
            assert (response.status_code in (200, 201)) == fine, (who, url, pair, response.text)
            assert fine or response.status_code == 403


def test_answers_have_nothing_of_what_may_not_be_read(world: World) -> None:
    first = world.commits[0][0]
    urls = ["/v1/bundles", "/v1/export", f"/v1/diff?from={first}", f"/v1/diff?from={first}&namespace=shop"]
    urls += [
        "/v1/history?limit=100",
        "/v1/proposals?state=all",
        "/metrics",
        "/v1/fleet",
        "/v1/fleet/bundles",
        f"/v1/fleet/commits/{first}",
    ]
    for path in THERE:
        for more in ("/overlays", "/history", "/effective", "/explain", "/explain?key=word"):
            urls.append(url_of(path.partition("@")[0], more))
        for url in ("/effective", "/explain"):
            query = "&".join(f"{name}={value}" for name, value in layer_params(path).items())
            urls.append(url_of(path.partition("@")[0], f"{url}?{query}"))
    for who, client in world.clients.items():
        hidden = {marker(path) for path in PATHS if not allowed(world.grants(who), "read", [path])}
        for url in dict.fromkeys(urls):
            text = client.get(url).text
            assert not [word for word in hidden if word in text], (who, url)


@pytest.mark.parametrize("who", WHO)
def test_pages_have_nothing_of_what_may_not_be_read(world: World, who: str) -> None:
    hidden = {marker(path) for path in PATHS if not allowed(WHO[who], "read", [path])}
    first = world.commits[0][0]
    urls = ["/", "/ui/history", "/ui/proposals", "/ui/proposals?state=all", "/ui/nodes", "/ui/audit", "/ui/tokens"]
    urls += [f"/ui/commits/{commit}" for commit, _ in world.commits]
    urls += [f"/ui/compare?old={first}&new={world.commits[-1][0]}"]
    urls += [f"/ui/proposals/{id}" for id in world.proposals.values()]
    for bundle in ("game/life", "game/match", "shop/life", "shop/gone"):
        urls += [f"/ui/bundles/{bundle}", f"/ui/edit?bundle={bundle}", f"/ui/edit?bundle={bundle}@dev"]
        urls += [f"/ui/bundles/{bundle}?layer={layer}" for layer in ("dev", "prod", "prod.eu")]
        urls += [
            f"/ui/confirm?action=delete&bundle={bundle}",
            f"/ui/confirm?action=rollback&bundle={bundle}&to={first}",
        ]
    origin = world.guarded.control.url
    with httpx2.Client(base_url=origin, timeout=20, headers={"Origin": origin}) as browser:
        secret = world.clients[who].headers["Authorization"].removeprefix("Bearer ")
        assert browser.post("/ui/sign-in", data={"token": secret, "next": "/"}).status_code == 303
        shown = ""
        for url in urls:
            page = browser.get(url)
            assert page.status_code < 500, (url, page.text)
            assert not [word for word in hidden if word in page.text], (who, url)
            shown += page.text
        assert all(marker(path) in shown for path in world.seen(who))


@pytest.mark.parametrize("who", WHO)
def test_lists_histories_and_diffs_have_all_that_may_be_read_and_no_more(world: World, who: str) -> None:
    client, seen = world.clients[who], world.seen(who)

    def names(items: list[dict[str, Any]]) -> set[str]:
        return {f"{one['namespace']}/{one['name']}" + (f"@{one['layer']}" if one.get("layer") else "") for one in items}

    listed = client.get("/v1/bundles").json()["items"]
    in_layers = {f"{one['namespace']}/{one['name']}@{layer}" for one in listed for layer in one["layers"]}
    assert names(listed) | in_layers == seen
    start = world.guarded.admin.get("/v1/history?limit=100").json()["items"][-1]["commit"]
    assert names(client.get("/v1/diff", params={"from": start}).json()["items"]) == seen
    exported = client.get("/v1/export").json()
    found = {f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in exported["bundles"]}
    for one in exported["overlays"]:
        metadata = one["document"]["metadata"]
        found.add(f"{metadata['namespace']}/{metadata['name']}@{one['layer']}")
    assert found == seen
    history = [item["commit"] for item in client.get("/v1/history?limit=100").json()["items"]]
    ours = [commit for commit, touched in reversed(world.commits) if touched <= seen]
    assert [commit for commit in history if commit in dict(world.commits)] == ours
    assert len(history) == len(ours) or allowed(WHO[who], "read everywhere")
    for path in seen:
        bundle, _, layer = path.partition("@")
        items = client.get(url_of(bundle, "/history"), params={"layer": layer}).json()["items"]
        its = [(commit, touched) for commit, touched in reversed(world.commits) if path in touched]
        assert [item["commit"] for item in items] == [commit for commit, _ in its]
        assert [bool(item["message"]) for item in items] == [touched <= seen for _, touched in its]
    shown = {one["id"] for one in client.get("/v1/proposals").json()["items"]}
    assert shown == {id for path, id in world.proposals.items() if allowed(WHO[who], "read", [path])}


def test_a_dry_run_tells_nothing_of_layers_that_may_not_be_read(world: World) -> None:
    who = "prod-viewer"
    client = world.clients[who]
    hidden, open_ = marker("game/life@dev"), marker("game/life@prod")
    # A schema that no overlay meets: problems quote what does not meet it.
    spec = {"values": {"word": 1}, "schema": {"properties": {"word": {"type": "integer"}}}}
    broken = {"bundle": "game/life", "op": "merge", "patch": {"spec": spec}}
    text = post(client, "/v1/validate", {"changes": [broken]}).text
    assert hidden not in text and "dev" not in text and open_ in text
    changed = {"bundle": "game/life", "op": "merge", "patch": {"spec": {"values": {"new": 1}}}}
    told = post(client, "/v1/validate", {"changes": [changed]}).json()
    assert {node["layer"] for node in told["nodes"]} == {"", "prod", "prod.eu"}
    text = post(client, "/v1/validate", {"changes": [{"bundle": "game/life", "op": "delete"}]}).text
    assert "game/life@prod" in text and "dev" not in text
    shown = client.get(f"/v1/proposals/{world.proposals['game/life']}").json()
    assert {node["layer"] for node in shown["nodes"]} <= {"", "prod", "prod.eu"}


# Last: it adds commits.
def test_watchers_are_told_what_they_may_read_and_no_more(world: World) -> None:
    since = world.commits[0][0]
    live: list[tuple[str, frozenset[str]]] = []

    def watch(who: str) -> str:
        text = ""
        headers = {"Last-Event-ID": since}
        with world.clients[who].stream("GET", "/v1/watch", headers=headers, timeout=4) as response:
            try:
                for part in response.iter_text():
                    text += part
            except httpx2.ReadTimeout:
                return text
        return text

    with ThreadPoolExecutor(len(WHO)) as pool:
        watching = {who: pool.submit(watch, who) for who in WHO}
        while int(re.findall(r"sse_subscribers ([0-9]+)", world.guarded.admin.get("/metrics").text)[0]) < len(WHO):
            pass
        for path in THERE:
            done = post(
                world.guarded.admin, "/v1/changes", {"message": marker(path), "changes": [operation(world, path, 7)]}
            )
            assert done.status_code == 200
            live.append((done.json()["commit"], frozenset({path})))
            # Refused: what it was made on is not there any more.
            assert post(world.guarded.admin, "/v1/changes", {"changes": [operation(world, path, 8)]}).status_code == 412
        texts = {who: future.result() for who, future in watching.items()}
    for who, text in texts.items():
        seen = world.seen(who)
        told = re.findall(r"^id: ([0-9a-f]{40})", text, re.MULTILINE)
        everything = [*world.commits[1:], *live]
        assert [commit for commit in told if commit in dict(everything)] == [
            commit for commit, touched in everything if touched & seen
        ], who
        hidden = [path for path in PATHS if path not in seen and not allowed(WHO[who], "read", [path])]
        assert not [path for path in hidden if marker(path) in text], who
        named = set(re.findall(r'"bundle":"([^"]+)"', text))
        assert named == {path for path in THERE if path in seen}, who
