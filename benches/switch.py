"""What a change costs: the writer to publish it, and readers their first read after it, at three sizes.

The writer is a process of its own in Rust, as the relay is; it publishes when it is told to, and reads by a reader of
its own. Then the reader here, in Python, reads for the first time. The rivals do what services do without such a
snapshot: write the same values as one JSON file by a rename, and parse that file again. All in us; a ratio is the
median of pairs in turn. The first read includes unmapping the snapshot before.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import configedge
from benches.report import Row, finish, options, spread
from configedge.cli.processes import memory_directory

ROOT = Path(__file__).resolve().parents[1]
SIZES = {"1 key": 1, "64 KiB": 64 << 10, "1 MiB": 1 << 20}
# At 64 KiB, in us, of the Rust core.
BARS = {"publish": 60.0, "first read, Rust": 15.0}
RIVALS = {"publish": "write JSON, rename", "first read, Rust": "parse JSON", "first read, cfg[key]": "parse JSON"}
KEY = "m.k00000.value"


def program() -> Path:
    build = [
        "cargo",
        "build",
        "--locked",
        "--quiet",
        "--release",
        "--package",
        "configedge-snapshot",
        "--example",
        "changes",
    ]
    try:
        subprocess.run(build, cwd=ROOT, check=True)
    except FileNotFoundError:
        raise SystemExit("this bench compiles its writer: a Rust toolchain is needed, see https://rustup.rs") from None
    return ROOT / "target" / "release" / "examples" / "changes"


def us(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1e6


def measure(writer: Path, size: int, directory: Path, rounds: int) -> tuple[int, dict[str, list[float]]]:
    """Bytes of the snapshot, and costs by name, a value a round."""
    command = [str(writer), str(directory / "run"), str(size)]
    path, temporary = directory / "values.json", directory / ".values.json"
    costs: dict[str, list[float]] = defaultdict(list)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        cfg = configedge.open(directory / "run")
        handle = cfg.handle(KEY)
        for number in range(1, rounds + 1):
            process.stdin.write("\n")
            published, read, length = process.stdout.readline().split()
            costs["publish"].append(float(published))
            costs["first read, Rust"].append(float(read))
            costs["first read, cfg[key]"].append(us(lambda: cfg[KEY]))
            costs["  a handle, after that"].append(us(handle))
            assert handle() == cfg[KEY] == number
            text = json.dumps(dict(cfg.snapshot().items()))
            begun = time.perf_counter()
            temporary.write_text(text)
            os.replace(temporary, path)
            costs["write JSON, rename"].append((time.perf_counter() - begun) * 1e6)
            costs["parse JSON"].append(us(lambda: json.loads(path.read_bytes())[KEY]))
        process.stdin.close()
    return int(length), costs


def main() -> int:
    arguments = options(__doc__ or "").parse_args()
    rounds = 50 if arguments.quick else 300
    writer = program()
    rows = []
    for name, size in SIZES.items():
        with tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as scratch:
            os.chmod(scratch, 0o755)
            length, costs = measure(writer, size, Path(scratch), rounds if size < 1 << 20 else rounds // 3)
        for label, found in costs.items():
            value, low, high = spread(found)
            rival = RIVALS.get(label, "")
            ratio = spread([a / b for a, b in zip(found, costs[rival], strict=True)])[0] if rival else None
            bar = BARS.get(label) if name == "64 KiB" else None
            told, ok = (f"<= {bar:.0f} us", value <= bar) if bar else ("", None)
            rows.append(Row(f"{label}, {name}", value, "us", low, high, rival, ratio, told, ok))
        rows.append(Row(f"bytes of the snapshot, {name}", length, "B"))
    return finish("switch", rows, arguments, f"{rounds} changes a size, a third of that at 1 MiB.")


if __name__ == "__main__":
    raise SystemExit(main())
