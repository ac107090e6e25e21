"""How long a push takes from the request to a service that reads it, on one machine, and where the time goes.

Real processes: the control plane (a durable Git commit for each push), its export, the relay, and a reader that sleeps
until it is woken. Once with file events, once with the watch disabled. The rival is the `git commit` command doing the
commit alone, in turn with our pushes, with the same durability asked of it (core.fsync=committed,reference).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx2

import configedge
from benches.report import Row, finish, options, percentile, spread
from configedge.cli import example
from configedge.cli.processes import memory_directory, start_control, start_relay, stop_all

# Bars for the whole way, p99, in ms (with events; with the watch disabled).
BARS = {"auto": 300.0, "poll": 1500.0}
STAGES = {
    "check": "by the control plane",
    "commit": "Git, synced to disk",
    "export": "into the spool",
    "notice": "by the relay",
    "load": "read, check, build",
    "publish": "write, announce",
    "wake": "the sleeping reader",
}


class Woken:
    """A reader that sleeps until something is published, as a service's watch does."""

    def __init__(self, directory: Path) -> None:
        self._watch = configedge.open(directory, wait=20).watch("matchmaking")
        self.changes: dict[str, int] = {}
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        for change in self._watch:
            self.changes[change.commit] = time.time_ns()

    def saw(self, commit: str) -> int:
        """When it had that commit, in ns since the Unix epoch."""
        deadline = time.monotonic() + 30
        while commit not in self.changes:
            if time.monotonic() > deadline:
                raise SystemExit(f"commit {commit} never reached the reader")
            time.sleep(0.0005)
        return self.changes[commit]


class GitCommand:
    """The rival: `git commit` on the same document."""

    def __init__(self, directory: Path, text: bytes) -> None:
        self._git = ["git", "-C", str(directory), "-c", "core.fsync=committed,reference", "-c", "user.name=bench"]
        self._git += ["-c", "user.email=bench@localhost"]
        self._file, self._text = directory / "matchmaking.yaml", text
        subprocess.run(["git", "init", "-q", str(directory)], check=True)

    def commit_ms(self, number: int) -> float:
        self._file.write_bytes(self._text + b"# %d\n" % number)
        subprocess.run([*self._git, "add", "."], check=True)
        started = time.perf_counter()
        subprocess.run([*self._git, "commit", "-q", "-m", "push"], check=True)
        return (time.perf_counter() - started) * 1000


def push_all(root: Path, snapshots: Path, watch: str, pushes: int) -> dict[str, list[float]]:
    """Milliseconds by stage, a value a push."""
    spool = root / "spool"
    control = start_control(root / "repo.git", spool, 0, root / "control.log")
    services = [control]
    times: dict[str, list[float]] = defaultdict(list)
    try:
        with httpx2.Client(base_url=control.ready()["url"], timeout=30) as client:
            example.push_if_empty(client)
            relay = start_relay(spool, snapshots, root / "relay.log", "--watch", watch)
            services.append(relay)
            relay.ready()
            reader = Woken(snapshots)
            rival = GitCommand(root / "rival", json.dumps(example.document()).encode())
            for number in range(pushes):
                patch = {"spec": {"values": {"limits": {"retry_after_s": 1 + number % 2}}}}
                headers = {"If-Match": client.get(example.PATH).headers["etag"]}
                headers["Content-Type"] = "application/merge-patch+json"
                sent = time.time_ns()
                reply = client.patch(example.PATH, content=json.dumps(patch), headers=headers).raise_for_status()
                replied = time.time_ns()
                commit = reply.json()["commit"]
                seen = reader.saw(commit)
                for stage, ms in stages(reply, spool, snapshots, commit, seen).items():
                    times[stage].append(ms)
                times["request"].append((replied - sent) / 1e6)
                times["push"].append((seen - sent) / 1e6)
                times["rival"].append(rival.commit_ms(number))
                # Pushes fall anywhere between the relay's checks by time, which come once a second.
                time.sleep(random.uniform(0.0, 1.0 if watch == "poll" else 0.1))
    finally:
        stop_all(services)
    return times


def stages(reply: httpx2.Response, spool: Path, snapshots: Path, commit: str, seen: int) -> dict[str, float]:
    timing = dict(part.strip().split(";dur=") for part in reply.headers["server-timing"].split(","))
    marker = json.loads((spool / "..data" / ".configedge.json").read_text())
    status = relay_status(snapshots, commit)["timings"]
    load_us = status["read_us"] + status["check_us"]
    exported_ns = marker["exported_at_ns"]
    begun_ns = status["published_at_ns"] - (load_us + status["publish_us"]) * 1000
    return {
        "check": float(timing["check"]),
        "commit": float(timing["commit"]),
        "export": (exported_ns - marker["committed_at"] * 1e9) / 1e6,
        "notice": (begun_ns - exported_ns) / 1e6,
        "load": load_us / 1000,
        "publish": status["publish_us"] / 1000,
        "wake": (seen - status["published_at_ns"]) / 1e6,
    }


def relay_status(snapshots: Path, commit: str) -> dict[str, Any]:
    while True:
        status: dict[str, Any] = json.loads((snapshots / "status.json").read_text())
        if status["commit"] == commit:
            return status
        time.sleep(0.001)


def main() -> int:
    arguments: argparse.Namespace = options(__doc__ or "").parse_args()
    pushes = 40 if arguments.quick else 200
    rows: list[Row] = []
    for watch, told in (("auto", "with events"), ("poll", "watch disabled")):
        with (
            tempfile.TemporaryDirectory(prefix="configedge-bench-") as root,
            tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as memory,
        ):
            os.chmod(memory, 0o755)
            times = push_all(Path(root), Path(memory) / "snapshots", watch, pushes)
        p99 = percentile(times["push"], 0.99)
        push = Row(f"push -> visible, {told}", *_spread(times["push"]))
        rows += [
            push,
            Row(f"  p99, {told}", p99, "ms", bar=f"<= {BARS[watch]:.0f} ms", ok=p99 <= BARS[watch]),
            Row("  whole request", *_spread(times["request"])),
        ]
        for stage, what in STAGES.items():
            ratio = (
                spread([a / b for a, b in zip(times[stage], times["rival"], strict=True)])[0]
                if stage == "commit"
                else None
            )
            rival = "git commit" if stage == "commit" else ""
            rows.append(Row(f"  {stage}: {what}", *_spread(times[stage]), rival, ratio))
        rows.append(Row("  rival: git commit, the commit alone", *_spread(times["rival"])))
    return finish(
        "propagation", rows, arguments, f"{pushes} pushes each; push -> visible is from the request's first byte."
    )


def _spread(values: list[float]) -> tuple[float, str, float, float]:
    value, low, high = spread(values)
    return value, "ms", low, high


if __name__ == "__main__":
    raise SystemExit(main())
