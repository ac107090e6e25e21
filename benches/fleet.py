"""A fleet on one NATS server: how many tickets a second it takes, what a fail-over costs, and that nothing is lost.

The drill: SIGKILL an owner, freeze another beyond its lease and thaw it, SIGKILL the broker, freeze it, all under load.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import configedge
from benches.fleets.broker import Broker
from benches.fleets.load import Load
from benches.report import Row, finish, options, percentile
from configedge.cli import example
from configedge.testing import Publisher
from matchmaker.collector import Collector
from matchmaker.edge.http import loop_factory
from matchmaker.fleet import steps
from matchmaker.fleet.jetstream import JetStreamLog
from matchmaker.fleet.partitions import Partitions
from matchmaker.fleet.record import Decision, Epoch, decode
from matchmaker.fleet.service import FleetService
from matchmaker.fleet.steps import Gone, Made
from matchmaker.live import LiveSettings

REGIONS = ("eu-west-1", "us-east-1", "ap-northeast-1", "sa-east-1")
MODES = ("duel", "squad")
PARTITIONS = tuple(f"{region}/{mode}" for region in REGIONS for mode in MODES)
PLACES = tuple((region, mode) for region in REGIONS for mode in MODES)
NEED = {"duel": 2, "squad": 10}
LEASE_S = 1.5
BAR = 20_000


def values() -> dict[str, Any]:
    """The example bundle, with limits that this load does not come to."""
    made: dict[str, Any] = deepcopy(example.document()["spec"]["values"])
    made["limits"] |= {"target_lag_ms": 10_000, "requests_per_player_per_s": 1000, "max_queued_per_pool": 400_000}
    return made


@contextmanager
def members(names: Sequence[str], url: str, config: Path, logs: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "matchmaker", "--config", str(config), "--port", "0", "--fleet", url]
    options = ["--lease", str(LEASE_S), "--partitions", *PARTITIONS]
    processes = {}
    try:
        for name in names:
            with open(logs / f"{name}.log", "wb") as log:
                command_of = [*command, "--member", name, *options]
                processes[name] = subprocess.Popen(command_of, stdout=subprocess.PIPE, stderr=log)
        for process in processes.values():
            assert process.stdout is not None
            if not process.stdout.readline():
                raise SystemExit(f"a member did not start: see {logs}")
        yield processes
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


class Chain:
    """All that the owners wrote, read along as it comes."""

    def __init__(self, log: JetStreamLog) -> None:
        self.owner: dict[str, str] = {}
        self.decides: dict[str, float] = {}
        """Since when the owner of a partition does."""
        self.ends: Counter[str] = Counter()
        self._tasks = [asyncio.create_task(self._follow(log, name)) for name in PARTITIONS]

    async def _follow(self, log: JetStreamLog, name: str) -> None:
        async for entry in log.read_out(name):
            record = decode(entry.payload)
            if isinstance(record, Epoch):
                self.owner[name] = record.owner
                self.decides.pop(name, None)
            elif isinstance(record, Decision):
                self.decides.setdefault(name, time.monotonic())
                for payload in record.records:
                    for one in steps.decode(payload).said:
                        if isinstance(one, Made):
                            self.ends.update([seat.name for team in one.teams for seat in team])
                        elif isinstance(one, Gone):
                            self.ends[one.name] += 1

    def of(self, member: str) -> list[str]:
        return [name for name, owner in self.owner.items() if owner == member]

    async def outage(self, partitions: Sequence[str], since: float) -> float:
        """Seconds until all of them decide again, by another owner than before."""
        before = {name: self.owner[name] for name in partitions}
        while any(self.owner[name] == owner or name not in self.decides for name, owner in before.items()):
            await asyncio.sleep(0.005)
        return max(self.decides[name] for name in partitions) - since

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)


async def faults(chain: Chain, fleet: dict[str, subprocess.Popen[bytes]], broker: Broker) -> list[float]:
    """Take-overs in s: of a killed owner, and of a frozen one."""
    took = []
    await asyncio.sleep(3)
    for number in (signal.SIGKILL, signal.SIGSTOP):
        victim = next(name for name in sorted(fleet) if chain.of(name))
        lost = chain.of(victim)
        fleet[victim].send_signal(number)
        took.append(await chain.outage(lost, time.monotonic()))
        await asyncio.sleep(2)
        if number == signal.SIGSTOP:
            fleet[victim].send_signal(signal.SIGCONT)
    broker.kill()
    broker.start()
    await asyncio.sleep(3)
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(3)
    broker.process.send_signal(signal.SIGCONT)
    return took


def cpu_s(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


async def run(
    root: Path, rate: float, seconds: float, with_faults: bool
) -> tuple[Load, Chain, list[float], dict[str, float]]:
    """The load, the chain, the take-overs in s, and the CPU seconds of each kind of process (without faults)."""
    broker = Broker(root)
    broker.start()
    config = root / "config"
    Publisher(config).publish({"matchmaking": values()}, "ab" * 20)
    took: list[float] = []
    used: dict[str, float] = {}
    try:
        with members(("ann", "bob", "cat") if with_faults else ("ann", "bob"), broker.url, config, root) as fleet:
            log = await JetStreamLog.connect(broker.url)
            settings = LiveSettings(configedge.open(config, wait=10))
            edge = FleetService(settings, log, "load", Partitions(PARTITIONS), own=False)
            running = asyncio.create_task(edge.run(Collector(time.monotonic())))
            chain = Chain(log)
            load = Load(edge, PLACES, 1)
            while len(chain.owner) < len(PARTITIONS):
                await asyncio.sleep(0.05)
            assert broker.process is not None
            owners = [process.pid for process in fleet.values()]
            before = sum(map(cpu_s, owners)), cpu_s(broker.process.pid), time.process_time()
            playing = asyncio.create_task(load.play(rate, seconds))
            if with_faults:
                took = await faults(chain, fleet, broker)
            await playing
            await load.settle()
            if not with_faults:
                after = sum(map(cpu_s, owners)), cpu_s(broker.process.pid), time.process_time()
                names = ("owners", "broker", "players and edge")
                used = {name: end - begin for name, begin, end in zip(names, before, after, strict=True)}
            await chain.stop()
            running.cancel()
            await log.close()
    finally:
        broker.kill()
    return load, chain, took, used


def rows_of(
    load: Load, chain: Chain, took: list[float], used: dict[str, float], seconds: float, what: str
) -> list[Row]:
    lost = len(load.acked - load.ended.keys())
    allowed = sum((NEED[mode] - 1) for _, mode in PLACES)
    doubles = load.doubles + sum(times - 1 for times in chain.ends.values() if times > 1)
    waits = load.waits
    span = load.assigned_at[-1] - load.assigned_at[0] if len(load.assigned_at) > 1 else 1.0
    flow = len(load.assigned_at) / max(span, seconds)
    found = [
        Row(f"tickets assigned a second, {what}", flow, "/s", bar=f">= {BAR:,}/s", ok=flow >= BAR * 0.99),
        Row(
            f"due to assigned, {what}", percentile(waits, 0.5) * 1000, "ms", percentile(waits, 0.1) * 1000,
            percentile(waits, 0.9) * 1000,
        ),
        Row(f"due to assigned, p99, {what}", percentile(waits, 0.99) * 1000, "ms"),
        Row(f"acknowledged, {what}", len(load.acked), "tickets"),
        Row(f"acknowledged and not ended, {what}", lost, "tickets", bar=f"<= {allowed}", ok=lost <= allowed),
        Row(f"ended twice, {what}", doubles, "tickets", bar="0", ok=doubles == 0),
        Row(f"refused, {what}", load.refused, "tickets", bar="0", ok=load.refused == 0),
    ]  # fmt: skip
    total = max(1, len(load.ended))
    found += [Row(f"CPU of {name}, a ticket", spent / total * 1e6, "us") for name, spent in used.items()]
    for name, seconds_off in zip(("killed", "frozen"), took, strict=False):
        limit = LEASE_S + 0.5
        found.append(
            Row(f"until decided again, owner {name}", seconds_off, "s", bar=f"<= {limit:g} s", ok=seconds_off <= limit)
        )
    return found


def main() -> int:
    parser = options(__doc__ or "")
    parser.add_argument("--rate", type=float, default=BAR, help="tickets a second [default: %(default)s]")
    arguments = parser.parse_args()
    seconds = 5.0 if arguments.quick else 15.0
    rows: list[Row] = []
    for what, with_faults in (("quiet", False), ("drill", True)):
        with tempfile.TemporaryDirectory(prefix="configedge-bench-") as scratch:
            os.chmod(scratch, 0o755)
            length = max(seconds, 20.0) if with_faults else seconds
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                load, chain, took, used = runner.run(run(Path(scratch), arguments.rate, length, with_faults))
            rows += rows_of(load, chain, took, used, length, what)
    each = arguments.rate / len(PLACES)
    note = (
        f"{arguments.rate:,.0f} tickets/s due, {each:,.0f} in each of {len(PLACES)} pools: half duels, half 5v5 of "
        f"single players, the example's window steps, ratings 1500 +- 120; one broker that writes to files, two owners "
        f"(three in the drill), players and their edge in one more process."
    )
    return finish("fleet", rows, arguments, note)


if __name__ == "__main__":
    raise SystemExit(main())
