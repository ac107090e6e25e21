"""Deleted keys, remembered: one that comes back soon may mean something else to a service that still knows the old one.

So a key (or a whole section, by its topmost key) that was deleted is refused for 180 days unless whoever brings it back
says so. A flag's name used anew, with one of eight servers on old code, cost Knight Capital 440 million dollars (2012).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import yaml

from configedge.bundle import BundlePath, Problem
from configedge.control.diff import KeyChange, Kind, json_type

KEPT_S: Final = 180 * 86_400
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Tombstone:
    key: str
    """Dotted, below `spec.values`."""
    time: int
    """When it was deleted, in Unix seconds."""
    by: str
    """Who deleted it."""
    type: str
    """What JSON type it had."""

    def as_dict(self) -> dict[str, Any]:
        return {"key": self.key, "time": self.time, "by": self.by, "type": self.type}


def file_of(path: BundlePath) -> str:
    """Where a bundle's tombstones are in a Git tree."""
    return f"tombstones/{path.namespace}/{path.name}.yaml"


def read(text: bytes | None) -> tuple[Tombstone, ...]:
    """From the text of that file. What is not as we write it is passed over: a push may have changed it."""
    try:
        items = yaml.load(text or b"", Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return ()
    found = []
    for item in items if isinstance(items, list) else []:
        match item:
            case {"key": str(key), "time": int(time), "by": str(by), "type": str(type_)}:
                found.append(Tombstone(key, time, by, type_))
    return tuple(found)


def write(tombstones: Iterable[Tombstone]) -> bytes | None:
    """The text of that file; None if there is none to be."""
    items = [tombstone.as_dict() for tombstone in sorted(tombstones, key=lambda one: one.key)]
    return yaml.dump(items, Dumper=yaml.CSafeDumper, sort_keys=False).encode() if items else None


def after(
    before: tuple[Tombstone, ...],
    changes: Iterable[KeyChange],
    old: dict[str, Any] | None,
    now: int,
    by: str,
    revive: bool,
    file: str,
) -> tuple[tuple[Tombstone, ...], list[Problem]]:
    """The tombstones after a change, and why it must not be made: keys that come back without `revive`.

    `old` are the values before it.
    """
    kept = {stone.key: stone for stone in before if now - stone.time < KEPT_S}
    problems = []
    for change in changes:
        if change.kind is Kind.removed:
            for key, value in _buried(change.key, old):
                kept[key] = Tombstone(key, now, by, json_type(value))
        else:
            for key in _met(change, kept):
                if not revive:
                    problems.append(_refused(kept[key], now, file))
                else:
                    del kept[key]
    newest = sorted(kept.values(), key=lambda one: one.time)[-_MOST:]
    return tuple(newest), problems


def _buried(key: str, old: dict[str, Any] | None) -> Iterable[tuple[str, Any]]:
    if not key:
        return list((old or {}).items())
    value: Any = old
    for segment in key.split("."):
        value = value[segment] if isinstance(value, dict) else None
    return [(key, value)]


def _met(change: KeyChange, kept: dict[str, Tombstone]) -> list[str]:
    """Those that what comes, comes to: its own, one that it lies in, ones inside of it."""
    if change.kind is not Kind.added and not isinstance(change.after, dict | list):
        return []
    inside = f"{change.key}." if change.key else ""
    return [
        key
        for key in kept
        if (key == change.key and change.kind is Kind.added)
        or change.key.startswith(f"{key}.")
        or (key.startswith(inside) and _has(change.after, key.removeprefix(inside)))
    ]


def _has(value: Any, key: str) -> bool:
    for segment in key.split("."):
        if not isinstance(value, dict) or segment not in value:
            return False
        value = value[segment]
    return True


def _refused(stone: Tombstone, now: int, file: str) -> Problem:
    days = (now - stone.time) // 86_400
    when = "today" if days < 1 else f"{days} day{'s' if days > 1 else ''} ago"
    return Problem.of(
        "tombstone",
        f"this key was deleted {when} by {stone.by}, and a service may still take it for what it was",
        f"use another name; or, if it is the same again, repeat this with revive (kept for {KEPT_S // 86_400} days)",
        file=file,
        key=f"spec.values.{stone.key}",
    )
