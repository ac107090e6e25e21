"""People see what is, change it safely, and are told of what others do: in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from configedge.control.auth import Grant, Principal, Role, Tokens, Unauthenticated
from configedge.control.dashboard.chart import Chart
from configedge.control.dashboard.sessions import FRESH_S, LIFE_S, MOST, MOST_EACH, Sessions
from configedge.control.fleet import Heartbeat
from configedge.lines import line_of
from tests.support.control import Control, document, push_file, running
from tests.support.tools import ROOT

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

CHROMIUM = shutil.which("chromium")
SHOTS = ROOT / "build" / "screenshots"
PEOPLE = {"alice": Role.admin, "bob": Role.approver, "eve": Role.viewer, "ed": Role.editor, "nodes": Role.node}
SCHEMA = {"properties": {"fee": {"type": "number"}, "limit": {"type": "integer", "maximum": 100}}}
HOSTILE = "<script>alert(1)</script>\"'&\u202egnp.exe \u200f"


@dataclass
class Place:
    """A control plane that asks who one is, with a token for each of PEOPLE."""

    control: Control
    secrets: dict[str, str]
    directory: Path

    @property
    def url(self) -> str:
        return self.control.url

    def sign_in(self, client: httpx2.Client, who: str) -> None:
        headers = {"Origin": self.url}
        done = client.post("/ui/sign-in", data={"token": self.secrets[who], "next": "/"}, headers=headers)
        assert done.status_code == 303, done.text


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("dashboard")
    tokens = Tokens(directory / "tokens")
    secrets = {name: tokens.create(name, [Grant(role)], 86_400, "local:root")[0] for name, role in PEOPLE.items()}
    policy = "apiVersion: configedge.io/v1alpha1\nkind: AccessPolicy\nprotected:\n- {namespace: guarded}\n"
    (directory / "access.yaml").write_text(policy)
    options = ("--tokens", str(directory / "tokens"), "--access", str(directory / "access.yaml"))
    with running(directory / "repo", *options) as control:
        control.http.headers["Authorization"] = f"Bearer {secrets['alice']}"
        yield Place(control, secrets, directory)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as started:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        launched = started.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield launched
        launched.close()


class Person:
    """Somebody at a browser of their own. What the console complains of is kept."""

    def __init__(self, browser: Any, url: str, secret: str | None = None, **options: Any) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.context.set_default_timeout(10_000)
        violation = (
            "document.addEventListener('securitypolicyviolation', e => console.error('policy', e.violatedDirective))"
        )
        self.context.add_init_script(violation)
        self.page = self.tab()
        if secret is not None:
            self.page.goto(url + "/")
            self.page.get_by_label("Token").fill(secret)
            self.page.get_by_role("button", name="Sign in").click()
            expect(self.page.get_by_role("heading", name="Bundles").last).to_be_visible()

    def tab(self) -> Any:
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        return page

    def goto(self, path: str) -> Any:
        self.page.goto(self.url + path)
        return self.page

    def _heard(self, message: Any) -> None:
        # An answer that refuses is not a fault of the page.
        if message.type in ("error", "warning") and "server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def person(browser: Any, place: Place) -> Iterator[Callable[..., Person]]:
    """Makes persons; in the end none of their consoles may have complained."""
    made: list[Person] = []

    def make(who: str | None = None, **options: Any) -> Person:
        made.append(Person(browser, place.url, place.secrets[who] if who else None, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
    assert [complaint for one in made for complaint in one.complaints] == []


def put(place: Place, bundle: str, values: dict[str, Any], **params: Any) -> str:
    """Writes a bundle by the API; gives its new ETag."""
    now = place.control.get(bundle)
    etag = now.json()["etag"] if now.status_code == 200 else None
    done = place.control.put(bundle, document(values, SCHEMA), etag, **params)
    assert done.status_code == 200, done.text
    return str(done.json()["etag"])


def values_of(place: Place, bundle: str) -> Any:
    return place.control.get(bundle).json()["document"]["spec"]["values"]


def change(page: Any, old: str, new: str) -> None:
    """Types something else in the editor."""
    field = page.get_by_label("Document")
    text = field.input_value()
    assert old in text, text
    field.fill(text.replace(old, new))


# Signing in


def test_a_wrong_token_is_refused_and_a_right_one_signs_in(place: Place, person: Callable[..., Person]) -> None:
    page = person().goto("/ui/nodes")
    assert "/ui/sign-in" in page.url
    page.get_by_label("Token").fill("cet_aaaaaaaaaa_" + "A" * 43)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    page.get_by_label("Token").fill(f"  {place.secrets['eve']}\n")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Nodes")).to_be_visible()
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("configedge", True, "Strict")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("signed out")
    page.goto(place.url + "/")
    assert "/ui/sign-in" in page.url


def test_the_cookie_of_a_session_opens_no_api(place: Place) -> None:
    with httpx2.Client(base_url=place.url) as client:
        place.sign_in(client, "alice")
        assert client.get("/ui/nodes").status_code == 200
        assert client.get("/v1/bundles").status_code == 401


def test_behind_tls_the_cookie_is_for_this_host_alone(place: Place) -> None:
    with httpx2.Client(base_url=place.url) as client:
        headers = {"Origin": place.url, "X-Forwarded-Proto": "https"}
        done = client.post("/ui/sign-in", data={"token": place.secrets["eve"]}, headers=headers)
        cookie = done.headers["set-cookie"]
        assert cookie.startswith("__Host-configedge=") and "Domain" not in cookie
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/v1/bundles", "/ui/\n"]
)
def test_signing_in_leads_nowhere_else(place: Place, where: str) -> None:
    with httpx2.Client(base_url=place.url) as client:
        sent = {"token": place.secrets["eve"], "next": where}
        done = client.post("/ui/sign-in", data=sent, headers={"Origin": place.url})
        assert (done.status_code, done.headers["location"]) == (303, "/")


def test_a_link_on_another_site_leads_into_the_session(place: Place, person: Callable[..., Person]) -> None:
    # The cookie does not come with what another site sends: the page that answers sends it anew.
    headers = {"Sec-Fetch-Site": "cross-site"}
    reply = httpx2.get(f"{place.url}/ui/history?bundle=game/x", headers=headers)
    assert 'content="0; url=/ui/history?bundle=game%2Fx"' in reply.text
    eve = person("eve")
    page = eve.goto("/ui/sign-in")
    other = f"http://localhost:{place.url.rpartition(':')[2]}/ui/sign-in"
    page.goto(other)
    page.evaluate("url => { location.href = url }", place.url + "/ui/nodes")
    expect(page.get_by_role("heading", name="Nodes")).to_be_visible()


def test_the_stream_of_a_session_ends_with_it(place: Place) -> None:
    with httpx2.Client(base_url=place.url, timeout=30) as client:
        place.sign_in(client, "eve")
        csrf = client.get("/ui/session").json()["csrf"]
        cookies = dict(client.cookies)
        with httpx2.Client(base_url=place.url, timeout=30, cookies=cookies) as listener:
            with listener.stream("GET", "/ui/events") as stream:
                lines = stream.iter_lines()
                assert next(lines) == "event: beat"
                client.post("/ui/sign-out", data={"csrf": csrf}, headers={"Origin": place.url})
                assert "event: signed-out" in list(lines)
            assert listener.get("/ui/session", headers={"Accept": "application/json"}).status_code == 401


class Known:
    """Identifies the credentials that it has."""

    def __init__(self) -> None:
        self.good = {"a": "alice", "b": "bob"}
        self.now = 0.0

    def identify(self, values: Any) -> Principal:
        name = self.good.get(values[0].removeprefix("Bearer ")) if values else None
        if name is None:
            raise Unauthenticated("unknown")
        return Principal(f"token:{name}", name, f"{name}@localhost", ())

    def clock(self) -> float:
        return self.now


def test_a_credential_that_is_revoked_ends_its_session_within_a_minute() -> None:
    known = Known()
    sessions = Sessions(known.identify, known.clock)
    session = sessions.open("a")
    del known.good["a"]
    assert sessions.find(session.id) is session
    known.now += FRESH_S
    with pytest.raises(Unauthenticated):
        sessions.find(session.id)
    assert sessions.find(session.id) is None and len(sessions) == 0


def test_a_session_ends_after_eight_hours() -> None:
    known = Known()
    sessions = Sessions(known.identify, known.clock)
    session = sessions.open("a")
    known.now = LIFE_S - 1
    assert sessions.find(session.id) is session
    known.now = LIFE_S
    assert sessions.find(session.id) is None


def test_nobody_fills_the_sessions_of_others() -> None:
    known = Known()
    sessions = Sessions(known.identify, known.clock)
    bobs = sessions.open("b")
    for _ in range(MOST + MOST_EACH):
        sessions.open("a")
    assert sessions.find(bobs.id) is bobs and len(sessions) == MOST_EACH + 1


def test_an_open_control_plane_asks_nobody(browser: Any, tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        someone = Person(browser, control.url)
        page = someone.goto("/")
        expect(page.get_by_text("Write the first one")).to_be_visible()
        expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
        page.get_by_text("Write the first one").click()
        page.get_by_label("Namespace").fill("game")
        page.get_by_label("Name", exact=True).fill("first")
        page.get_by_role("button", name="Write it").click()
        change(page, "values: {}", "values: {speed: 3}")
        expect(page.locator("#preview")).to_contain_text("game/first would be created")
        page.get_by_role("button", name="Commit").click()
        expect(page.get_by_role("status").filter(has_text="Committed")).to_be_visible()
        assert control.get("game/first").json()["document"]["spec"]["values"] == {"speed": 3}
        someone.context.close()
        assert someone.complaints == []


# Nobody else's pages


@pytest.fixture
def client(place: Place) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=place.url) as client:
        place.sign_in(client, "alice")
        yield client


WRITES = [
    ("/ui/check", {"bundle": "game/x", "text": "a"}),
    ("/ui/commit", {"bundle": "game/x", "text": "a"}),
    ("/ui/confirm", {"action": "delete", "bundle": "game/x"}),
    ("/ui/proposals/0123456789abcdef/approve", {"digest": "x"}),
    ("/ui/tokens", {"name": "mine", "role": "admin"}),
    ("/ui/tokens/0123456789/revoke", {}),
    ("/ui/sign-out", {}),
]


@pytest.mark.parametrize(("path", "sent"), WRITES)
def test_what_no_page_of_ours_sent_is_refused(
    place: Place, client: httpx2.Client, path: str, sent: dict[str, str]
) -> None:
    csrf = client.get("/ui/session").json()["csrf"]
    as_json = json.dumps(sent).encode()
    kind = {"Content-Type": "application/json", "X-CSRF-Token": csrf}
    ours = {"Origin": place.url, "Sec-Fetch-Site": "same-origin"}
    foreign = [
        {"Origin": "https://evil.example"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": place.url, "Sec-Fetch-Site": "cross-site"},
        {"Origin": place.url, "Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {},
    ]
    for headers in foreign:
        assert client.post(path, content=as_json, headers=kind | headers).status_code == 403
        assert client.post(path, data={**sent, "csrf": csrf}, headers=headers).status_code == 403
    for wrong in ("", "x", csrf[:-1], csrf + "x"):
        assert client.post(path, content=as_json, headers=kind | ours | {"X-CSRF-Token": wrong}).status_code == 403
        assert client.post(path, data={**sent, "csrf": wrong}, headers=ours).status_code == 403
    # A token of somebody else's session is not that of this one.
    with httpx2.Client(base_url=place.url) as other:
        place.sign_in(other, "alice")
        theirs = other.get("/ui/session").json()["csrf"]
    assert client.post(path, content=as_json, headers=kind | ours | {"X-CSRF-Token": theirs}).status_code == 403
    assert client.get("/ui/session").status_code == 200


def test_signing_in_from_another_site_is_refused(place: Place) -> None:
    with httpx2.Client(base_url=place.url) as client:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Origin": place.url}, {}):
            done = client.post("/ui/sign-in", data={"token": place.secrets["alice"]}, headers=headers)
            assert done.status_code == 403 and "set-cookie" not in done.headers


def test_every_page_has_the_strict_policy_and_is_kept_by_nobody(client: httpx2.Client) -> None:
    for path in ("/", "/ui/history", "/ui/edit", "/ui/sign-in", "/ui/audit", "/ui/bundles/no/where", "/ui/confirm"):
        reply = client.get(path)
        policy = reply.headers["content-security-policy"]
        assert "unsafe" not in policy and policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert reply.headers["cache-control"] == "no-store" and "text/html" in reply.headers["content-type"]


def test_files_of_pages_may_be_kept_for_ever(client: httpx2.Client) -> None:
    [path] = re.findall(r'src="(/ui/static/[^"]+/app\.js)"', client.get("/").text)
    reply = client.get(path)
    assert "immutable" in reply.headers["cache-control"]
    assert client.get(path, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
    # Of another version there is only what is now, and not for keeping.
    assert client.get("/ui/static/0000/app.js").headers["cache-control"] == "no-cache"
    for hostile in ("..%2fsessions.py", "%2e%2e/sessions.py", "app.js%00", "nothing.js"):
        assert client.get(f"/ui/static/0000/{hostile}").status_code == 404


# Editing


def test_an_edit_goes_from_an_error_with_its_line_to_a_commit_that_others_see(
    place: Place, person: Callable[..., Person]
) -> None:
    put(place, "game/edit", {"fee": 0.5, "limit": 10, "gone": True})
    watcher = person("eve").goto("/ui/bundles/game/edit")
    expect(watcher.locator("#connection")).to_have_text("live")
    alice = person("alice")
    page = alice.goto("/ui/bundles/game/edit")
    page.get_by_role("link", name="Edit base").click()
    expect(page.get_by_role("button", name="Commit")).to_be_disabled()

    change(page, "limit: 10", 'limit: "ten"')
    problem = page.locator("#problems button")
    expect(problem).to_contain_text("spec.values.limit")
    line = page.get_by_label("Document").input_value().split("\n").index('    limit: "ten"') + 1
    expect(problem).to_contain_text(f"line {line}")
    expect(page.locator("#gutter .wrong")).to_have_text(str(line))
    expect(page.get_by_role("button", name="Commit")).to_be_disabled()
    problem.click()
    selected = "t => t.value.slice(t.selectionStart, t.selectionEnd)"
    assert "ten" in page.get_by_label("Document").evaluate(selected)

    change(page, 'limit: "ten"\n    gone: true', "limit: 20")
    preview = page.locator("#preview")
    expect(preview.locator(".change.changed")).to_contain_text("limit")
    expect(preview.locator(".change.removed")).to_contain_text("deleted")
    # A deletion has to be seen before it can be committed.
    expect(page.get_by_role("button", name="Commit")).to_be_disabled()
    page.get_by_label("1 key is deleted").check()
    page.get_by_label("Why").fill("ten was too few")
    page.screenshot(path=_shot("edit-preview-light-1280"), full_page=True)
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_role("status").filter(has_text="Committed")).to_be_visible()
    assert values_of(place, "game/edit") == {"fee": 0.5, "limit": 20}
    [entry] = place.control.http.get("/v1/bundles/game/edit/history", params={"limit": 1}).json()["items"]
    assert (entry["author"], entry["subject"]) == ("alice", "token:alice") and "ten was too few" in entry["message"]

    expect(watcher.locator("#row-limit .value")).to_have_text("20")
    expect(watcher.locator("#row-gone")).to_have_count(0)
    expect(watcher.locator("#notices")).to_contain_text("alice changed game/edit")


def test_a_change_of_type_is_told_loudly(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/typed", {"name": 1})
    page = person("alice").goto("/ui/edit?bundle=game/typed")
    change(page, "name: 1", 'name: "one"')
    expect(page.locator("#preview .loud").first).to_have_text("type: integer → string")
    expect(page.get_by_label("1 key gets another type")).to_be_visible()


def test_what_nodes_of_each_layer_see_is_shown_before_the_commit(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/layered", {"limit": 10, "fee": 1.0})
    assert place.control.put("game/layered/overlays/prod", document({"limit": 5})).status_code == 200
    page = person("alice").goto("/ui/edit?bundle=game/layered")
    change(page, "limit: 10", "limit: 11")
    seen = page.locator("#preview .seen")
    expect(seen).to_have_count(1)
    expect(seen).to_contain_text("base")
    page.goto(place.url + "/ui/edit?bundle=game/layered@prod")
    change(page, "limit: 5", "limit: 6")
    expect(page.locator("#preview .seen")).to_contain_text("prod")


def test_a_colleagues_change_meanwhile_is_told_and_nothing_typed_is_lost(
    place: Place, person: Callable[..., Person]
) -> None:
    put(place, "game/stale", {"fee": 0.5, "limit": 10})
    page = person("alice").goto("/ui/edit?bundle=game/stale")
    change(page, "limit: 10", "limit: 11")
    expect(page.get_by_role("button", name="Commit")).to_be_enabled()
    put(place, "game/stale", {"fee": 0.75, "limit": 10}, message="fee goes up")
    panel = page.locator("#stale")
    expect(panel).to_contain_text("alice changed it")
    expect(panel).to_contain_text("fee goes up")
    theirs, mine = panel.locator(".beside > div").all()
    expect(theirs.locator(".change")).to_contain_text("0.75")
    expect(mine.locator(".change")).to_contain_text("11")
    expect(page.get_by_role("button", name="Commit")).to_be_disabled()
    assert "limit: 11" in page.get_by_label("Document").input_value()
    page.screenshot(path=_shot("edit-stale-light-1280"), full_page=True)
    page.get_by_role("button", name="Put theirs into my text").click()
    text = page.get_by_label("Document").input_value()
    assert "limit: 11" in text and "fee: 0.75" in text
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_role("status").filter(has_text="Committed")).to_be_visible()
    assert values_of(place, "game/stale") == {"fee": 0.75, "limit": 11}


def test_a_commit_that_loses_the_race_is_refused_and_keeps_the_text(place: Place, client: httpx2.Client) -> None:
    etag = put(place, "game/race", {"limit": 1})
    put(place, "game/race", {"limit": 2})
    csrf = client.get("/ui/session").json()["csrf"]
    headers = {"Origin": place.url, "X-CSRF-Token": csrf, "Content-Type": "application/json"}
    sent = {
        "bundle": "game/race",
        "etag": etag,
        "text": json.dumps(document({"limit": 3}, name="race", namespace="game")),
    }
    done = client.post("/ui/commit", content=json.dumps(sent).encode(), headers=headers)
    assert done.status_code == 412 and "changed it" in done.json()["stale"]["html"]
    assert values_of(place, "game/race") == {"limit": 2}


def test_the_same_commit_sent_twice_is_one(place: Place, client: httpx2.Client) -> None:
    etag = put(place, "game/twice", {"limit": 1})
    csrf = client.get("/ui/session").json()["csrf"]
    headers = {"Origin": place.url, "X-CSRF-Token": csrf, "Content-Type": "application/json"}
    text = json.dumps(document({"limit": 2}, name="twice", namespace="game"))
    sent = json.dumps({"bundle": "game/twice", "etag": etag, "text": text, "key": "k" * 32}).encode()
    first, second = (client.post("/ui/commit", content=sent, headers=headers).json() for _ in range(2))
    assert first == second and first["commit"]


def test_a_text_with_aliases_is_refused_with_its_line(place: Place, client: httpx2.Client) -> None:
    csrf = client.get("/ui/session").json()["csrf"]
    headers = {"Origin": place.url, "X-CSRF-Token": csrf, "Content-Type": "application/json"}
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    sent = json.dumps({"bundle": "game/bomb", "text": bomb}).encode()
    problems = client.post("/ui/check", content=sent, headers=headers).json()["problems"]
    assert {(problem["code"], problem["line"]) for problem in problems} >= {("alias", 1), ("alias", 2)}


def test_a_deleted_key_comes_back_only_if_somebody_says_so(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/revive", {"limit": 1, "old": 1})
    put(place, "game/revive", {"limit": 1})
    page = person("alice").goto("/ui/edit?bundle=game/revive")
    change(page, "limit: 1", "limit: 1\n    old: 2")
    problem = page.locator("#problems button")
    expect(problem).to_contain_text("deleted today")
    line = page.get_by_label("Document").input_value().split("\n").index("    old: 2") + 1
    expect(problem).to_contain_text(f"line {line}")
    page.get_by_label("the deleted keys come back").check()
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_role("status").filter(has_text="Committed")).to_be_visible()


def test_a_viewer_sees_what_a_change_would_do_and_commits_none(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/viewed", {"limit": 1})
    page = person("eve").goto("/ui/edit?bundle=game/viewed")
    change(page, "limit: 1", "limit: 2")
    expect(page.locator("#preview .change")).to_contain_text("limit")
    expect(page.get_by_role("button", name="Commit")).to_be_disabled()
    with httpx2.Client(base_url=place.url) as client:
        place.sign_in(client, "eve")
        csrf = client.get("/ui/session").json()["csrf"]
        headers = {"Origin": place.url, "X-CSRF-Token": csrf, "Accept": "application/json"}
        etag = place.control.get("game/viewed").json()["etag"]
        text = json.dumps(document({"limit": 3}, name="viewed", namespace="game"))
        sent = {"bundle": "game/viewed", "etag": etag, "text": text}
        refused = client.post("/ui/commit", json=sent, headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:configedge:problem:forbidden")
    newest = place.control.http.get("/v1/audit", params={"limit": 1}).json()["items"][0]
    assert (newest["subject"], newest["outcome"], newest["target"]) == ("token:eve", "denied", "game/viewed")


def test_a_change_is_committed_without_a_mouse(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/keys", {"limit": 10})
    alice = person("alice")
    page, keys = alice.page, alice.page.keyboard
    expect(page.locator("#connection")).to_have_text("live")
    keys.press("/")
    keys.type("game/keys")
    keys.press("Escape")
    keys.press("j")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("game/keys")
    keys.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    keys.press("e")
    expect(page.get_by_label("Document")).to_be_focused()
    keys.press("Control+Home")
    for _ in range(page.get_by_label("Document").input_value().split("\n").index("    limit: 10")):
        keys.press("ArrowDown")
    keys.press("End")
    keys.press("Backspace")
    keys.press("5")
    expect(page.locator("#preview")).to_contain_text("15")
    keys.press("Control+Enter")
    expect(page.get_by_label("Why")).to_be_focused()
    keys.type("by keyboard")
    keys.press("Control+Enter")
    expect(page.get_by_role("button", name="Commit")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Committed")).to_be_visible()
    assert values_of(place, "game/keys") == {"limit": 15}


# Approving, going back


def test_a_second_person_approves_what_they_see(place: Place, person: Callable[..., Person]) -> None:
    author = person("ed").goto("/ui/edit?bundle=guarded/fees")
    change(author, "values: {}", "values: {fee: 0.5}")
    expect(author.get_by_role("button", name="Commit")).to_have_count(0)
    author.get_by_label("Why").fill("a fee to begin with")
    author.get_by_role("button", name="Propose").click()
    expect(author.get_by_role("status").filter(has_text="Proposed")).to_be_visible()
    expect(author.get_by_role("button", name="Approve")).to_have_count(0)
    assert place.control.get("guarded/fees").status_code == 404

    other = person("bob").goto("/ui/proposals")
    other.get_by_role("link", name="a fee to begin with").click()
    expect(other.locator(".change.added").first).to_contain_text("0.5")
    other.screenshot(path=_shot("proposal-light-1280"), full_page=True)
    other.get_by_role("button", name="Approve and commit").click()
    expect(other.get_by_role("status").filter(has_text="Approved and committed")).to_be_visible()
    assert values_of(place, "guarded/fees") == {"fee": 0.5}
    expect(author.locator("#notices")).to_contain_text("committed")


def test_a_proposal_is_rejected_with_a_reason_or_withdrawn(place: Place, person: Callable[..., Person]) -> None:
    ids = []
    for at in range(2):
        body = {"message": f"try {at}", "changes": [_created(f"guarded/try-{at}")]}
        ids.append(place.control.http.post("/v1/proposals", json=body).json()["id"])
    bob = person("bob").goto(f"/ui/proposals/{ids[0]}")
    bob.get_by_label("Reason").fill("not on a <Friday>")
    bob.get_by_role("button", name="Reject").click()
    expect(bob.get_by_text("Rejected: not on a <Friday>")).to_be_visible()
    alice = person("alice").goto(f"/ui/proposals/{ids[1]}")
    alice.get_by_role("button", name="Withdraw").click()
    expect(alice.get_by_role("status").filter(has_text="Withdrawn")).to_be_visible()


def test_a_bundle_is_rolled_back_after_a_look_at_what_that_does(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/back", {"limit": 1, "fee": 0.5})
    then = place.control.tip()
    put(place, "game/back", {"limit": 2})
    page = person("alice").goto(f"/ui/commits/{then}?bundle=game/back")
    page.get_by_role("link", name="Roll game/back back").click()
    expect(page.locator(".change.changed").first).to_contain_text("limit")
    expect(page.locator(".change.added").first).to_contain_text("fee")
    assert values_of(place, "game/back") == {"limit": 2}
    page.screenshot(path=_shot("rollback-light-1280"), full_page=True)
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("status").filter(has_text="Committed")).to_be_visible()
    assert values_of(place, "game/back") == {"limit": 1, "fee": 0.5}


def test_a_rollback_of_something_that_changed_meanwhile_is_looked_at_again(
    place: Place, person: Callable[..., Person]
) -> None:
    put(place, "game/moved", {"limit": 1})
    then = place.control.tip()
    put(place, "game/moved", {"limit": 2})
    page = person("alice").goto(f"/ui/confirm?action=rollback&bundle=game/moved&to={then}")
    put(place, "game/moved", {"limit": 3})
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("alert")).to_contain_text("changed meanwhile")
    assert values_of(place, "game/moved") == {"limit": 3}
    expect(page.locator(".change .before").first).to_have_text("3")


def test_a_rollback_of_what_is_protected_is_proposed(place: Place, person: Callable[..., Person]) -> None:
    commits = []
    for limit in (1, 2):
        now = place.control.get("guarded/back")
        etag = now.json()["etag"] if now.status_code == 200 else None
        body = {"changes": [_created("guarded/back", limit) | {"if_match": etag}]}
        made = place.control.http.post("/v1/proposals", json=body).json()
        headers = {"Authorization": f"Bearer {place.secrets['bob']}"}
        approved = place.control.http.post(
            f"/v1/proposals/{made['id']}/approve", json={"digest": made["digest"]}, headers=headers
        ).json()
        assert approved["state"] == "committed", approved
        commits.append(approved["commit"])
    page = person("alice").goto(f"/ui/confirm?action=rollback&bundle=guarded/back&to={commits[0]}")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("status").filter(has_text="Proposed")).to_be_visible()
    bob = person("bob").goto(page.url.removeprefix(place.url))
    bob.get_by_role("button", name="Approve and commit").click()
    expect(bob.get_by_role("status").filter(has_text="Approved and committed")).to_be_visible()
    assert values_of(place, "guarded/back") == {"limit": 1}


def test_an_overlay_is_deleted_after_it_was_seen(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/over", {"limit": 1})
    assert place.control.put("game/over/overlays/prod", document({"limit": 2})).status_code == 200
    page = person("alice").goto("/ui/edit?bundle=game/over@prod")
    page.get_by_role("link", name="Delete overlay").click()
    page.get_by_label("I have seen that").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").filter(has_text="Committed")).to_be_visible()
    assert place.control.get("game/over/overlays/prod").status_code == 404


def test_two_commits_are_compared_by_key(place: Place, person: Callable[..., Person]) -> None:
    for limit in (1, 2, 3):
        put(place, "game/compared", {"limit": limit})
    page = person("eve").goto("/ui/history?bundle=game/compared")
    page.locator("input[name=old]").nth(2).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".change .before")).to_have_text("1")
    expect(page.locator(".change .after")).to_have_text("3")
    page.go_back()
    page.locator("summary", has_text="keys").first.click()
    expect(page.locator(".commits .change").first).to_contain_text("limit")


# Seeing


def test_why_a_value_is_what_it_is_names_layer_commit_and_author(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/why", {"limit": 1})
    commit = place.control.tip()
    assert place.control.put("game/why/overlays/prod", document({"limit": 2})).status_code == 200
    page = person("eve").goto("/ui/bundles/game/why")
    page.get_by_label("Environment, region").select_option("prod")
    expect(page.locator("#row-limit .value")).to_have_text("2")
    expect(page.locator("#row-limit .badge")).to_have_text("prod")
    page.get_by_role("link", name="why limit").click()
    origins = page.locator("#why .origins li")
    expect(origins).to_have_count(2)
    expect(origins.first).to_contain_text(commit[:8])
    expect(origins.first).to_contain_text("alice")
    expect(origins.last).to_contain_text("wins")
    expect(page.locator("#why")).to_be_focused()


def test_a_secret_is_not_in_the_page_until_it_is_asked_for(place: Place, person: Callable[..., Person]) -> None:
    annotations = {"configedge.io/secret": "key"}
    secret = document({"key": "hunter2canary", "limit": 1}, annotations=annotations)
    assert place.control.put("game/secret", secret).status_code == 200
    page = person("eve").goto("/ui/bundles/game/secret")
    assert "hunter2canary" not in page.content()
    page.get_by_role("link", name="why key").click()
    expect(page.locator("#why")).to_contain_text("wins")
    assert "hunter2canary" not in page.content()
    page.get_by_role("link", name="Show key").click()
    expect(page.locator("#row-key .value")).to_have_text('"hunter2canary"')
    tip = place.control.tip()
    assert "hunter2canary" not in person("eve").goto(f"/ui/commits/{tip}").content()


def test_hostile_text_is_shown_as_text(place: Place, person: Callable[..., Person]) -> None:
    put(place, "game/hostile", {"note": HOSTILE}, message=HOSTILE)
    text = "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {name: pushed, namespace: game}\n"
    key = json.dumps(HOSTILE)
    push_file(
        place.control.repo,
        place.directory / "work",
        "bundles/game/pushed.yaml",
        f"{text}spec: {{values: {{{key}: 1}}}}\n",
        unchecked=True,
    )
    eve = person("eve")
    page = eve.goto("/ui/bundles/game/hostile")
    expect(page.locator("#row-note .value")).to_contain_text("<script>alert(1)</script>")
    expect(page.locator("#row-note .ctl").first).to_have_text("U+202E")
    for path in ("/", "/ui/history", "/ui/edit?bundle=game/hostile", f"/ui/commits/{place.control.tip()}"):
        eve.goto(path)
        assert "<script>alert" not in page.content()
    page = eve.goto("/ui/bundles/game/pushed")
    expect(page.locator("#broken")).to_contain_text("<script>alert(1)</script>")
    page.goto(place.url + "/?q=" + "%3Cscript%3Ealert(1)%3C/script%3E")
    expect(page.locator("#bundle-list")).to_contain_text("<script>alert(1)</script>")
    # It is marked where one comes in.
    expect(eve.goto("/").get_by_role("row").filter(has_text="game/pushed")).to_contain_text("broken: 1 problem")


def test_admins_make_a_token_that_is_shown_once_and_end_it(place: Place, person: Callable[..., Person]) -> None:
    page = person("alice").goto("/ui/tokens")
    page.get_by_label("Name", exact=True).fill("ci-job")
    page.get_by_label("Role").select_option("viewer")
    page.get_by_label("Namespace").fill("game")
    page.get_by_role("button", name="Make it").click()
    secret = page.get_by_label("The secret").input_value()
    headers = {"Authorization": f"Bearer {secret}"}
    assert httpx2.get(f"{place.url}/v1/whoami", headers=headers).json()["subject"] == "token:ci-job"
    page.goto(place.url + "/ui/tokens")
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke ci-job").click()
    expect(page.get_by_role("status").filter(has_text="Revoked")).to_be_visible()
    assert httpx2.get(f"{place.url}/v1/whoami", headers=headers).status_code == 401
    page.goto(place.url + "/ui/audit?q=token.revoke")
    expect(page.locator(".audit tbody tr").first).to_contain_text("token:alice")


@pytest.mark.parametrize("path", ["/ui/audit", "/ui/tokens"])
def test_pages_for_admins_are_refused_to_others(place: Place, path: str) -> None:
    with httpx2.Client(base_url=place.url) as client:
        place.sign_in(client, "ed")
        assert client.get(path).status_code == 403
        assert path not in client.get("/").text


def test_a_page_says_that_it_is_offline_and_comes_back_by_itself(browser: Any, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with running(tmp_path / "repo", "--port", port) as control:
        someone = Person(browser, control.url)
        page = someone.goto("/ui/edit?namespace=game&name=kept")
        change(page, "values: {}", "values: {limit: 1}")
        expect(page.locator("#connection")).to_have_text("live")
        control.stop()
        expect(page.locator("#connection")).to_contain_text("offline")
    with running(tmp_path / "repo", "--port", port) as control:
        expect(page.locator("#connection")).to_have_text("live", timeout=20_000)
        # What was typed before the restart is committed after it.
        page.get_by_label("Why").fill("after the restart")
        page.get_by_role("button", name="Commit").click()
        expect(page.get_by_role("status").filter(has_text="Committed")).to_be_visible()
        assert control.get("game/kept").status_code == 200
    someone.context.close()


# How it looks

PAGES = {
    "overview": "/",
    "bundle": "/ui/bundles/shop/prices?layer=prod.eu-west-1&why=modes.duel.max_wait_s",
    "edit": "/ui/edit?bundle=shop/prices",
    "history": "/ui/history",
    "commit": "/ui/commits/{tip}",
    "proposals": "/ui/proposals?state=all",
    "nodes": "/ui/nodes",
    "audit": "/ui/audit",
    "tokens": "/ui/tokens",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_fits_its_window(place: Place, person: Callable[..., Person], scheme: str, width: int) -> None:
    if place.control.get("shop/prices").status_code == 404:
        put(
            place,
            "shop/prices",
            {"modes": {"duel": {"max_wait_s": 30, "a_rather_long_name_of_a_key_" + "x" * 30: "y" * 300}}},
        )
        for layer, wait in (("prod", 25), ("prod.eu-west-1", 20)):
            overlay = document({"modes": {"duel": {"max_wait_s": wait}}})
            assert place.control.put(f"shop/prices/overlays/{layer}", overlay).status_code == 200
    tip = place.control.tip()
    headers = {"Authorization": f"Bearer {place.secrets['nodes']}"}
    for at, commit in enumerate([tip, tip, "0" * 40]):
        beat = _heartbeat(f"game-{at}.eu-west-1.internal.example", commit, time.time())
        assert (
            place.control.http.post("/v1/fleet/heartbeats", content=beat.body(), headers=_json(headers)).status_code
            == 200
        )
    alice = person("alice", color_scheme=scheme, viewport={"width": width, "height": 900})
    for name, path in PAGES.items():
        page = alice.goto(path.format(tip=tip))
        expect(page.locator("#connection")).to_have_text("live")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if name == "edit":
            expect(page.locator("#verdict")).to_contain_text("valid")
        page.screenshot(path=_shot(f"{name}-{scheme}-{width}"), full_page=width < 1000)
        # Each has its landmarks, one heading of the first level, and a name for every field.
        assert page.locator("main, header, nav").count() == 3 and page.locator("h1").count() == 1, name
        unnamed = "fields => fields.filter(f => !f.labels.length && !f.getAttribute('aria-label')).length"
        assert page.locator("input:not([type=hidden]), select, textarea").evaluate_all(unnamed) == 0, name
        page.keyboard.press("Tab")


def test_the_first_key_leads_past_the_navigation(person: Callable[..., Person]) -> None:
    page = person("eve").goto("/ui/nodes")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_time_until_nodes_had_a_push_is_drawn(browser: Any, tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        for push, late in enumerate((0.02, 0.2, 0.6)):
            for node in range(5):
                _report(control, _heartbeat(f"node-{node}", "f" * 40, time.time()))
            commit = control.put(f"game/push-{push}", document({"limit": push})).json()["commit"]
            made = _pushed(control, commit)
            time.sleep(late + 0.1)
            # The last node has not had the last push yet.
            for node in range(4 if push == 2 else 5):
                at = made["at"] + late * (1 + node) / 5
                _report(control, _heartbeat(f"node-{node}", commit, at))
        for scheme in ("light", "dark"):
            someone = Person(browser, control.url, color_scheme=scheme, viewport={"width": 1000, "height": 700})
            page = someone.goto("/ui/nodes")
            rows = page.locator(".chart tbody tr")
            expect(rows.first).to_contain_text("4/5")
            expect(rows.first.locator("circle.all")).to_have_count(0)
            expect(rows.nth(1).locator("circle.all")).to_have_count(1)
            expect(rows.nth(1).locator(".number").last).to_have_text("200 ms")
            page.screenshot(path=_shot(f"chart-{scheme}-1000"))
            someone.context.close()
            assert someone.complaints == []


def test_places_on_the_chart_follow_the_time() -> None:
    times = [(0.01, 0.1, 1.0), (0.02, 0.02, 0.02), (0.5, None, None)]
    pushes = [
        {"commit": "c" * 40, "at": 0.0, "nodes": 2, "served": 1, "first_s": first, "half_s": half, "all_s": last}
        for first, half, last in times
    ]
    chart = Chart.of(pushes)
    first, same, waiting = chart.rows
    assert first.first == 2 and first.all == 98 and first.half == 50
    assert same.first == same.half == same.all and waiting.all is None
    assert [label for _, label in chart.ticks] == ["10 ms", "100 ms", "1 s"]
    wide = Chart.of([{**pushes[0], "first_s": 0.001, "all_s": 1_000.0}])
    assert len(wide.ticks) == 7 and sum(bool(label) for _, label in wide.ticks) == 4, "they have room beside each other"


@pytest.mark.parametrize(
    ("key", "line"), [("spec.values.a.b", 4), ("spec.values.a.missing", 3), ("spec.list.1", 7), ("", 0), ("no", 0)]
)
def test_a_key_is_found_in_the_text(key: str, line: int) -> None:
    assert line_of("spec:\n  values:\n    a:\n      b: 1\n  list:\n  - x\n  - y\n", key) == line


def _shot(name: str) -> str:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return str(SHOTS / f"{name}.png")


def _created(bundle: str, limit: int = 1) -> dict[str, Any]:
    return {"bundle": bundle, "op": "put", "document": document({"limit": limit}), "if_match": None}


def _heartbeat(node: str, commit: str, now: float) -> Heartbeat:
    return Heartbeat(node, "prod", "eu-west-1", 12, commit, "ok", (), now, now, "0.1.0", now)


def _json(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"Content-Type": "application/json"}


def _report(control: Control, heartbeat: Heartbeat) -> None:
    headers = {"Content-Type": "application/json"}
    assert control.http.post("/v1/fleet/heartbeats", content=heartbeat.body(), headers=headers).status_code == 200


def _pushed(control: Control, commit: str) -> dict[str, Any]:
    """A push, once it is followed."""
    for _ in range(100):
        for push in control.http.get("/v1/fleet").json()["propagation"]:
            if push["commit"] == commit:
                return dict(push)
        time.sleep(0.05)
    raise AssertionError(f"the push {commit} is not followed")
