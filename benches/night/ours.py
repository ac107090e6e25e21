"""ConfigEdge on this machine for the same night: control plane with durable Git, relay and matchmaker, all real."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from configedge.cli import example
from configedge.cli.processes import Service, memory_directory, start_control, start_relay, stop_all


@dataclass
class Node:
    gateway: str
    matchmaker: Service
    relay: Service
    snapshots: Path


@dataclass
class ConfigEdge:
    control: Service
    client: httpx2.Client
    nodes: list[Node]
    request_ms: list[float] = field(default_factory=list)
    """Of each push: the whole request."""
    commit_ms: list[float] = field(default_factory=list)
    """And of that the commit in Git, synced to disk, as the control plane tells it."""

    def push(self, values: Mapping[str, Any]) -> str:
        """Changes these values of the bundle; gives the commit, which is durable by then."""
        headers = {"If-Match": self.client.get(example.PATH).headers["etag"]}
        headers["Content-Type"] = "application/merge-patch+json"
        content = json.dumps({"spec": {"values": values}})
        began = time.perf_counter()
        reply = self.client.patch(example.PATH, content=content, headers=headers).raise_for_status()
        self.request_ms.append((time.perf_counter() - began) * 1e3)
        timing = dict(part.strip().split(";dur=") for part in reply.headers["server-timing"].split(","))
        self.commit_ms.append(float(timing["commit"]))
        commit: str = reply.json()["commit"]
        return commit

    def stall(self, seconds: float) -> None:
        """The whole control plane, Git with it, stands still for so long, from now on."""
        self.control.process.send_signal(signal.SIGSTOP)
        again = threading.Timer(seconds, self.control.process.send_signal, [signal.SIGCONT])
        again.daemon = True
        again.start()


@contextmanager
def running(root: Path, nodes: int = 1, *, matchmakers: bool = True) -> Iterator[ConfigEdge]:
    """So many nodes, each with a relay and a snapshot directory of its own. Raises ProcessError."""
    services: list[Service] = []
    with tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as memory:
        os.chmod(memory, 0o755)
        try:
            control = start_control(root / "repo.git", root / "spool", 0, root / "control.log")
            services.append(control)
            with httpx2.Client(base_url=control.ready()["url"], timeout=30) as client:
                example.push_if_empty(client)
                made = [_node(services, root, Path(memory), number, matchmakers) for number in range(nodes)]
                yield ConfigEdge(control, client, made)
        finally:
            # One that stands still would not end.
            for service in services:
                if service.alive():
                    service.process.send_signal(signal.SIGCONT)
            stop_all(services)


def _node(services: list[Service], root: Path, memory: Path, number: int, matchmaker: bool) -> Node:
    snapshots = memory / f"snapshots-{number}"
    relay = start_relay(root / "spool", snapshots, root / f"relay-{number}.log")
    services.append(relay)
    relay.ready()
    gateway = str(root / f"gateway-{number}.sock")
    command = [sys.executable, "-m", "matchmaker", "--config", str(snapshots), "--port", "0", "--gateway", gateway]
    if not matchmaker:
        return Node("", relay, relay, snapshots)
    service = Service(f"matchmaker-{number}", command, root / f"matchmaker-{number}.log")
    services.append(service)
    service.ready()
    return Node(gateway, service, relay, snapshots)


def until(what: str, there: Any, patience_s: float = 30.0) -> None:
    """Waits until `there()`. Raises SystemExit after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not there():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not happen within {patience_s:.0f} s")
        time.sleep(0.001)
