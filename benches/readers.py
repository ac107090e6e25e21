"""What one read of a float costs in Rust, C and Go, in the same run: of one hot key, and of 10,000 keys at random.

One program a language, of the same shape: `rust/snapshot/examples/reads.rs`, `clients/c/bench.c`, and the benchmarks in
`clients/go`. Each round runs them in turn on the same directory; a ratio is the median over these pairs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benches.report import Row, Skipped, finish, options, spread
from configedge.cli.processes import memory_directory
from configedge.testing import Publisher

ROOT = Path(__file__).resolve().parents[1]
RUST_TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
KEYS = 10_000
READS = ("hot key", f"random of {KEYS:,} keys")
# In ns for Rust, in multiples of it for the others.
RUST_BARS = (8.0, 25.0)
OTHERS_BAR = 2.0

Figures = tuple[float, float]


@dataclass(frozen=True)
class Program:
    """How a language's program is built and run; `figures` finds the two in what it prints."""

    language: str
    tool: str
    build: Sequence[str | Path]
    run: Sequence[str | Path]
    figures: str
    folder: Path = ROOT


def programs(scratch: Path) -> list[Program]:
    c, go, both = scratch / "c", scratch / "go", r"([\d.]+)"
    example = ["cargo", "build", "--quiet", "--release", "--locked", "-p", "configedge-snapshot", "--example", "reads"]
    benchmarks: list[str | Path] = [go, "-test.run=^$", "-test.bench=.", f"-test.benchtime={1 << 20}x", "-test.cpu=1"]
    return [
        Program("Rust", "cargo", example, [RUST_TARGET / "release" / "examples" / "reads"], both),
        Program("C", "cc", ["cc", "-O2", "-std=gnu11", "-o", c, ROOT / "clients" / "c" / "bench.c"], [c], both),
        Program("Go", "go", ["go", "test", "-c", "-o", go, "."], benchmarks, rf"{both} ns/op", ROOT / "clients" / "go"),
    ]


def built(program: Program) -> Skipped | None:
    if not shutil.which(program.tool):
        return Skipped(program.language, f"no {program.tool} on the path")
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    done = subprocess.run(program.build, cwd=program.folder, env=environment, capture_output=True, text=True)
    return Skipped(program.language, done.stderr.strip()[-500:]) if done.returncode else None


def measure(program: Program, directory: Path) -> Figures:
    """ns of a read: hot, and at random."""
    environment = os.environ | {"CONFIGEDGE_BENCH": str(directory)}
    # The benchmarks of Go take no argument, and ignore one.
    done = subprocess.run([*program.run, directory], env=environment, capture_output=True, text=True)
    found = re.findall(program.figures, done.stdout)
    if done.returncode or len(found) != len(READS):
        raise SystemExit(f"{program.language}: {done.stdout}{done.stderr}")
    return float(found[0]), float(found[1])


def main() -> int:
    arguments = options(__doc__ or "").parse_args()
    rounds = 3 if arguments.quick else 31
    with (
        tempfile.TemporaryDirectory(prefix="configedge-bench-") as scratch,
        tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as memory,
    ):
        directory = Path(memory) / "snapshots"
        Publisher(directory).publish({"matchmaking": {f"limit_{at:05}": at * 0.5 for at in range(KEYS)}})
        there, skipped = [], []
        for program in programs(Path(scratch)):
            if missing := built(program):
                skipped.append(missing)
            else:
                there.append(program)
        figures = [{program.language: measure(program, directory) for program in there} for _ in range(rounds)]
    rust = [one.get("Rust") for one in figures]
    rows = [
        row(one.language, read, [round_[one.language] for round_ in figures], rust) for read in (0, 1) for one in there
    ]
    return finish("readers", rows, arguments, f"{rounds} rounds; each figure is of {1 << 20:,} reads.", skipped)


def row(language: str, read: int, costs: list[Figures], rust: list[Figures | None]) -> Row:
    value, low, high = spread([cost[read] for cost in costs])
    figures = Row(f"{language}, {READS[read]}", value, "ns", low, high)
    if language == "Rust":
        return replace(figures, bar=f"<= {RUST_BARS[read]:.0f} ns", ok=value <= RUST_BARS[read])
    pairs = [cost[read] / rival[read] for cost, rival in zip(costs, rust, strict=True) if rival]
    if not pairs:
        return figures
    ratio = spread(pairs)[0]
    return replace(figures, rival="Rust", ratio=ratio, bar=f"<= {OTHERS_BAR:.0f} x", ok=ratio <= OTHERS_BAR)


if __name__ == "__main__":
    raise SystemExit(main())
