"""The readers in Rust, C and Go read the good vectors of docs/format.md exactly and refuse the bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.answers import Answers, answering, c_answers, needs_cc
from tests.format.test_format import serve
from tests.support.snapshot_format import Snapshot, encode
from tests.support.vectors import ROOT as VECTORS

GOOD = sorted(path.stem for path in (VECTORS / "snapshots" / "good").glob("*.bin"))
BAD: dict[str, str] = json.loads((VECTORS / "snapshots" / "bad.json").read_text())


def dumped(entry: dict[str, Any]) -> str:
    """A description's entry in the form of `dump`."""
    kind, value = entry["type"], entry["value"]
    shown = value if isinstance(value, str) else json.dumps(value)
    if kind in ("string", "json", "big"):
        shown = value.encode().hex()
    secret = "secret" if entry["secret"] else "open"
    return f"{entry['key'].encode().hex()} {kind} {shown} {entry['changed']} {secret}"


@pytest.mark.parametrize("name", GOOD)
def test_good_snapshots_are_read_as_they_are_described(reader: Answers, directory: Path, name: str) -> None:
    serve(directory, (VECTORS / "snapshots" / "good" / f"{name}.bin").read_bytes())
    described = json.loads((VECTORS / "snapshots" / "good" / f"{name}.json").read_text())
    assert reader.ask("reopen") == "opened"
    assert list(reader.lines("dump")) == [dumped(entry) for entry in described["entries"]]
    assert reader.ask("get absent") == "missing"
    assert reader.ask("get") == "missing"
    assert reader.ask(f"get {'k' * 257}") == "missing"


@pytest.mark.parametrize("name", BAD)
def test_bad_snapshots_are_refused(reader: Answers, directory: Path, name: str) -> None:
    serve(directory, (VECTORS / "snapshots" / "bad" / f"{name}.bin").read_bytes(), generation=3)
    assert reader.ask("reopen") != "opened", BAD[name]


@needs_cc
def test_the_hash_of_the_c_reader_is_that_of_the_vectors(tmp_path: Path) -> None:
    with answering(c_answers(tmp_path)) as hashes:
        for case in json.loads((VECTORS / "hash.json").read_text()):
            assert hashes.ask(f"{case['seed']} {case['data']}") == case["hash"]
        for case in json.loads((VECTORS / "keys.json").read_text()):
            found = int(hashes.ask(f"{case['seed']} {case['key'].encode().hex()}"), 0) or 1
            assert (f"{found:#018x}", found & (case["slots"] - 1)) == (case["hash"], case["home"])


def test_the_keys_of_the_vectors_are_found_under_each_seed(reader: Answers, directory: Path) -> None:
    for case in json.loads((VECTORS / "keys.json").read_text()):
        others = {f"other {number}": number for number in range(8)}
        serve(directory, encode(Snapshot(3, seed=int(case["seed"], 0), values={**others, case["key"]: 42})))
        assert reader.ask("reopen") == "opened"
        assert reader.ask(f"get {case['key']}") == "int 42"
