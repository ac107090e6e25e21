"""A whole Veltrix on this machine: started, pushed to, made to stall, and stopped."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from benches.veltrix import Overlay, redis, wire
from configedge.cli.processes import Service, stop_all
from matchmaker.core.settings import BUNDLE

MEMORY_MB = 48


@dataclass
class Node:
    """A matchmaker, and the configuration services that it asks."""

    gateway: str
    matchmaker: Service
    services: list[Service]
    ports: list[int]
    """Of the services."""
    calls: Path
    """Counters of the matchmaker's calls, each 100 ms."""
    caches: list[Path]
    """Counters of the caches, one file a service."""


@dataclass
class Veltrix:
    store: redis.Server
    capacity: Service
    capacity_port: int
    nodes: list[Node] = field(default_factory=list)
    replicas: list[redis.Server] = field(default_factory=list)
    _stall: Any = None

    def push(self, values: Mapping[str, Any], work_ms: float = 0.0) -> int:
        """Publishes the bundle's values; gives the version."""
        return redis.push(self.store.client, BUNDLE, values, work_ms)

    def stall(self, seconds: float) -> None:
        """The capacity service answers nobody for so long, from now on."""
        self._stall(wire.encode(wire.Stall(seconds)), timeout=5)


@contextmanager
def running(
    root: Path, overlays: Sequence[Overlay], values: Mapping[str, Any], memory_mb: int = MEMORY_MB
) -> Iterator[Veltrix]:
    """One node for each of `overlays`, on one Redis that holds `values`.

    It is near its limit of `memory_mb`, or has neither limit nor other keys if that is 0. Raises Missing, ImportError,
    ProcessError.
    """
    grpc = import_module("grpc")
    with ExitStack() as stack:
        store = stack.enter_context(redis.running(root, *(redis.limited(memory_mb) if memory_mb else ())))
        redis.push(store.client, BUNDLE, values)
        redis.fill(store)
        services: list[Service] = []
        stack.callback(stop_all, services)
        capacity = _started(services, root, "capacity", "capacity", [*values["regions"]])
        port = capacity.ready()["port"]
        channel = stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{port}"))
        system = Veltrix(store, capacity, port, _stall=channel.unary_unary(f"/{wire.CAPACITY}/Stall"))
        for number, overlay in enumerate(overlays):
            source = store
            if overlay.replica:
                source = stack.enter_context(redis.replica(root, store, f"replica-{number}"))
                system.replicas.append(source)
            system.nodes.append(_node(services, root, number, overlay, store.port, source.port, port))
        yield system


def _node(
    services: list[Service], root: Path, number: int, overlay: Overlay, store: int, source: int, capacity: int
) -> Node:
    options = ["--redis", str(source), "--subscribe", str(store), "--capacity", str(capacity)]
    options += ["--ttl", str(overlay.ttl_s), *([] if overlay.phase_s is None else ["--phase", str(overlay.phase_s)])]
    options += ["--flush" if overlay.flush else "--no-flush", *(["--stale"] if overlay.stale else [])]
    caches = [root / f"cache-{number}-{instance}.jsonl" for instance in range(overlay.instances)]
    ours = [
        _started(services, root, f"config-{number}-{at}", "service", [*options, "--samples", str(file)])
        for at, file in enumerate(caches)
    ]
    ports: list[int] = [service.ready()["port"] for service in ours]
    calls, gateway = root / f"calls-{number}.jsonl", root / f"gateway-{number}.sock"
    options = [part for port in ports for part in ("--service", str(port))]
    options += ["--gateway", str(gateway), "--samples", str(calls)]
    matchmaker = _started(services, root, f"matchmaker-{number}", "matchmaker", options)
    matchmaker.ready()
    return Node(str(gateway), matchmaker, ours, ports, calls, caches)


def _started(services: list[Service], root: Path, name: str, module: str, options: list[str]) -> Service:
    service = Service(name, [sys.executable, "-m", f"benches.veltrix.{module}", *options], root / f"{name}.log")
    services.append(service)
    return service
