"""What one read of a float of live configuration costs from Python, ours beside its peers, in one run.

In each round a statement is timed in turn with its rivals, `dict[key]` and for the peers `cfg["key"]` too: each is the
best of a few tries, less the cost of the loop, in ns. A ratio is the median over the rounds of these pairs, because an
absolute time drifts on a shared machine and a pair does not. All hold the same 1,001 floats. The garbage collector
rests meanwhile. A peer runs only while it is measured; one whose package or server is missing is skipped by name.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import configedge
from benches.chart import bars
from benches.peers import (
    KEY,
    VALUE,
    Missing,
    Peer,
    builtin,
    grpc,
    iceoryx2,
    lmdb,
    mmap_json,
    openfeature,
    redis,
    shared_memory,
)
from benches.report import Row, Skipped, finish, machine, options, spread
from configedge.testing import Publisher

FOUR = ("matchmaking.key_1", "matchmaking.key_2", "matchmaking.key_3")
# Every key once through a reader that has read none: its hash, its slot, a new object.
UNCACHED, UNCACHED_BAR, UNCACHED_STRETCH = "cfg[key], first read of each key", 3.0, 2.1
RIVAL, OURS = 'dict["key"]', 'cfg["key"]'


class Own(NamedTuple):
    """A statement of ours. Bar and stretch are in multiples of `dict[key]`; all have to keep to ABSOLUTE_NS too."""

    statement: str
    bar: float | None = None
    stretch: float | None = None


READS = {
    OURS: Own(f'cfg["{KEY}"]', 1.2, 0.95),
    'cfg.get("key", default)': Own(f'cfg.get("{KEY}", None)', 1.8, 1.45),
    "handle()": Own("handle()", 1.5, 1.25),
    "handle.value": Own("handle.value", 1.3, 1.0),
    "if flag:": Own("if flag: pass", 1.3, 1.05),
    "view.key, a held view": Own("view.max_ping_ms", 0.7, 0.55),
    "cfg.many(4 keys)": Own(f"cfg.many({(KEY, *FOUR)!r})", 4.5, 3.3),
    'cfg.view("section").key': Own('cfg.view("matchmaking").max_ping_ms'),
    '"key" in cfg': Own(f'"{KEY}" in cfg'),
    "cfg.snapshot()": Own("cfg.snapshot()"),
    'snapshot["key"]': Own(f'snapshot["{KEY}"]'),
}
ABSOLUTE_NS = 50.0
PEERS = {
    "plain Python": Peer(builtin.reads),
    "shared memory": Peer(shared_memory.reads),
    "mmap + orjson": Peer(mmap_json.reads, ("orjson",)),
    "py-lmdb": Peer(lmdb.reads, ("lmdb",)),
    "iceoryx2": Peer(iceoryx2.reads, ("iceoryx2",)),
    "OpenFeature": Peer(openfeature.reads, ("openfeature-sdk",)),
    "Redis": Peer(redis.reads, ("redis", "hiredis")),
    "gRPC": Peer(grpc.reads, ("grpcio", "protobuf")),
}
# A try takes this long or up to twice as long, whatever its statement costs; a slow one is repeated less often.
TRY_S = 0.004
TRIES = 3
# How often a statement stands in the body of its loop. A loop costs half of what a dict lookup does, more or less by
# some ns from one to the next, so little of it may be in what is measured.
UNROLLED = 10


class Timed:
    """A statement, with the number of loops that makes a try long enough to be timed."""

    def __init__(self, statement: str, scope: Mapping[str, Any], unrolled: int = UNROLLED) -> None:
        # As local variables, which cost least to look up: it is the read that is measured.
        local = "\n".join(f"{name} = scope[{name!r}]" for name in scope)
        self._timer = timeit.Timer("\n".join([statement] * unrolled), local or "pass", globals={"scope": scope})
        self._unrolled = unrolled
        self._loops = 1
        while self._timer.timeit(self._loops) < TRY_S:
            self._loops *= 2

    def ns(self) -> float:
        """A try: ns a statement, with its share of the loop."""
        return self._timer.timeit(self._loops) / self._loops / self._unrolled * 1e9


def measure(timed: Mapping[str, Timed], rivals: Sequence[Timed], rounds: int) -> dict[str, list[list[float]]]:
    """For each name, per round, what its statement and then each rival cost, in ns."""
    loop = Timed("pass", {}, unrolled=1)
    costs: dict[str, list[list[float]]] = {name: [] for name in timed}
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, one in timed.items():
                tries = [[each.ns() for each in (loop, one, *rivals)] for _ in range(TRIES)]
                loop_ns, *best = map(min, zip(*tries, strict=True))
                costs[name].append([cost - loop_ns / UNROLLED for cost in best])
    finally:
        gc.enable()
        gc.unfreeze()
    return costs


def own_rows(scope: Mapping[str, Any], rival: Timed, rounds: int) -> list[Row]:
    """Ours, then the rival itself."""
    costs = measure({name: Timed(own.statement, scope) for name, own in READS.items()}, [rival], rounds)
    rows = []
    for name, pairs in costs.items():
        _, bar, stretch = READS[name]
        value, low, high = spread([cost for cost, _ in pairs])
        ratio = spread([cost / dict_ns for cost, dict_ns in pairs])[0]
        told = "" if bar is None else f"<= {bar} x" + ("" if stretch is None else f" ({stretch})") + ", "
        ok = value <= ABSOLUTE_NS and (bar is None or ratio <= bar)
        rows.append(Row(name, value, "ns", low, high, RIVAL, ratio, f"{told}<= {ABSOLUTE_NS:.0f} ns", ok))
    value, low, high = spread([dict_ns for pairs in costs.values() for _, dict_ns in pairs])
    return [*rows, Row(RIVAL, value, "ns", low, high)]


def uncached_row(directory: Path, plain: Mapping[str, float], rounds: int) -> Row:
    """The first read of each key after a change, beside `dict[key]` with the same keys in the same order."""
    scope = {"keys": [f" {key}"[1:] for key in plain], "plain": plain, "fresh": lambda: configedge.open(directory)}

    def timer(statement: str) -> timeit.Timer:
        return timeit.Timer(f"for key in keys: {statement}", "cfg = fresh()", globals=scope)

    timers = [timer(statement) for statement in ("pass", "cfg[key]", "plain[key]")]
    pairs = []
    for _ in range(rounds):
        tries = [[each.timeit(1) / len(plain) * 1e9 for each in timers] for _ in range(20 * TRIES)]
        loop_ns, ours, rival = map(statistics.median, zip(*tries, strict=True))
        pairs.append((ours - loop_ns, rival - loop_ns))
    value, low, high = spread([cost for cost, _ in pairs])
    ratio = spread([cost / rival for cost, rival in pairs])[0]
    ok = value <= ABSOLUTE_NS and ratio <= UNCACHED_BAR
    bar = f"<= {UNCACHED_BAR} x ({UNCACHED_STRETCH}), <= {ABSOLUTE_NS:.0f} ns"
    return Row(UNCACHED, value, "ns", low, high, "dict[key], each key", ratio, bar, ok)


def peer_rows(
    values: Mapping[str, float], scratch: Path, rivals: Sequence[Timed], rounds: int
) -> tuple[list[Row], list[Skipped]]:
    """What each peer costs, then how many times as fast ours is, where there is a bar for that."""
    rows, faster, skipped = [], [], []
    for name, peer in PEERS.items():
        with ExitStack() as stack:
            try:
                reads = {read.name: read for read in stack.enter_context(peer.reads(values, scratch))}
                for read in reads.values():
                    read.check()
            except ImportError as error:
                skipped.append(Skipped(name, f"{error}: pip install {' '.join(peer.packages)}"))
                continue
            except Missing as lack:
                skipped.append(Skipped(name, str(lack)))
                continue
            # One that fails in its own way must not take the others' figures along.
            except Exception as error:
                skipped.append(Skipped(name, f"it failed: {type(error).__name__}: {error}"))
                continue
            timed = {read.name: Timed(read.statement, read.scope) for read in reads.values()}
            for label, costs in measure(timed, rivals, rounds).items():
                value, low, high = spread([cost for cost, _, _ in costs])
                ratio = spread([cost / dict_ns for cost, dict_ns, _ in costs])[0]
                rows.append(Row(label, value, "ns", low, high, RIVAL, ratio))
                if bar := reads[label].faster:
                    value, low, high = spread([cost / ours for cost, _, ours in costs])
                    against, told = f"{OURS} against {label}", f">= {bar:,.0f} x"
                    faster.append(Row(against, value, "x faster", low, high, bar=told, ok=value >= bar))
    return rows + faster, skipped


def here(with_peers: bool, rounds: int) -> tuple[list[Row], list[Skipped]]:
    """Measures with this interpreter."""
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        floats = {"max_ping_ms": VALUE, **{f"key_{i}": i * 0.5 for i in range(1000)}}
        Publisher(scratch / "snapshots").publish({"matchmaking": {**floats, "flag": True}})
        plain = {f"matchmaking.{name}": value for name, value in floats.items()}
        cfg = configedge.open(scratch / "snapshots")
        scope = {
            "cfg": cfg,
            "handle": cfg.handle(KEY),
            "flag": cfg.handle("matchmaking.flag"),
            "snapshot": cfg.snapshot(),
            "view": cfg.view("matchmaking"),
        }
        rival = Timed(f'plain["{KEY}"]', {"plain": plain})
        rows = [*own_rows(scope, rival, rounds), uncached_row(scratch / "snapshots", plain, rounds)]
        if not with_peers:
            return rows, []
        more, skipped = peer_rows(plain, scratch, [rival, Timed(READS[OURS].statement, scope)], rounds)
        return rows + more, skipped


def elsewhere(python: str, arguments: argparse.Namespace) -> tuple[list[Row], list[Skipped]]:
    """Measures the same with the interpreter at `python`, which has configedge installed."""
    # Absolute, but links are kept: a virtual environment's interpreter is one.
    program = shutil.which(python)
    if program is None:
        raise SystemExit(f"--python {python}: there is no such program")
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "read.json"
        command = [str(Path(program).absolute()), "-m", "benches.read", "--no-chart", "--json", str(file)]
        command += ["--peers" if arguments.peers else "--no-peers", *(["--quick"] if arguments.quick else [])]
        with subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.DEVNULL) as child:
            try:
                code = child.wait()
            except BaseException:
                # Not killed: it has servers to stop.
                child.terminate()
                raise
        if code != 0:
            raise SystemExit(f"--python {python}: the bench failed there with exit code {code}")
        content = json.loads(file.read_text())
    return [Row(**row) for row in content["rows"]], [Skipped(**one) for one in content["skipped"]]


def draw(rows: Sequence[Row], file: Path) -> None:
    """The chart beside the JSON in `file`: the peers, and those of ours that have a bar of their own."""
    shown = [row for row in rows if row.unit == "ns" and (row.name not in READS or READS[row.name].bar)]
    costs = sorted(((row.name, row.value) for row in shown), key=lambda cost: cost[1])
    title = f"One read of a float of configuration: {machine()['python']}, {machine()['cpu']}"
    try:
        bars(file, title, costs, "ns", highlight={*READS, UNCACHED}.__contains__, log=True)
    except ImportError as error:
        print(f"chart skipped: {error}: pip install matplotlib")


def main() -> int:
    parser = options(__doc__ or "")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="measure the peers too")
    parser.add_argument(
        "--chart", action=argparse.BooleanOptionalAction, default=True, help="draw a chart beside the JSON"
    )
    parser.add_argument(
        "--python", action="append", default=[], metavar="PATH", help="measure with this interpreter too; repeatable"
    )
    arguments = parser.parse_args()
    # So that SIGTERM unwinds, and the peers' servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # The others first: a wrong path shows at once.
    others = [elsewhere(python, arguments) for python in arguments.python]
    own, skipped = here(arguments.peers, 3 if arguments.quick else 31)
    rows = own + [row for more, _ in others for row in more]
    skipped += [one for _, more in others for one in more]
    code = finish("read", rows, arguments, _versions() if arguments.peers else "", skipped)
    if arguments.json and arguments.chart:
        draw(own, arguments.json)
    return code


def _versions() -> str:
    """Of the peers' packages, as far as they are here."""
    found = []
    for package in (package for peer in PEERS.values() for package in peer.packages):
        with suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return f"peers: {', '.join(found)}"


if __name__ == "__main__":
    raise SystemExit(main())
