"""What one read of live configuration costs from Python, beside `dict[key]` in the same run.

Each round times ours and then the rival, both as the best of a few loops less the cost of an empty loop; the ratio is
the median over the rounds of these pairs, because an absolute time drifts on a shared machine and a pair does not.
"""

from __future__ import annotations

import tempfile
import timeit
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import configedge
from benches.report import Row, finish, options, spread
from configedge.testing import Publisher

RIVAL = 'dict["key"]'
# Statement, bar in multiples of the rival (docs: DESIGN section 4); any of them at most 50 ns.
READS = {
    'cfg["key"]': ('cfg["matchmaking.max_ping_ms"]', 1.2),
    'cfg.get("key", default)': ('cfg.get("matchmaking.max_ping_ms", None)', 1.8),
    "handle()": ("handle()", 1.5),
    "handle.value": ("handle.value", 1.3),
    "if flag:": ("if flag: pass", 1.3),
    '"key" in cfg': ('"matchmaking.max_ping_ms" in cfg', None),
    "cfg.snapshot()": ("cfg.snapshot()", None),
    'snapshot["key"]': ('snapshot["matchmaking.max_ping_ms"]', None),
}
PEERS = {
    "dict.get(key, default)": 'plain.get("matchmaking.max_ping_ms", None)',
    "frozen dataclass attribute": "frozen.max_ping_ms",
    "os.environ -> float": 'float(environ["MAX_PING_MS"])',
    "json.loads(file)": "json.loads(path.read_bytes())",
}
ABSOLUTE_NS = 50.0


def measure(statements: Mapping[str, str], scope: dict[str, Any], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """For each statement, per round, its cost and the rival's just after, in ns."""
    timers = {name: timeit.Timer(statement, globals=scope) for name, statement in statements.items()}
    rival, empty = timeit.Timer('plain["matchmaking.max_ping_ms"]', globals=scope), timeit.Timer("pass")
    loops = {name: timer.autorange()[0] // 4 + 1 for name, timer in timers.items()}
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name, timer in timers.items():
            floor = _ns(empty, 200_000)
            pairs[name].append((_ns(timer, loops[name]) - floor, _ns(rival, 200_000) - floor))
    return pairs


def _ns(timer: timeit.Timer, loops: int) -> float:
    return min(timer.repeat(3, loops)) / loops * 1e9


def main() -> int:
    arguments = options(__doc__ or "").parse_args()
    rounds = 3 if arguments.quick else 31
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "snapshots"
        values = {"max_ping_ms": 80.5, "flag": True, **{f"key_{i}": i * 0.5 for i in range(1000)}}
        Publisher(directory).publish({"matchmaking": values})
        scope = _scope(directory, values, Path(scratch))
        ours = measure({name: statement for name, (statement, _) in READS.items()}, scope, rounds)
        peers = measure(PEERS, scope, max(3, rounds // 4))
    rows = []
    for name, pairs in ours.items():
        bar = READS[name][1]
        value, low, high = spread([cost for cost, _ in pairs])
        ratio = spread([cost / rival for cost, rival in pairs])[0]
        ok = value <= ABSOLUTE_NS and (bar is None or ratio <= bar)
        told = f"<= {ABSOLUTE_NS:.0f} ns" + (f", <= {bar} x" if bar else "")
        rows.append(Row(name, value, "ns", low, high, RIVAL, ratio, told, ok))
    dict_ns = spread([rival for pairs in ours.values() for _, rival in pairs])
    rows.append(Row(RIVAL, dict_ns[0], "ns", dict_ns[1], dict_ns[2]))
    for name, pairs in peers.items():
        value, low, high = spread([cost for cost, _ in pairs])
        rows.append(Row(name, value, "ns", low, high, RIVAL, spread([cost / rival for cost, rival in pairs])[0]))
    return finish("read", rows, arguments)


def _scope(directory: Path, values: dict[str, Any], scratch: Path) -> dict[str, Any]:
    import json
    import os
    from dataclasses import dataclass

    @dataclass(frozen=True, slots=True)
    class Frozen:
        max_ping_ms: float

    path = scratch / "config.json"
    path.write_text(json.dumps(values))
    os.environ["MAX_PING_MS"] = "80.5"
    cfg = configedge.open(directory)
    return {
        "cfg": cfg,
        "handle": cfg.handle("matchmaking.max_ping_ms"),
        "flag": cfg.handle("matchmaking.flag"),
        "snapshot": cfg.snapshot(),
        "plain": {f"matchmaking.{name}": value for name, value in values.items()},
        "frozen": Frozen(80.5),
        "environ": os.environ,
        "json": json,
        "path": path,
    }


if __name__ == "__main__":
    raise SystemExit(main())
