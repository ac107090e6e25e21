"""How long a push takes from its reply to the readers of 20 nodes on one machine: fetched by a hint, and by polling.

Real processes: the control plane, and for each node `configedge sync git` with a mirror of its own, a relay, and a
reader that sleeps until it is woken. First with `--hint`, where the control plane says that there is a newer commit;
then the rival, the same nodes that look once a second (`--interval 1`), with what both cost while nothing changes. The
remote is the control plane's repository by its path, so a fetch is without the network that a fleet has.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from benches.propagation import Woken
from benches.report import Row, finish, options, percentile, spread
from configedge.cli import example
from configedge.cli.processes import Service, memory_directory, start_control, start_relay, stop_all

NODES = 20
BAR_MS = 500.0
_IDLE_S = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Node:
    """Sync, relay and reader of one node."""

    def __init__(self, root: Path, memory: Path, repo: Path, options: list[str]) -> None:
        root.mkdir(parents=True)
        self.spool, out = root / "spool", memory / root.name
        command = [sys.executable, "-m", "configedge.cli", "sync", "git", "--remote", str(repo)]
        command += ["--spool", str(self.spool), "--cache", str(root / "cache"), *options]
        self.sync = Service("sync", command, root / "sync.log")
        # The relay's start waits for it.
        self._until_exported()
        self._relay = start_relay(self.spool, out, root / "relay.log")
        self._relay.ready()
        self._reader = Woken(out)

    def _until_exported(self) -> None:
        deadline = time.monotonic() + 60
        while not (self.spool / "..data").exists():
            if time.monotonic() > deadline:
                raise SystemExit(f"a node exported nothing: {self.sync.last_words()}")
            time.sleep(0.01)

    def stop(self) -> None:
        stop_all([self._relay, self.sync])

    def saw(self, commit: str) -> tuple[int, int]:
        """When the spool and when the reader had it, in ns since the Unix epoch."""
        read = self._reader.saw(commit)
        manifest = json.loads((self.spool / "..data" / ".configedge.json").read_text())
        return manifest["exported_at_ns"], read

    def cpu_s(self) -> float:
        """What the sync process has used."""
        fields = Path(f"/proc/{self.sync.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def fleet(root: Path, memory: Path, repo: Path, options: list[str]) -> Iterator[list[Node]]:
    nodes: list[Node] = []
    try:
        for number in range(NODES):
            nodes.append(Node(root / f"n{number}", memory, repo, options))
        yield nodes
    finally:
        for node in nodes:
            node.stop()
        for node in nodes:
            shutil.rmtree(memory / node.spool.parent.name, ignore_errors=True)


def push(client: httpx2.Client, number: int) -> tuple[str, int]:
    """The commit, and when its reply was there."""
    patch = {"spec": {"values": {"limits": {"retry_after_s": 1 + number % 2}}}}
    headers = {"If-Match": client.get(example.PATH).headers["etag"], "Content-Type": "application/merge-patch+json"}
    reply = client.patch(example.PATH, content=json.dumps(patch), headers=headers).raise_for_status()
    return reply.json()["commit"], time.time_ns()


def measure(client: httpx2.Client, nodes: list[Node], pushes: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds from the reply: to each spool, to each reader, and to the last reader of a push."""
    spools, readers, last = [], [], []
    for number in range(pushes):
        commit, replied = push(client, number)
        times = [node.saw(commit) for node in nodes]
        spools += [(exported - replied) / 1e6 for exported, _ in times]
        readers += [(read - replied) / 1e6 for _, read in times]
        last.append(max(read for _, read in times) / 1e6 - replied / 1e6)
        # Pushes fall anywhere between the looks of those that poll.
        time.sleep(random.uniform(0.2, 1.2))
    return spools, readers, last


def idle_ms(nodes: list[Node]) -> float:
    """Milliseconds of CPU a second of all sync processes together, while nothing changes."""
    before, started = sum(node.cpu_s() for node in nodes), time.monotonic()
    time.sleep(_IDLE_S)
    return (sum(node.cpu_s() for node in nodes) - before) / (time.monotonic() - started) * 1000


def main() -> int:
    arguments: argparse.Namespace = options(__doc__ or "").parse_args()
    pushes = 10 if arguments.quick else 60
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="configedge-bench-") as name,
        tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as memory,
    ):
        os.chmod(memory, 0o755)
        root = Path(name)
        control = start_control(root / "repo.git", root / "spool", 0, root / "control.log")
        try:
            url = control.ready()["url"]
            with httpx2.Client(base_url=url, timeout=30) as client:
                example.push_if_empty(client)
                for told, given in (("by a hint", ["--hint", url]), ("polling each second", ["--interval", "1"])):
                    with fleet(root / told[:2], Path(memory), root / "repo.git", given) as nodes:
                        time.sleep(3.0)
                        idle = idle_ms(nodes)
                        spools, readers, last = measure(client, nodes, pushes)
                    rows += _rows(told, spools, readers, last, idle, hinted="--hint" in given)
        finally:
            stop_all([control])
    note = f"{NODES} nodes, {pushes} pushes each, from the reply of a push; a value for each node and push."
    return finish("hints", rows, arguments, note)


def _rows(
    told: str, spools: list[float], readers: list[float], last: list[float], idle: float, *, hinted: bool
) -> list[Row]:
    p99 = percentile(readers, 0.99)
    bar, ok = (f"<= {BAR_MS:.0f} ms", p99 <= BAR_MS) if hinted else ("", None)
    return [
        _row(f"reply -> spool, {told}", spools),
        _row(f"reply -> reader, {told}", readers),
        Row(f"  p99, {told}", p99, "ms", bar=bar, ok=ok),
        _row("  the last of the nodes", last),
        Row("  CPU of all sync processes while nothing changes", idle, "ms/s"),
    ]


def _row(name: str, values: list[float]) -> Row:
    value, low, high = spread(values)
    return Row(name, value, "ms", low, high)


if __name__ == "__main__":
    raise SystemExit(main())
