"""A second implementation of docs/format.md, slow and plain, written from that page alone.

It makes the vectors in tests/vectors/snapshots and reads any snapshot, so that the page, the Rust crate and this agree.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

MASK = (1 << 64) - 1
SECRET = (0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3)
HEADER = struct.Struct("<8sHHIQQQQQIIIIIIIB3xQ32s")
SLOT = struct.Struct("<QIHBBQQ")
MAGIC, MARK = b"CEDGESNP", 0x01020304
IS_ASCII, IS_SECRET = 1, 2
NULL, BOOL, I64, F64, STR, JSON, BYTES, BIG = range(8)

Value = None | bool | int | float | str | bytes


@dataclass(frozen=True)
class Json:
    """A container's text."""

    text: str


@dataclass
class Snapshot:
    """What a snapshot says. `changed` has the generation of each key's value."""

    generation: int
    instance: int = 7
    commit: bytes = b""
    created_ns: int = 0
    seed: int = 1
    values: dict[str, Value | Json] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)


class Refused(ValueError):
    """These bytes are not a snapshot. The message says why."""


def _mix(a: int, b: int) -> int:
    product = a * b
    return (product & MASK) ^ (product >> 64)


def wyhash(data: bytes, seed: int) -> int:
    def at8(offset: int) -> int:
        return int.from_bytes(data[offset : offset + 8], "little")

    def at4(offset: int) -> int:
        return int.from_bytes(data[offset : offset + 4], "little")

    size = len(data)
    seed ^= _mix(seed ^ SECRET[0], SECRET[1])
    if size > 16:
        at, left = 0, size
        if left > 48:
            lane1 = lane2 = seed
            while left > 48:
                seed = _mix(at8(at) ^ SECRET[1], at8(at + 8) ^ seed)
                lane1 = _mix(at8(at + 16) ^ SECRET[2], at8(at + 24) ^ lane1)
                lane2 = _mix(at8(at + 32) ^ SECRET[3], at8(at + 40) ^ lane2)
                at, left = at + 48, left - 48
            seed ^= lane1 ^ lane2
        while left > 16:
            seed = _mix(at8(at) ^ SECRET[1], at8(at + 8) ^ seed)
            at, left = at + 16, left - 16
        a, b = at8(size - 16), at8(size - 8)
    elif size >= 4:
        step = (size >> 3) << 2
        a, b = at4(0) << 32 | at4(step), at4(size - 4) << 32 | at4(size - 4 - step)
    elif size:
        a, b = data[0] << 16 | data[size >> 1] << 8 | data[-1], 0
    else:
        a = b = 0
    product = (a ^ SECRET[1]) * (b ^ seed)
    return _mix((product & MASK) ^ SECRET[0] ^ size, (product >> 64) ^ SECRET[1])


def key_hash(key: str, seed: int) -> int:
    return wyhash(key.encode(), seed) or 1


def seal(file: bytes) -> bytes:
    """The same file with the right checksum."""
    blank = file[:40] + bytes(8) + file[48:128]
    return file[:40] + wyhash(file[128:], wyhash(blank, 0)).to_bytes(8, "little") + file[48:]


def encode(snapshot: Snapshot) -> bytes:
    keys = list(snapshot.values)
    count = 2
    while count < 2 * len(keys):
        count *= 2
    strings_at = 128 + 32 * count + 4 * len(keys)
    strings = bytearray()

    def append(text: bytes, end: bytes = b"") -> int:
        offset = strings_at + len(strings)
        strings.extend(text + end)
        return offset

    slots: list[bytes | None] = [None] * count
    place: dict[str, int] = {}
    longest = 0
    for key in keys:
        value = snapshot.values[key]
        hash = key_hash(key, snapshot.seed)
        probe = next(d for d in range(count) if slots[(hash + d) % count] is None)
        longest, place[key] = max(longest, probe + 1), (hash + probe) % count
        kind, flags, payload = _payload(value, append)
        flags |= IS_SECRET if key in snapshot.secrets else 0
        entry = (hash, append(key.encode()), len(key.encode()), kind, flags, payload)
        slots[place[key]] = SLOT.pack(*entry, snapshot.changed.get(key, snapshot.generation))
    index = b"".join(place[key].to_bytes(4, "little") for key in sorted(keys, key=str.encode))
    flags = int(any(isinstance(value, bytes) for value in snapshot.values.values()))
    header = HEADER.pack(
        MAGIC, 1, 0, MARK, snapshot.instance, snapshot.generation, strings_at + len(strings), 0, snapshot.seed, count,
        len(keys), longest, flags, 128, 128 + 32 * count, strings_at, len(snapshot.commit), snapshot.created_ns,
        snapshot.commit.ljust(32, b"\0"),
    )  # fmt: skip
    return seal(header + b"".join(slot or bytes(32) for slot in slots) + index + bytes(strings))


def _payload(value: Value | Json, append: object) -> tuple[int, int, int]:
    assert callable(append)

    def text(kind: int, raw: bytes, end: bytes) -> tuple[int, int, int]:
        return kind, IS_ASCII * (raw.isascii() and kind != BYTES), append(raw, end) | len(raw) << 32

    match value:
        case None:
            return NULL, 0, 0
        case bool():
            return BOOL, 0, int(value)
        case int() if -(2**63) <= value < 2**63:
            return I64, 0, value & MASK
        case int():
            return text(BIG, str(value).encode(), b"\0")
        case float():
            return F64, 0, struct.unpack("<Q", struct.pack("<d", value))[0]
        case str():
            return text(STR, value.encode(), b"\0")
        case bytes():
            return text(BYTES, value, b"\0")
        case Json():
            return text(JSON, value.text.encode(), b"")


def decode(file: bytes) -> Snapshot:
    """Raises Refused for anything but a whole, sound snapshot."""
    if len(file) < 128:
        raise Refused("too short")
    magic, major, _, mark, instance, generation, length, _, seed, count, entries, longest, _, *rest = HEADER.unpack(
        file[:128]
    )
    slots_at, index_at, strings_at, commit_len, created_ns, commit = rest
    if (magic, major, mark) != (MAGIC, 1, MARK):
        raise Refused("not a snapshot of this version")
    if length != len(file):
        raise Refused("wrong length")
    if seal(file) != file:
        raise Refused("wrong checksum")
    if count < 2 or count & (count - 1) or entries > count // 2 or longest > count or commit_len not in (0, 20, 32):
        raise Refused("impossible header")
    if (slots_at, index_at, strings_at) != (128, 128 + 32 * count, 128 + 32 * count + 4 * entries):
        raise Refused("impossible layout")
    snapshot = Snapshot(generation, instance, commit[:commit_len], created_ns, seed)
    found = 0
    for number in range(count):
        slot = SLOT.unpack_from(file, 128 + 32 * number)
        if slot[0]:
            # Counted by slot: that no key is there twice is the writer's part.
            found += 1
            key, value = _entry(file, strings_at, slot)
            snapshot.values[key], snapshot.changed[key] = value, slot[6]
            if slot[4] & IS_SECRET:
                snapshot.secrets.add(key)
    index = struct.unpack_from(f"<{entries}I", file, index_at)
    if any(place >= count or not SLOT.unpack_from(file, 128 + 32 * place)[0] for place in index):
        raise Refused("the index names an empty slot, or none")
    if found != entries or any(changed > generation for changed in snapshot.changed.values()):
        raise Refused("entries do not add up")
    return snapshot


def _entry(file: bytes, strings_at: int, slot: tuple[int, ...]) -> tuple[str, Value | Json]:
    _, key_at, key_len, kind, flags, payload, _ = slot

    def part(offset: int, size: int) -> bytes:
        if offset < strings_at or offset + size > len(file):
            raise Refused("outside the strings")
        return file[offset : offset + size]

    try:
        key = part(key_at, key_len).decode()
        raw = part(payload & 0xFFFFFFFF, payload >> 32) if kind >= STR else b""
        if not key or len(key.encode()) > 256 or kind > BIG or (kind == BOOL and payload > 1):
            raise Refused("malformed entry")
        signed = payload - (1 << 64) if payload >> 63 else payload
        real = struct.unpack("<d", struct.pack("<Q", payload))[0]
        plain: dict[int, Value | Json] = {NULL: None, BOOL: bool(payload), I64: signed, F64: real, BYTES: raw}
        if kind in plain:
            return key, plain[kind]
        text = raw.decode()
        if flags & IS_ASCII and not raw.isascii():
            raise Refused("flagged ASCII and is not")
        return key, Json(text) if kind == JSON else int(text) if kind == BIG else text
    except UnicodeDecodeError as error:
        raise Refused("not UTF-8") from error
