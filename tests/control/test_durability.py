"""What is acknowledged stays, whoever dies or interferes."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from configedge.bundle import to_yaml
from configedge.control.audit import verify
from tests.support.control import COMMAND, Control, document, git, push_file, running
from tests.support.relay import wait_for


def test_concurrent_writers_lose_nothing(control: Control) -> None:
    etag = control.put("game/count", document({f"w{n}": 0 for n in range(8)})).json()["etag"]
    stale = 0

    def count(writer: int) -> None:
        nonlocal stale
        for _ in range(12):
            while True:
                now = control.get("game/count").json()
                value = now["document"]["spec"]["values"][f"w{writer}"]
                done = control.patch("game/count", {"spec": {"values": {f"w{writer}": value + 1}}}, now["etag"])
                if done.status_code == 200:
                    break
                assert done.status_code == 412, done.text
                stale += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    assert control.get("game/count").json()["document"]["spec"]["values"] == {f"w{n}": 12 for n in range(8)}
    assert control.get("game/count").json()["etag"] != etag
    assert stale, "the writers never met, so the test shows nothing"
    commits = control.http.get("/v1/bundles/game/count/history", params={"limit": 1000}).json()["items"]
    assert len(commits) == 1 + 8 * 12


def test_writers_and_pushes_lose_nothing(control: Control, tmp_path: Path) -> None:
    control.put("game/a", document({"n": 0}))
    pushed: list[str] = []

    def push() -> None:
        for n in range(6):
            try:
                push_file(control.repo, tmp_path / "work", f"notes/{n}.txt", str(n))
                pushed.append(f"notes/{n}.txt")
            except AssertionError:
                git(tmp_path / "work", "reset", "-q", "--hard", "@{u}")

    pusher = threading.Thread(target=push)
    pusher.start()
    wrote = 0
    while pusher.is_alive() or wrote < 20:
        done = control.patch("game/a", {"spec": {"values": {"n": wrote + 1}}}, control.get("game/a").json()["etag"])
        assert done.status_code == 200, done.text
        wrote += 1
    pusher.join()
    assert control.get("game/a").json()["document"]["spec"]["values"] == {"n": wrote}
    assert set(pushed) <= set(git(control.repo, "ls-tree", "-r", "--name-only", "main").splitlines())
    git(control.repo, "fsck", "--strict")


def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    acknowledged: dict[str, str] = {}
    for round_ in range(3):
        with running(tmp_path / "repo") as control:

            def write(writer: int, control: Control = control, round_: int = round_) -> None:
                for n in range(10_000):
                    name = f"game/r{round_}-w{writer}-{n}"
                    try:
                        done = control.put(name, document({"n": n}))
                    except httpx2.HTTPError:
                        return
                    assert done.status_code == 200
                    acknowledged[name] = done.json()["etag"]

            with ThreadPoolExecutor(4) as pool:
                writers = [pool.submit(write, writer) for writer in range(4)]
                wait_for(lambda round_=round_: len(acknowledged) >= 12 * (round_ + 1))
                time.sleep(0.01 * round_)
                control.kill()
                for writer in writers:
                    writer.result()
        git(tmp_path / "repo", "fsck", "--strict")
    assert len(acknowledged) > 30
    with running(tmp_path / "repo") as control:
        items = control.http.get("/v1/bundles", params={"limit": 1000}).json()["items"]
        there = {f"{item['namespace']}/{item['name']}": item["etag"] for item in items}
        assert acknowledged.items() <= there.items()
        assert len(there) <= len(acknowledged) + 3 * 4, "only what was under way may be there unacknowledged"


def test_locks_that_a_dead_process_left_are_removed_at_start(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    with running(repo) as control:
        control.put("game/a", document({"n": 1}))
    left = [repo / "refs/heads/main.lock", repo / "HEAD.lock", repo / "packed-refs.lock", repo / "config.lock"]
    for lock in left:
        lock.touch()
    (repo / "objects/tmp_object_git2_abc").write_text("half")
    with running(repo) as control:
        assert not any(lock.exists() for lock in left) and not (repo / "objects/tmp_object_git2_abc").exists()
        assert control.put("game/b", document({"n": 1})).status_code == 200


def test_a_commit_is_flushed_before_it_is_acknowledged(tmp_path: Path) -> None:
    probe = tmp_path / "probe.so"
    source = Path(__file__).parents[1] / "support" / "fsync_probe.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", probe, source, "-ldl"], check=True)
    log = tmp_path / "flushed"
    with running(tmp_path / "repo", env={"LD_PRELOAD": str(probe), "FSYNC_LOG": str(log)}) as control:
        log.write_text("")
        commit = control.put("game/a", document({"n": 1})).json()["commit"]
        # Without what the upkeep at the start does beside it.
        beside = ("packed-refs", "objects/pack/tmp_")
        flushed = [path for path in log.read_text().split() if not any(part in path for part in beside)]
    repo = tmp_path / "repo"
    packs = [at for at, path in enumerate(flushed) if path.startswith(str(repo / "tmp_pack_"))]
    assert len(packs) == 2, "a pack and its index, where Git does not look"
    place, lock = flushed.index(str(repo / "objects/pack")), flushed.index(str(repo / "refs/heads/main.lock"))
    branch, moves = flushed.index(str(repo / "refs/heads")), flushed.index(str(repo / "logs/refs/heads/main"))
    named = min(branch, moves)
    assert max(packs) < place and max(place, lock) < named, "neither the branch nor its log names what is not on disk"
    assert len(flushed) <= 3 + 1 + 2 and git(repo, "rev-parse", "main") == commit


def test_a_commit_whose_entry_was_not_written_is_in_the_audit_after_a_restart(tmp_path: Path) -> None:
    repo, audit = tmp_path / "repo", tmp_path / "repo/configedge-audit.jsonl"
    with running(repo) as control:
        control.put("game/a", document({"n": 1}))
        whole = audit.read_bytes()
        lost = control.put("game/b", document({"n": 1})).json()["commit"]
        control.kill()
    # As a kill between the two leaves it.
    audit.write_bytes(whole)
    text = to_yaml(document({"n": 1}, name="c", namespace="game")).decode()
    pushed = push_file(repo, tmp_path / "work", "bundles/game/c.yaml", text)
    for _ in range(2):
        with running(repo) as control:
            entries = control.http.get("/v1/audit").json()["items"]
    told = {entry["commit"]: (entry["action"], entry["target"], entry["subject"][:6]) for entry in entries}
    assert told[lost] == ("recovered", "game/b", "local:") and told[pushed] == ("push", "game/c", "git:so")
    assert len(entries) == 3 and verify(audit).ok, "once each"


def test_a_full_disk_is_507_and_loses_nothing(control: Control) -> None:
    made = control.put("game/a", document({"n": 1})).json()
    no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(control.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    full = control.put("game/a", document({"n": 2}), made["etag"])
    assert full.status_code == 507 and "free space" in full.json()["detail"], full.text
    assert control.get("game/a").json()["etag"] == made["etag"]
    resource.prlimit(control.process.pid, resource.RLIMIT_FSIZE, no_limit)
    assert control.put("game/a", document({"n": 2}), made["etag"]).status_code == 200
    git(control.repo, "fsck", "--strict")


def test_a_repository_that_cannot_be_written_is_503_and_loses_nothing(control: Control) -> None:
    made = control.put("game/a", document({"n": 1})).json()
    objects = control.repo / "objects"
    objects.rename(control.repo / "kept")
    objects.write_text("")
    refused = control.put("game/b", document({"n": 2}))
    assert refused.status_code == 503 and refused.headers["retry-after"], refused.text
    objects.unlink()
    (control.repo / "kept").rename(objects)
    assert control.get("game/a").json()["etag"] == made["etag"]
    assert control.put("game/b", document({"n": 2})).status_code == 200


def test_one_control_plane_a_repository(control: Control) -> None:
    said = refused(control.repo)
    assert f"process {control.process.pid}" in said and "another control plane" in said


def refused(repo: Path, *options: str) -> str:
    """The one line that a control plane ends with when it cannot start."""
    command = [*COMMAND, "--repo", str(repo), "--port", "0", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and not done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_taken_port_is_one_clear_line(control: Control, tmp_path: Path) -> None:
    port = control.url.rpartition(":")[2]
    assert "already in use" in refused(tmp_path / "other", "--port", port)
    assert not (tmp_path / "other").exists()


def test_an_address_that_others_reach_is_refused(tmp_path: Path) -> None:
    assert "--tokens or --access" in refused(tmp_path / "repo", "--host", "0.0.0.0")
    assert "not a name" in refused(tmp_path / "repo", "--namespace", "..")


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    assert "not a directory" in refused(file).lower()
    assert "directory" in refused(file / "below")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    assert "not empty" in refused(tmp_path / "full")
    assert os.listdir(tmp_path / "full") == ["precious"]
    git(tmp_path, "init", "-q", "work")
    assert "bare" in refused(tmp_path / "work")
    assert "cannot use" in refused(Path("/proc/none"))
    assert "--spool" in refused(tmp_path / "repo", "--spool", str(file))


def test_a_bare_repository_of_somebody_else_is_taken_as_it_is(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "theirs")
    with running(tmp_path / "theirs") as control:
        assert control.put("game/a", document({"n": 1})).status_code == 200


def test_an_interrupted_first_start_is_finished(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "configedge.lock").touch()
    (repo / "objects").mkdir()
    with running(repo) as control:
        assert control.put("game/a", document({"n": 1})).status_code == 200


@pytest.mark.parametrize("options", [(), ("--log", "json")])
def test_sigterm_ends_it_cleanly(tmp_path: Path, options: tuple[str, ...]) -> None:
    with running(tmp_path / "repo", "--spool", str(tmp_path / "spool"), *options) as control:
        control.put("game/a", document({"n": 1}))
        assert control.stop() == 0
    assert "Traceback" not in control.log.read_text()
