"""The Go reader: its own tests, against a snapshot by our writer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from configedge.testing import Publisher

CLIENT = Path(__file__).resolve().parents[2] / "clients" / "go"


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain")
@pytest.mark.timeout(300)
def test_the_go_reader_passes_its_tests_on_a_snapshot_of_ours(tmp_path: Path) -> None:
    Publisher(tmp_path / "run").publish({"m": {"int": -5, "real": 0.5, "text": "é", "yes": True, "list": [1, [2.5]]}})
    environment = os.environ | {"CONFIGEDGE_TEST_DIR": str(tmp_path / "run"), "GOFLAGS": "-mod=mod"}
    for command in (["go", "vet", "./..."], ["go", "test", "-count=1", "./..."]):
        done = subprocess.run(command, cwd=CLIENT, env=environment, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stdout + done.stderr
    assert subprocess.run(["gofmt", "-l", "."], cwd=CLIENT, capture_output=True, text=True).stdout == ""
