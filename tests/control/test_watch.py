"""Watching: every commit once and in order, whatever ends the connection in between."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.control import Control, document, git, running
from tests.support.people import asking, person
from tests.support.relay import wait_for


@dataclass(frozen=True)
class Event:
    kind: str
    data: dict[str, Any]
    id: str | None

    @property
    def documents(self) -> list[str]:
        return [f"{one['namespace']}/{one['name']}" for one in self.data["changes"]]


@contextmanager
def watching(client: httpx2.Client, known: str | None = None, **params: str) -> Iterator[Iterator[Event]]:
    headers = {"Last-Event-ID": known} if known else {}
    with client.stream("GET", "/v1/watch", params=params, headers=headers, timeout=20) as response:
        assert response.status_code == 200, response.read()
        told = events(response.iter_lines())
        hello = next(told)
        assert (hello.kind, hello.id) == ("hello", None if known else hello.data["commit"])
        yield told


def events(lines: Iterator[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            yield Event(fields.get("event", ""), json.loads(fields["data"]), fields.get("id"))
            fields = {}


def put(control: Control, bundle: str, **more: Any) -> str:
    done = control.put(bundle, document({"n": 1}), **more)
    assert done.status_code == 200, done.text
    return str(done.json()["commit"])


def test_each_commit_is_told_once_and_in_order(shared: Control) -> None:
    with watching(shared.http) as told:
        commits = [put(shared, f"each/a{n}", message="Because") for n in range(5)]
        seen = [next(told) for _ in commits]
    assert [event.id for event in seen] == commits and {event.kind for event in seen} == {"commit"}
    last = seen[-1].data
    assert last["changes"] == [
        {"namespace": "each", "name": "a4", "layer": "", "etag": shared.get("each/a4").json()["etag"]}
    ]
    assert last["commit"] == commits[-1] and "Because" in last["message"] and last["author"] and last["time"]


def test_what_was_pushed_is_told_too(shared: Control, tmp_path: Path) -> None:
    put(shared, "pushed/a")
    text = git(shared.repo, "show", "main:bundles/pushed/a.yaml").replace("name: a", "name: b")
    with watching(shared.http, shared.tip()) as told:
        git(tmp_path, "clone", "-q", "--no-local", "-b", "main", str(shared.repo), "work")
        (tmp_path / "work/bundles/pushed/b.yaml").write_text(text)
        git(tmp_path / "work", "add", "-A")
        git(tmp_path / "work", "commit", "-q", "-m", "By hand")
        git(tmp_path / "work", "push", "-q", "origin", "HEAD:main")
        event = next(told)
    assert event.id == git(tmp_path / "work", "rev-parse", "HEAD") and event.documents == ["pushed/b"]


def test_a_watcher_that_comes_back_gets_what_it_missed(shared: Control) -> None:
    known = put(shared, "back/a")
    missed = [put(shared, f"back/b{n}") for n in range(4)]
    with watching(shared.http, known) as told:
        assert [next(told).id for _ in missed] == missed
        new = put(shared, "back/c")
        assert next(told).id == new
    with watching(shared.http, new) as told:
        newest = put(shared, "back/d")
        assert next(told).id == newest, "there is nothing it has not seen"


def test_one_who_knows_a_commit_that_is_not_here_starts_anew(shared: Control) -> None:
    headers = {"Last-Event-ID": "f" * 40}
    with shared.http.stream("GET", "/v1/watch", headers=headers) as response:
        told = events(response.iter_lines())
        assert next(told).kind == "hello"
        event = next(told)
        assert (event.kind, event.data["commit"], event.id) == ("reset", shared.tip(), shared.tip())
        commit = put(shared, "reset/a")
        assert next(told).id == commit
    refused = shared.http.get("/v1/watch", headers={"Last-Event-ID": "main"})
    assert refused.status_code == 400


def test_a_watcher_chooses_a_namespace_or_a_bundle(shared: Control) -> None:
    with (
        watching(shared.http, namespace="chosen") as by_namespace,
        watching(shared.http, namespace="chosen", name="b") as by_name,
    ):
        for bundle in ("other/a", "chosen/a", "other/b", "chosen/b"):
            put(shared, bundle)
        assert [next(by_namespace).documents for _ in range(2)] == [["chosen/a"], ["chosen/b"]]
        assert next(by_name).documents == ["chosen/b"]
    assert shared.http.get("/v1/watch", params={"namespace": ".."}).status_code == 422


def test_what_is_refused_and_proposed_is_told_to_who_is_there(tmp_path: Path) -> None:
    with asking(tmp_path / "repo") as control:
        viewer = person(control, "viewer", "viewer", namespace="game")
        with watching(control.http) as all_, watching(viewer) as own:
            put(control, "secret/a")
            assert control.put("secret/a", document({"n": 2})).status_code == 412
            assert control.put("game/a", b"{").status_code == 400
            change = {"bundle": "game/b", "op": "put", "document": document({"n": 1}), "if_match": None}
            assert control.http.post("/v1/proposals", json={"changes": [change]}).status_code == 201
            seen = [next(all_) for _ in range(4)]
            assert [event.kind for event in seen] == ["commit", "refused", "refused", "proposal"]
            assert (seen[1].data["bundle"], seen[1].data["code"]) == ("secret/a", "stale")
            assert seen[3].data["state"] == "open"
            assert [next(own).data.get("bundle") for _ in range(2)] == ["game/a", None], "nothing of what is secret"


@pytest.mark.parametrize("kills", [2])
def test_none_is_missed_or_told_twice_over_kills(tmp_path: Path, kills: int) -> None:
    repo = tmp_path / "repo"
    seen: list[str] = []
    known: str | None = None
    for round_ in range(kills):
        with running(repo) as control:
            known = known or control.tip()
            stop = threading.Event()

            def write(control: Control = control, round_: int = round_, stop: threading.Event = stop) -> None:
                for n in range(10_000):
                    try:
                        control.put(f"game/r{round_}-{n}", document({"n": n}))
                    except httpx2.HTTPError:
                        break
                stop.set()

            writer = threading.Thread(target=write)
            killer = threading.Timer(0.6, control.kill)
            try:
                with httpx2.Client(base_url=control.url) as client, watching(client, known) as told:
                    writer.start()
                    killer.start()
                    for event in told:
                        if event.kind == "commit":
                            seen.append(event.id or "")
                            known = event.id
            except httpx2.HTTPError:
                pass
            killer.join()
            writer.join()
            assert stop.is_set()
    with running(repo) as control:
        every = git(repo, "rev-list", "--reverse", "main").split()[1:]
        with watching(control.http, known) as told:
            seen += [next(told).id or "" for _ in range(len(every) - len(seen))]
        assert seen == every and len(every) > 3 * kills


def test_a_watcher_that_does_not_read_is_sent_away_and_comes_back(tmp_path: Path) -> None:
    """It holds up nobody, and what is kept for it is bounded."""
    repo = tmp_path / "repo"
    with running(repo) as control:
        known = put(control, "game/a")
        host, port = control.url.removeprefix("http://").split(":")
        slow = socket.socket()
        # So that not much of what it does not read is under way.
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect((host, int(port)))
        slow.sendall(f"GET /v1/watch HTTP/1.1\r\nHost: {host}\r\nLast-Event-ID: {known}\r\n\r\n".encode())
        wait_for(lambda: subscribers(control) == 1)
        with watching(control.http, known) as quick:
            for part in range(3):
                push_many(repo, 500, part)
                for _ in range(500):
                    last = next(quick).id
        wait_for(lambda: subscribers(control) <= 1)
        control.put("game/b", document({"n": 1}))
        # What had been sent is there to be read, and then the end.
        read, lines = bytearray(), []
        while chunk := slow.recv(1 << 16):
            read += chunk
        lines = [line for line in read.decode(errors="replace").splitlines() if line.startswith("id: ")]
        assert 0 < len(lines) < 1500, "it was sent away before the end"
        missed = git(repo, "rev-list", "--reverse", f"{lines[-1].removeprefix('id: ').strip()}..main").split()
        with watching(control.http, lines[-1].removeprefix("id: ").strip()) as told:
            assert [next(told).id for _ in missed] == missed
        assert last in missed
    slow.close()


def subscribers(control: Control) -> int:
    text = control.http.get("/metrics").text
    return next(int(float(line.split()[-1])) for line in text.splitlines() if "subscribers" in line and line[0] != "#")


def push_many(repo: Path, number: int, part: int) -> None:
    """Commits that each have much to say, as one push."""
    tip = git(repo, "rev-parse", "main")
    stream = []
    for n in range(number):
        message = f"{part} {n} ".encode() + b"x" * (16 << 10)
        start = b"from %s\n" % tip.encode() if n == 0 else b""
        who = b"committer A <a@localhost> %d +0000\n" % int(time.time())
        stream.append(
            b"commit refs/heads/many-%d\n" % part
            + who
            + b"data %d\n%s\n" % (len(message), message)
            + start
            + b"M 100644 inline notes\ndata 1\n%d\n" % (n % 10)
        )
    subprocess.run(["git", "-C", repo, "fast-import", "--quiet"], input=b"".join(stream), check=True)
    git(repo, "update-ref", "refs/heads/main", f"refs/heads/many-{part}", tip)
