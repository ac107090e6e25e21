"""One configuration read, in Python, Rust and Go, in turn with the rival's."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import configedge
from benches import readers
from benches.peers import KEY, VALUE, Missing, grpc, redis
from benches.read import Timed, measure
from benches.report import Skipped
from benches.veltrix.redis import running
from configedge.testing import Publisher
from matchmaker.core.settings import BUNDLE

LANGUAGES = ("Rust", "Go")
_GETS = 10_000

Pairs = dict[str, list[tuple[float, float]]]
"""By name of the rival, a round each: ours and the rival's, in ns."""


def python(rounds: int) -> tuple[Pairs, list[Skipped]]:
    """`cfg[key]` beside a read from Redis and by gRPC."""
    found: Pairs = {}
    skipped = []
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        floats = {"max_ping_ms": VALUE, **{f"key_{i}": i * 0.5 for i in range(1000)}}
        Publisher(scratch / "snapshots").publish({BUNDLE: floats})
        values = {f"{BUNDLE}.{name}": value for name, value in floats.items()}
        cfg = configedge.open(scratch / "snapshots")
        ours = Timed(f'cfg["{KEY}"]', {"cfg": cfg})
        for name, peer in {"Redis": redis.reads, "gRPC": grpc.reads}.items():
            with ExitStack() as stack:
                try:
                    given = stack.enter_context(peer(values, scratch))
                except (ImportError, Missing) as lack:
                    skipped.append(Skipped(f"one read, {name}", str(lack)))
                    continue
                timed = {read.name: Timed(read.statement, read.scope) for read in given}
                for label, costs in measure(timed, [ours], rounds).items():
                    found[label] = [(mine, theirs) for theirs, mine in costs]
    return found, skipped


def others(rounds: int) -> tuple[dict[str, list[tuple[float, float]]], list[Skipped]]:
    """By language: ours, and a GET by `redis-benchmark`, the quickest client that Redis has, in ns."""
    skipped = []
    found: dict[str, list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="configedge-bench-")))
        try:
            server = stack.enter_context(running(scratch))
        except (ImportError, Missing) as lack:
            return {}, [Skipped(f"one read, {' and '.join(LANGUAGES)}", str(lack))]
        server.client.set(KEY, VALUE)
        Publisher(scratch / "snapshots").publish({BUNDLE: {f"limit_{at:05}": at * 0.5 for at in range(readers.KEYS)}})
        there = []
        for program in readers.programs(scratch):
            if program.language in LANGUAGES:
                if missing := readers.built(program):
                    skipped.append(missing)
                else:
                    there.append(program)
        for _ in range(rounds):
            for program in there:
                pair = readers.measure(program, scratch / "snapshots")[0], _get_ns(server.port)
                found.setdefault(program.language, []).append(pair)
    return found, skipped


def _get_ns(port: int) -> float:
    """One GET after the other over one connection."""
    program = shutil.which("redis-benchmark") or "redis-benchmark"
    command = [program, "-h", "127.0.0.1", "-p", str(port), "-c", "1", "-n", str(_GETS), "--csv", "GET", KEY]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    figures: Mapping[str, str] = dict(
        zip(lines[-2].replace('"', "").split(","), lines[-1].replace('"', "").split(","), strict=False)
    )
    return 1e9 / float(figures["rps"])
