"""What the C reader alone has."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.answers import SANITIZED, STRICT, C, answering, c_answers, compile_c, needs_cc, publish
from tests.format.test_format import serve
from tests.support.snapshot_format import Json, Snapshot, Value, encode

pytestmark = needs_cc


def test_a_pinned_snapshot_stays(tmp_path: Path, directory: Path) -> None:
    serve(directory, encode(Snapshot(5, values={"v": 5})))
    with answering(c_answers(tmp_path), directory) as reader:
        assert reader.ask("pin") == "pinned"
        publish(directory, 6, 6)
        assert (reader.ask("get v"), reader.ask("wait 20"), reader.ask("get v")) == ("int 5", "false", "int 5")
        assert reader.ask("unpin") == "unpinned"
        assert reader.ask("get v") == "int 6"


def test_the_examples_compile_without_a_warning_and_run(tmp_path: Path, directory: Path) -> None:
    values: dict[str, Value | Json] = {"a": 1.5, "b": "é", "c": None, "token": "x"}
    serve(directory, encode(Snapshot(3, values=values, secrets={"token"})))
    get = compile_c(tmp_path / "get", C / "get.c", SANITIZED)
    done = subprocess.run([get, directory, "a", "b", "c", "d", "token"], capture_output=True, text=True, timeout=20)
    assert done.stdout.splitlines() == ["1.5", "é", "null", "missing", "(secret)"]
    missing = subprocess.run([get, tmp_path / "none", "a"], capture_output=True, text=True, timeout=20)
    assert (missing.returncode, "No such file" in missing.stderr) == (1, True)
    compile_c(tmp_path / "bench", C / "bench.c", [*STRICT, "-O2"])
