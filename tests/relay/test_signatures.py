"""The relay with `--allowed-signers`: what a signer's commit has is served, and nothing else that lies in the spool.

A real repository, the real exporter, the real relay; the attacker can write whatever they like into the spool.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pygit2
import pytest

import configedge
from configedge.bundle import BundlePath
from configedge.signing import Signer, split_commit
from configedge.sync import proof
from configedge.sync.git import GitSource
from configedge.sync.pump import Pump, every
from configedge.sync.spool import export
from tests.support.policies import install, module
from tests.support.relay import Relay, binary, bundle, running, wait_for
from tests.support.signing import BRANCH, allow, commit_files, make_key, signed
from tests.sync.test_exporter import SYNC

NAMES = {"a": "game", "b": "game", "c": "shop"}
_copies = count()


def text(name: str, value: int, policies: tuple[str, ...] = ()) -> bytes:
    whole = bundle({"n": value}, name, NAMES[name])
    return f"{whole}  policies: {json.dumps(policies)}\n".encode()


class Site:
    """A repository with three bundles, its exporter, and a relay that trusts one key."""

    def __init__(self, root: Path) -> None:
        # Apart from the spool: the sandbox must let the relay read the list there.
        self.root, self.node, self.key = root, root / "node", make_key(root / "key")
        self.node.mkdir()
        self.allowed = allow(root / "allowed", self.key)
        self.repo = pygit2.init_repository(str(root / "repo"), bare=True, initial_head="main")
        self.relay = Relay(self.node)
        self.at = int(time.time()) - 1_000

    def commit(self, files: dict[str, bytes | None], signer: Signer | None = None, at: int | None = None) -> str:
        self.at += 1
        return commit_files(self.repo, files, signer or self.key, at or self.at)

    def put(self, value: int, *names: str, signer: Signer | None = None) -> str:
        files = {f"bundles/{NAMES[name]}/{name}.yaml": text(name, value) for name in names or NAMES}
        return self.commit(dict(files), signer)

    def export(self, spool: Path | None = None, namespace: str | None = None) -> None:
        source = GitSource(str(self.root / "repo"), "main", namespace, self.root / "cache")
        assert Pump(source, spool or self.relay.spool, every(1.0)).once()

    def attack(self, alter: Callable[[Path], object]) -> None:
        """Exports the tip elsewhere, alters it, and swaps it in as an exporter would."""
        aside = self.root / f"aside{next(_copies)}"
        self.export(aside)
        alter((aside / "..data").resolve())
        self.swap_in(aside)

    def swap_in(self, aside: Path) -> None:
        new = self.relay.spool / f"..attack-{next(_copies)}"
        (aside / "..data").resolve().rename(new)
        (self.relay.spool / "..data_tmp").symlink_to(new.name)
        (self.relay.spool / "..data_tmp").rename(self.relay.spool / "..data")

    def problems(self) -> list[dict[str, Any]]:
        status = self.relay.status()
        return [*status["problems"], *(problem for one in status["bundles"] for problem in one["problems"])]

    def served(self) -> dict[str, Any]:
        snapshot = configedge.open(self.relay.out, wait=10).snapshot()
        return {name: snapshot[f"{name}.n"] for name in NAMES if f"{name}.n" in snapshot}

    def refused(self, said: str) -> list[dict[str, Any]]:
        """The problems, once there is one that says so."""
        return list(wait_for(lambda: [one for one in self.problems() if said in one["message"]]))


@contextmanager
def serving(root: Path, *options: str) -> Iterator[Site]:
    """One whose first commit is served."""
    site = Site(root)
    tip = site.put(1)
    site.export()
    with running(site.node, "--allowed-signers", str(site.allowed), *options) as site.relay:
        assert site.relay.ready()["commit"] == tip
        yield site


def test_what_is_signed_is_served_with_its_own_commit(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        assert site.served() == {"a": 1, "b": 1, "c": 1}
        tip = site.put(2)
        options = [
            "--remote",
            str(tmp_path / "repo"),
            "--spool",
            str(site.relay.spool),
            "--cache",
            str(tmp_path / "cache"),
        ]
        subprocess.run([*SYNC, "--once", *options, "--allowed-signers", str(site.allowed)], check=True)
        wait_for(lambda: site.relay.status()["commit"] == tip)
        assert site.served() == {"a": 2, "b": 2, "c": 2} and site.problems() == []
        # Nobody says which commit it is, but the commit itself.
        tip = site.put(3)
        site.attack(lambda data: (data / ".configedge.json").unlink())
        wait_for(lambda: site.relay.status()["commit"] == tip)
        gone = site.commit({"bundles/game/b.yaml": None})
        site.export()
        wait_for(lambda: site.relay.status()["commit"] == gone)
        assert site.served() == {"a": 3, "c": 3} and site.relay.status()["state"] == "ok"


def test_a_bundle_that_was_altered_stops_only_itself(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        tip = site.put(2)
        site.attack(lambda data: (data / "game.a.yaml").write_bytes(text("a", 666)))
        wait_for(lambda: site.relay.status()["commit"] == tip)
        assert site.served() == {"a": 1, "b": 2, "c": 2}
        assert [(one["file"], one["code"]) for one in site.problems()] == [("game.a.yaml", "signature")]
        site.export()
        wait_for(lambda: site.problems() == [])
        assert site.served() == {"a": 2, "b": 2, "c": 2}


def test_a_file_that_nobody_signed_takes_no_bundle_over(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        tip = site.put(2)
        names = ["aaa.a.yaml", "a.yaml", "a.json", "game.d.yaml", "game.a.yml"]
        site.attack(lambda data: [(data / name).write_bytes(text("a", 666)) for name in names])
        wait_for(lambda: site.relay.status()["commit"] == tip)
        assert site.served() == {"a": 2, "b": 2, "c": 2}
        assert {(one["file"], one["code"]) for one in site.problems()} == {(name, "signature") for name in names}


def test_a_bundle_that_is_taken_away_is_still_served(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        tip = site.put(2, "c")
        site.attack(lambda data: (data / "game.a.yaml").unlink())
        [problem] = site.refused("it is missing")
        assert (problem["file"], problem["code"]) == ("game.a.yaml", "signature")
        assert site.served() == {"a": 1, "b": 1, "c": 2} and site.relay.status()["commit"] == tip


@pytest.mark.parametrize("restarted", [False, True])
def test_a_namespace_that_is_taken_away_with_its_proof_is_still_served(tmp_path: Path, restarted: bool) -> None:
    with serving(tmp_path) as site:
        site.put(2, "c")

        def take_away(data: Path) -> None:
            (data / ".proof" / tree_of(site, "bundles/game")).unlink()
            for file in data.glob("game.*"):
                file.unlink()

        if restarted:
            site.relay.stop()
        site.attack(take_away)
        if restarted:
            site.relay.start()
            site.relay.ready()
        assert len(site.refused("nothing proves")) == 2
        assert site.served() == {"a": 1, "b": 1, "c": 2}
        # What is looked at again is no less unknown.
        policies = site.relay.spool / "..data" / "policies"
        policies.mkdir()
        (policies / "x.wasm").write_bytes(b"unsigned")
        site.refused("no such file")
        assert len(site.refused("nothing proves")) == 2
        assert site.served() == {"a": 1, "b": 1, "c": 2}


def test_a_relay_of_one_namespace_needs_the_proof_of_that_one(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.put(1)
    site.export(namespace="game")
    with running(site.node, "--allowed-signers", str(site.allowed), "--namespace", "game") as site.relay:
        site.relay.ready()
        assert site.served() == {"a": 1, "b": 1} and site.problems() == []
        tip = site.commit({"bundles/game/b.yaml": None})
        site.export(namespace="game")
        wait_for(lambda: site.relay.status()["commit"] == tip)
        assert site.served() == {"a": 1} and site.problems() == []


def test_a_node_takes_what_was_signed_for_its_environment_only(tmp_path: Path) -> None:
    site = Site(tmp_path)
    layers = {"bundles": 1, "rendered/prod": 2, "rendered/test": 3}
    tip = site.commit({f"{place}/game/a.yaml": text("a", value) for place, value in layers.items()})

    def hand_on(place: str) -> None:
        """As an exporter does that was told this environment."""
        proved = proof.of(site.repo, tip, proof.directories(site.repo, tip, top=place))
        files = {BundlePath("game", "a"): text("a", layers[place])}
        export(files, tip, site.at, site.relay.spool, {}, proved)
        # The next is of the same commit, and another content of it.
        (site.relay.spool / "..data/.configedge.json").unlink()

    hand_on("rendered/prod")
    with running(site.node, "--allowed-signers", str(site.allowed), "--environment", "prod") as site.relay:
        site.relay.ready()
        assert site.served() == {"a": 2} and site.problems() == []
        for place in ("rendered/test", "bundles"):
            hand_on(place)
            wait_for(lambda: any(one["code"] == "signature" for one in site.problems()))
            assert site.served() == {"a": 2}
            hand_on("rendered/prod")
            wait_for(lambda: site.problems() == [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--environment", "prod"], "give --allowed-signers too"),
        (["--allowed-signers", "x", "--region", "eu"], "--environment NAME"),
        (["--allowed-signers", "x", "--environment", "../x"], "is not a name"),
    ],
)
def test_options_that_mean_nothing_are_refused(tmp_path: Path, options: list[str], said: str) -> None:
    command = [binary(), "--spool", str(tmp_path), "--out", str(tmp_path / "out"), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and said in done.stderr


def test_a_policy_that_was_altered_lets_nothing_pass(tmp_path: Path) -> None:
    good, lax = (install(tmp_path / name, {"limit": module(answer)}) for name, answer in POLICIES.items())
    with serving(tmp_path) as site:
        files = {f"policies/{file.name}": file.read_bytes() for file in good.iterdir()}
        tip = site.commit({**files, "bundles/game/a.yaml": text("a", 2, ("limit",))})
        site.export()
        wait_for(lambda: site.relay.status()["commit"] == tip)
        site.commit({"bundles/game/a.yaml": text("a", 3, ("limit",)), "bundles/game/b.yaml": text("b", 3)})
        site.attack(lambda data: [shutil.copy(file, data / "policies") for file in lax.iterdir()])
        wait_for(lambda: site.served() == {"a": 2, "b": 3, "c": 1})
        wrong = {
            ("policies/limit.wasm", "signature"),
            ("policies/manifest.yaml", "signature"),
            ("game.a.yaml", "policy"),
        }
        # The status is written after the snapshot.
        wait_for(lambda: {(one["file"], one["code"]) for one in site.problems()} == wrong)
        site.export()
        wait_for(lambda: site.problems() == [])
        assert site.served() == {"a": 3, "b": 3, "c": 1}


POLICIES = {"good": '{"accept":true}', "lax": '{"accept":true,"messages":[]}'}


def tree_of(site: Site, path: str) -> str:
    return str(site.repo.revparse_single(f"{BRANCH}:{path}").id)


def with_lies(site: Site) -> bytes:
    """The tree of a namespace with another text of a bundle in it."""
    honest = site.repo.revparse_single(f"{BRANCH}:bundles/game/a.yaml").id
    tree = site.repo.revparse_single(f"{BRANCH}:bundles/game").read_raw()
    return tree.replace(honest.raw, pygit2.hash(text("a", 666)).raw)


def test_a_tree_that_was_altered_stops_only_its_namespace(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        tip = site.put(2)

        def lie(data: Path) -> None:
            (data / "game.a.yaml").write_bytes(text("a", 666))
            (data / ".proof" / tree_of(site, "bundles/game")).write_bytes(with_lies(site))

        site.attack(lie)
        wait_for(lambda: site.relay.status()["commit"] == tip)
        assert site.served() == {"a": 1, "b": 1, "c": 2}
        assert [(one["file"], one["code"]) for one in site.refused("is not the tree of that name")] == [
            ("game.a.yaml", "signature"),
            ("game.b.yaml", "signature"),
        ]


def edit_commit(edit: Callable[[bytes], bytes]) -> Callable[[Site, Path], None]:
    def way(site: Site, data: Path) -> None:
        file = data / ".proof/commit"
        before = file.read_bytes()
        after = edit(before)
        assert after != before
        file.write_bytes(after)
        # So that nothing contradicts it.
        (data / ".configedge.json").unlink()

    return way


def flip_signature(raw: bytes) -> bytes:
    """Another signature of 64 bytes in a form without fault."""
    payload, armored = split_commit(raw)
    blob = bytearray(base64.b64decode("".join(armored.split("\n")[1:-1])))
    blob[-1] ^= 1
    lines = base64.encodebytes(bytes(blob)).decode()
    return signed(payload, f"-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----")


def all_trees_anew(site: Site, data: Path) -> None:
    """Another text, and a whole chain of trees that lead to it from the commit; only the signature is not of that."""
    index = pygit2.Index()
    index.read_tree(site.repo.revparse_single(BRANCH).peel(pygit2.Commit).tree)
    blob = site.repo.create_blob(text("a", 666))
    index.add(pygit2.IndexEntry("bundles/game/a.yaml", blob, pygit2.enums.FileMode.BLOB))
    root = site.repo[index.write_tree(site.repo)].peel(pygit2.Tree)
    for path in ("", "bundles", "bundles/game"):
        tree = (root[path] if path else root).peel(pygit2.Tree)
        (data / ".proof" / str(tree.id)).write_bytes(tree.read_raw())
    (data / "game.a.yaml").write_bytes(text("a", 666))
    edit_commit(lambda raw: raw.replace(raw[5:45], str(root.id).encode()))(site, data)


def sign_by_another(site: Site, data: Path) -> None:
    other = make_key(site.root / "other")

    def anew(raw: bytes) -> bytes:
        payload = split_commit(raw)[0]
        return signed(payload, other.sign(payload))

    edit_commit(anew)(site, data)


def claim_another(site: Site, data: Path) -> None:
    manifest = json.loads((data / ".configedge.json").read_text())
    (data / ".configedge.json").write_text(json.dumps({**manifest, "commit": "1" * 40}))


WAYS: dict[str, tuple[Callable[[Site, Path], object], str]] = {
    "the message": (edit_commit(lambda raw: raw + b"more\n"), "not of this commit"),
    "the author": (edit_commit(lambda raw: raw.replace(b"author Ops", b"author Eve")), "not of this commit"),
    "the parent": (
        edit_commit(lambda raw: raw.replace(b"\nparent ", b"\nparent " + b"0" * 40 + b"\nparent ")),
        "not of",
    ),
    "the tree": (all_trees_anew, "not of this commit"),
    "the signature": (edit_commit(flip_signature), "not of this commit"),
    "no signature": (edit_commit(lambda raw: split_commit(raw)[0]), "no signature"),
    "two signatures": (edit_commit(lambda raw: raw.replace(b"\ngpgsig", b"\ngpgsig x\ngpgsig")), "more than one"),
    "the key": (sign_by_another, "its key SHA256:"),
    "no proof": (lambda site, data: shutil.rmtree(data / ".proof"), "no signed commit"),
    "no commit": (lambda site, data: (data / ".proof/commit").unlink(), "no signed commit"),
    "a link": (lambda site, data: relink(data / ".proof/commit"), "symbolic link"),
    "a FIFO": (lambda site, data: refifo(data / ".proof/commit"), "not a regular file"),
    "a huge commit": (edit_commit(lambda raw: raw + b"x" * (1 << 20)), "the limit"),
    "no root": (lambda site, data: (data / ".proof" / tree_of(site, "")).unlink(), "No such file"),
    "an empty root": (lambda site, data: (data / ".proof" / tree_of(site, "")).write_bytes(b""), "is not the tree"),
    "a huge tree": (
        lambda site, data: (data / ".proof" / tree_of(site, "bundles")).write_bytes(b"x" * (2 << 20)),
        "the limit",
    ),
    "no bundles": (lambda site, data: (data / ".proof" / tree_of(site, "bundles")).unlink(), "No such file"),
    "another commit's name": (claim_another, "says 1111"),
}


def relink(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def refifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def test_a_commit_that_was_altered_changes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        site.put(2)
        before = site.relay.status()
        for way, (alter, said) in WAYS.items():
            site.attack(partial(alter, site))
            [problem] = site.refused(said)
            after = site.relay.status()
            assert (problem["code"], len(site.problems())) == ("signature", 1), way
            assert (after["generation"], after["commit"]) == (before["generation"], before["commit"]), way
            assert site.served() == {"a": 1, "b": 1, "c": 1} and after["state"] == "degraded", way
        site.export()
        wait_for(lambda: site.relay.status()["state"] == "ok")
        assert site.served() == {"a": 2, "b": 2, "c": 2}


def test_an_older_commit_does_not_come_back(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        old = tmp_path / "old"
        site.export(old)
        tip = site.put(2)
        site.export()
        wait_for(lambda: site.relay.status()["commit"] == tip)
        site.swap_in(old)
        [problem] = site.refused("is older than")
        assert problem["code"] == "signature" and tip in problem["message"]
        assert site.served() == {"a": 2, "b": 2, "c": 2}
        # Another commit of the same second is not older, and going back is a new commit.
        same = site.commit({"bundles/game/a.yaml": text("a", 1)}, at=site.at)
        site.export()
        wait_for(lambda: site.relay.status()["commit"] == same)
        assert site.served() == {"a": 1, "b": 2, "c": 2} and site.problems() == []


@pytest.mark.parametrize("rebooted", [False, True])
def test_an_older_commit_does_not_come_back_by_a_restart(tmp_path: Path, rebooted: bool) -> None:
    durable = tmp_path / "disk" / "last-good"
    with serving(tmp_path, "--durable", str(durable)) as site:
        old = tmp_path / "old"
        site.export(old)
        tip = site.put(2)
        site.export()
        wait_for(lambda: site.relay.status()["commit"] == tip)
        site.relay.stop(signal.SIGKILL)
        if rebooted:
            shutil.rmtree(site.relay.out)
        site.swap_in(old)
        site.relay.start()
        site.relay.ready()
        site.refused("is older than")
        assert site.served() == {"a": 2, "b": 2, "c": 2}
        tip = site.put(3)
        site.export()
        wait_for(lambda: site.relay.status()["commit"] == tip)
        assert site.problems() == []


def test_who_may_sign_one_namespace_takes_nothing_of_another(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        stranger = bundle({"n": 666}, "c", "shop").encode()
        site.commit({"bundles/aaa/x.yaml": stranger})
        site.attack(lambda data: (data / "shop.c.yaml").unlink())
        site.refused("it is missing")
        site.refused("is called after aaa/x")
        assert site.served() == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_key_is_followed_by_another_while_the_relay_runs(tmp_path: Path, newest_first: bool) -> None:
    with serving(tmp_path) as site:
        old, new = site.key, make_key(tmp_path / "new")
        by_new = site.put(2, signer=new)
        site.export()
        assert site.refused("its key SHA256:") and site.served() == {"a": 1, "b": 1, "c": 1}
        allow(site.allowed, *((new, old) if newest_first else (old, new)))
        wait_for(lambda: site.relay.status()["commit"] == by_new)
        by_old = site.put(3, signer=old)
        site.export()
        wait_for(lambda: site.relay.status()["commit"] == by_old)
        allow(site.allowed, new)
        assert site.refused("its key SHA256:") and site.served() == {"a": 3, "b": 3, "c": 3}
        by_new = site.put(4, signer=new)
        site.export()
        wait_for(lambda: site.relay.status()["commit"] == by_new)
        assert site.served() == {"a": 4, "b": 4, "c": 4} and site.problems() == []


def test_a_list_that_cannot_be_used_lets_nothing_pass(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        site.put(2)
        site.allowed.write_text("nonsense\n")
        site.export()
        [problem] = site.refused("line 1")
        assert problem["code"] == "signature" and site.served() == {"a": 1, "b": 1, "c": 1}
        site.allowed.unlink()
        site.refused("No such file")
        allow(site.allowed, site.key)
        wait_for(lambda: site.served() == {"a": 2, "b": 2, "c": 2})


def test_nothing_is_served_of_a_first_spool_that_nobody_signed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.relay.put(text("a", 1).decode(), "game.a.yaml")
    site.relay.options = ("--allowed-signers", str(site.allowed), "--once")
    site.relay.start()
    assert site.relay.process is not None
    assert site.relay.process.wait(timeout=10) == 1
    status = site.relay.status()
    assert (status["state"], status["generation"]) == ("empty", 0)
    assert [one["code"] for one in status["problems"]] == ["signature"]


def test_without_the_option_nothing_needs_a_signature(tmp_path: Path) -> None:
    def unsigned(data: Path) -> None:
        (data / "game.a.yaml").write_bytes(text("a", 2))
        shutil.rmtree(data / ".proof")

    site = Site(tmp_path)
    site.put(1)
    site.export()
    with running(site.node) as site.relay:
        site.relay.ready()
        site.attack(unsigned)
        wait_for(lambda: site.served() == {"a": 2, "b": 1, "c": 1})
