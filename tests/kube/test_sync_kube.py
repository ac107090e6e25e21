"""`configsync kube` on a real API server: what it writes, and that no final state is missed whatever happens.

PROOFS=long takes the server away for 30 seconds at a time, and not for 14.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

import configedge
from tests.cli.shell import call
from tests.kube.apiserver import ApiServer
from tests.kube.client import User, bundle_path
from tests.kube.cluster import bundle, namespace
from tests.kube.swarm import PATIENCE_S, Sync, arrivals, cable, eventually, syncing
from tests.support import relay as relays
from tests.support.kube import DEPLOY

SWARM = 100
# Longer than a node waits for an answer (10 s) or for a sign of life (6 s).
PARTITION_S = 30.0 if os.environ.get("PROOFS") == "long" else 14.0


@dataclass(frozen=True)
class Game:
    """A namespace with bundles, and the account of whoever carries them to nodes."""

    server: ApiServer
    name: str
    reader: User

    def put(self, bundle_name: str = "m", **values: Any) -> None:
        self.server.admin.apply(bundle(self.name, bundle_name, values=values))

    def patch(self, bundle_name: str = "m", **values: Any) -> None:
        self.server.admin.patch(bundle_path(self.name, bundle_name), {"spec": {"values": values}})

    def delete(self, bundle_name: str) -> None:
        self.server.admin.request("DELETE", bundle_path(self.name, bundle_name))

    def file(self, bundle_name: str = "m") -> str:
        return f"{self.name}.{bundle_name}.json"

    @contextmanager
    def synced(self, directory: Path, *options: object) -> Iterator[Sync]:
        """One process for this namespace, which has written what is there."""
        with syncing(directory, self.reader.kubeconfig, "--namespace", self.name, *options) as [sync]:
            eventually(lambda: bool(sync.files()), "the first swap")
            yield sync


Games = Callable[[], Game]


@pytest.fixture
def games(server: ApiServer) -> Games:
    """Makes one in a namespace of its own."""

    def made() -> Game:
        name = f"game-{secrets.token_hex(3)}"
        server.admin.apply(namespace(name))
        server.admin.kubectl("apply", "-f", str(DEPLOY / "rbac" / "roles.yaml"))
        server.admin.kubectl("apply", "--namespace", name, "-f", str(DEPLOY / "tenant" / "bindings.yaml"))
        return Game(server, name, server.account(name, "configbundle-reader"))

    return made


@pytest.fixture
def game(games: Games) -> Game:
    return games()


def test_services_read_what_is_in_the_cluster_and_then_what_changes(game: Game, tmp_path: Path) -> None:
    game.put(ping=80, regions={"eu": {"weight": 1.5}})
    with game.synced(tmp_path) as sync, relays.running(sync.spool.parent) as relay:
        reader = configedge.open(relay.out, wait=30)
        assert (reader["m.ping"], reader["m.regions.eu.weight"]) == (80, 1.5)
        game.patch(ping=90)
        eventually(lambda: reader["m.ping"] == 90, "the change")
        game.put("other", n=1)
        eventually(lambda: reader.get("other.n") == 1, "the new bundle")
        game.delete("other")
        eventually(lambda: reader.get("other.n") is None, "the deletion")
        assert relay.status()["problems"] == [] and relay.status()["refusals"] == 0


def test_the_command_line_is_the_same_one_by_python(game: Game, tmp_path: Path) -> None:
    game.put(n=1)
    spool = tmp_path / "spool"
    options = ("--kubeconfig", game.reader.kubeconfig, "--namespace", game.name, "--spool", spool)
    done = call("sync", "kube", "--once", *options)
    assert done.returncode == 0 and (spool / "..data" / game.file()).exists(), done.stderr
    assert "--kustomization" in call("sync", "kube", "--help").stdout
    refused = call("sync", "kube", "--spool", spool, "--namespace", "../x")
    assert refused.returncode == 2 and "is not a name" in refused.stderr


def test_only_changes_of_content_are_written(game: Game, tmp_path: Path) -> None:
    game.put(n=1)
    path = bundle_path(game.name, "m")
    with game.synced(tmp_path) as sync:
        before = sync.swap()
        status = {"status": {"nodes": {"ready": 1, "total": 2}}}
        game.server.admin.patch(bundle_path(game.name, "m", "status"), status)
        game.server.admin.patch(
            path, {"metadata": {"annotations": {"example.com/looked": "now"}, "labels": {"a": "b"}}}
        )
        game.put("later", n=1)
        eventually(lambda: "later" in str(sync.files().keys()), "a change after those")
        assert sync.swap() != before
        [directory] = [entry for entry in sync.spool.iterdir() if entry.is_dir() and not entry.is_symlink()]
        assert directory.name == sync.swap()
        before = sync.swap()
        game.server.admin.patch(path, {"metadata": {"annotations": {"configedge.io/allow-resize": "true"}}})
        eventually(lambda: sync.swap() != before, "an annotation of ours")
        document = sync.files()[game.file()]
        assert document["metadata"] == {
            "name": "m",
            "namespace": game.name,
            "annotations": {"configedge.io/allow-resize": "true"},
        }
        assert set(document) == {"apiVersion", "kind", "metadata", "spec"}


def test_changes_that_come_together_are_few_swaps(game: Game, tmp_path: Path) -> None:
    game.put(n=0)
    with game.synced(tmp_path) as sync:
        swaps = sync.log.count("written to")
        for number in range(1, 201):
            game.patch(n=number)
        eventually(lambda: sync.values(game.file()) == {"n": 200}, "the last one")
        assert sync.log.count("written to") - swaps < 100


def test_a_spool_is_never_emptied(games: Games, tmp_path: Path) -> None:
    game, nothing = games(), games()
    game.put(n=1)
    with game.synced(tmp_path) as sync:
        game.delete("m")
        eventually(lambda: "no ConfigBundle in" in sync.log, "that it says so")
        assert sync.values(game.file()) == {"n": 1}
    wrong = ("--kubeconfig", nothing.reader.kubeconfig, "--namespace", nothing.name, "--spool", sync.spool, "--once")
    done = call("sync", "kube", *wrong)
    assert done.returncode == 1 and "an empty spool is never written" in done.stderr
    assert sync.values(game.file()) == {"n": 1}


def test_after_a_restart_it_is_as_the_cluster_is(game: Game, tmp_path: Path) -> None:
    for name in ("kept", "deleted", "changed"):
        game.put(name, n=1)
    with game.synced(tmp_path) as sync:
        eventually(lambda: len(sync.files()) == 3, "all three")
        assert sync.stop() == 0
    game.delete("deleted")
    game.patch("changed", n=2)
    game.put("new", n=1)
    with game.synced(tmp_path) as sync:
        wanted = {game.file("kept"): 1, game.file("changed"): 2, game.file("new"): 1}
        eventually(lambda: {f: d["spec"]["values"]["n"] for f, d in sync.files().items()} == wanted, "the rest")


def test_a_namespace_without_rights_leaves_the_others_alone(games: Games, tmp_path: Path) -> None:
    game, closed = games(), games()
    game.put(n=1)
    closed.put(n=7)
    # What the spool had of it before the right was lost.
    admin = game.server.admin.kubeconfig
    both = ("--namespace", game.name, "--namespace", closed.name)
    with syncing(tmp_path, admin, *both) as [sync]:
        eventually(lambda: len(sync.files()) == 2, "both")
        sync.stop()
    with syncing(tmp_path, game.reader.kubeconfig, *both) as [sync]:
        eventually(lambda: "configbundle-reader" in sync.log, "what is missing")
        game.patch(n=2)
        eventually(lambda: sync.values(game.file()) == {"n": 2}, "the change")
        assert sync.values(closed.file()) == {"n": 7}
    with syncing(tmp_path / "fresh", game.reader.kubeconfig, *both) as [sync]:
        eventually(lambda: "configbundle-reader" in sync.log, "what is missing")
        assert sync.files() == {}, "a part of what nodes need is not what they start with"


def test_the_last_good_stays_while_the_api_server_is_away(game: Game, tmp_path: Path) -> None:
    game.put(n=1)
    with game.synced(tmp_path) as sync:
        game.server.api.stop()
        try:
            eventually(lambda: "error: bundles in" in sync.log, "that it says so")
            assert sync.values(game.file()) == {"n": 1} and sync.process.poll() is None
            shutil.rmtree(sync.spool)
            eventually(lambda: sync.values(game.file()) == {"n": 1}, "a spool that was removed is filled again")
        finally:
            game.server.restart()
        game.patch(n=2)
        eventually(lambda: sync.values(game.file()) == {"n": 2}, "the change after it")


def test_no_credential_is_in_the_log(game: Game, tmp_path: Path) -> None:
    game.put(secret="canary-value")
    with game.synced(tmp_path, "--log", "json") as sync:
        game.server.restart()
        eventually(lambda: "error" in sync.log, "that it says so")
        said = sync.log
        assert game.reader.token not in said and "canary-value" not in said
        assert all(json.loads(line)["level"] in ("info", "error") for line in said.splitlines())


def test_a_watch_that_expired_is_listed_again(game: Game, tmp_path: Path) -> None:
    game.put(n=1)
    game.put("gone", n=1)
    with cable(tmp_path, game.reader.kubeconfig, game.server.port) as (link, kubeconfig):
        options = ("--namespace", game.name)
        with syncing(tmp_path, kubeconfig, *options, before=link.inside) as [sync]:
            eventually(lambda: len(sync.files()) == 2, "the first swap")
            link.cut()
            game.patch(n=2)
            game.delete("gone")
            compact(game.server)
            # What it watched from is in no cache of the new one, and not in the store.
            game.server.restart()
            game.patch(n=3)
            link.heal()
            took = eventually(lambda: sync.values(game.file()) == {"n": 3} and len(sync.files()) == 1, "the last state")
            assert "410" in sync.log
            print(f"watch expired (410): converged {took:.2f} s after the cable was whole")


def compact(server: ApiServer) -> None:
    """Makes etcd forget all but what is there now."""
    store = server._store
    with httpx2.Client(base_url=store, trust_env=False) as etcd:
        revision = etcd.post("/v3/kv/range", json={"key": "AA=="}).json()["header"]["revision"]
        etcd.post("/v3/kv/compaction", json={"revision": revision, "physical": True}).raise_for_status()


@pytest.mark.timeout(900)
def test_a_hundred_miss_no_final_state(game: Game, tmp_path: Path) -> None:
    game.put(n=0)
    game.put("other", n=0)
    numbers = itertools.count(1)
    with cable(tmp_path, game.reader.kubeconfig, game.server.port) as (link, kubeconfig):
        options = ("--namespace", game.name)
        with syncing(tmp_path, kubeconfig, *options, count=SWARM, before=link.inside) as swarm:
            arrivals(swarm, game.file(), {"n": 0}, time.monotonic())

            def writes(count: int) -> dict[str, int]:
                for _ in range(count):
                    game.patch("other", n=next(numbers))
                    last = next(numbers)
                    game.patch(n=last)
                return {"n": last}

            wanted, start = writes(100), time.monotonic()
            told("200 writes in a row", arrivals(swarm, game.file(), wanted, start))

            writes(5)
            game.server.restart()
            start = time.monotonic()
            wanted = writes(5)
            told("API server restarted", arrivals(swarm, game.file(), wanted, start))

            game.server.freeze()
            time.sleep(PARTITION_S)
            game.server.thaw()
            start = time.monotonic()
            wanted = writes(1)
            told(f"API server frozen for {PARTITION_S:g} s", arrivals(swarm, game.file(), wanted, start))

            link.cut()
            time.sleep(PARTITION_S / 2)
            wanted = writes(5)
            time.sleep(PARTITION_S / 2)
            link.heal()
            start = time.monotonic()
            told(f"cable cut for {PARTITION_S:g} s", arrivals(swarm, game.file(), wanted, start))
            assert all(sync.process.poll() is None for sync in swarm)


def told(what: str, times: list[float]) -> None:
    """Figures are for people: a machine that is busy with something else is not what is tested."""
    assert len(times) == SWARM and times[-1] < PATIENCE_S
    print(f"{what}: {len(times)} nodes, median {statistics.median(times):.2f} s, last {times[-1]:.2f} s")
