"""Several control planes on one remote: no leader, nothing lost, nothing done twice, whatever is cut between them.

PROOFS=long makes 1,000 writes, and not 150.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from configedge.bundle import to_yaml
from tests.support.control import Control, document, git, plain_client, running
from tests.support.people import asking, person
from tests.support.relay import wait_for

WRITES = 1_000 if os.environ.get("PROOFS") == "long" else 150


class Link:
    """A TCP proxy. `state` is `up`; `cut`: it ends all connections; `deaf`: what is sent arrives, no answer does."""

    def __init__(self, port: int) -> None:
        self.state = "up"
        self._to = port
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, state: str) -> None:
        self.state = state
        if state == "cut":
            for end in list(self._open):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.close()
        self.become("cut")

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.state == "cut":
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                client.close()
                continue
            self._open |= {client, server}
            sent = [0]
            for source, target, asks in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, target, asks, sent), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, asks: bool, sent: list[int]) -> None:
        with suppress(OSError):
            while chunk := source.recv(1 << 16):
                # The first thing that is sent names the repository; what follows is the push.
                if asks:
                    sent[0] += 1
                elif self.state == "deaf" and sent[0] > 1:
                    break
                target.sendall(chunk)
        for end in (source, target):
            self._open.discard(end)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def served(directory: Path) -> Iterator[int]:
    """A bare repository `remote` in the directory, over the network; gives the port."""
    git(directory, "init", "-q", "--bare", "-b", "main", "remote")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    daemon = shutil.which("git-daemon", path=git(directory, "--exec-path"))
    if daemon is None:
        pytest.skip("git daemon is not installed")
    options = ["--reuseaddr", "--export-all", "--enable=receive-pack", f"--base-path={directory}"]
    process = subprocess.Popen(
        [daemon, *options, "--listen=127.0.0.1", f"--port={port}", str(directory)], stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: answers(port))
        yield port
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@contextmanager
def linked(directory: Path) -> Iterator[Link]:
    with served(directory) as port:
        link = Link(port)
        try:
            yield link
        finally:
            link.close()


def at(link: Link, *more: str) -> tuple[str, ...]:
    return ("--remote", f"git://127.0.0.1:{link.port}/remote", "--rate", "0,0", *more)


def append(http: httpx2.Client, value: int, key: str) -> httpx2.Response:
    patch = [{"op": "add", "path": "/spec/values/list/-", "value": value}]
    headers = {"Content-Type": "application/json-patch+json", "If-Match": "*", "Idempotency-Key": key}
    return http.patch("/v1/bundles/game/a", content=json.dumps(patch), headers=headers)


def repeated(http: httpx2.Client, value: int, key: str) -> httpx2.Response:
    """Does as a refusal of the remote says: the same request with the same key, until it is answered."""
    for _ in range(10):
        response = append(http, value, key)
        if response.status_code != 503:
            return response
    return response


def grow(control: Control) -> None:
    grows = document({"list": []}, annotations={"configedge.io/allow-resize": "true"})
    assert control.put("game/a", grows).status_code == 200


def listed(control: Control) -> list[int]:
    values: list[int] = control.get("game/a").json()["document"]["spec"]["values"]["list"]
    return values


def readiness(control: Control) -> str:
    told = control.http.get("/readyz")
    return "" if told.status_code == 200 else told.text


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, str(response.json()["type"]).rpartition(":")[2]


def test_a_remote_that_is_away_ends_writes_and_nothing_else(tmp_path: Path) -> None:
    with linked(tmp_path) as link, running(tmp_path / "repo", *at(link)) as control:
        grow(control)
        tip = control.tip()
        link.become("cut")
        refused = append(control.http, 1, "k-1")
        assert code(refused) == (503, "remote") and refused.headers["retry-after"], refused.text
        assert control.tip() == tip and listed(control) == []
        wait_for(lambda: "remote" in readiness(control))
        link.become("up")
        wait_for(lambda: not readiness(control))
        assert append(control.http, 1, "k-1").status_code == 200
        assert listed(control) == [1] and git(tmp_path / "remote", "rev-parse", "main") == control.tip()


def test_a_replica_starts_without_its_remote_and_serves_what_it_has(tmp_path: Path) -> None:
    with linked(tmp_path) as link:
        with running(tmp_path / "repo", *at(link)) as control:
            grow(control)
        link.become("cut")
        with running(tmp_path / "repo", *at(link)) as control:
            assert listed(control) == []
            assert code(append(control.http, 1, "k-1")) == (503, "remote")
            link.become("up")
            wait_for(lambda: not readiness(control))
            assert append(control.http, 1, "k-1").status_code == 200


def test_a_change_of_what_is_over_is_stale_whether_or_not_the_remote_is_there(tmp_path: Path) -> None:
    with linked(tmp_path) as link, running(tmp_path / "repo", *at(link)) as control:
        first = control.put("game/a", document({"n": 1})).json()["etag"]
        second = control.put("game/a", document({"n": 2}), first).json()["etag"]
        link.become("cut")
        stale = control.put("game/a", document({"n": 3}), first)
        assert code(stale) == (412, "stale") and stale.json()["etag"] == second
        # One that is not known here may be what another replica made.
        assert code(control.put("game/a", document({"n": 3}), "1" * 40)) == (503, "remote")
        link.become("up")


def test_a_push_whose_answer_is_lost_is_found_again_by_its_key(tmp_path: Path) -> None:
    with linked(tmp_path) as link, running(tmp_path / "repo", *at(link)) as control:
        grow(control)
        for value in range(5):
            before = git(tmp_path / "remote", "rev-parse", "main")
            link.become("deaf")
            refused = append(control.http, value, f"k-{value}")
            assert code(refused) == (503, "remote") and "nothing was changed" not in refused.text, refused.text
            # It may have been cut off before it was all sent, or be on its way still.
            arrived = git(tmp_path / "remote", "rev-parse", "main") != before
            link.become("up")
            again = repeated(control.http, value, f"k-{value}")
            assert again.status_code == 200, again.text
            assert listed(control) == list(range(value + 1)), "the write was lost, or made twice"
            if arrived:
                assert again.json()["repeated"] is True
                return
        raise AssertionError("none arrived, so this shows nothing")


def test_a_write_sees_what_another_replica_acknowledged(tmp_path: Path) -> None:
    with linked(tmp_path) as link, running(tmp_path / "a", *at(link)) as a, running(tmp_path / "b", *at(link)) as b:
        etag = a.put("game/a", document({"n": 1})).json()["etag"]
        for n, (one, other) in enumerate([(b, a), (a, b)] * 2):
            done = one.put("game/a", document({"n": n + 2}), etag)
            assert done.status_code == 200, f"it was refused for what it did not know yet: {done.text}"
            stale = other.put("game/a", document({"n": 0}), etag)
            assert stale.status_code == 412 and stale.json()["etag"] == done.json()["etag"]
            etag = done.json()["etag"]


def test_a_proposal_is_approved_at_another_replica(tmp_path: Path) -> None:
    rules = [{"namespace": "game", "approvals": 1}]
    with (
        linked(tmp_path) as link,
        asking(tmp_path / "a", rules, *at(link)) as a,
        asking(tmp_path / "b", rules, *at(link)) as b,
    ):
        ann, bob = person(a, "ann", "editor"), person(a, "bob", "approver")
        change = {"bundle": "game/a", "op": "put", "document": document({"n": 1}), "if_match": None}
        proposal = ann.post("/v1/proposals", json={"changes": [change]}).json()
        bob.base_url = b.url
        path = f"/v1/proposals/{proposal['id']}"
        wait_for(lambda: bob.get(path).status_code == 200)
        done = bob.post(f"{path}/approve", json={"digest": proposal["digest"]})
        assert done.status_code == 200 and done.json()["state"] == "committed", done.text
        wait_for(
            lambda: ann.get(path).json()["state"] == "committed" and ann.get("/v1/bundles/game/a").status_code == 200
        )
        assert ann.get(path).json()["commit"] == done.json()["commit"]


def test_what_was_pushed_past_every_check_is_told(tmp_path: Path) -> None:
    rules = [{"namespace": "vault", "approvals": 1}]
    forged = "Update vault/b\n\nSubject: token:ann\nRequest-Id: 1"

    def push(name: str, message: str) -> str:
        work = tmp_path / "work"
        if not work.exists():
            git(tmp_path, "clone", "-q", str(tmp_path / "remote"), "work")
        git(work, "pull", "-q", "--ff-only", "origin", "main")
        namespace, _, bundle = name.partition("/")
        (work / "bundles" / namespace).mkdir(parents=True, exist_ok=True)
        text = to_yaml(document({"n": 1}, name=bundle, namespace=namespace)).decode()
        (work / f"bundles/{name}.yaml").write_text(text)
        git(work, "add", "-A")
        git(work, "commit", "-q", "-m", message)
        git(work, "push", "-q", "origin", "HEAD:main")
        return git(work, "rev-parse", "HEAD")

    def entry(control: Control, commit: str) -> tuple[str, str]:
        def found() -> list[tuple[str, str]]:
            items = control.http.get("/v1/audit").json()["items"]
            return [(one["outcome"], one["detail"]) for one in items if one["commit"] == commit]

        wait_for(lambda: bool(found()))
        return found()[0]

    with linked(tmp_path) as link, asking(tmp_path / "a", rules, *at(link)) as control:
        assert control.put("game/a", document({"n": 1})).status_code == 200
        assert entry(control, push("game/b", "Push")) == ("allowed", "")
        for name, message in (("vault/a", "Push"), ("vault/b", forged)):
            outcome, detail = entry(control, push(name, message))
            assert outcome == "denied" and name in detail and "protected" in detail
            assert control.get(name).status_code == 200, "it is on main all the same"
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signing = ("--sign", str(key), "--adopt", git(tmp_path / "remote", "rev-parse", "main"))
    with linked(tmp_path) as link, running(tmp_path / "b", *at(link, *signing)) as control:
        assert control.put("game/a", document({"n": 2}), control.get("game/a").json()["etag"]).status_code == 200
        outcome, detail = entry(control, push("game/c", forged))
        assert outcome == "denied" and "no signature" in detail


@pytest.mark.parametrize("how", ["another history", "an older one"])
def test_a_remote_whose_history_was_rewritten_takes_nothing_away(tmp_path: Path, how: str) -> None:
    with linked(tmp_path) as link, running(tmp_path / "repo", *at(link)) as control:
        grow(control)
        for value in range(3):
            assert append(control.http, value, f"k-{value}").status_code == 200
        tip = control.tip()
        if how == "an older one":
            there = git(tmp_path / "remote", "rev-parse", "main~2")
        else:
            tree = git(tmp_path / "remote", "rev-parse", "main^{tree}")
            there = git(tmp_path / "remote", "commit-tree", "-m", "Anew", tree)
        git(tmp_path / "remote", "update-ref", "refs/heads/main", there)
        wait_for(lambda: "remote" in readiness(control))
        assert code(append(control.http, 9, "k-9")) == (503, "remote")
        assert control.tip() == tip and listed(control) == [0, 1, 2]
        assert git(tmp_path / "remote", "rev-parse", "main") == there, "nor does it overwrite what is there"
        git(tmp_path / "remote", "update-ref", "refs/heads/main", tip)
        wait_for(lambda: not readiness(control))
        done = append(control.http, 9, "k-9")
        assert done.status_code == 200, done.text


def test_a_replica_of_another_history_is_told_so(tmp_path: Path) -> None:
    with linked(tmp_path) as link:
        with running(tmp_path / "other") as control:
            grow(control)
        with running(tmp_path / "repo", *at(link)) as control:
            grow(control)
        with running(tmp_path / "other", *at(link)) as control:
            wait_for(lambda: "another" in readiness(control))
            assert code(append(control.http, 1, "k-1")) == (503, "remote")
            assert listed(control) == []


class Replica:
    def __init__(self, repo: Path, port: int) -> None:
        self.repo = repo
        self.link = Link(port)
        self._start()

    def _start(self) -> None:
        self.control = Control(self.repo, *at(self.link))

    def restart(self) -> None:
        """kill -9, and then a new one."""
        self.control.close()
        self._start()

    def close(self) -> None:
        self.control.close()
        self.link.close()


@pytest.mark.timeout(100 + 2 * WRITES)
def test_three_replicas_with_partitions_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    luck = random.Random(7)
    answered: dict[int, str] = {}
    seen: Counter[str] = Counter()
    with ExitStack() as stack:
        port = stack.enter_context(served(tmp_path))
        replicas = [Replica(tmp_path / f"replica-{n}", port) for n in range(3)]
        for replica in replicas:
            stack.callback(replica.close)
        grow(replicas[0].control)

        def write(value: int) -> None:
            for attempt in range(1_000):
                url = replicas[(value + attempt) % 3].control.url
                try:
                    with plain_client(url, timeout=30) as http:
                        done = append(http, value, f"key-{value}")
                except httpx2.HTTPError:
                    seen["no answer"] += 1
                    time.sleep(0.05)
                    continue
                seen[str(done.status_code)] += 1
                if done.status_code == 200:
                    seen["repeated"] += done.json()["repeated"]
                    answered[value] = done.json()["commit"]
                    return
                assert done.status_code == 503, done.text
                time.sleep(0.05)
            raise AssertionError(f"write {value} never got through")

        with ThreadPoolExecutor(6) as pool:
            writes = [pool.submit(write, value) for value in range(WRITES)]
            rounds = 0
            while not all(one.done() for one in writes):
                rounds += 1
                one, other = luck.sample(replicas, 2)
                match rounds % 5:
                    case 0:
                        one.restart()
                    case 1 | 3:
                        one.link.become("cut")
                    case 2 | 4:
                        one.link.become("deaf")
                        other.link.become("cut")
                time.sleep(luck.uniform(0.2, 0.6))
                for replica in replicas:
                    replica.link.become("up")
                time.sleep(luck.uniform(0.3, 0.9))
            for done in writes:
                done.result()

        def tips() -> set[str]:
            return {replica.control.tip() for replica in replicas} | {git(tmp_path / "remote", "rev-parse", "main")}

        wait_for(lambda: len(tips()) == 1, seconds=20)
        for replica in replicas:
            assert sorted(listed(replica.control)) == list(range(WRITES)), "each is there, and once"
    assert len(set(answered.values())) == WRITES
    for repo in (tmp_path / "remote", *(replica.repo for replica in replicas)):
        git(repo, "fsck", "--strict", "--no-dangling")
        history = git(repo, "rev-list", "main").split()
        assert git(repo, "rev-list", "--min-parents=2", "main") == "", "it is a line"
        assert len(history) == WRITES + 2 and set(answered.values()) < set(history)
    print(f"\n{WRITES} writes, {rounds} partitions and kills: {dict(seen)}", end="")
    assert seen["503"] or seen["no answer"], "nothing was in the way"
