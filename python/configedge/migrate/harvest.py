"""What a source has: values under their legacy keys, what of it cannot be taken, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from configedge.bundle import Problem
from configedge.migrate.map import Form

MAX_VALUES: Final = 100_000
"""Legacy keys that one import looks at."""
MAX_BYTES: Final = 64 << 20
"""Bytes of all their values together."""
MAX_VALUE: Final = 1 << 20
"""Bytes of one value: as many as a document may have."""


class SourceError(Exception):
    """A source cannot be read at all. One line, says what to do; has no credential in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One legacy key and what it holds."""

    key: str
    value: Any
    """A text whose type is to be inferred, the fields of a hash by name (texts), or a JSON value as it is."""
    typed: bool = False
    """The value has its type already."""
    form: Form = Form.keys
    """How the store keeps it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not imported, on purpose."""

    name: str
    why: str


@dataclass(slots=True)
class Harvest:
    """All that a source gave. Problems end an import; what was left out does not, but is always told."""

    source: str
    """As people are told; without a credential."""
    found: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    size: int = 0

    def text(self, key: str, raw: bytes) -> None:
        """Takes a text that a store holds as bytes."""
        if (text := self.decoded(key, raw)) is not None:
            self.add(Found(key, text))

    def add(self, found: Found) -> None:
        self.found.append(found)
        if len(self.found) > MAX_VALUES:
            raise SourceError(f"{self.source} has more than {MAX_VALUES:,} keys that are mapped; import it in parts")

    def decoded(self, name: str, raw: bytes) -> str | None:
        """None, and a problem, for what is no text or too long."""
        self.size += len(raw)
        if self.size > MAX_BYTES:
            raise SourceError(f"{self.source} has more than {MAX_BYTES >> 20} MiB of values; import it in parts")
        if len(raw) > MAX_VALUE:
            self.refuse(name, "limit", f"{len(raw):,} bytes, and the limit is {MAX_VALUE:,}", _SKIP)
            return None
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.refuse(name, "binary", "its value is binary, and no UTF-8", _SKIP)
            return None

    def refuse(self, key: str, code: str, message: str, hint: str) -> None:
        self.problems.append(Problem.of(code, message, hint, file=self.source, key=shown(key)))

    def leave_out(self, name: str, why: str) -> None:
        self.left_out.append(LeftOut(shown(name), why))


_SKIP: Final = "name it under skip: in the map if it is no configuration"


def shown(key: str | bytes) -> str:
    """A legacy key as people are told: one line, never long."""
    text = key.decode(errors="backslashreplace") if isinstance(key, bytes) else key
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return text if len(text) <= 200 else f"{text[:197]}..."
