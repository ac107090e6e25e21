"""What a relay costs a node, and how quickly it tells: memory, start, a change, a storm, idling, reads beside it.

Everything is the real binary in a process of its own, on a tmpfs, sandbox on, one policy loaded. Ready is from the
start of the process to its line on standard output: the last good is published and the watch is armed. The last good is
the durable copy, as after a reboot: the snapshot directory is deleted before each start. Memory is smaps_rollup of a
process that has been idle for some seconds. The rival is what a node had before: a Redis server for itself.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import configedge
from benches.report import Row, Skipped, finish, options, percentile, spread
from configedge import policy
from configedge.cli.processes import memory_directory, relay_command

# A policy that accepts everything, as wat2wasm makes it of
#   (module (memory (export "memory") 16)
#     (func (export "configedge_abi") (result i32) (i32.const 1))
#     (func (export "configedge_alloc") (param i32) (result i32) (i32.const 4096))
#     (func (export "configedge_check") (param i32 i32) (result i64) (i64.const 0)))
POLICY = bytes.fromhex(
    "0061736d010000000110036000017f60017f017f60027f7f017e0304030001020503010010074104066d656d6f727902000e636f6e6669"
    "67656467655f616269000010636f6e666967656467655f616c6c6f63000110636f6e666967656467655f636865636b00020a1103040041"
    "010b05004180200b040042000b"
)
LIMIT_KIB = 1171


def document(keys: int, mark: int = 0) -> str:
    """A bundle with about so many keys, an object with three values each, that names the policy."""
    values: dict[str, object] = {"mark": mark}
    values |= {
        f"k{number:05}": {"a": number, "b": f"text {number}", "c": number / 3} for number in range(keys // 4 - 1)
    }
    return json.dumps(
        {
            "apiVersion": "configedge.io/v1alpha1",
            "kind": "ConfigBundle",
            "metadata": {"name": "m"},
            "spec": {"values": values, "policies": ["accept"]},
        }
    )


class Node:
    """A spool, a snapshot directory and a durable copy below a scratch directory."""

    def __init__(self, root: Path, keys: int, *extra: str) -> None:
        self.root, self.keys, self.extra = root, keys, extra
        self.spool, self.out = root / "spool", root / "out"
        (self.spool / "policies").mkdir(parents=True)
        (self.spool / "policies" / "accept.wasm").write_bytes(POLICY)
        policy.pin(self.spool / "policies")
        self.put(0)

    def put(self, mark: int) -> None:
        temporary = self.spool / ".m.json.new"
        temporary.write_text(document(self.keys, mark))
        temporary.rename(self.spool / "m.json")

    def start(self) -> subprocess.Popen[bytes]:
        directories = ("--spool", self.spool, "--out", self.out, "--durable", self.root / "last-good")
        command: list[str | Path] = [relay_command(), *directories]
        return subprocess.Popen([*command, *self.extra], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        process = self.start()
        try:
            ready(process)
            yield process
        finally:
            stop(process)


def ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], 10)[0] or not process.stdout.readline():
        raise SystemExit("the relay is not ready after ten seconds: run it by hand to see why")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    if process.stdout:
        process.stdout.close()


def rollup(pid: int) -> dict[str, int]:
    """In KiB, by name; with Peak, the most it ever had, and USS."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines)}
    status = Path(f"/proc/{pid}/status").read_text()
    found["Peak"] = int(status.partition("VmHWM:")[2].split()[0])
    found["USS"] = found["Private_Clean"] + found["Private_Dirty"]
    return found


def memory(scratch: Path, rows: list[Row], quick: bool) -> None:
    for keys in (1_000, 10_000):
        node = Node(scratch / f"memory-{keys}", keys)
        with node.running() as process:
            # Also past the ten seconds for which the last snapshot is kept at hand.
            time.sleep(4 if quick else 13)
            found = [rollup(process.pid)]
            for _ in range(4 if quick else 20):
                time.sleep(0.21)
                found.append(rollup(process.pid))
            for name in ("Pss", "Rss", "USS", "Peak"):
                value, low, high = spread([one[name] for one in found])
                bar = name == "Pss" and keys == 1_000
                rows.append(
                    Row(
                        f"idle {name.upper()}, {keys:,} keys" if name != "Peak" else f"peak RSS, {keys:,} keys",
                        value, "KiB", low, high,
                        bar=f"<= {LIMIT_KIB} KiB (600)" if bar else "", ok=value <= LIMIT_KIB if bar else None,
                    )
                )  # fmt: skip


def starts(scratch: Path, rows: list[Row], count: int) -> None:
    for keys in (1_000, 10_000):
        node = Node(scratch / f"starts-{keys}", keys)
        with node.running():
            pass
        taken = []
        for _ in range(count):
            shutil.rmtree(node.out)
            begun = time.perf_counter()
            process = node.start()
            ready(process)
            taken.append((time.perf_counter() - begun) * 1e3)
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
        value, low, high = spread(taken)
        rows.append(Row(f"ready, {keys:,} keys", value, "ms", low, high))
        late = percentile(taken, 0.99)
        rows.append(Row(f"ready, {keys:,} keys, p99", late, "ms", bar="<= 8 ms", ok=late <= 8))


def redis(rows: list[Row], skipped: list[Skipped], count: int) -> None:
    server = shutil.which("redis-server")
    if server is None:
        skipped.append(Skipped("redis-server", "not installed"))
        return
    taken: list[float] = []
    sizes: list[float] = []
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "redis.sock"
        command = [server, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", directory]
        for _ in range(count):
            begun = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            while not socket.exists():
                time.sleep(0.0002)
            taken.append((time.perf_counter() - begun) * 1e3)
            if len(sizes) < 3:
                time.sleep(1)
                sizes.append(rollup(process.pid)["Pss"])
            process.terminate()
            process.wait()
            socket.unlink(missing_ok=True)
    rows.append(Row("redis-server, empty: idle PSS", *_first(spread(sizes), "KiB")))
    rows.append(Row("redis-server, empty: listening", *_first(spread(taken), "ms")))


def _first(found: tuple[float, float, float], unit: str) -> tuple[float, str, float, float]:
    value, low, high = found
    return value, unit, low, high


def changes(scratch: Path, rows: list[Row], count: int) -> None:
    for label, extra, bars in (
        ("a change", (), {0.5: 50.0, 0.99: 250.0}),
        ("a change, watch disabled", ("--watch", "poll"), {1.0: 1500.0}),
    ):
        node = Node(scratch / label.replace(" ", "-"), 1_000, *extra)
        with node.running():
            cfg = configedge.open(node.out)
            taken = []
            for mark in range(1, 1 + (count if not extra else max(5, count // 10))):
                time.sleep(0.05 + (mark % 7) * 0.013)
                begun = time.perf_counter()
                node.put(mark)
                while cfg["m.mark"] != mark:
                    cfg.wait(cfg.generation, 1)
                taken.append((time.perf_counter() - begun) * 1e3)
        value, low, high = spread(taken)
        for share, bar in bars.items():
            name = {0.5: "p50", 0.99: "p99", 1.0: "slowest"}[share]
            at = value if share == 0.5 else percentile(taken, share)
            rows.append(Row(f"{label}: visible, {name}", at, "ms", low, high, bar=f"<= {bar:.0f} ms", ok=at <= bar))


def storm(scratch: Path, rows: list[Row], events: int) -> None:
    """Files come and go as quickly as one process can make them; a change in the midst of it, and one at the end."""
    node = Node(scratch / "storm", 1_000)
    with node.running() as process:
        cfg = configedge.open(node.out)
        made = 0
        taken: list[float] = []
        stopping = threading.Event()

        def noise() -> None:
            nonlocal made
            while made < events:
                path = node.spool / f".noise-{made % 100}"
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
                os.unlink(path)
                made += 2
            stopping.set()

        before = cpu_seconds(process.pid)
        thread = threading.Thread(target=noise)
        thread.start()
        mark = 0
        while not stopping.is_set() or mark == 0:
            mark += 1
            begun = time.perf_counter()
            node.put(mark)
            while cfg["m.mark"] != mark:
                cfg.wait(cfg.generation, 1)
            taken.append(time.perf_counter() - begun)
        thread.join()
        used = cpu_seconds(process.pid) - before
    rows.append(
        Row(f"a change under {events:,} events: visible, slowest of {len(taken)}", max(taken), "s", bar="<= 5 s",
            ok=max(taken) <= 5)
    )  # fmt: skip
    rows.append(Row("  processor time of the relay for it", used, "s"))


def cpu_seconds(pid: int) -> float:
    """Of the process, to the nanosecond; /proc/PID/stat counts in hundredths."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def idle(scratch: Path, rows: list[Row], seconds: float) -> None:
    node = Node(scratch / "idle", 8)
    for number in range(999):
        text = document(8).replace('"name": "m"', f'"name": "m{number}"').replace(', "policies": ["accept"]', "")
        (node.spool / f"m{number}.json").write_text(text)
    with node.running() as process:
        time.sleep(3)
        shares = []
        for _ in range(max(1, int(seconds / 10))):
            begun, before = time.perf_counter(), cpu_seconds(process.pid)
            time.sleep(10)
            shares.append((cpu_seconds(process.pid) - before) / (time.perf_counter() - begun) * 100)
        value, low, high = spread(shares)
        rows.append(Row("idle, 1,000 files: of a core", value, "%", low, high, bar="<= 0.2 %", ok=value <= 0.2))


def reads(scratch: Path, rows: list[Row], rounds: int) -> None:
    """p99.99 of reads while 10,000 keys are published again and again, beside quiet ones, in turn."""
    node = Node(scratch / "reads", 10_000)
    for mark in (1, 2):
        (node.root / f"{mark}.json").write_text(document(10_000, mark))
    change = "cp $i.json spool/.new; mv spool/.new spool/m.json; sleep 0.15"
    alternate = f"cd $1; while :; do for i in 1 2; do {change}; done; done"
    with node.running():
        cfg = configedge.open(node.out)
        clock = time.perf_counter_ns

        def sample() -> float:
            taken = []
            gc.disable()
            # Half a second, so that there are some publishes in it.
            end = clock() + 500_000_000
            while (begun := clock()) < end:
                cfg["m.k00001.a"]
                taken.append(clock() - begun)
            gc.enable()
            return percentile(taken, 0.9999) / 1e3

        quiet, busy, ratios = [], [], []
        for _ in range(rounds):
            quiet.append(sample())
            before = cfg.generation
            pusher = subprocess.Popen(["sh", "-c", alternate, "sh", node.root])
            busy.append(sample())
            pusher.kill()
            pusher.wait()
            if cfg.generation == before:
                raise SystemExit("nothing was published while reads were measured: the machine is too busy")
            ratios.append(busy[-1] / quiet[-1])
            time.sleep(0.5)
        value, low, high = spread(quiet)
        rows.append(Row("cfg[key], quiet: p99.99", value, "us", low, high))
        value, low, high = spread(busy)
        ratio = spread(ratios)[0]
        rows.append(
            Row("cfg[key], while 10,000 keys are reloaded: p99.99", value, "us", low, high, "quiet", ratio, "<= 1.2 x",
                ratio <= 1.2)
        )  # fmt: skip


def main() -> int:
    parser = options(__doc__ or "")
    arguments = parser.parse_args()
    quick = arguments.quick
    rows: list[Row] = []
    skipped: list[Skipped] = []
    with tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as directory:
        scratch = Path(directory)
        os.chmod(scratch, 0o755)
        steps: dict[str, Callable[[], None]] = {
            "memory": lambda: memory(scratch, rows, quick),
            "starts": lambda: starts(scratch, rows, 40 if quick else 300),
            "redis": lambda: redis(rows, skipped, 5 if quick else 30),
            "changes": lambda: changes(scratch, rows, 30 if quick else 300),
            "a storm": lambda: storm(scratch, rows, 6_000 if quick else 60_000),
            "idling": lambda: idle(scratch, rows, 10 if quick else 60),
            "reads": lambda: reads(scratch, rows, 3 if quick else 15),
        }
        for name, step in steps.items():
            print(f"measuring: {name}", flush=True)
            step()
    return finish("relay", rows, arguments, "Durable copy and snapshots on a tmpfs; sandbox on.", skipped)


if __name__ == "__main__":
    raise SystemExit(main())
