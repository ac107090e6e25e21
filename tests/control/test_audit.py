"""What the audit says can be believed, and what was done to it shows."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from configedge.control.audit import GENESIS, Audit, AuditError, Head, verify

# Appends entries until it is stopped or has written as many as it was told; says when it begins.
WRITER = """
import sys
from pathlib import Path
from configedge.control.audit import Audit
audit = Audit(Path(sys.argv[1]), max_file=int(sys.argv[3]))
print("ready", flush=True)
for n in range(int(sys.argv[2])):
    audit.append(subject="token:ci", action="bundle.put", target=f"game/b{n}", outcome="allowed")
"""


def fill(path: Path, count: int, max_file: int = 1 << 20) -> Head:
    audit = Audit(path, durable=False, max_file=max_file, clock=itertools.count(1_700_000_000).__next__)
    for n in range(count):
        audit.append(subject="user:alice", action="bundle.put", target=f"game/b{n}", outcome="allowed", commit="c" * 40)
    head = audit.head()
    audit.close()
    return head


def writer(path: Path, count: int, max_file: int = 1 << 30) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, path, str(count), str(max_file)], stdout=subprocess.PIPE)


def entries(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_an_entry_says_who_did_what_and_chains_to_the_one_before(path: Path) -> None:
    audit = Audit(path, clock=lambda: 1_700_000_000.25)
    first = audit.append(subject="user:alice", action="bundle.put", target="game/a", outcome="allowed", request_id="r1")
    second = audit.append(subject="", action="login", target="/v1", outcome="denied", detail="expired")
    one, two = entries(path)
    assert one == {
        **{"seq": 1, "time": "2023-11-14T22:13:20.250Z", "subject": "user:alice", "action": "bundle.put"},
        **{"target": "game/a", "outcome": "allowed", "commit": "", "request_id": "r1", "detail": ""},
        **{"prev": GENESIS, "hash": first.hash},
    }
    assert (two["prev"], two["hash"], second.seq) == (first.hash, second.hash, 2)
    assert audit.head() == second
    assert verify(path, head=second).ok


def test_only_its_owner_may_read_it(path: Path) -> None:
    old = os.umask(0)
    try:
        fill(path, 1)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o602, 0o604, 0o620])
def test_a_file_that_others_may_write_or_everybody_read_is_refused(path: Path, mode: int) -> None:
    fill(path, 1)
    path.chmod(mode)
    with pytest.raises(AuditError, match="chmod 600"):
        Audit(path)


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    fill(tmp_path / "other", 1)
    path.symlink_to(tmp_path / "other")
    with pytest.raises(OSError):
        Audit(path)


def test_it_goes_on_where_it_was_left(path: Path) -> None:
    fill(path, 3)
    head = fill(path, 2)
    assert head.seq == 5
    assert verify(path, head) == verify(path)
    assert verify(path).entries == 5


def test_texts_are_bounded_and_cannot_begin_a_line_or_reach_a_terminal(path: Path) -> None:
    audit = Audit(path)
    hostile = 'x\n{"seq":9}\r\x1b[2J\u2028\u202e\ud800'
    audit.append(subject=hostile, action="a", target="t" * 1_000, outcome="failed", detail="\U0001f600" * 9_999)
    (entry,) = entries(path)
    assert entry["subject"] == hostile
    assert len(str(entry["target"])) == 300 and len(str(entry["detail"])) == 500
    text = path.read_bytes()
    assert text.count(b"\n") == 1 and all(32 <= byte < 127 for byte in text[:-1])
    assert verify(path).ok


def test_an_unknown_outcome_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="maybe"):
        Audit(path).append(subject="s", action="a", target="t", outcome="maybe")  # type: ignore[arg-type]
    assert verify(path).entries == 0


def test_every_altered_byte_is_found(path: Path) -> None:
    fill(path, 2)
    whole = path.read_bytes()
    chance = random.Random(7)
    for at in range(len(whole)):
        for flip in (0x20, chance.randrange(1, 256)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            assert not verify(path).ok, (at, flip)


def test_deleted_moved_repeated_and_inserted_entries_are_found(path: Path) -> None:
    head = fill(path, 6)
    lines = path.read_bytes().splitlines(keepends=True)
    other = path.with_name("other.jsonl")
    fill(other, 3)
    foreign = other.read_bytes().replace(b"alice", b"mallory").splitlines(keepends=True)
    for n in range(6):
        for changed in (
            lines[:n] + lines[n + 1 :],
            [*lines[:n], lines[n], *lines[n:]],
            lines[:n] + foreign[1:2] + lines[n:],
            [*lines[:n], *lines[n + 1 :], lines[n]] if n < 5 else lines[::-1],
            [*lines[:n], b"\n", *lines[n:]],
        ):
            path.write_bytes(b"".join(changed))
            found = verify(path, head)
            assert found.problems, (n, changed)
    path.write_bytes(b"".join(lines))
    assert verify(path, head).ok


def test_a_forged_entry_with_a_right_hash_of_its_own_breaks_the_chain(path: Path) -> None:
    fill(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    forged = path.with_name("forged.jsonl")
    audit = Audit(forged, durable=False)
    for _ in range(4):
        audit.append(subject="user:mallory", action="bundle.put", target="game/x", outcome="allowed")
    lines[1] = forged.read_bytes().splitlines(keepends=True)[1]
    path.write_bytes(b"".join(lines))
    assert [problem.partition(": ")[0] for problem in verify(path).problems] == ["audit.jsonl:2", "audit.jsonl:3"]


def test_a_cut_end_is_found_by_the_noted_head(path: Path) -> None:
    head = fill(path, 5)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]))
    assert verify(path).ok
    assert verify(path, head).problems == ["entry 5 with the noted hash is not there: it was cut off or rewritten"]


def test_a_rewritten_audit_is_found_by_a_head_that_was_noted_before(path: Path) -> None:
    head = fill(path, 3)
    path.unlink()
    audit = Audit(path, durable=False)
    for _ in range(5):
        audit.append(subject="user:mallory", action="nothing", target="nothing", outcome="allowed")
    assert verify(path).ok and not verify(path, head).ok


def test_one_fault_is_told_once_and_many_are_not_told_for_ever(path: Path) -> None:
    fill(path, 300)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:100], b"garbage\n", *lines[101:]]))
    assert len(verify(path).problems) == 1
    path.write_bytes(b"".join(line.replace(b"alice", b"clive") for line in lines))
    assert len(verify(path).problems) == 101 and verify(path).problems[-1] == "and 200 more"


def test_full_files_are_put_aside_and_the_chain_runs_through_all(path: Path) -> None:
    head = fill(path, 40, max_file=2_000)
    parts = sorted(path.parent.glob("audit.jsonl.[0-9]*"), key=lambda part: int(part.suffix[1:]))
    assert len(parts) > 3 and parts[0].name == "audit.jsonl.1"
    found = verify(path, head)
    assert (found.entries, found.first, found.last, found.problems) == (40, 1, 40, [])
    removed = parts[1].read_bytes()
    parts[1].unlink()
    assert not verify(path, head).ok
    parts[1].write_bytes(removed)
    parts[2].rename(path.with_name("audit.jsonl.9999"))
    assert not verify(path, head).ok


def test_a_crash_between_two_files_loses_nothing(path: Path) -> None:
    fill(path, 4)
    path.rename(path.with_name("audit.jsonl.1"))
    assert verify(path).entries == 4
    head = fill(path, 2)
    assert head.seq == 6 and verify(path, head).ok


@pytest.mark.parametrize("torn", [b'{"seq":4,"time":"20', b"\0" * 100, b"{"])
def test_an_unfinished_last_line_is_put_aside_and_noted(path: Path, torn: bytes) -> None:
    fill(path, 3)
    with path.open("ab") as file:
        file.write(torn)
    assert not verify(path).ok
    head = Audit(path).head()
    assert verify(path, head).ok and head.seq == 4
    assert entries(path)[-1]["action"] == "audit.repaired"
    assert path.with_name("audit.jsonl.torn").read_bytes() == torn + b"\n"


def test_an_unfinished_line_of_another_process_is_put_aside_by_one_that_runs(path: Path) -> None:
    audit = Audit(path)
    audit.append(subject="s", action="a", target="t", outcome="allowed")
    with path.open("ab") as file:
        file.write(b'{"seq":2')
    audit.append(subject="s", action="a", target="t", outcome="allowed")
    assert [entry["action"] for entry in entries(path)] == ["a", "audit.repaired", "a"]
    assert verify(path, audit.head()).ok


def test_a_file_that_is_no_audit_is_left_as_it_is(path: Path) -> None:
    for content in (b"something else\n", b"x" * 200_000, b'{"seq":1}\n'):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(AuditError, match="verify it"):
            Audit(path)
        assert path.read_bytes() == content


def test_two_processes_write_one_chain(path: Path) -> None:
    writers = [writer(path, 200, max_file=40_000) for _ in range(2)]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    found = verify(path)
    assert (found.entries, found.last, found.problems) == (400, 400, [])


def test_threads_write_one_chain(path: Path) -> None:
    audit = Audit(path, durable=False)

    def append() -> None:
        for _ in range(50):
            audit.append(subject="s", action="a", target="t", outcome="denied")

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(path, audit.head()).entries == 200 and verify(path).ok


def test_it_can_be_verified_while_it_is_written(path: Path) -> None:
    process = writer(path, 100_000, max_file=20_000)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    try:
        for _ in range(20):
            assert verify(path).problems == []
    finally:
        process.kill()
        process.communicate()


def test_a_killed_writer_leaves_an_audit_that_goes_on(path: Path) -> None:
    chance = random.Random(3)
    last = 0
    for _ in range(6):
        process = writer(path, 1_000_000, max_file=60_000)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.02, 0.15))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        audit = Audit(path)
        head = audit.append(subject="local:root", action="restart", target="server", outcome="allowed")
        audit.close()
        assert verify(path, head).problems == []
        assert head.seq > last
        last = head.seq


def test_an_entry_that_does_not_fit_on_the_disk_is_not_there(path: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from configedge.control.audit import Audit
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))
audit = Audit(Path(sys.argv[1]))
written = 0
for attempt in range(50):
    try:
        audit.append(subject="s", action="a", target="t", outcome="allowed", detail="x" * (400 if attempt < 20 else 1))
        written += 1
    except OSError:
        pass
print(written, audit.head().seq)
"""
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    written, seq = map(int, done.stdout.split())
    assert 0 < written < 20 and seq == written
    assert verify(path).entries == written and verify(path).ok
    assert not path.with_name("audit.jsonl.torn").exists()


def test_an_entry_that_cannot_be_made_durable_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = Audit(path)
    first = audit.append(subject="s", action="a", target="t", outcome="allowed")

    def broken(handle: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fdatasync", broken)
        with pytest.raises(OSError):
            audit.append(subject="s", action="b", target="t", outcome="allowed")
    assert audit.head() == first
    last = audit.append(subject="s", action="c", target="t", outcome="allowed")
    assert [entry["action"] for entry in entries(path)] == ["a", "c"] and verify(path, last).ok
