"""A bundle's values as a legacy Redis keeps them: the reverse of an import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from configedge.bundle import BundlePath
from configedge.migrate import text
from configedge.migrate.map import Form, LegacyMap, Path_, Rule


class Unit(NamedTuple):
    """What is written and deleted as one: a key, or a field of a hash."""

    key: str
    field: str = ""
    """Empty: the key itself."""


class Written(NamedTuple):
    """What a unit has to hold."""

    value: Any
    kind: text.Type | None
    form: Form
    path: str
    """The dotted key that services read, with the bundle's name."""

    @property
    def text(self) -> str:
        return text.write(self.value, self.kind)


@dataclass(slots=True)
class Units:
    found: dict[Unit, Written] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    """Keys of the bundle that the map has no place for, and why."""


def of(legacy: LegacyMap, bundle: BundlePath, values: dict[str, Any]) -> Units:
    """All that the map says of a bundle's values, but for what it skips.

    What an import would read as another key is left outside.
    """
    units = Units()
    for path, value, rule in _parts(legacy, bundle, (), values):
        label = ".".join((bundle.name, *path))
        for unit, written in _units(rule, path, value, label):
            placed = legacy.place(unit.key)
            if legacy.skips(unit.key):
                continue
            if placed != (rule, path):
                units.outside.append(f"{label}: {unit.key} is another rule's; give one of them another prefix or place")
            elif unit in units.found:
                units.outside.append(f"{label}: {unit.key} is {units.found[unit].path} already")
            else:
                units.found[unit] = written
    return units


def _parts(legacy: LegacyMap, bundle: BundlePath, path: Path_, value: Any) -> Iterator[tuple[Path_, Any, Rule]]:
    """What is written as one: values, and objects that the map gives a form."""
    rule = legacy.rule_of(bundle, path)
    whole = rule is not None and path and (rule.form(path) is not Form.keys or path in rule.keys.values())
    if isinstance(value, dict) and not whole:
        for name, inner in value.items():
            yield from _parts(legacy, bundle, (*path, name), inner)
    elif rule is not None:
        yield path, value, rule


def _units(rule: Rule, path: Path_, value: Any, label: str) -> Iterator[tuple[Unit, Written]]:
    key, form = rule.key(path), rule.form(path)
    if form is Form.hash and isinstance(value, dict):
        for name, inner in value.items():
            yield Unit(key, name), Written(inner, rule.type((*path, name)), form, f"{label}.{name}")
    else:
        yield Unit(key), Written(value, rule.type(path), Form.keys if form is Form.hash else form, label)
