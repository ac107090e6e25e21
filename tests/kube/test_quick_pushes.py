"""200 commits a minute: nothing gets stuck, and the last one arrives (fluxcd/kustomize-controller 1624).

PROOFS=long goes on for a minute, and not for 18 seconds.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kube.node import node
from tests.kube.way import APPLIED, SOURCE, Way, soon, way

WRITERS = 4
PUSHES = 50 if os.environ.get("PROOFS") == "long" else 15
EVERY_S = 1.2


def push(run: Way, name: str) -> float:
    """Writes as often as it is to, and not faster; gives when the last reply came."""
    started = time.monotonic()
    for number in range(1, PUSHES + 1):
        run.put(name, {"number": number})
        time.sleep(max(0.0, started + number * EVERY_S - time.monotonic()))
    return time.monotonic()


def test_the_last_of_200_commits_a_minute_arrives(
    controllers: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"quick-{writer}" for writer in range(WRITERS)]
    with way(tmp_path) as run:
        for name in names:
            first = run.put(name, {"number": 0})
        soon(lambda: run.applied() == first)
        with node(run.server, tmp_path, names[-1]) as at, ThreadPoolExecutor(WRITERS) as writers:
            started = time.monotonic()
            pushed = max(writers.map(lambda name: push(run, name), names))
            at.read(PUSHES)
            soon(lambda: all(run.values(name) == {"number": PUSHES} for name in names))
            arrived = time.monotonic()
        last = run.control.tip()
        soon(lambda: run.applied() == last)
        for path in (SOURCE, APPLIED):
            soon(lambda path=path: run.condition(path).get("status") == "True")  # type: ignore[misc]
        with capsys.disabled():
            print(
                f"\n{WRITERS * PUSHES} commits in {pushed - started:.1f} s; the last ones were in the cluster, and on "
                f"the node, {max(0.0, arrived - pushed):.2f} s later"
            )
