"""Every system call of a publish, killed and made to fail: readers see old or new, and what the writer said is true."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

import configedge
from tests.support.snapshot_format import decode
from tests.support.tools import example, need_strace

ERRORS = {
    "EIO": r".*",
    "EINTR": r"openat|write|fsync|rename.*|fchmod|flock|ftruncate|pwrite64",
    "ENOSPC": r"openat|write|pwrite64|rename.*|fsync|mkdir.*",
    "EMFILE": r"openat",
}
# Memory of the process itself, and its end: failing these is no fault of the file system.
NOT_OURS = {"brk", "exit_group", "mprotect", "munmap", "sigaltstack", "rt_sigaction", "futex", "clock_gettime"}


class Call(NamedTuple):
    name: str
    place: int
    """It is the so-manieth of its name in the whole run."""


@pytest.fixture(scope="module")
def program() -> Path:
    return example("publish")


@pytest.fixture(scope="module", autouse=True)
def tracer() -> None:
    need_strace()


class Rig:
    """A directory with a durable copy that serve `old`, on which `new` is published."""

    def __init__(self, program: Path, root: Path) -> None:
        self._program = program
        self.directory, self.durable = root / "run", root / "disk" / "last-good"
        self._run("old")

    def _run(self, text: str, *strace: str) -> str:
        tracer = ["strace", "-f", "-o", "/dev/null", *strace] if strace else []
        command = [*tracer, self._program, self.directory, self.durable, text]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()

    def publish(self, *strace: str) -> str:
        return self._run("new", *strace)

    def publish_in_peace(self) -> str:
        return self._run("newest")

    def read(self) -> str:
        text: str = configedge.open(self.directory)["text"]
        return text

    def saved(self) -> str:
        text = decode(self.durable.read_bytes()).values["text"]
        assert isinstance(text, str)
        return text


def calls(program: Path, root: Path) -> list[Call]:
    """Those of a publish, from the first that names its directory on."""
    rig = Rig(program, root)
    log = root / "calls"
    assert rig.publish("-o", str(log)).startswith("published ")
    names = re.findall(r"^\d+ +(\w+)\((.*)$", log.read_text(), re.MULTILINE)
    count: Counter[str] = Counter()
    found, begun = [], False
    for name, rest in names:
        count[name] += 1
        begun = begun or (str(rig.directory) in rest and name != "execve")
        if begun and name not in NOT_OURS:
            found.append(Call(name, count[name]))
    assert {"openat", "write", "renameat", "fsync", "fchmod"} <= {call.name for call in found}
    return found


def check(rig: Rig, said: str) -> None:
    """Whatever happened: old or new, whole; what was said is so; and the next writer goes on."""
    served, saved = rig.read(), rig.saved()
    assert served in ("old", "new")
    assert saved in ("old", "new")
    if said.startswith("published but not durable"):
        assert served == "new"
    elif said.startswith("published"):
        assert (served, saved) == ("new", "new")
    elif said.startswith("not published"):
        assert served == "old"
    assert rig.publish_in_peace().startswith("published ")
    assert (rig.read(), rig.saved()) == ("newest", "newest")
    assert [file.name for file in rig.directory.iterdir() if file.name.startswith(".tmp-")] == []


@pytest.mark.timeout(600)
def test_a_publish_killed_at_any_system_call_leaves_old_or_new(program: Path, tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for number, call in enumerate(calls(program, tmp_path / "trace")):
        rig = Rig(program, tmp_path / f"kill-{number}")
        said = rig.publish("-e", f"inject={call.name}:signal=KILL:when={call.place}")
        outcomes[rig.read()] += 1
        check(rig, said)
    assert set(outcomes) == {"old", "new"}, "kills on both sides of the announcement"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("error", ERRORS)
def test_a_publish_says_truly_what_an_error_left(program: Path, tmp_path: Path, error: str) -> None:
    outcomes: Counter[str] = Counter()
    for number, call in enumerate(calls(program, tmp_path / "trace")):
        if re.fullmatch(ERRORS[error], call.name):
            rig = Rig(program, tmp_path / f"{error}-{number}")
            said = rig.publish("-e", f"inject={call.name}:error={error}:when={call.place}")
            outcomes[re.sub(r"[\d:].*", "", said).strip()] += 1
            check(rig, said)
    # An interrupted call is tried again, so nobody notices.
    expected = {"published"} if error == "EINTR" else {"published but not durable", "not published"}
    assert expected <= set(outcomes), outcomes
    if error == "EINTR":
        assert set(outcomes) == {"published"}, outcomes
