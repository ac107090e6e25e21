"""What the configuration of a request costs: alone, as often as offered, and of a matchmaker's request."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benches.headline.proc import all_cpu_s, cpu_s
from benches.headline.sources import Source, Sources
from benches.night.traffic import Generator, Traffic
from configedge.cli.processes import Service, stop_all

RATE = 500.0
_READY_S, _WARM_S = 0.5, 0.5

Figures = dict[str, dict[str, list[float]]]
"""By way and by what was measured, a value a round."""


class Customer:
    """A process of `benches.ways.customer`."""

    def __init__(self, way: str, source: Source, log: Path) -> None:
        self._servers = source.servers
        command = [sys.executable, "-m", "benches.ways.customer", way, source.at]
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, process_group=0
            )
        self._log = log

    def ask(self, **what: float) -> dict[str, float]:
        """One measurement; without any, the line that says that it is ready. Raises SystemExit if it has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        if what:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a customer ended by itself: {self._log.read_text().strip()[-500:]}")
        answer: dict[str, float] = json.loads(line)
        return answer

    def offered(self, rate: float, seconds: float) -> tuple[float, float]:
        """Requests served a second, and a second and core: the cores of the way's servers are counted too."""
        before = all_cpu_s(self._servers)
        done = self.ask(offered=rate, seconds=seconds)
        used = done["cpu_s"] + all_cpu_s(self._servers) - before
        return done["served"] / done["seconds"], done["served"] / used

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def customers(sources: Sources, rounds: int, rate: float, seconds: float, show: Callable[[str], None]) -> Figures:
    """`ns` of one request's configuration, and of `rate` offered `served` and `per_core` a second."""
    found: Figures = {}
    there = {name: Customer(name, source, sources.root / f"{name}.log") for name, source in sources.by_way.items()}
    try:
        for customer in there.values():
            customer.ask()
        for _ in range(rounds):
            for name, customer in there.items():
                show(f"a request's configuration, {name}")
                figures = found.setdefault(name, {"ns": [], "served": [], "per_core": []})
                figures["ns"].append(customer.ask(alone=0.3)["ns"])
                served, per_core = customer.offered(rate, seconds)
                figures["served"].append(served)
                figures["per_core"].append(per_core)
    finally:
        for customer in there.values():
            customer.close()
    return found


def matchmakers(sources: Sources, rounds: int, seconds: float, show: Callable[[str], None]) -> Figures:
    """Processor time of one request in us: `own` of the matchmaker alone, `all` with the way's servers."""
    found: Figures = {name: {"own": [], "all": []} for name in sources.by_way}
    generator = Generator()
    try:
        with _started(sources) as there:
            for seed in range(rounds):
                for name, (service, gateway) in there.items():
                    show(f"a matchmaker's request, {name}")
                    servers = sources.by_way[name].servers
                    own, everything = _cpu_us(generator, service.process.pid, servers, gateway, seconds, seed)
                    found[name]["own"].append(own)
                    found[name]["all"].append(everything)
    finally:
        generator.close()
    return found


def _cpu_us(
    generator: Generator, pid: int, servers: list[int], gateway: str, seconds: float, seed: int
) -> tuple[float, float]:
    begin = time.monotonic() + _READY_S
    load = generator.start(Traffic(gateway, RATE, seconds + _WARM_S, 1, begin, seed=seed))
    time.sleep(max(0.0, begin + _WARM_S - time.monotonic()))
    since, own, theirs = time.monotonic(), cpu_s(pid), all_cpu_s(servers)
    time.sleep(max(0.0, since + seconds - time.monotonic()))
    until, own, theirs = time.monotonic(), cpu_s(pid) - own, all_cpu_s(servers) - theirs
    requests = load.result()
    number = sum(since <= request.due < until and request.state != "refused" for request in requests)
    if not number:
        raise SystemExit(f"{gateway} took no request: look into its log")
    return own / number * 1e6, (own + theirs) / number * 1e6


@contextmanager
def _started(sources: Sources) -> Iterator[dict[str, tuple[Service, str]]]:
    services: list[Service] = []
    made: dict[str, tuple[Service, str]] = {}
    try:
        for name, source in sources.by_way.items():
            gateway = str(sources.root / f"{name}.sock")
            command: list[Any] = [sys.executable, "-m", "benches.ways.matchmaker", name, source.at]
            service = Service(name, [*command, "--gateway", gateway], sources.root / f"{name}-matchmaker.log")
            services.append(service)
            made[name] = service, gateway
        for service in services:
            service.ready()
        yield made
    finally:
        stop_all(services)
