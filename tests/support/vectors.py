"""The test vectors of docs/format.md: `python -m tests.support.vectors` writes them into tests/vectors/.

A reader in any language is checked against them. The second implementation makes them, not the crate they check.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.snapshot_format import HEADER, SLOT, Json, Snapshot, decode, encode, key_hash, seal, wyhash

ROOT = Path(__file__).resolve().parents[1] / "vectors"

# A key of 16 bytes whose hash under seed 1 is 0, which a slot stores as 1.
ZERO_HASH_KEY = "OSTNXXQEvH29koQJ"


def hashes() -> list[dict[str, str]]:
    texts = ["", "a", "abc", "message digest", "abcdefghijklmnopqrstuvwxyz"]
    texts += [
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "1234567890" * 8,
        "\u00e9\u4e2d\U0001f600",
    ]
    texts += ["x" * length for length in (3, 4, 8, 15, 16, 17, 32, 47, 48, 49, 95, 96, 97, 256)]
    cases = [(text.encode(), seed) for seed, text in enumerate(texts)]
    cases += [(bytes(range(256)), 2**64 - 1), (b"\0" * 7, 0x0123456789ABCDEF)]
    return [
        {"data": data.hex(), "seed": f"{seed:#018x}", "hash": f"{wyhash(data, seed):#018x}"} for data, seed in cases
    ]


def keys() -> list[dict[str, Any]]:
    """Where a key's search begins: hash, and home slot in a table of `slots`."""
    names = ["a", "matchmaking", "matchmaking.max_ping_ms", "matchmaking.regions.eu-west-1.weight", "k" * 256]
    names += ["unusual key: \u00e9 \U0001f600 \t.", ".", ZERO_HASH_KEY]
    return [
        {
            "key": key,
            "seed": f"{seed:#018x}",
            "hash": f"{key_hash(key, seed):#018x}",
            "slots": slots,
            "home": key_hash(key, seed) & (slots - 1),
        }
        for key in names
        for seed, slots in ((1, 2), (4, 64), (2**64 - 1, 2**15))
    ]


def good() -> dict[str, bytes]:
    every: dict[str, Any] = {
        "m": Json('{"list":[1,[2.5]],"text":"\u00e9"}'),
        "m.list": Json("[1,[2.5]]"),
        "m.list.0": 1,
        "m.list.1": Json("[2.5]"),
        "m.list.1.0": 2.5,
        "m.text": "\u00e9",
        "null": None,
        "yes": True,
        "no": False,
        "zero": 0,
        "int": -5,
        "int.min": -(2**63),
        "int.max": 2**63 - 1,
        "big": 2**63,
        "big.negative": -(10**30),
        "real": 0.1,
        "real.negative-zero": -0.0,
        "real.min": 5e-324,
        "real.max": 1.7976931348623157e308,
        "text": "plain",
        "text.empty": "",
        "text.nul": "a\0b",
        "text.long": "\u4e2d" * 1000,
        "bytes": b"\xff\x00\xfe",
        "bytes.empty": b"",
        "array.empty": Json("[]"),
        "object.empty": Json("{}"),
        "token": "hidden",
        "k" * 256: "the longest key",
        "unusual key: \u00e9 \U0001f600 \t.": "found",
    }
    changed = {key: 1 + place % 9 for place, key in enumerate(every)}
    zero = {ZERO_HASH_KEY: "found", "other": 1}
    many = {f"bundle.key_{number}": number * 0.5 for number in range(300)}
    return {
        "empty": encode(Snapshot(1)),
        "one": encode(Snapshot(2, commit=bytes(range(20)), created_ns=1_700_000_000_000_000_000, values={"a": 1})),
        "every-type": encode(
            Snapshot(
                9, instance=2**64 - 1, commit=bytes(range(32)), seed=4, values=every, changed=changed, secrets={"token"}
            )
        ),
        "text-only": encode(Snapshot(3, values={"a": "\u00e9", "b": Json('["\u4e2d"]')})),
        "hash-zero": encode(Snapshot(4, seed=1, values=zero)),
        "many": encode(Snapshot(2**32, seed=2**63, values=many)),
        "newer-minor-version": seal(_patch(encode(Snapshot(5, values={"a": 1})), 10, (7).to_bytes(2, "little"))),
    }


def bad() -> Iterator[tuple[str, str, bytes]]:
    """Name, reason, file. Unless the reason is the checksum, the checksum is right."""
    base = encode(
        Snapshot(3, commit=b"\x11" * 20, values={"a": "text", "b": True, "c": b"\xff", "d": Json("[1]"), "e": 2**70})
    )
    text = encode(Snapshot(3, values={"a": "\u00e9", "b": "plain"}))
    yield "empty-file", "shorter than a header", b""
    yield "header-cut", "shorter than a header", base[:127]
    yield "cut", "its length is not that of its header", base[:-1]
    yield "padded", "its length is not that of its header", base + b"\0"
    yield "bit-flip-in-header", "checksum", _patch(base, 57, bytes([base[57] ^ 1]))
    yield "bit-flip-in-slot", "checksum", _patch(base, 140, bytes([base[140] ^ 0x80]))
    yield "bit-flip-at-end", "checksum", _patch(base, len(base) - 1, b"\x01")
    fields: list[tuple[str, str, int, bytes]] = [
        ("magic", "magic", 0, b"CEDGESNX"),
        ("control-page-magic", "magic", 0, b"CEDGECTL"),
        ("major-version", "major version", 8, b"\x02\0"),
        ("big-endian", "byte-order mark", 12, b"\x01\x02\x03\x04"),
        ("length", "its length is not that of its header", 32, _u64(len(base) + 1)),
        ("slots-not-power-of-two", "number of slots", 56, _u32(15)),
        ("slots-one", "number of slots", 56, _u32(1)),
        ("slots-zero", "number of slots", 56, _u32(0)),
        ("slots-huge", "number of slots", 56, _u32(1 << 31)),
        ("entries-beyond-half", "more entries than half the slots", 60, _u32(9)),
        ("entries-too-few", "entries do not match the slots", 60, _u32(4)),
        ("longest-probe", "longest probe beyond the slots", 64, _u32(17)),
        ("slots-offset", "offset of the slots", 72, _u32(160)),
        ("index-offset", "offset of the index", 76, _u32(0)),
        ("strings-offset", "offset of the strings", 80, _u32(0xFFFFFFFF)),
        ("commit-length", "length of the commit", 84, b"\x21"),
        ("commit-length-odd", "length of the commit", 84, b"\x07"),
    ]
    for name, reason, at, value in fields:
        yield name, reason, seal(_patch(base, at, value))
    for name, reason, key, index, value in (
        ("key-before-strings", "a key outside the strings", "a", 1, 64),
        ("key-beyond-end", "a key outside the strings", "a", 1, len(base)),
        ("key-empty", "length of a key", "a", 2, 0),
        ("key-too-long", "length of a key", "a", 2, 257),
        ("type-unknown", "unknown type", "a", 3, 8),
        ("bool-of-two", "a boolean that is neither 0 nor 1", "b", 5, 2),
        ("value-before-strings", "a value outside the strings", "a", 5, 4 << 32),
        ("value-beyond-end", "a value outside the strings", "c", 5, len(base) | 1 << 32),
        ("value-wraps", "a value outside the strings", "c", 5, 0xFFFFFFFF | 0xFFFFFFFF << 32),
        ("changed-in-the-future", "changed after the file's generation", "a", 6, 4),
    ):
        yield name, reason, seal(_slot(base, key, index, value))
    one = _patch(_patch(encode(Snapshot(3))[:160], 32, _u64(160)), 56, _u32(1))
    yield "slots-one-and-empty", "number of slots", seal(_patch(_patch(one, 76, _u32(160)), 80, _u32(160)))
    at, slot = _find(text, "a")
    yield "text-cut-in-a-character", "text that is not UTF-8", seal(_patch(text, at + 20, _u32(1)))
    yield "text-not-utf-8", "text that is not UTF-8", seal(_patch(text, slot[5] & 0xFFFFFFFF, b"\xff"))
    at, slot = _find(text, "b")
    yield (
        "ascii-flag-on-other-text",
        "flagged ASCII and is not",
        seal(_patch(text, slot[5] & 0xFFFFFFFF, "\u00e9".encode())),
    )
    index_at = HEADER.unpack(base[:128])[14]
    yield "index-names-no-slot", "the index names no slot", seal(_patch(base, index_at, _u32(1 << 20)))
    free = next(n for n in range(16) if not SLOT.unpack_from(base, 128 + 32 * n)[0])
    yield "index-names-an-empty-slot", "the index names an empty slot", seal(_patch(base, index_at, _u32(free)))


def describe(file: bytes) -> dict[str, Any]:
    """What a good snapshot says, in JSON that loses nothing: numbers beyond 2^53 and floats as text."""
    snapshot = decode(file)
    return {
        "generation": str(snapshot.generation),
        "instance": f"{snapshot.instance:#018x}",
        "commit": snapshot.commit.hex(),
        "created_ns": str(snapshot.created_ns),
        "entries": [
            {
                **_value(snapshot.values[key]),
                "key": key,
                "changed": str(snapshot.changed[key]),
                "secret": key in snapshot.secrets,
            }
            for key in sorted(snapshot.values, key=str.encode)
        ],
    }


def _value(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"type": "null", "value": None}
        case bool():
            return {"type": "bool", "value": value}
        case int():
            return {"type": "int" if -(2**63) <= value < 2**63 else "big", "value": str(value)}
        case float():
            return {"type": "float", "value": f"{struct.unpack('<Q', struct.pack('<d', value))[0]:#018x}"}
        case str():
            return {"type": "string", "value": value}
        case bytes():
            return {"type": "bytes", "value": value.hex()}
        case Json():
            return {"type": "json", "value": value.text}
    raise TypeError(value)


def files() -> dict[str, bytes]:
    """All vectors, by path below tests/vectors."""
    found = {"hash.json": _json(hashes()), "keys.json": _json(keys())}
    for name, file in good().items():
        found[f"snapshots/good/{name}.bin"] = file
        found[f"snapshots/good/{name}.json"] = _json(describe(file))
    reasons = {}
    for name, reason, file in bad():
        found[f"snapshots/bad/{name}.bin"] = file
        reasons[name] = reason
    found["snapshots/bad.json"] = _json(reasons)
    return found


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def _patch(file: bytes, at: int, part: bytes) -> bytes:
    return file[:at] + part + file[at + len(part) :]


def _find(file: bytes, key: str) -> tuple[int, tuple[int, ...]]:
    """Offset and fields of the key's slot."""
    for at in range(128, 128 + 32 * HEADER.unpack(file[:128])[9], 32):
        slot = SLOT.unpack_from(file, at)
        if slot[0] and file[slot[1] : slot[1] + slot[2]] == key.encode():
            return at, slot
    raise KeyError(key)


def _slot(file: bytes, key: str, field: int, value: int) -> bytes:
    at, slot = _find(file, key)
    return _patch(file, at, SLOT.pack(*slot[:field], value, *slot[field + 1 :]))


def main() -> None:
    for path, content in files().items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    print(f"{len(files())} files in {ROOT}")


if __name__ == "__main__":
    main()
