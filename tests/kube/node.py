"""A node: `configedge sync kube`, a relay and a service that reads, as processes and a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import configedge
from tests.kube.apiserver import ApiServer
from tests.kube.cluster import GAME
from tests.kube.swarm import Sync, syncing
from tests.support import relay as relays
from tests.support.relay import Relay

PATIENCE_S = 120.0


class Node:
    """What a reader that sleeps has seen of one bundle, which has a `number`, and when it did."""

    def __init__(self, sync: Sync, relay: Relay, bundle: str) -> None:
        self._sync, self._relay, self._bundle = sync, relay, bundle
        self._seen: dict[int, int] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def read(self, number: int) -> int:
        """When the service had this `number` of the bundle: time.time_ns()."""
        deadline = time.monotonic() + PATIENCE_S
        while number not in self._seen:
            told = f"{self._sync.log[-2000:]} {self._relay.status()}"
            assert time.monotonic() < deadline, f"{number} never came to the node: {told}"
            time.sleep(0.001)
        return self._seen[number]

    def swapped(self) -> int:
        """When the spool was swapped last, in ns since the epoch, as exact as the kernel's clock for files: some ms."""
        return (self._sync.spool / "..data").lstat().st_mtime_ns

    def _watch(self) -> None:
        config = configedge.open(self._relay.out, wait=PATIENCE_S)
        self._note(config)
        for _ in config.watch(self._bundle):
            self._note(config)

    def _note(self, config: configedge.Reader) -> None:
        self._seen.setdefault(config.get(f"{self._bundle}.number"), time.time_ns())


@contextmanager
def node(server: ApiServer, directory: Path, bundle: str = "matchmaking") -> Iterator[Node]:
    """A running one with the rights of `configbundle-reader`, that serves the game's bundles."""
    account = server.account(GAME, "configbundle-reader")
    with (
        syncing(directory, account.kubeconfig, "--namespace", GAME) as [sync],
        relays.running(sync.spool.parent) as relay,
    ):
        yield Node(sync, relay, bundle)
