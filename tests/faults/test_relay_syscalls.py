"""Every system call of a reload, killed and made to fail: readers see old or new, and the next relay goes on."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import configedge
from tests.support.relay import binary, bundle
from tests.support.snapshot_format import decode
from tests.support.tools import need_strace

ERRORS = {
    "EIO": r".*",
    "ENOSPC": r"openat|write|pwrite64|rename.*|fsync|mkdir.*",
    "EMFILE": r"openat|inotify_init1|socketpair",
    "EACCES": r"openat|newfstatat|rename.*|landlock.*|flock",
    "ENOSYS": r"landlock.*|seccomp|prctl|capset|getrandom",
}
# Memory of the process itself, and its end: failing these is no fault of the file system.
NOT_OURS = {
    "brk", "mmap", "exit_group", "mprotect", "munmap", "madvise", "sigaltstack", "rt_sigaction",
    "rt_sigprocmask", "futex", "clock_gettime", "execve", "arch_prctl", "set_tid_address", "set_robust_list",
    "rseq", "prlimit64", "poll", "readlink",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def tracer() -> None:
    need_strace()


class Rig:
    """A spool with a new configuration, a directory and a durable copy with an old one."""

    def __init__(self, root: Path) -> None:
        self.spool, self.out, self.durable = root / "spool", root / "out", root / "disk" / "last-good"
        (self.spool / "..1").mkdir(parents=True)
        (self.spool / "..data").symlink_to("..1")
        self.put("old")
        assert self.run().returncode == 0
        self.put("new")

    def put(self, value: str) -> None:
        (self.spool / "..1" / "m.yaml").write_text(bundle({"text": value, "pad": ["x" * 20_000]}))

    def run(self, *strace: str) -> subprocess.CompletedProcess[str]:
        tracer = ["strace", "-f", "-o", "/dev/null", *strace] if strace else []
        command = [*tracer, binary(), "--once", "--spool", self.spool, "--out", self.out, "--durable", self.durable]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def read(self) -> str:
        text: str = configedge.open(self.out)["m.text"]
        return text

    def saved(self) -> str:
        text = decode(self.durable.read_bytes()).values["m.text"]
        assert isinstance(text, str)
        return text


def calls(root: Path) -> list[tuple[str, int]]:
    """Name and number among its name of each call of a reload."""
    rig = Rig(root)
    log = root / "calls"
    assert rig.run("-o", str(log)).returncode == 0
    names = re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE)
    count: Counter[str] = Counter()
    found = []
    for name in names:
        count[name] += 1
        if name not in NOT_OURS:
            found.append((name, count[name]))
    assert {"openat", "write", "renameat", "fsync", "fchmod", "getdents64", "flock"} <= {name for name, _ in found}
    return found


def check(rig: Rig, done: subprocess.CompletedProcess[str]) -> str:
    """Whatever happened: old or new, whole; what was said is so; and the next relay goes on."""
    served, saved = rig.read(), rig.saved()
    assert served in ("old", "new")
    assert saved in ("old", "new")
    if done.returncode == 0:
        assert (served, saved) == ("new", "new"), done.stderr
    if "published generation" in done.stderr:
        assert served == "new", done.stderr
    elif done.returncode > 0:
        # It may have failed before it could say more, and then it says why.
        assert done.stderr.strip(), "an error without a word"
    if "the durable copy was not written" not in done.stderr and "published generation" in done.stderr:
        assert saved == "new", done.stderr
    again = rig.run()
    assert again.returncode == 0, again.stderr
    assert (rig.read(), rig.saved()) == ("new", "new")
    left = [file.name for file in [*rig.out.iterdir(), *rig.durable.parent.iterdir()] if ".tmp-g" in file.name]
    assert left == []
    return f"{served}, {done.returncode}"


@pytest.mark.timeout(900)
def test_a_reload_killed_at_any_system_call_leaves_old_or_new(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for number, (name, place) in enumerate(calls(tmp_path / "trace")):
        rig = Rig(tmp_path / f"kill-{number}")
        done = rig.run("-e", f"inject={name}:signal=KILL:when={place}")
        outcomes[rig.read()] += 1
        check(rig, done)
        shutil.rmtree(tmp_path / f"kill-{number}")
    print(outcomes)
    assert set(outcomes) == {"old", "new"}, "kills on both sides of the announcement"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("error", ERRORS)
def test_a_reload_says_truly_what_an_error_left(tmp_path: Path, error: str) -> None:
    outcomes: Counter[str] = Counter()
    for number, (name, place) in enumerate(calls(tmp_path / "trace")):
        if re.fullmatch(ERRORS[error], name):
            rig = Rig(tmp_path / f"{error}-{number}")
            done = rig.run("-e", f"inject={name}:error={error}:when={place}")
            try:
                outcomes[check(rig, done)] += 1
            except AssertionError as failure:
                raise AssertionError(f"{error} at {name} number {place}: {failure}") from None
            shutil.rmtree(tmp_path / f"{error}-{number}")
    print(outcomes)
    assert outcomes
