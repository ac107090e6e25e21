"""docs/format.md, the Rust crate and a second implementation say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import configedge
from configedge.testing import Publisher
from tests.support.snapshot_format import HEADER, Json, Refused, Snapshot, decode, encode, seal, wyhash

DIGITS = "1234567890" * 8
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
VALUES = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False) | st.text() | st.binary()


@pytest.mark.parametrize(
    ("seed", "text", "expected"),
    [
        (0, "", 0x0409638EE2BDE459),
        (1, "a", 0xA8412D091B5FE0A9),
        (2, "abc", 0x32DD92E4B2915153),
        (3, "message digest", 0x8619124089A3A16B),
        (4, "abcdefghijklmnopqrstuvwxyz", 0x7A43AFB61D7F5F40),
        (5, ALPHABET, 0xFF42329B90E50D58),
        (6, DIGITS, 0xC39CAB13B115AAD3),
    ],
)
def test_the_hash_has_its_published_values(seed: int, text: str, expected: int) -> None:
    assert wyhash(text.encode(), seed) == expected


def serve(directory: Path, file: bytes) -> None:
    """Announces `file` as the newest generation of a directory, as a writer in any language would."""
    generation = HEADER.unpack(file[:128])[5]
    directory.mkdir(mode=0o755, exist_ok=True)
    page = bytearray(4096)
    page[:16] = b"CEDGECTL" + bytes([1, 0, 0, 0]) + (0x01020304).to_bytes(4, "little")
    page[16:24] = HEADER.unpack(file[:128])[4].to_bytes(8, "little")
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
    except Refused:
        expected = None
    directory = tmp_path / "run"
    serve(directory, file)
    try:
        read = read_all(directory)
    except (configedge.OpenError, KeyError, ValueError):
        # A sound layout whose hash, index or JSON is wrong: found when read, never by reading beyond the file.
        return
    assert expected is not None
    assert len(read) == len(expected)
