"""Power cuts under the running control plane: what it acknowledged is there when the power is back.

A real control plane has its repository on an ext4 or an XFS, and clients write to it all the time: bundles, patches and
proposals. At a random moment the power goes (tests/support/power_cut.py). When it is back, every write that was
answered before is in main, every proposal is there, every one of them is in the audit, whose chain is whole, and
`git fsck` finds nothing. A control plane starts there and goes on.

That this would show a loss is shown too: the same, with its flushes skipped, loses.

POWER_CUTS is the number of cuts over both file systems, 15 if it is not set. -s shows figures.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from configedge.control.audit import Audit, parts_of, verify
from tests.support.control import Control, document, git, running
from tests.support.power_cut import Machine, Missing, machine
from tests.support.tools import need_strace

CUTS = int(os.environ.get("POWER_CUTS", "15"))

pytestmark = pytest.mark.timeout(120 + 6 * CUTS)


@dataclass
class Acknowledged:
    """What was answered. Lists only grow, so that a part of one is what was answered by then."""

    commits: list[str] = field(default_factory=list)
    proposals: list[str] = field(default_factory=list)
    documents: list[tuple[str, str]] = field(default_factory=list)
    """Bundles and their ETags."""


class Clients:
    """Two, each with bundles of its own, that never pause."""

    def __init__(self, control: Control) -> None:
        self.acknowledged = Acknowledged()
        self._control = control
        self._stopping = False
        self._failed: list[str] = []
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(2)]
        for thread in self._threads:
            thread.start()

    def _write(self, writer: int) -> None:
        done = self.acknowledged
        with httpx2.Client(base_url=self._control.url, timeout=20) as http:
            for n in range(1_000_000):
                if self._stopping:
                    return
                bundle = f"game/w{writer}-{n}"
                need = {"If-None-Match": "*"}
                answer = http.put(
                    f"/v1/bundles/{bundle}", json=document({"n": n, "pad": "x" * (n % 3000)}), headers=need
                )
                if answer.status_code != 200:
                    self._failed.append(answer.text)
                    return
                done.commits.append(answer.json()["commit"])
                done.documents.append((bundle, answer.json()["etag"]))
                if n % 5 == 0:
                    change = {
                        "bundle": f"later/w{writer}-{n}",
                        "op": "put",
                        "document": document({"n": n}),
                        "if_match": None,
                    }
                    answer = http.post("/v1/proposals", json={"changes": [change]})
                    if answer.status_code != 201:
                        self._failed.append(answer.text)
                        return
                    done.proposals.append(answer.json()["id"])
                    http.post(f"/v1/proposals/{answer.json()['id']}/withdraw")

    def now(self) -> Acknowledged:
        assert not self._failed, self._failed
        done = self.acknowledged
        return Acknowledged(list(done.commits), list(done.proposals), list(done.documents))

    def close(self) -> None:
        self._stopping = True
        for thread in self._threads:
            thread.join()


@contextmanager
def writing(root: Path, kind: str, *, flushes: bool = True) -> Iterator[tuple[Machine, Clients]]:
    """Skips the test by the name of what this machine lacks."""
    root.mkdir()
    with ExitStack() as stack:
        try:
            made = stack.enter_context(machine(root, kind))
        except Missing as missing:
            pytest.skip(f"no power cuts on {kind}: {missing}")
        control = stack.enter_context(running(made.disk / "repo", "--rate", "0,0"))
        made.flush()
        if not flushes:
            stack.enter_context(not_flushing(control.process.pid))
        clients = Clients(control)
        stack.callback(clients.close)
        yield made, clients


@contextmanager
def not_flushing(process: int) -> Iterator[None]:
    calls = "fsync,fdatasync"
    command = ["strace", "-f", "-p", str(process), "-o", "/dev/null", "-e", f"trace={calls}"]
    strace = subprocess.Popen([*command, "-e", f"inject={calls}:retval=0"], stderr=subprocess.PIPE, text=True)
    assert strace.stderr is not None
    said = strace.stderr.readline()
    assert "attached" in said, said
    try:
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.communicate(timeout=20)


def lost(repo: Path, promised: Acknowledged) -> list[str]:
    """What was acknowledged and is not there, or is not whole."""
    said = []
    fsck = subprocess.run(["git", "-C", repo, "fsck", "--strict", "--no-dangling"], capture_output=True, text=True)
    if fsck.returncode != 0:
        said.append(f"fsck: {fsck.stderr.strip()[:300]}")
        return said
    commits = set(git(repo, "rev-list", "main").split())
    said += [f"commit {commit}" for commit in promised.commits if commit not in commits]
    tree = git(repo, "ls-tree", "-r", "--format=%(path) %(objectname)", "main").splitlines()
    there = {path: blob for path, _, blob in (line.partition(" ") for line in tree)}
    said += [f"bundle {name}" for name, etag in promised.documents if there.get(f"bundles/{name}.yaml") != etag]
    refs = set(git(repo, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/proposals").split())
    said += [f"proposal {id}" for id in promised.proposals if id not in refs]
    path = repo / "configedge-audit.jsonl"
    # Puts aside what was being written.
    Audit(path).close()
    found = verify(path)
    said += [f"audit: {problem}" for problem in found.problems]
    entries = [json.loads(line) for part in parts_of(path) for line in part.read_text().splitlines()]
    noted = {entry["commit"] for entry in entries}
    said += [f"audit of {commit}" for commit in promised.commits if commit not in noted]
    proposed = sum(entry["action"] == "propose" for entry in entries)
    if proposed < len(promised.proposals):
        said.append(f"audit of {len(promised.proposals) - proposed} proposals")
    return said


def cut_power(made: Machine, clients: Clients) -> Acknowledged:
    """At a random moment; gives what had been acknowledged before."""
    time.sleep(random.uniform(0.1, 0.4))
    promised = clients.now()
    made.cut()
    return promised


@pytest.mark.parametrize(("kind", "cuts"), [("ext4", CUTS - CUTS * 2 // 5), ("xfs", CUTS * 2 // 5)])
def test_what_was_acknowledged_is_there_after_every_power_cut(tmp_path: Path, kind: str, cuts: int) -> None:
    writes = proposals = 0
    for done in range(0, cuts, 20):
        with writing(tmp_path / str(done), kind) as (made, clients):
            for number in range(min(20, cuts - done)):
                promised = cut_power(made, clients)
                with made.next_boot() as disk:
                    assert lost(disk / "repo", promised) == []
                    if number % 4 == 0:
                        go_on(disk / "repo", promised)
            writes += len(promised.commits)
            proposals += len(promised.proposals)
    print(f"\n{kind}: {cuts} cuts, {writes} writes and {proposals} proposals acknowledged", end="")
    assert writes > cuts


def go_on(repo: Path, promised: Acknowledged) -> None:
    with running(repo) as control:
        for name, etag in promised.documents[-3:]:
            assert control.get(name).json()["etag"] == etag
        begun = time.monotonic()
        assert control.put("game/after", document({"n": 1})).status_code == 200
        assert time.monotonic() - begun < 2
        assert "damaged" not in control.log.read_text(), "there was nothing to repair"


def test_without_its_flushes_it_loses_what_it_acknowledged(tmp_path: Path) -> None:
    need_strace()
    found: Counter[str] = Counter()
    with writing(tmp_path / "machine", "ext4", flushes=False) as (made, clients):
        for _ in range(3):
            promised = cut_power(made, clients)
            with made.next_boot() as disk:
                found["lost" if lost(disk / "repo", promised) else "kept"] += 1
    print(f"\nwithout flushes: {dict(found)}", end="")
    assert found["lost"] >= 2, found
