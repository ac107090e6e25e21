"""How long a push takes from the REST API's reply to a service on a node, through the real Flux, and where it goes.

Real processes: control plane (signed commits), Git over HTTP, kube-apiserver with etcd, source-, kustomize- and
notification-controller with our manifests, `configedge sync kube`, a relay, and a reader that sleeps until it is woken.
There is no kubelet: node and controllers are processes of one machine. `make test-kube` builds the servers.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benches.report import Row, Skipped, finish, options, percentile, spread
from tests.kube.binaries import ALL, missing
from tests.kube.client import Resource, bundle_path
from tests.kube.cluster import GAME
from tests.kube.follow import Followed
from tests.kube.node import Node, node
from tests.kube.way import APPLIED, SOURCE, Way, revision, soon, way

BUNDLE = "matchmaking"
# Bars of the whole way, from the reply, in seconds.
P50_S, P95_S = 2.0, 5.0
STAGES = {
    "fetched": "told, fetched and verified by source-controller",
    "applied": "applied by kustomize-controller: in the API",
    "spool": "in the node's spool, by sync kube",
    "read": "published by the relay, read by the service",
}


def measure(run: Way, at: Node, pushes: int) -> dict[str, list[float]]:
    """Milliseconds by stage, a value a push."""
    admin = run.admin
    fetched = Followed(admin, SOURCE.rpartition("/")[0], "configuration", _fetched)
    applied = Followed(admin, bundle_path(GAME), BUNDLE, _number)
    settled = Followed(admin, APPLIED.rpartition("/")[0], "configuration", _applied)
    times: dict[str, list[float]] = defaultdict(list)
    for number in range(1, pushes + 1):
        sent = time.time_ns()
        commit = run.put(BUNDLE, {"number": number})
        replied = time.time_ns()
        read = at.read(number)
        spool = at.swapped()
        soon(lambda commit=commit: commit in settled.seen)  # type: ignore[misc]
        marks = [replied, fetched.seen[commit], applied.seen[number], spool, read]
        for stage, before, after in zip(STAGES, marks, marks[1:], strict=False):
            times[stage].append((after - before) / 1e6)
        times["reply"].append((replied - sent) / 1e6)
        times["push"].append((read - replied) / 1e6)
        times["settled"].append((settled.seen[commit] - replied) / 1e6)
        # Pushes fall anywhere between whatever comes by time.
        time.sleep(random.uniform(0.5, 2.0))
    return times


def _fetched(source: Resource) -> list[str]:
    return [revision(source.get("status", {}).get("artifact", {}).get("revision"))]


def _applied(kustomization: Resource) -> list[str]:
    return [revision(kustomization.get("status", {}).get("lastAppliedRevision"))]


def _number(bundle: Resource) -> list[int]:
    return [bundle["spec"]["values"]["number"]]


def rows(times: dict[str, list[float]]) -> list[Row]:
    push = [ms / 1000 for ms in times["push"]]
    p50, p95 = percentile(push, 0.5), percentile(push, 0.95)
    made = [
        Row("reply -> read on a node", *_spread(times["push"]), bar=f"<= {P50_S:g} s", ok=p50 <= P50_S),
        Row("  p95", p95 * 1000, "ms", bar=f"<= {P95_S:g} s", ok=p95 <= P95_S),
        Row("  before it: request to reply", *_spread(times["reply"])),
    ]
    made += [Row(f"  {stage}: {what}", *_spread(times[stage])) for stage, what in STAGES.items()]
    return [*made, Row("reply -> told as applied by the Kustomization", *_spread(times["settled"]))]


def _spread(values: list[float]) -> tuple[float, str, float, float]:
    value, low, high = spread(values)
    return value, "ms", low, high


def main() -> int:
    arguments: argparse.Namespace = options(__doc__ or "").parse_args()
    pushes = 10 if arguments.quick else 30
    if absent := missing():
        why = f"{', '.join(absent)} not built yet: `make test-kube` does that"
        print(f"skipped flux: {why}")
        return finish("flux", [], arguments, skipped=[Skipped("flux", why)])
    with (
        tempfile.TemporaryDirectory(prefix="configedge-bench-") as root,
        way(Path(root)) as run,
    ):
        first = run.put(BUNDLE, {"number": 0})
        soon(lambda: run.applied() == first)
        with node(run.server, Path(root)) as at:
            at.read(0)
            times = measure(run, at, pushes)
    versions = ", ".join(f"{binary.name} {binary.version}" for binary in ALL)
    return finish("flux", rows(times), arguments, f"{pushes} pushes, one bundle; {versions}.")


if __name__ == "__main__":
    raise SystemExit(main())
