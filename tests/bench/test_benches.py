"""The benches run and tell what they measured. What they measured is not a test's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import configedge
from configedge.testing import publish


def test_read_writes_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "read.json"
    command = [sys.executable, "-m", "benches.read", "--quick", "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    content = json.loads(file.read_text())
    assert content["bench"] == "read"
    assert content["machine"]["cores"]
    assert {"name", "value", "unit", "rival", "ratio", "bar", "ok"} <= set(content["rows"][0])


@pytest.mark.parametrize("statement", ["cfg[key]", "handle()", "cfg.snapshot()"])
def test_a_read(benchmark: BenchmarkFixture, tmp_path: Path, statement: str) -> None:
    """For maintainers: `pytest tests/bench --benchmark-only --benchmark-autosave`."""
    publish(tmp_path / "cfg", {"m": {"limit": 80}})
    cfg = configedge.open(tmp_path / "cfg")
    scope = {"cfg": cfg, "handle": cfg.handle("m.limit"), "key": "m.limit"}
    benchmark(eval(f"lambda: {statement}", scope))
