"""docs/format.md, the Rust crate and a second implementation say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import configedge
from configedge.testing import Publisher
from tests.support import vectors
from tests.support.snapshot_format import HEADER, Json, Refused, Snapshot, decode, encode, seal

GOOD = list(vectors.good())
VALUES = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False) | st.text() | st.binary()


def test_the_vectors_are_those_that_the_second_implementation_makes() -> None:
    made = vectors.files()
    stored = {str(path.relative_to(vectors.ROOT)): path.read_bytes() for path in vectors.ROOT.rglob("*.*")}
    stored.pop("names.json")
    assert stored.keys() == made.keys(), "run python -m tests.support.vectors"
    assert [name for name in made if made[name] != stored[name]] == []


@pytest.mark.parametrize("name", GOOD)
def test_good_snapshots_are_read_as_their_descriptions_say(tmp_path: Path, name: str) -> None:
    file = vectors.good()[name]
    described = vectors.describe(file)
    serve(tmp_path / "run", file)
    snap = configedge.open(tmp_path / "run").snapshot()
    assert (snap.generation, snap.commit) == (int(described["generation"]), described["commit"])
    assert list(snap) == [entry["key"] for entry in described["entries"]]
    written = decode(file)
    for key, value in written.values.items():
        if isinstance(value, Json):
            assert snap.to_dict(key) == json.loads(value.text)
        else:
            assert (type(snap[key]), repr(snap[key])) == (type(value), repr(value))
        assert (snap.changed(key), snap.is_secret(key)) == (written.changed[key], key in written.secrets)


@pytest.mark.parametrize(("name", "reason", "file"), [pytest.param(*case, id=case[0]) for case in vectors.bad()])
def test_bad_snapshots_are_refused(tmp_path: Path, name: str, reason: str, file: bytes) -> None:
    with pytest.raises(Refused):
        decode(file)
    # Announced under the generation that the reader expects, so that only the file is to blame.
    serve(tmp_path / "run", file, generation=3)
    with pytest.raises(configedge.OpenError, match="g-0000000000000003: "):
        configedge.open(tmp_path / "run")


def serve(directory: Path, file: bytes, generation: int | None = None) -> None:
    """Announces `file` as the newest generation of a directory, as a writer in any language would."""
    instance, written = HEADER.unpack(file[:128])[4:6] if len(file) >= 128 else (7, 0)
    generation = generation or written
    directory.mkdir(mode=0o755, exist_ok=True)
    page = bytearray(4096)
    page[:16] = b"CEDGECTL" + bytes([1, 0, 0, 0]) + (0x01020304).to_bytes(4, "little")
    page[16:24] = instance.to_bytes(8, "little")
    page[64:72] = generation.to_bytes(8, "little")
    for name, content, mode in ((f"g-{generation:016x}", bytes(file), 0o444), ("current", bytes(page), 0o644)):
        path = directory / name
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(mode)


def read_all(directory: Path) -> dict[str, Any]:
    snap = configedge.open(directory).snapshot()
    return {key: snap[key] for key in snap}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(st.text(min_size=1, max_size=40), VALUES, max_size=40), seed=st.integers(0, 2**64 - 1))
def test_a_snapshot_by_another_writer_is_read(tmp_path: Path, values: dict[str, Any], seed: int) -> None:
    serve(tmp_path / "run", encode(Snapshot(5, commit=b"\xab" * 20, seed=seed, values=values)))
    assert read_all(tmp_path / "run") == values
    assert configedge.open(tmp_path / "run").commit == "ab" * 20


def test_a_number_of_any_length_is_read(tmp_path: Path) -> None:
    """Python parses no more than 4,300 digits at once."""
    text = "-" + "1234567890" * 1000
    file = encode(Snapshot(5, values={"m": Json(f'{{"n":{text}}}'), "long": text, "n": 0}))
    serve(tmp_path / "run", file)
    cfg = configedge.open(tmp_path / "run")
    number = cfg["m"]["n"]
    assert number == cfg.view("m").n
    assert (number % -(10**10), number // -(10**9990)) == (-1234567890, 1234567890)


def test_a_snapshot_by_our_writer_is_read_by_another_reader(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "run")
    values: dict[str, Any] = {
        "int": -5,
        "big": 10**30,
        "real": 0.1,
        "text": "é",
        "none": None,
        "yes": True,
        "list": [1, [2.5]],
    }
    publisher.publish({"m": values})
    publisher.publish({"m": {**values, "int": 6}}, "cd" * 32)
    snapshot = decode(max((tmp_path / "run").glob("g-*")).read_bytes())
    assert (snapshot.generation, snapshot.commit.hex()) == (2, "cd" * 32)
    assert (snapshot.values["m.int"], snapshot.values["m.big"], snapshot.values["m.list.1.0"]) == (6, 10**30, 2.5)
    container = snapshot.values["m.list"]
    assert isinstance(container, Json)
    assert json.loads(container.text) == [1, [2.5]]
    assert (snapshot.changed["m.int"], snapshot.changed["m.real"], snapshot.changed["m"]) == (2, 1, 2)


SEED = encode(Snapshot(3, values={"a": "text", "a.b": -1, "c": 0.5, "d": b"\xff", "e": Json("[1]"), "f": 2**70}))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(SEED) - 1), byte=st.integers(0, 255), sealed=st.booleans())
@example(at=640, byte=2, sealed=True)
def test_both_readers_refuse_the_same_damage_even_with_the_right_checksum(
    tmp_path: Path, at: int, byte: int, sealed: bool
) -> None:
    """With the checksum put right, only the checks of each offset stand between a hostile file and the reader."""
    damaged = bytearray(SEED)
    damaged[at] = byte
    file = seal(bytes(damaged)) if sealed else bytes(damaged)
    if HEADER.unpack(file[:128])[5] != 3:
        return  # The directory would announce another generation than the file's name says.
    try:
        expected = decode(file).values
    except (Refused, ValueError):
        expected = None
    directory = tmp_path / "run"
    serve(directory, file)
    try:
        read = read_all(directory)
    except (configedge.OpenError, KeyError, ValueError):
        # A sound layout whose hash, index or JSON is wrong: found when read, never by reading beyond the file.
        return
    assert expected is not None
    # An index that names one entry twice hides another from listings; a look-up finds it all the same.
    assert read.keys() <= expected.keys()
