"""What matchmakers and gateways sign with the key that they share: HMAC-SHA256, in lower-case hexadecimal."""

from __future__ import annotations

import hmac
from pathlib import Path

KEY_BYTES = 32
"""The least a key has: as much as the hash."""


def load_key(path: Path) -> bytes:
    """The bytes of the file, as they are. Raises OSError if it cannot be read, ValueError if it is too short."""
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise ValueError(
            f"{path}: {len(key)} bytes are too short for a key: write {KEY_BYTES} or more random ones to it, "
            f"for example with openssl rand -out {path} {KEY_BYTES}"
        )
    return key


def signature(key: bytes, text: str, foreign: str) -> str:
    """Of a text of ours, of which the first word is its kind, and of what others chose."""
    # What is foreign comes last, so that nothing of it can be read as a part of the text.
    return hmac.new(key, (text + foreign).encode("utf-8", "surrogatepass"), "sha256").hexdigest()
