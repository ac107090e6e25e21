"""A repository that was damaged: whole again from its mirror, or back at what is whole; and it says what it did.

PROOFS=long does it with 10,000 commits too.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from configedge.bundle import BundlePath, to_yaml
from configedge.control import upkeep
from configedge.control.store import Store
from tests.support.control import COMMAND, Control, document, git, push_file, running
from tests.support.power_cut import SEARCH
from tests.support.relay import wait_for

LONG = os.environ.get("PROOFS") == "long"
BRANCH = "refs/heads/main"


def values(control: Control, bundle: str = "game/a") -> Any:
    told = control.get(bundle)
    assert told.status_code == 200, told.text
    return told.json()["document"]["spec"]["values"]


def history(control: Control, number: int = 4) -> list[str]:
    """Versions of a bundle, `n` counting from 0; gives the commits."""
    etag, commits = None, []
    for n in range(number):
        done = control.put("game/a", document({"n": n}), etag)
        assert done.status_code == 200, done.text
        etag = done.json()["etag"]
        commits.append(done.json()["commit"])
    return commits


def loose(repo: Path, name: str) -> Path:
    """The file of an object, such as `main` or `main:bundles`."""
    oid = git(repo, "rev-parse", name)
    file = repo / "objects" / oid[:2] / oid[2:]
    if not file.exists():
        unpack(repo)
    return file


def unpack(repo: Path) -> None:
    """Makes a file of each object, as a push of a few does."""
    for pack in list((repo / "objects/pack").glob("*.pack")):
        content = pack.read_bytes()
        for file in (repo / "objects/pack").glob(f"{pack.stem}.*"):
            file.unlink()
        git(repo, "unpack-objects", "-q", stdin=content)


def packed(repo: Path, name: str, suffix: str = "pack") -> Path:
    """The file of the pack that has an object."""
    oid = git(repo, "rev-parse", name)
    for index in (repo / "objects/pack").glob("*.idx"):
        if oid in git(repo, "show-index", stdin=index.read_bytes()):
            return index.with_suffix(f".{suffix}")
    raise AssertionError(f"{name} is in no pack")


def truncate(file: Path) -> None:
    file.chmod(0o644)
    os.truncate(file, file.stat().st_size // 2)


def zero(file: Path) -> None:
    file.chmod(0o644)
    file.write_bytes(bytes(file.stat().st_size))


def flip(file: Path) -> None:
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "truncated commit": lambda repo: truncate(loose(repo, "main")),
    "zeroed tree": lambda repo: zero(loose(repo, "main^{tree}")),
    "no tree below": lambda repo: loose(repo, "main:bundles/game").unlink(),
    "flipped blob": lambda repo: flip(loose(repo, "main:bundles/game/a.yaml")),
    "empty blob": lambda repo: os.truncate(loose(repo, "main:bundles/game/a.yaml"), 0),
    "truncated pack": lambda repo: truncate(packed(repo, "main")),
    "zeroed pack": lambda repo: zero(packed(repo, "main")),
    "flipped bit in a pack": lambda repo: flip(packed(repo, "main")),
    "no pack": lambda repo: packed(repo, "main").unlink(),
    "no index": lambda repo: packed(repo, "main", "idx").unlink(),
    "truncated index": lambda repo: truncate(packed(repo, "main", "idx")),
    "no reference": lambda repo: (repo / BRANCH).unlink(),
    "empty reference": lambda repo: os.truncate(repo / BRANCH, 0),
    "zeroed reference": lambda repo: zero(repo / BRANCH),
    "reference to nothing": lambda repo: print("1" * 40, file=(repo / BRANCH).open("w")),
}


def told_of(control: Control, words: str) -> None:
    """The log and the audit say so."""
    assert words in control.log.read_text()
    entries = control.http.get("/v1/audit").json()["items"]
    repaired = [entry for entry in entries if entry["action"] == "repository.repaired"]
    assert repaired and words in repaired[0]["detail"], entries


def mirrored(tmp_path: Path) -> tuple[Path, tuple[str, str]]:
    """A mirror that is empty yet, and the option for it."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "mirror")
    return tmp_path / "mirror", ("--mirror", str(tmp_path / "mirror"))


def copied(mirror: Path, tip: str) -> None:
    """Waits until the mirror has it."""
    wait_for(lambda: git(mirror, "for-each-ref", "--format=%(objectname)", "refs/heads/main") == tip)


class Kept:
    """A repository as a control plane left it, and its mirror."""

    def __init__(self, root: Path) -> None:
        self._repo = root / "repo"
        self.mirror, option = mirrored(root)
        with running(self._repo, *option) as control:
            self.commits = history(control)
            copied(self.mirror, self.commits[-1])

    def copy(self, to: Path) -> Path:
        return Path(shutil.copytree(self._repo, to / "repo"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept"))


@contextmanager
def opened(repo: Path, mirror: Path | None = None) -> Iterator[Store]:
    with closing(Store(repo, mirror=str(mirror) if mirror else None)) as store:
        yield store


def count(store: Store) -> int:
    stored = store.get(BundlePath("game", "a"))
    assert stored.bundle is not None, stored.problems
    number: int = stored.bundle.values["n"]
    return number


@pytest.mark.parametrize("damage", DAMAGES)
def test_with_a_mirror_it_is_whole_again_and_nothing_is_lost(kept: Kept, tmp_path: Path, damage: str) -> None:
    repo = kept.copy(tmp_path)
    DAMAGES[damage](repo)
    with opened(repo, kept.mirror) as store:
        assert store.tip() == kept.commits[-1] and count(store) == 3
        repaired = store.repository.repaired
        assert repaired is not None and "main was damaged" in repaired.text and not repaired.lost
    git(repo, "fsck", "--strict", "--no-dangling")
    with opened(repo, kept.mirror) as store:
        assert store.repository.repaired is None


@pytest.mark.parametrize("damage", [one for one in DAMAGES if one.endswith("index")])
def test_an_index_is_made_anew_from_its_pack(kept: Kept, tmp_path: Path, damage: str) -> None:
    repo = kept.copy(tmp_path)
    DAMAGES[damage](repo)
    with opened(repo) as store:
        assert store.tip() == kept.commits[-1] and count(store) == 3
        repaired = store.repository.repaired
        assert repaired is not None and "nothing lost" in repaired.text and not repaired.lost


@pytest.mark.parametrize("damage", [one for one in DAMAGES if not one.endswith("index")])
def test_without_one_it_is_back_at_the_newest_whole_commit(kept: Kept, tmp_path: Path, damage: str) -> None:
    repo = kept.copy(tmp_path)
    DAMAGES[damage](repo)
    # Where only the reference is damaged, its log knows the newest.
    lost = "reference" not in damage
    with opened(repo) as store:
        assert store.tip() == kept.commits[-2 if lost else -1] and count(store) == (2 if lost else 3)
        repaired = store.repository.repaired
        assert repaired is not None and f"it went back to {store.tip()}" in repaired.text
        assert repaired.lost is lost
    with opened(repo) as store:
        assert store.repository.repaired is None


def test_a_control_plane_that_lost_something_says_so_until_it_is_restarted(kept: Kept, tmp_path: Path) -> None:
    repo = kept.copy(tmp_path)
    DAMAGES["truncated commit"](repo)
    with running(repo) as control:
        assert values(control) == {"n": 2}
        assert control.put("game/b", document({"n": 1})).status_code == 200
        told_of(control, "it went back to")
        assert "went back" in control.http.get("/readyz").text
    with running(repo) as control:
        assert control.http.get("/readyz").status_code == 200 and control.get("game/b").status_code == 200


def test_one_that_is_whole_again_says_so_and_is_ready(kept: Kept, tmp_path: Path) -> None:
    repo = kept.copy(tmp_path)
    DAMAGES["truncated commit"](repo)
    with running(repo, "--mirror", str(kept.mirror)) as control:
        assert values(control) == {"n": 3}
        told_of(control, "was made whole, with nothing lost")
        assert control.http.get("/readyz").status_code == 200


def test_a_mirror_that_lags_costs_nothing_that_is_whole_here(kept: Kept, tmp_path: Path) -> None:
    repo = kept.copy(tmp_path)
    mirror = tmp_path / "mirror"
    git(tmp_path, "clone", "-q", "--mirror", str(kept.mirror), str(mirror))
    git(mirror, "update-ref", BRANCH, kept.commits[0])
    DAMAGES["truncated commit"](repo)
    with opened(repo, mirror) as store:
        assert store.tip() == kept.commits[-2] and count(store) == 2


def test_what_the_mirror_has_is_never_overwritten_by_less(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    mirror, option = mirrored(tmp_path)
    with running(repo, *option) as control:
        tip = history(control)[-1]
        copied(mirror, tip)
    DAMAGES["truncated commit"](repo)
    mirror.rename(tmp_path / "away")
    with running(repo, *option) as control:
        assert values(control) == {"n": 2}, "it could not be reached, so it went back"
        (tmp_path / "away").rename(mirror)
        assert control.put("game/b", document({"n": 1})).status_code == 200
        wait_for(lambda: "mirror" in control.http.get("/readyz").text)
        assert git(mirror, "rev-parse", "main") == tip


def test_an_empty_repository_takes_the_history_of_its_mirror(tmp_path: Path) -> None:
    """The disk is gone, and with it what the mirror had not been given yet."""
    repo = tmp_path / "repo"
    mirror, option = mirrored(tmp_path)
    with running(repo, *option) as control:
        tip = history(control)[-1]
        change = {"bundle": "game/b", "op": "put", "document": document({"n": 1}), "if_match": None}
        id = control.http.post("/v1/proposals", json={"changes": [change]}).json()["id"]
        tip = control.put("game/c", document({"n": 1})).json()["commit"]
        copied(mirror, tip)
    shutil.rmtree(repo)
    with running(repo, *option) as control:
        assert control.tip() == tip and values(control) == {"n": 3}
        assert control.http.get(f"/v1/proposals/{id}").json()["state"] == "open"
        assert git(mirror, "rev-parse", "main") == tip


def test_a_damaged_object_of_an_older_version_hangs_nobody(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    with running(repo) as control:
        commits = history(control)
    truncate(loose(repo, f"{commits[1]}:bundles/game/a.yaml"))
    with running(repo) as control:
        assert control.get("game/a", at=commits[2]).status_code == 200
        assert control.get("game/a", at=commits[1]).status_code == 503
        assert values(control) == {"n": 3} and control.http.get("/readyz").status_code == 200
        told_of(control, "older objects were damaged")


def test_an_object_that_is_truncated_while_it_runs_hangs_nobody(tmp_path: Path) -> None:
    repo, work = tmp_path / "repo", tmp_path / "work"
    with running(repo) as control:
        commits = history(control)
        text = to_yaml(document({"n": 4}, name="a", namespace="game")).decode()
        pushed = push_file(repo, work, "bundles/game/a.yaml", text)
        last = push_file(repo, work, "bundles/game/a.yaml", text.replace("4", "5"))
        for commit in (commits[1], pushed):
            # Not the pack of its document: what is pushed next may bring that along, as the base of a delta.
            truncate(packed(repo, commit))
            assert control.get("game/a", at=commit).status_code in (200, 503)
        assert control.get("game/a", at=last).status_code == 200 and values(control) == {"n": 5}
    # As a control plane of before, and git by hand, leave them.
    with running(tmp_path / "other") as control:
        history(control)
    unpack(tmp_path / "other")
    with running(tmp_path / "other") as control:
        wait_for(lambda: not upkeep.has_loose_objects(tmp_path / "other"))
        assert values(control) == {"n": 3}


@pytest.mark.parametrize("damage", [zero, truncate])
def test_a_damaged_pack_is_repaired_from_the_mirror(kept: Kept, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    repo = kept.copy(tmp_path)
    git(repo, "repack", "-a", "-d", "-q")
    [pack] = (repo / "objects/pack").glob("*.pack")
    damage(pack)
    with opened(repo, kept.mirror) as store:
        assert store.tip() == kept.commits[-1] and count(store) == 3
    git(repo, "fsck", "--strict", "--no-dangling")
    assert (repo / "damaged" / pack.name).exists(), "nothing is deleted"


def test_a_damaged_packed_refs_is_repaired(kept: Kept, tmp_path: Path) -> None:
    """What a `git gc` by hand leaves."""
    repo = kept.copy(tmp_path)
    git(repo, "gc", "-q", "--prune=now")
    git(repo, "pack-refs", "--all")
    (repo / "packed-refs").write_bytes(bytes(40))
    with opened(repo) as store:
        assert store.tip() == kept.commits[-1] and count(store) == 3


def test_one_that_nothing_can_make_whole_is_refused_in_one_line(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    with running(repo) as control:
        history(control, 2)
    for file in [*(repo / "objects").glob("??/*"), *(repo / "objects/pack").iterdir()]:
        zero(file)
    before = git(repo, "rev-parse", "main")
    done = subprocess.run([*COMMAND, "--repo", str(repo), "--port", "0"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "restore the repository" in done.stderr and "Traceback" not in done.stderr
    assert git(repo, "rev-parse", "main") == before


def test_a_lock_that_git_left_is_gone_after_a_restart(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    with running(repo) as control:
        history(control, 1)
        control.kill()
    for name in ("refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "config.lock"):
        (repo / name).touch()
    with running(repo) as control:
        begun = time.monotonic()
        assert control.put("game/b", document({"n": 1})).status_code == 200
        assert time.monotonic() - begun < 2


def grown(repo: Path, commits: int, bundles: int) -> None:
    """A history as operators make it, built by git."""
    with running(repo):
        pass
    texts = []
    for n in range(commits):
        name = f"b{n % bundles}"
        text = f"apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata:\n  name: {name}\n  namespace: game\n"
        text += f"spec:\n  values:\n    count: {n}\n"
        start = "from refs/heads/main^0\n" if n == 0 else ""
        texts.append(
            f"commit {BRANCH}\ncommitter A <a@localhost> {1_700_000_000 + n} +0000\ndata 6\nUpdate\n{start}"
            f"M 100644 inline bundles/game/{name}.yaml\ndata {len(text)}\n{text}"
        )
    git(repo, "fast-import", "--quiet", stdin="".join(texts).encode())


@pytest.mark.parametrize("commits", [10_000 if LONG else 1_000])
def test_it_is_back_in_time_after_damage(tmp_path: Path, commits: int) -> None:
    repo = tmp_path / "repo"
    grown(repo, commits, commits // 10)
    git(tmp_path, "clone", "-q", "--mirror", str(repo), "mirror")
    with running(repo) as control:
        tip = control.put("game/last", document({"n": 1})).json()["commit"]
        git(repo, "push", "-q", str(tmp_path / "mirror"), "main")
    DAMAGES["truncated commit"](repo)
    begun = time.monotonic()
    with running(repo, "--mirror", str(tmp_path / "mirror")) as control:
        assert control.put("game/after", document({"n": 1})).status_code == 200
        took = time.monotonic() - begun
        assert git(repo, "merge-base", "--is-ancestor", tip, "main") == ""
    print(f"\nwhole again after {took:.1f} s at {commits} commits", end="")
    assert took < 10


def scatter(repo: Path) -> None:
    """Many reachable loose objects. In the directory that stands for all there are enough for them to be packed."""
    number, few = (6_000, 0) if LONG else (1_000, 1 + upkeep.LOOSE_LIMIT // 256)
    texts = [str(n).encode() for n in range(number)]
    counted = (str(n).encode() for n in range(number, 1_000_000))
    names = ((text, hashlib.sha1(b"blob %d\0%s" % (len(text), text)).hexdigest()) for text in counted)
    texts += itertools.islice((text for text, name in names if name.startswith("17")), few)
    stream = [b"commit refs/heads/many\ncommitter A <a@localhost> 1700000000 +0000\ndata 1\nx\n"]
    for text in texts:
        stream.append(b"M 100644 inline notes/%s/%s\ndata %d\n%s\n" % (text[-2:], text, len(text), text))
    git(repo, "fast-import", "--quiet", stdin=b"".join(stream))
    unpack(repo)
    assert upkeep.loose_objects(repo) >= upkeep.LOOSE_LIMIT


@pytest.fixture(scope="module")
def scattered(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = kept.copy(tmp_path_factory.mktemp("scattered"))
    scatter(repo)
    return repo


def test_many_loose_objects_are_packed_while_requests_go_on(scattered: Path, tmp_path: Path) -> None:
    repo = Path(shutil.copytree(scattered, tmp_path / "repo"))
    packed = threading.Event()

    def look() -> None:
        # What the thread beside the requests does every half a minute; in the long proof it is left to it.
        if not LONG:
            assert upkeep.Packer(repo, nullcontext, nullcontext).look()
        wait_for(lambda: upkeep.loose_objects(repo) < upkeep.LOOSE_LIMIT, seconds=90)
        packed.set()

    with running(repo) as control:
        thread = threading.Thread(target=look)
        thread.start()
        n = 0
        while not packed.is_set() or n < 5:
            assert thread.is_alive() or packed.is_set()
            answer = control.put(f"game/p{n}", document({"n": n}))
            assert answer.status_code == 200, answer.text
            assert values(control) == {"n": 3}
            n += 1
        thread.join()
        for number in range(n):
            assert values(control, f"game/p{number}") == {"n": number}
    git(repo, "fsck", "--strict", "--no-dangling")


def test_it_is_whole_if_it_is_killed_while_it_packs(scattered: Path, tmp_path: Path) -> None:
    repo = Path(shutil.copytree(scattered, tmp_path / "repo"))
    tip = git(repo, "rev-parse", "main")
    script = "import sys, pathlib; from configedge.control import upkeep; upkeep.pack(pathlib.Path(sys.argv[1]))"
    finished = 0
    # The first one before it can have begun, whatever the machine.
    for seconds in (0.02, 0.2, 0.3, 0.4, 0.5, 0.6):
        packing = subprocess.Popen([sys.executable, "-c", script, str(repo)], start_new_session=True)
        try:
            finished += packing.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            # Git's processes too, as when a machine or container ends.
            os.killpg(packing.pid, signal.SIGKILL)
            packing.wait()
        git(repo, "fsck", "--strict", "--no-dangling")
        assert git(repo, "rev-parse", "main") == tip
    assert finished < 6, "it was never killed"
    with running(repo) as control:
        assert values(control) == {"n": 3}
        assert control.put("game/b", document({"n": 1})).status_code == 200


@contextmanager
def small_disk(root: Path, mib: int) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    root.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}M", "tmpfs", root], capture_output=True, env={"PATH": SEARCH}
    )
    if made.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {made.stderr.decode().strip()}")
    try:
        yield root
    finally:
        subprocess.run(["umount", "--lazy", root], check=True, env={"PATH": SEARCH})


def test_a_full_disk_is_507_until_there_is_space(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8) as disk, running(disk / "repo") as control:
        history(control, 2)
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * (1 << 16))
        tip = control.tip()
        for n in range(4):
            full = control.put(f"game/full-{n}", document({"pad": os.urandom(30_000).hex()}))
            assert full.status_code == 507, full.text
            assert values(control) == {"n": 1} and control.tip() == tip
        assert control.http.get("/healthz").status_code == 200
        filler.unlink()
        assert control.put("game/after", document({"n": 1})).status_code == 200
        wait_for(lambda: control.http.get("/readyz").status_code == 200)
        git(disk / "repo", "fsck", "--strict", "--no-dangling")
        entries = control.http.get("/v1/audit").json()["items"]
        made = git(disk / "repo", "rev-list", "main").split()[:-1]
        assert [entry["commit"] for entry in entries if entry["commit"]] == made, "every commit is written down"


def test_nothing_is_changed_that_cannot_be_written_down(tmp_path: Path) -> None:
    """The audit on a disk of its own that is full; the repository is well."""
    with small_disk(tmp_path / "disk", 1) as disk:
        audit = disk / "audit.jsonl"
        with running(tmp_path / "repo", "--audit", str(audit)) as control:
            history(control, 1)
            with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(b"x" * 4096)
            tip = control.tip()
            answers = {control.put(f"game/x{n}", document({"n": n})).status_code for n in range(5)}
            assert answers == {507} and control.tip() == tip
            assert values(control) == {"n": 0} and "audit" in control.http.get("/readyz").text
            (disk / "filler").unlink()
            assert control.put("game/y", document({"n": 1})).status_code == 200
            assert control.http.get("/readyz").status_code == 200
            entries = control.http.get("/v1/audit", params={"limit": 100}).json()["items"]
            made = git(tmp_path / "repo", "rev-list", "main").split()[:-1]
            assert [entry["commit"] for entry in entries if entry["commit"]] == made, "every commit is written down"


def test_a_limit_of_file_size_is_a_full_disk_too(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        history(control, 1)
        unlimited = resource.RLIM_INFINITY
        resource.prlimit(control.process.pid, resource.RLIMIT_FSIZE, (100, unlimited))
        full = control.put("game/b", document({"n": 1, "pad": "x" * 3000}))
        assert full.status_code == 507, full.text
        assert values(control) == {"n": 0}
        resource.prlimit(control.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        assert control.put("game/b", document({"n": 1})).status_code == 200
