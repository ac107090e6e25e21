"""Every system call of a commit, killed and made to fail on the running server: what it answers is true.

PROOFS=long takes all of them; else a sample that is the same each time.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from configedge.control.audit import verify
from tests.support.control import Control, document, git, running
from tests.support.tools import need_strace

LONG = os.environ.get("PROOFS") == "long"
ERRORS = {
    "EIO": r"openat|p?read(64)?|p?write(64)?|f(data)?sync|rename.*|link.*|unlink.*|mkdir.*|ftruncate|flock|fchmod"
    r"|newfstatat|fstat|lseek|getdents64|access",
    "ENOSPC": r"openat|p?write(64)?|f(data)?sync|rename.*|link.*|mkdir.*",
    "EMFILE": r"openat",
}
# Memory and threads of the process itself: failing these is no fault of the file system.
CHANGES = re.compile(r"(p?write(64)?|f(data)?sync|rename|link|unlink|mkdir|utimensat|ftruncate)\(|openat\(.*O_CREAT")
NOT_OURS = re.compile(
    r"futex|brk|mmap|munmap|mremap|madvise|mprotect|rt_sig.*|clock_.*|getpid|gettid|sched_.*|restart_.*"
)


class Call(NamedTuple):
    name: str
    place: int
    """It is the so-manieth of its name in the writer's thread."""
    changes: bool
    """It changes something on disk: being killed at another is being killed after the last one that does."""


@pytest.fixture(scope="module", autouse=True)
def tracer() -> None:
    need_strace()


class Rig:
    """A control plane with a bundle whose next version is written under a tracer."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self._writer = self._find_writer()

    def etag(self) -> str:
        told = self.control.get("game/a")
        assert told.status_code == 200, told.text
        return str(told.json()["etag"])

    def write(self) -> httpx2.Response:
        """The next version: a key less, another value, and so a tombstone and another overlay rendered."""
        now = self.control.get("game/a").json()
        values = now["document"]["spec"]["values"]
        new = {"n": values["n"] + 1, f"k{values['n']}": 0}
        return self.control.put("game/a", document(new), now["etag"])

    @contextmanager
    def traced(self, *options: str, log: str = "/dev/null") -> Iterator[None]:
        """What the writer's thread calls meanwhile."""
        command = ["strace", "-p", str(self._writer), "-o", log, *options]
        strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert strace.stderr is not None
        said = strace.stderr.readline()
        assert "attached" in said, said
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)
            strace.communicate(timeout=20)

    def _find_writer(self) -> int:
        """The thread that writes most often while something is written."""
        tasks = Path(f"/proc/{self.control.process.pid}/task")

        def writes() -> dict[int, int]:
            return {
                int(task.name): int(re.findall(r"syscw: (\d+)", (task / "io").read_text())[0])
                for task in tasks.iterdir()
            }

        assert self.write().status_code == 200
        before = writes()
        assert self.write().status_code == 200
        return max(writes().items(), key=lambda task: task[1] - before.get(task[0], 0))[0]


def prepare(repo: Path) -> None:
    with running(repo) as control:
        assert control.put("game/a", document({"n": 1})).status_code == 200
        assert control.put("game/a/overlays/prod", document({"m": 1})).status_code == 200


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = tmp_path_factory.mktemp("syscalls") / "repo"
    prepare(repo)
    return repo


@pytest.fixture(scope="module")
def calls(repo: Path) -> list[Call]:
    """Those of one write, in their order."""
    log = repo.parent / "calls"
    with running(repo) as control:
        rig = Rig(control)
        with rig.traced(log=str(log)):
            assert rig.write().status_code == 200
    count: Counter[str] = Counter()
    found = []
    for line in log.read_text().splitlines():
        name, bracket, _ = line.partition("(")
        count[name] += 1
        if bracket and not NOT_OURS.fullmatch(name):
            found.append(Call(name, count[name], CHANGES.match(line) is not None))
    names = {call.name for call in found}
    assert {"openat", "write", "fsync", "fdatasync", "read"} <= names, names
    assert any(name.startswith("rename") for name in names), names
    return found


def sample(calls: list[Call], number: int) -> list[Call]:
    return calls if LONG or len(calls) <= number else random.Random(5).sample(calls, number)


@pytest.mark.timeout(3600)
def test_a_write_killed_at_any_system_call_is_there_or_not_at_all(repo: Path, calls: list[Call]) -> None:
    outcomes: Counter[str] = Counter()
    changing = [call for call in calls if call.changes]
    branch = max(at for at, call in enumerate(changing) if call.name.startswith("rename"))
    # Those beside the moment when the branch moves, and the last: then it is in the audit too.
    always = [*changing[branch : branch + 2], changing[-1]]
    for name, place, _ in [*sample(changing, 3), *(() if LONG else always)]:
        with running(repo) as control:
            rig = Rig(control)
            before = rig.etag()
            with rig.traced("-e", f"inject={name}:signal=KILL:when={place}"):
                try:
                    answer = rig.write()
                except httpx2.HTTPError:
                    answer = None
            wanted = f"{name} number {place}"
            if answer is not None:
                assert answer.status_code == 200, f"{wanted}: {answer.text}"
            else:
                control.process.wait(timeout=10)
        git(repo, "fsck", "--strict")
        with running(repo) as control:
            now = control.get("game/a").json()["etag"]
            if answer is not None:
                assert now == answer.json()["etag"], f"{wanted}: it was acknowledged"
                outcomes["acknowledged"] += 1
            else:
                outcomes["there" if now != before else "not there"] += 1
            begun = time.monotonic()
            values = control.get("game/a").json()["document"]["spec"]["values"]
            done = control.put("game/a", document({**values, "n": values["n"] + 1}), now)
            assert done.status_code == 200, f"{wanted}: {done.text}"
            assert time.monotonic() - begun < 2
    print(f"\n{len(changing)} of {len(calls)} system calls change something: {dict(outcomes)}", end="")
    assert outcomes["not there"] and outcomes["there"], "kills on both sides of the moment when the branch moves"
    audit = repo / "configedge-audit.jsonl"
    assert verify(audit).ok
    noted = {json.loads(line)["commit"] for line in audit.read_text().splitlines()}
    assert set(git(repo, "rev-list", "--grep=^Subject: local", "main").split()) <= noted, (
        "also what nobody was answered"
    )


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("error", ERRORS)
def test_a_write_says_truly_what_an_error_left(repo: Path, calls: list[Call], error: str) -> None:
    outcomes: Counter[str] = Counter()
    with running(repo) as control:
        rig = Rig(control)
        for name, place, _ in sample([call for call in calls if re.fullmatch(ERRORS[error], call.name)], 25):
            before, tip = rig.etag(), control.tip()
            with rig.traced("-e", f"inject={name}:error={error}:when={place}"):
                answer = rig.write()
                # Also while it fails, reads go on.
                after = rig.etag()
            wanted = f"{error} of {name} number {place}: {answer.status_code} {answer.text}"
            if answer.status_code == 200:
                assert after == answer.json()["etag"] != before, wanted
            else:
                assert answer.status_code in (503, 507), wanted
                assert (after, control.tip()) == (before, tip), f"{wanted}, and it was changed"
            outcomes[str(answer.status_code)] += 1
            again = rig.write()
            assert again.status_code == 200, f"after {wanted}: {again.text}"
    git(repo, "fsck", "--strict")
    assert verify(repo / "configedge-audit.jsonl").ok
    print(f"\n{error}: {dict(outcomes)}", end="")
    assert len(outcomes) > 1, outcomes
