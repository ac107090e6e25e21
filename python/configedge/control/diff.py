"""What is different between two versions of a bundle's values: by key, not by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SECRET_ANNOTATION = "configedge.io/secret"


class Kind(StrEnum):
    added = "added"
    removed = "removed"
    changed = "changed"


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One key that is different. Arrays are compared whole."""

    key: str
    """Dotted, below `spec.values`; empty for the values as a whole."""
    kind: Kind
    before: Any
    after: Any
    type_changed: bool
    """Its JSON type is another one: services that read it may not expect that."""
    secret: bool = False
    """The values are left out."""

    def as_dict(self) -> dict[str, Any]:
        shown = {} if self.secret else {"before": self.before, "after": self.after}
        return {
            "key": self.key,
            "kind": self.kind.value,
            "type_changed": self.type_changed,
            "secret": self.secret,
            **shown,
        }


def key_changes(
    before: dict[str, Any] | None, after: dict[str, Any] | None, *others: dict[str, Any] | None
) -> list[KeyChange]:
    """From one document to another (None: there is none): every key whose value is not the same.

    An object that comes or goes is one change, of the whole. Of keys that either document, or one of the `others`
    (what it lies over), marks as secret the values are left out.
    """
    return hidden(all_changes(before, after), before, after, *others)


def all_changes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[KeyChange]:
    """The same with all values: for those who decide, not for those who look."""
    return [] if before is None and after is None else list(_compare("", _values(before), _values(after)))


def hidden(changes: Iterable[KeyChange], *documents: dict[str, Any] | None) -> list[KeyChange]:
    """Changes without the values that one of the documents marks as secret."""
    secret = set[str]().union(*map(_secrets, documents))
    return [_hidden(change, secret) for change in changes]


def touched_keys(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
    """The keys alone. What touches more than single values touches "", which every key lies in: see `touches_all`."""
    keys = [change.key for change in all_changes(before, after)]
    return ["", *keys] if touches_all(before, after) else keys


def touches_all(before: dict[str, Any] | None, after: dict[str, Any] | None) -> bool:
    """Whether a document comes, goes, is or was broken, or has other rules: policies may derive any value."""
    if before is None or after is None:
        return True
    return any(before["spec"].get(member) != after["spec"].get(member) for member in ("schema", "policies"))


def json_type(value: Any) -> str:
    """As JSON Schema calls it, integers and other numbers apart."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


_MISSING = object()


def _compare(key: str, old: Any, new: Any) -> Iterator[KeyChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            inner = f"{key}.{name}" if key else name
            yield from _compare(inner, old.get(name, _MISSING), new.get(name, _MISSING))
    elif old is _MISSING:
        yield KeyChange(key, Kind.added, None, new, False)
    elif new is _MISSING:
        yield KeyChange(key, Kind.removed, old, None, False)
    elif not _same(old, new):
        yield KeyChange(key, Kind.changed, old, new, json_type(old) != json_type(new))


def _same(old: Any, new: Any) -> bool:
    # 1, 1.0 and True are equal to Python, and not to whoever reads them.
    if json_type(old) != json_type(new):
        return False
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_same(value, new[name]) for name, value in old.items())
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new)


def _values(document: dict[str, Any] | None) -> Any:
    return _MISSING if document is None else document["spec"]["values"]


def _secrets(document: dict[str, Any] | None) -> set[str]:
    annotations = (document or {}).get("metadata", {}).get("annotations")
    # A push may have made anything of them.
    text = annotations.get(SECRET_ANNOTATION, "") if isinstance(annotations, dict) else ""
    return set(text.replace(",", " ").split()) if isinstance(text, str) else set()


def _hidden(change: KeyChange, secrets: set[str]) -> KeyChange:
    """Without its values if it, something in it, or what it lies in is secret."""
    inside = f"{change.key}." if change.key else ""
    for secret in secrets:
        if secret == change.key or secret.startswith(inside) or change.key.startswith(f"{secret}."):
            return KeyChange(change.key, change.kind, None, None, change.type_changed, True)
    return change
