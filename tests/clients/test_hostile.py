"""Files with a right checksum that break one rule of docs/format.md each: the readers for C and Go refuse them.

The C reader runs under AddressSanitizer and UndefinedBehaviorSanitizer: a read beyond the file would end it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.clients.answers import Answers
from tests.format.test_format import SEED, serve
from tests.support.snapshot_format import BYTES, HEADER, I64, MAGIC, MARK, SLOT, STR, Snapshot, encode, key_hash, seal

# Its home is slot 0, in tables of two and of four slots, under seed 1.
KEY = b"hat"
EMPTY = bytes(32)


def crafted(
    slots: Sequence[bytes], index: Sequence[int], strings: bytes, entries: int | None = None, gap: int = 0
) -> bytes:
    """A file whose offsets all go with each other, whatever its slots are."""
    entries = len(index) if entries is None else entries
    index_at = 128 + 32 * len(slots) + gap
    strings_at = index_at + 4 * entries
    body = b"".join(slots) + bytes(gap) + b"".join(slot.to_bytes(4, "little") for slot in index) + strings
    fields = (len(slots), entries, len(slots), 1, 128, index_at, strings_at, 0, 0, bytes(32))
    return seal(HEADER.pack(MAGIC, 1, 0, MARK, 7, 3, 128 + len(body), 0, 1, *fields) + body)


def slot(at: int, length: int = len(KEY), kind: int = I64, payload: int = 1) -> bytes:
    return SLOT.pack(key_hash(KEY.decode(), 1), at, length, kind, 0, payload, 3)


def one(at: int = 196, length: int = len(KEY), kind: int = I64, payload: int = 1, strings: bytes = KEY) -> bytes:
    """One entry in two slots; its strings begin at 196."""
    return crafted([slot(at, length, kind, payload), EMPTY], [0], strings)


REFUSED = {
    "no slots": crafted([], [], b""),
    "one slot": crafted([EMPTY], [], b""),
    "three slots": crafted([slot(228), EMPTY, EMPTY], [0], KEY),
    "more entries than half the slots": crafted([slot(200)] * 2, [0, 1], KEY),
    "more entries than slots that are taken": crafted([slot(264), EMPTY, EMPTY, EMPTY], [0, 0], KEY),
    "fewer entries than slots that are taken": crafted([slot(260)] * 2 + [EMPTY, EMPTY], [0], KEY),
    "an index that does not follow the slots": crafted([slot(200), EMPTY], [0], KEY, gap=4),
    "slots beyond the end": seal(crafted([EMPTY] * 2, [], b"")[:32] + (160).to_bytes(8, "little")
                                 + crafted([EMPTY] * 2, [], b"")[40:160]),
    "an index that names an empty slot": crafted([slot(196), EMPTY], [1], KEY),
    "an index that names no slot": crafted([slot(196), EMPTY], [2], KEY),
    "a key of no bytes": one(length=0),
    "a key of 257 bytes": one(length=257, strings=b"k" * 257),
    "a key that begins in the index": one(at=195),
    "a key that ends behind the file": one(at=197),
    "a key that is not UTF-8": one(strings=b"h\xfft"),
    "text that begins in the index": one(kind=STR, payload=195 | 1 << 32),
    "text that ends behind the file": one(kind=STR, payload=199 | 1 << 32),
    "bytes that begin in the index": one(kind=BYTES, payload=195 | 1 << 32),
    "bytes that end behind the file": one(kind=BYTES, payload=199 | 1 << 32),
}  # fmt: skip


@pytest.mark.parametrize("file", REFUSED.values(), ids=REFUSED)
def test_a_file_that_breaks_one_rule_is_refused(reader: Answers, directory: Path, file: bytes) -> None:
    serve(directory, file)
    assert reader.ask("reopen") != "opened"


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        (one(), "int 1"),
        (one(kind=STR, payload=199), "string "),
        (one(kind=STR, payload=196 | 3 << 32), "string hat"),
        (one(kind=BYTES, payload=198 | 1 << 32), "bytes 74"),
    ],
)
def test_a_file_at_the_edge_of_the_rules_is_taken(reader: Answers, directory: Path, file: bytes, answer: str) -> None:
    serve(directory, file)
    assert reader.ask("reopen") == "opened"
    assert reader.ask("get hat") == answer


def test_a_key_of_256_bytes_is_taken(reader: Answers, directory: Path) -> None:
    serve(directory, one(length=256, strings=b"k" * 256))
    assert reader.ask("reopen") == "opened"


def test_a_file_of_another_generation_than_its_name_is_refused(reader: Answers, directory: Path) -> None:
    serve(directory, one(), generation=4)
    assert reader.ask("reopen") != "opened"


def test_a_file_with_a_hole_is_refused(reader: Answers, directory: Path) -> None:
    file = encode(Snapshot(3, values={"a": "\0" * 200_000}))
    serve(directory, file)
    assert reader.ask("reopen") == "opened"
    sparse = directory / f"g-{3:016x}"
    sparse.unlink()
    end = len(file) - 50_000
    with sparse.open("wb") as out:
        out.write(file[:1000])
        out.seek(end)
        out.write(file[end:])
    sparse.chmod(0o444)
    assert sparse.read_bytes() == file
    if sparse.stat().st_blocks * 512 >= len(file):
        pytest.skip("no holes in files here")
    assert reader.ask("reopen") != "opened"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["current", f"g-{5:016x}"])
def test_a_file_of_another_owner_than_the_directory_is_refused(reader: Answers, directory: Path, name: str) -> None:
    os.chown(directory / name, 65534, 65534)
    assert reader.ask("reopen") != "opened"


def test_no_damage_leads_beyond_the_file(reader: Answers, directory: Path) -> None:
    """One byte altered at a time, the checksum put right."""
    for at in [*range(48, 96), *range(128, len(SEED), 3)]:
        for byte in (0x00, 0x7F, 0xFF):
            damaged = bytearray(SEED)
            damaged[at] = byte
            serve(directory, seal(bytes(damaged)))
            if reader.ask("reopen") == "opened":
                for key in ("a", "a.b", "d", "e", "f"):
                    assert reader.ask(f"get {key}")


UTF_8 = (
    b"\xc2\x80 \xc3\xa9 \xdf\xbf \xe0\xa0\x80 \xe2\x82\xac \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"
)
NOT_UTF_8 = (
    b"\x80 \xbf \xc0\x80 \xc1\xbf \xe0\x9f\xbf \xed\xa0\x80 \xf0\x8f\xbf\xbf \xf4\x90\x80\x80 \xf5\x80\x80\x80 \xff"
    b" \xc3 \xe2\x82 \xf0\x9f\x98 \xc3( \xe2(\xa1 \xe2\x82( \xf0\x9f(\x80 \xf0\x9f\x98( \xc3\xc3\xa9"
)


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("place", range(10))
def test_text_is_utf_8_wherever_a_character_stands(reader: Answers, directory: Path, taken: bool, place: int) -> None:
    for character in (UTF_8 if taken else NOT_UTF_8).split(b" "):
        for after in (b"", b"y", b"y" * 9):
            text = b"x" * place + character + after
            serve(directory, one(kind=STR, payload=199 | len(text) << 32, strings=KEY + text))
            assert (reader.ask("reopen") == "opened") is taken, text
            if taken:
                assert reader.ask("get hat") == f"string {text.decode()}"
