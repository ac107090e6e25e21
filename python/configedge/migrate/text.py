"""Values as the text that a legacy store has of them, and back."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from configedge.bundle import BundleError, dump_json, load_json


class Type(StrEnum):
    """What a map says that a text is, where `infer` would take it for something else."""

    string = "string"
    integer = "integer"
    number = "number"
    boolean = "boolean"
    bit = "bit"
    """A boolean that is written 1 and 0."""
    json = "json"


_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]{1,400})?(e[-+][0-9]{2,3})?", re.ASCII)
_INTEGER = re.compile(r"[-+]?[0-9]{1,4300}", re.ASCII)
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


def infer(text: str) -> Any:
    """What the text most likely means: a boolean, a number, a JSON object or array; else it stays a string.

    It is a number only if that number is written as the same text. So leading zeros, versions (1.10), integers beyond
    64 bits and anything else that would lose a character stay strings.
    """
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text) and (number := _number(text)) is not None:
        return number
    if text.lstrip()[:1] in ("{", "["):
        try:
            return load_json(text.encode(), "")
        except (BundleError, UnicodeError):
            return text
    return text


def read(text: str, kind: Type) -> Any:
    """The value of a text that is said to be of this kind. Raises ValueError, which does not repeat the text."""
    match kind:
        case Type.string:
            return text
        case Type.integer if _INTEGER.fullmatch(text):
            return int(text)
        case Type.number:
            try:
                return load_json(repr(float(text)).encode(), "")
            except (ValueError, OverflowError):
                raise ValueError("it is no number of 64 bits") from None
        case Type.boolean | Type.bit if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        case Type.json:
            try:
                return load_json(text.encode(), "")
            except BundleError as error:
                raise ValueError(f"it is no JSON: {error.problems[0].message}") from None
    raise ValueError(f"it is no {kind}")


def write(value: Any, kind: Type | None = None) -> str:
    """The text of a value; containers and null are JSON."""
    match value:
        case str():
            return value
        case bool() if kind is Type.bit:
            return "1" if value else "0"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
    return dump_json(value).decode()


def same(text: str, value: Any, kind: Type | None = None) -> bool:
    """Whether the text says this value, in whichever spelling of its JSON."""
    if text == write(value, kind):
        return True
    if isinstance(value, str):
        return False
    try:
        found = read(text, kind) if kind else infer(text)
    except ValueError:
        return False
    return equal(found, value)


def equal(one: Any, other: Any) -> bool:
    """As whoever reads them sees it: 1 and 1.0 are one number, True is none, containers count by content."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def _number(text: str) -> int | float | None:
    number = float(text) if set(text) & {".", "e"} else int(text)
    fits = isinstance(number, float) or -(1 << 63) <= number < 1 << 63
    return number if fits and repr(number) == text else None
