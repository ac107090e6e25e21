"""From parsed YAML or JSON to our dataclasses: every member known, every type right, and the place named if not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

import msgspec

from configedge.control.auth.errors import AccessError

T = TypeVar("T")

_PLACE = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)


def typed(kind: type[T], value: Any, key: str) -> T:
    """`value` as the dataclass `kind`, whose constructor may raise ValueError; AccessError names `key` or below."""
    members(value, {field.name for field in fields(kind)}, key)  # type: ignore[arg-type]
    return converted(kind, value, key)


def members(value: Any, known: set[str], key: str) -> Mapping[str, Any]:
    """`value` if it is a mapping with no other members than these. Raises AccessError."""
    if not isinstance(value, dict):
        raise AccessError(f"{key or 'the document'}: expected a mapping, got {type(value).__name__}")
    for name in value:
        if name not in known:
            raise AccessError(
                f"{_joined(key, ascii(name)[:80])}: unknown member; remove it or use one of {', '.join(sorted(known))}"
            )
    return value


def items(value: Any, key: str) -> list[tuple[str, Any]]:
    """The items of a list, each with its key. Raises AccessError."""
    if not isinstance(value, list):
        raise AccessError(f"{key}: expected a list, got {type(value).__name__}")
    return [(f"{key}[{n}]", item) for n, item in enumerate(value)]


def converted(kind: type[T], value: Any, key: str) -> T:
    """`value` as any type that msgspec knows, nothing coerced. Raises AccessError."""
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        message, place = str(error), ""
        if match := _PLACE.fullmatch(message):
            message, place = match[1], match[2]
        raise AccessError(f"{_joined(key, place)}: {message[:300]}") from None


def _joined(key: str, place: str) -> str:
    return key + place if place.startswith("[") else ".".join(part for part in (key, place) if part)
