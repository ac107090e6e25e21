"""No name reaches a file, no text forges a part of a commit, and no secret gets to where others read.

PROOFS=long tries every name in every place, 38,000 requests, and not each in a third of them.
"""

from __future__ import annotations

import json
import os
import re
import string
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configedge.control.auth import Grant, Role
from tests.support.access import Guarded, Raw, guarded
from tests.support.control import document, git

# Neighbours are of a kind, and take other places: so each place meets names of each kind.
EVERY = 1 if os.environ.get("PROOFS") == "long" else 3
NAMES: list[str] = [
    name for group in json.loads((Path(__file__).parent / "names/hostile.json").read_text()).values() for name in group
]
_N = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
NAME = re.compile(_N, re.ASCII)
BUNDLE = re.compile(rf"{_N}/{_N}(?:@{_N}(?:\.{_N})?)?", re.ASCII)
# All that a tree of ours may have.
FILE = re.compile(
    rf"(bundles|tombstones)/{_N}/{_N}\.yaml|(overlays|rendered)/{_N}(\.{_N})?/{_N}/{_N}\.yaml"
    r"|approvals/[0-9a-f]{16}\.json|proposal\.json",
    re.ASCII,
)
REF = re.compile(r"refs/heads/main|refs/proposals/[0-9a-f]{16}", re.ASCII)
# All that the directory of a bare repository of ours may have.
IN_REPOSITORY = re.compile(
    r"HEAD|config|description|packed-refs|configedge\.lock|configedge-scratch/[0-9a-f]{2}/[0-9a-f]{38}|configedge-hook\.json|(hooks|info)/[A-Za-z.-]+"
    r"|objects/([0-9a-f]{2}/[0-9a-f]{38}|(pack|info)/[a-z0-9.-]+)|(logs/)?(HEAD|refs/heads/main|refs/proposals/[0-9a-f]{16})",
    re.ASCII,
)
JSON = {"Content-Type": "application/json"}
CREATE = {**JSON, "If-None-Match": "*"}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("hostile") / "control") as running:
        made = running.admin.put("/v1/bundles/game/life", content=json.dumps(document({"a": 1})), headers=CREATE)
        assert made.status_code == 200
        yield running


def check_nothing_escaped(target: Guarded) -> None:
    """No file beside the repository, no entry in any tree that is not ours, no other ref; and it is whole."""
    repo = target.control.repo
    for directory, _, files in os.walk(repo):
        for file in files:
            path = str(Path(directory, file).relative_to(repo))
            assert IN_REPOSITORY.fullmatch(path), path
    outside = {path.name for path in repo.parent.iterdir()}
    known = {"repo", "repo.log", "jwks.json", "access.yaml", "tokens.json", "tokens.json.lock", "audit.jsonl"}
    assert outside <= {*known, "audit.jsonl.lock", ".audit.jsonl.lock"}, outside
    for line in git(repo, "for-each-ref", "--format=%(refname)").splitlines():
        assert REF.fullmatch(line), line
    trees = git(repo, "log", "--all", "--format=%T").split()
    for entry in {line for tree in set(trees[:200]) for line in git(repo, "ls-tree", "-r", "-z", tree).split("\0")}:
        if entry:
            mode, _, path = entry.partition("\t")
            assert mode.startswith("100644 blob") and FILE.fullmatch(path), entry
    git(repo, "fsck", "--strict", "--no-dangling")


def body(**members: Any) -> bytes:
    return json.dumps(members).encode()


def encoded(name: str) -> str:
    """Every byte of it, as in a part of a URL."""
    return quote(name.encode("utf-8", "surrogatepass"), safe="")


def as_it_is(name: str) -> str:
    """What can be in a request line, and no more encoded than it is."""
    return quote(name.encode("utf-8", "surrogatepass"), safe=string.punctuation)


Attempt = tuple[str, str, bytes | None, dict[str, str | bytes]]
PUT_BODY = body(**document({"a": 1}))
COMMIT = "0" * 40


def a_change(*bundles: str) -> bytes:
    what = {"op": "put", "document": document({"a": 1}), "if_match": None}
    return body(changes=[{"bundle": bundle, **what} for bundle in bundles])


def attempts(name: str) -> Iterator[tuple[Attempt, bool]]:
    """Requests that have the name in each place that takes one, and whether it may be accepted there."""

    def fits(form: re.Pattern[str], text: str = name) -> bool:
        return form.fullmatch(text) is not None

    n = encoded(name)
    for path, fine in (
        (f"/v1/bundles/{n}/x", fits(NAME)),
        (f"/v1/bundles/hostile/{n}", fits(NAME)),
        (f"/v1/bundles/game/life/overlays/{n}", fits(BUNDLE, f"a/a@{name}")),
        # A slash in a part of a URL is one of the URL.
        (f"/v1/bundles/{n}", "@" not in name and fits(BUNDLE)),
    ):
        yield ("PUT", path, PUT_BODY, dict(CREATE)), fine
        yield ("GET", path, None, {}), fine
    yield ("DELETE", f"/v1/bundles/hostile/{n}", None, {"If-Match": "*"}), fits(NAME)
    for more in ("overlays", "effective", "explain", "history", "tombstones"):
        yield ("GET", f"/v1/bundles/game/{n}/{more}", None, {}), fits(NAME)
    for method, more in (("GET", ""), ("POST", "/approve"), ("POST", "/withdraw")):
        content = body(digest="x") if more == "/approve" else None
        yield (method, f"/v1/proposals/{n}{more}", content, dict(JSON) if content else {}), False
    yield ("DELETE", f"/v1/tokens/{n}", None, {}), False
    for member in ("name", "namespace"):
        named = document({"a": 1}, **{member: name})
        yield ("PUT", "/v1/bundles/hostile/meta", body(**named), dict(CREATE)), False
        exported = document({"a": 1}, **{"name": "x", "namespace": "hostile", member: name})
        imported = {"apiVersion": exported["apiVersion"], "kind": "ConfigExport", "bundles": [exported]}
        yield ("POST", "/v1/import", body(**imported), dict(JSON)), fits(NAME)
    over = {"layer": name, "document": document({"a": 1}, name="life", namespace="game")}
    export = body(apiVersion="configedge.io/v1alpha1", kind="ConfigExport", bundles=[], overlays=[over])
    yield ("POST", "/v1/import", export, dict(JSON)), fits(BUNDLE, f"a/a@{name}")
    forms = (name, f"hostile/{name}", f"{name}/life", f"game/life@{name}", f"game/life@prod.{name}")
    for bundle, url in zip(forms, cycle(("/v1/changes", "/v1/validate", "/v1/proposals")), strict=False):
        yield ("POST", url, a_change(bundle), dict(JSON)), fits(BUNDLE, bundle)
    yield ("POST", "/v1/tokens", body(name=name, grants=[{"role": "viewer"}], expires_in_s=9), dict(JSON)), fits(NAME)
    for member in ("role", "namespace", "prefix", "environment"):
        grant = {"role": "viewer", member: name}
        fine = fits(NAME) or name == "*" or (member == "prefix" and (name == "" or fits(NAME, f"{name}a")))
        token = body(name="x-y", grants=[grant], expires_in_s=9)
        yield ("POST", "/v1/tokens?dry_run=true", token, dict(JSON)), fine and member != "role"
    for url in ("/v1/rollback", "/v1/bundles/game/life/rollback"):
        yield ("POST", url, body(to=name), {**JSON, "If-Match": "*"}), False
    beat = {"generation": 1, "state": "ok", "published_at": 0, "sent_at": 0, "version": "1", "commit": ""}
    for member in ("node", "environment", "region", "commit", "state", "version"):
        yield ("POST", "/v1/fleet/heartbeats", body(**{"node": "n", **beat, member: name}), dict(JSON)), True


QUERIES = {
    "/v1/bundles": ("namespace", "cursor", "at", "limit"),
    "/v1/history": ("cursor", "limit"),
    "/v1/audit": ("cursor",),
    "/v1/export": ("namespace", "at"),
    f"/v1/diff?from={COMMIT}": ("to", "namespace", "name"),
    "/v1/diff": ("from",),
    "/v1/proposals": ("state",),
    "/v1/bundles/game/life": ("at", "unknown"),
    "/v1/bundles/game/life/history": ("layer", "cursor"),
    "/v1/bundles/game/life/effective": ("environment", "at"),
    "/v1/bundles/game/life/effective?environment=prod": ("region",),
    "/v1/bundles/game/life/explain": ("key", "environment"),
}
HEADERS = ("X-Request-Id", "Last-Event-ID", "If-Match", "If-None-Match", "Idempotency-Key", "Host", "traceparent")


def asides(name: str) -> Iterator[Attempt]:
    """In queries, in headers, and in a path as it is: what comes of it is for the checks of the repository to say."""
    for url, parameters in QUERIES.items():
        for parameter in parameters:
            yield "GET", f"{url}{'&' if '?' in url else '?'}{parameter}={encoded(name)}", None, {}
    value = name.encode("utf-8", "surrogatepass")
    # A header's value ends at these: what would follow is another header, and nobody's name.
    if not set(value) & set(b"\r\n"):
        for header in HEADERS:
            url = "/v1/watch?namespace=A" if header == "Last-Event-ID" else "/v1/bundles/game/life"
            yield "GET", url, None, {header: value}
        yield "PUT", "/v1/bundles/game/life", PUT_BODY, {**JSON, "If-Match": value, "Idempotency-Key": value}
    for path in (f"/v1/bundles/hostile/{as_it_is(name)}", f"/v1/bundles/{as_it_is(name)}/x", as_it_is(f"/{name}")):
        yield "PUT", path, PUT_BODY, dict(CREATE)
        yield "GET", path, None, {}


T = TypeVar("T")


def in_turn(places: Iterable[T], number: int) -> Iterator[T]:
    """Those of the places that a name takes."""
    return islice(places, number % EVERY, None, EVERY)


def test_no_hostile_name_is_taken_or_escapes_or_breaks_anything(target: Guarded) -> None:
    assert len(NAMES) >= 400 and len(set(NAMES)) == len(NAMES)
    secret = target.token("hostile", Grant(Role.admin))

    def try_all(first: int) -> int:
        raw, count = Raw(target.control.url, secret), 0
        for number in range(first, len(NAMES), 8):
            name = NAMES[number]
            for attempt, fine in in_turn(attempts(name), number):
                status, text = raw.send(*attempt)
                assert 200 <= status < 500 and (fine or status >= 400), (name, attempt, status, text)
                count += 1
            for attempt in in_turn(asides(name), number):
                status, text = raw.send(*attempt)
                assert 200 <= status < 500, (name, attempt, status, text)
                count += 1
        raw.close()
        return count

    with ThreadPoolExecutor(4) as pool:
        count = sum(pool.map(try_all, range(8)))
    assert count > 60 * len(NAMES) // EVERY
    check_nothing_escaped(target)
    assert "Traceback" not in target.control.log.read_text()


FRAGMENTS = (
    *("", ".", "..", "/", "\\", ".git", "%2e", "%2f", "%00", "\0", "@", "@prod", ":", "~", "^", "-", ".yaml", ".lock"),
    *("a", "b0", "game", "life", "refs", "heads", "\n", " ", "\u200b", "\uff0e", "\uff0f", "é", "A", "\ud800", "CON"),
)
fragments = st.sampled_from(FRAGMENTS)
HALF = re.compile("[\ud800-\udfff]")
generated = st.one_of(st.lists(fragments, max_size=8).map("".join), st.text(max_size=40), st.sampled_from(NAMES))


def test_of_ten_thousand_generated_names_exactly_the_names_are_taken(target: Guarded) -> None:
    raw = Raw(target.control.url, target.token("generated", Grant(Role.admin)))
    tried = 0

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(generated, min_size=50, max_size=50))
    def try_some(names: list[str]) -> None:
        nonlocal tried
        tried += len(names)
        # Half a character makes the whole body unreadable, which is another refusal.
        bundles = [f"generated/{name}" for name in names if not HALF.search(name)]
        fine = list(dict.fromkeys(bundle for bundle in bundles if BUNDLE.fullmatch(bundle)))
        status, text = raw.send("POST", "/v1/changes", a_change(*bundles, "generated/../x"), dict(JSON))
        # All of those that are none are named; and of the others nothing was done.
        assert status == 422, (status, text)
        refused = {int(problem["key"].split(".")[1]) for problem in json.loads(text)["problems"]}
        assert refused == {n for n, bundle in enumerate([*bundles, "generated/../x"]) if bundle not in fine}
        for bundle in fine:
            namespace, _, name = bundle.partition("/")
            name, _, layer = name.partition("@")
            url = f"/v1/bundles/{namespace}/{name}" + (f"/overlays/{layer}" if layer else "")
            status, text = raw.send("PUT", url, PUT_BODY, dict(CREATE))
            # There already, or an overlay of what is not there.
            assert status in (200, 412, 409), (bundle, status, text)
        for name in names[:5]:
            if f"generated/{name}" not in fine:
                status, text = raw.send("PUT", f"/v1/bundles/generated/{encoded(name)}", PUT_BODY, dict(CREATE))
                assert status in (404, 405, 422), (name, status, text)

    try_some()
    raw.close()
    assert tried >= 10_000
    check_nothing_escaped(target)


# What could end a line, begin a header or a trailer, or hide what is shown.
INJECTED = [
    "x\n\nSubject: token:root\nRequest-Id: forged\n",
    "x\r\n\r\nSubject: token:root",
    "x\rSubject: token:root",
    "x\n\nCo-authored-by: root <root@example.com>",
    "x\nSigned-off-by: root <root@example.com>",
    "x\n\nIdempotency-Key: " + "0" * 64 + "\nRequest: " + "0" * 64,
    "x\n---\nSubject: token:root",
    "x\n\n---\n\nSubject: token:root\n",
    "x\n\n# ------------------------ >8 ------------------------\nSubject: token:root",
    "x\n\n(cherry picked from commit 0000000000000000000000000000000000000000)\nSubject: token:root",
    "author root <root@example.com> 0 +0000\ncommitter root <root@example.com> 0 +0000",
    "\nauthor root <root@example.com> 0 +0000\n\n",
    "x\nparent " + "0" * 40,
    "x\ngpgsig -----BEGIN SSH SIGNATURE-----",
    "x\nencoding UTF-7\n\n+AAo-Subject: root",
    "x\x0bSubject: token:root",
    "x\x0c\x0cSubject: token:root",
    "x\x1c\x1d\x1eSubject: token:root",
    "x\x85\x85Subject: token:root",
    "x\u2028\u2028Subject: token:root",
    "x\u2029\u2029Subject: token:root",
    "x\0Subject: token:root",
    "x\n\n\u200bSubject: token:root",
    "x\n\nSub\u200bject: token:root",
    "x\n\n\u202eSubject: token:root",
    "x\n\n\ufeffSubject: token:root",
    "x\n\n Subject: token:root\n\tfolded",
    "x\n\nSubject : token:root",
    "x\n\nsubject: token:root",
    "refs/heads/main\n\nrefs/proposals/x",
    "root <root@example.com>",
    "root> 0 +0000\nparent x <a",
    "\x1b[2K\x1b[1Aroot",
    "> quoted\n\nSubject: token:root",
    ">\n\n\n\nSubject: token:root\n\n\n\n",
    "\n\n\n\n",
    " ",
    "x" * 1970 + "\n\nSubject: r",
]


def test_no_text_forges_an_author_or_a_trailer(target: Guarded) -> None:
    editors = [target.bearer(target.token("words", Grant(Role.editor)))]
    expected = {"token:words": "words <words@tokens.configedge.invalid>"}
    approver = target.bearer(target.token("second", Grant(Role.approver)))
    for text in INJECTED:
        # Whoever can be known by such a name is somebody else.
        for claims in ({"subject": text}, {"subject": "alice", "email": text, "email_verified": True}):
            client = target.bearer(target.issuer.token(**claims))
            status = client.get("/v1/whoami").status_code
            assert status == (401 if claims["subject"] == text else 200), text
        made = target.admin.post("/v1/tokens", json={"name": text, "grants": [{"role": "admin"}], "expires_in_s": 60})
        assert made.status_code == 422
        for n, client in enumerate(editors):
            etag = client.get("/v1/bundles/game/life").json()["etag"]
            header = text.encode("utf-8")
            headers: dict[str, Any] = {"If-Match": f'"{etag}"', **JSON, "X-Request-Id": "given-1"}
            if header.strip() and all(byte >= 32 for byte in header):
                headers |= {"X-Request-Id": header, "Idempotency-Key": header}
            value, params = document({"a": f"{n} {text}"}), {"message": text, "revive": "true"}
            done = client.put("/v1/bundles/game/life", json=value, headers=headers, params=params)
            if done.status_code == 422 and "Idempotency-Key" in headers:
                del headers["Idempotency-Key"]
                done = client.put("/v1/bundles/game/life", json=value, headers=headers, params=params)
            assert done.status_code == 200, done.text
        change = {"bundle": "game/life", "op": "put", "document": document({"b": text}), "if_match": "*"}
        proposed = editors[0].post("/v1/proposals?revive=true", json={"message": text, "changes": [change]}).json()
        url = f"/v1/proposals/{proposed['id']}"
        if len(text) % 2:
            assert approver.post(f"{url}/approve", json={"digest": proposed["digest"]}).status_code == 200
        else:
            assert approver.post(f"{url}/reject", json={"reason": text}).status_code == 200
    check_commits(target.control.repo, expected)
    check_nothing_escaped(target)


def test_who_has_a_name_that_no_commit_can_have_is_not_known(tmp_path: Path) -> None:
    prefix, longest = "ci-of-another-team:", "x" * 200
    everybody = {"subjects": [f"user:{prefix}{longest}", f"user:{prefix}x"], "role": "editor"}
    with guarded(tmp_path / "control", grants=[everybody], prefix=prefix) as target:
        for subject, status in ((longest, 401), ("x", 200)):
            client = target.bearer(target.issuer.token(subject))
            made = client.put("/v1/bundles/game/a", json=document({"a": 1}), headers=CREATE)
            assert made.status_code == status, made.text


def check_commits(repo: Path, authors: dict[str, str]) -> None:
    """Every commit says what it has to, once, and is by whom its subject is."""
    for commit in git(repo, "log", "--all", "--format=%H").split():
        raw = git(repo, "cat-file", "commit", commit)
        head, _, message = raw.partition("\n\n")
        lines = head.split("\n")
        assert [line.split(" ")[0] for line in lines if not line.startswith("parent")] == [
            "tree",
            "author",
            "committer",
        ]
        if message.strip() == "Begin the history":
            continue
        found = git(repo, "interpret-trailers", "--parse", stdin=f"{message}\n".encode()).splitlines()
        trailers = dict(line.split(": ", 1) for line in found)
        assert len(trailers) == len(found)
        assert trailers.keys() in ({"Subject", "Request-Id"}, {"Subject", "Request-Id", "Idempotency-Key", "Request"})
        assert re.fullmatch(r"(token|user|local):[a-z-]+|configedge", trailers["Subject"]), trailers
        assert trailers["Subject"] != "token:root" or "> " not in message, "root wrote no words"
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", trailers["Request-Id"])
        if trailers["Subject"] in authors:
            (author,) = (line for line in lines if line.startswith("author "))
            proposal = "Proposal " in message
            assert proposal or author.startswith(f"author {authors[trailers['Subject']]} "), author
        # Everything that a client wrote is in one paragraph, quoted, of characters that can be seen.
        assert all(character.isprintable() or character == "\n" for character in message)
        middle = message.rstrip().split("\n\n")[1:-1]
        assert all(line.startswith(">") for paragraph in middle for line in paragraph.splitlines()), message
