"""What a node costs: memory, and the time until it serves."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benches import relay
from benches.headline.proc import pss_kib
from benches.night.runs import values
from benches.veltrix import Overlay, redis, system
from configedge.cli.processes import Service

KEYS = 1_000


@dataclass
class Found:
    memory_kib: list[float]
    start_ms: list[float]


def of_configedge(settle_s: float, looks: int, starts: int) -> Found:
    """A relay with a policy and 1,000 keys; started as after a reboot, from its durable copy."""
    with tempfile.TemporaryDirectory(prefix="configedge-bench-") as root:
        node = relay.Node(Path(root), KEYS)
        memory, taken = [], []
        with node.running() as process:
            time.sleep(settle_s)
            for _ in range(looks):
                memory.append(pss_kib(process.pid))
                time.sleep(0.2)
        for _ in range(starts):
            shutil.rmtree(node.out)
            begun = time.perf_counter()
            process = node.start()
            relay.ready(process)
            taken.append((time.perf_counter() - begun) * 1e3)
            relay.stop(process)
    return Found(memory, taken)


def of_veltrix(settle_s: float, looks: int, starts: int) -> Found:
    """A replica that holds the bundle and nothing else, and the configuration service that reads it.

    Raises Missing, ImportError, ProcessError.
    """
    with tempfile.TemporaryDirectory(prefix="configedge-bench-") as name:
        root = Path(name)
        with system.running(root, [Overlay(replica=True)], values(1.0), memory_mb=0) as rival:
            node, copy = rival.nodes[0], rival.replicas[0]
            pids = [copy.service.process.pid, node.services[0].process.pid]
            time.sleep(settle_s)
            memory = []
            for _ in range(looks):
                memory.append(sum(pss_kib(pid) for pid in pids))
                time.sleep(0.2)
            taken = [_start(root, rival) for _ in range(starts)]
    return Found(memory, taken)


def _start(root: Path, rival: system.Veltrix) -> float:
    """ms until a further node could answer: its replica is a copy, and its service has loaded."""
    begun = time.perf_counter()
    with redis.replica(root, rival.store, "started") as copy:
        capacity = str(rival.capacity_port)
        command = [sys.executable, "-m", "benches.veltrix.service", "--redis", str(copy.port), "--capacity", capacity]
        service = Service("started", command, root / "started-service.log")
        try:
            service.ready()
            return (time.perf_counter() - begun) * 1e3
        finally:
            service.stop()
