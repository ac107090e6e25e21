"""Partition names as words of a subject: letters, digits, `-` and `_` stay, all else becomes `=XX` per UTF-8 byte."""

from __future__ import annotations

import re

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def encode(name: str) -> str:
    """One word without dots, wildcards or blanks. Raises ValueError for an empty name."""
    if not name:
        raise ValueError("a partition has an empty name; give it one, such as eu-west-1/ranked")
    return "".join(chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in name.encode())


def decode(word: str) -> str:
    raw = re.sub(rb"=([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), word.encode())
    return raw.decode()


def encode_path(name: str) -> str:
    """Keeps the dots between words: `member.a b` becomes `member.a=20b`."""
    return ".".join(encode(word) for word in name.split("."))


def decode_path(path: str) -> str:
    return ".".join(decode(word) for word in path.split("."))
