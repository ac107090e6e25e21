"""From what a source has to what bundles would say: where each value goes, of which type, and what does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from configedge.bundle import BundlePath, Problem
from configedge.control.diff import json_type
from configedge.migrate import text
from configedge.migrate.harvest import Found, Harvest, shown
from configedge.migrate.map import Form, LegacyMap, Path_, Rule, is_segment
from configedge.migrate.secrets import looks_secret

How = Literal["inferred", "map", "source"]


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a bundle, and where it is from."""

    bundle: BundlePath
    path: Path_
    value: Any
    how: How
    """Who says of which type it is: its text, the map, or the source."""
    legacy: str
    secret: bool

    @property
    def key(self) -> str:
        """Dotted, in the bundle's values."""
        return ".".join(self.path)

    @property
    def type(self) -> str:
        return json_type(self.value)


@dataclass(slots=True)
class Plan:
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def bundles(self) -> dict[BundlePath, dict[str, Any]]:
        """The values of each bundle."""
        found: dict[BundlePath, dict[str, Any]] = {}
        for row in self.rows:
            inner = found.setdefault(row.bundle, {})
            for segment in row.path[:-1]:
                inner = inner.setdefault(segment, {})
            inner[row.path[-1]] = row.value
        return found

    def origin(self, bundle: BundlePath, key: str) -> str:
        """The legacy key of what lies at, above or below a dotted key; empty if nothing does."""
        for row in self.rows:
            near = row.key == key or key.startswith(f"{row.key}.") or row.key.startswith(f"{key}.")
            if row.bundle == bundle and near:
                return row.legacy
        return ""


def make(harvest: Harvest, legacy: LegacyMap) -> Plan:
    """All of it, with every problem there is."""
    plan = Plan(problems=list(harvest.problems), warnings=list(harvest.warnings))
    forms: dict[tuple[Path_, Form], None] = {}
    for found in harvest.found:
        placed = legacy.place(found.key)
        if placed is None:
            continue
        rule, path = placed
        for row in _rows(found, rule, path, harvest, plan):
            plan.rows.append(row)
        if (form := _missing_form(found, rule, path)) is not None:
            forms[path, form] = None
    _collisions(plan, harvest)
    plan.warnings += [f"to be written back as it is, the map needs {line}" for line in _lines(list(forms))]
    plan.warnings += [
        f"{row.bundle} {row.key}: {_SECRET}" for row in plan.rows if row.secret and not _said(row, legacy)
    ]
    return plan


_SECRET = (
    "it looks like a secret, so it is marked as one; Git keeps it for ever: better keep it elsewhere (skip: in the "
    "map), or name it under secrets: or public:"
)


def _said(row: Row, legacy: LegacyMap) -> bool:
    placed = legacy.place(row.legacy)
    return placed is not None and placed[0].is_secret(row.path) is not None


def _rows(found: Found, rule: Rule, path: Path_, harvest: Harvest, plan: Plan) -> Iterator[Row]:
    for inner, value, how in _typed(found, rule, path, harvest, plan):
        for leaf, one in _leaves(inner, value):
            wrong = next((segment for segment in leaf if not is_segment(segment)), None)
            if wrong is not None or not leaf:
                _refuse_name(found, wrong, harvest, plan)
                continue
            told = rule.is_secret(leaf)
            secret = looks_secret(".".join(leaf), one) if told is None else told
            yield Row(rule.bundle, leaf, one, how, found.key, secret)


def _typed(found: Found, rule: Rule, path: Path_, harvest: Harvest, plan: Plan) -> Iterator[tuple[Path_, Any, How]]:
    if found.typed:
        yield path, found.value, "source"
        return
    texts = found.value if found.form is Form.hash else {None: found.value}
    for name, value in texts.items():
        at = path if name is None else (*path, name)
        kind = rule.type(at)
        if kind is None:
            yield at, text.infer(value) if rule.infer else value, "inferred" if rule.infer else "map"
            continue
        try:
            yield at, text.read(value, kind), "map"
        except ValueError as error:
            label = found.key if name is None else f"{found.key} {name}"
            hint = f"correct the value, or types: in the map, which says {kind}"
            plan.problems.append(Problem.of("type", str(error), hint, file=harvest.source, key=shown(label)))


def _leaves(path: Path_, value: Any) -> Iterator[tuple[Path_, Any]]:
    if isinstance(value, dict) and (value or not path):
        for name, inner in value.items():
            yield from _leaves((*path, name), inner)
    else:
        yield path, value


def _refuse_name(found: Found, wrong: str | None, harvest: Harvest, plan: Plan) -> None:
    if wrong is None:
        message = "nothing is left of its name after the prefix, and its value is no object"
    else:
        message = f"{shown(wrong)!r} cannot be a part of a key, which has 1 to 64 of A-Z, a-z, 0-9, _ and -"
    hint = "give it another place under keys: in the map, or name it under skip:"
    plan.problems.append(Problem.of("name", message, hint, file=harvest.source, key=shown(found.key)))


def _collisions(plan: Plan, harvest: Harvest) -> None:
    """Two legacy keys for one key, or one for a value and another for what lies in it."""
    first: dict[tuple[BundlePath, Path_], Row] = {}
    for row in plan.rows:
        other = first.setdefault((row.bundle, row.path), row)
        if other is not row:
            _collide(plan, harvest, row, other, f"both are {row.bundle} {row.key}")
    for row in plan.rows:
        for length in range(1, len(row.path)):
            above = first.get((row.bundle, row.path[:length]))
            if above is not None:
                _collide(plan, harvest, row, above, f"{above.key} is a value, and {row.key} would lie in it")


def _collide(plan: Plan, harvest: Harvest, row: Row, other: Row, what: str) -> None:
    message = f"it collides with {shown(other.legacy)}: {what}"
    hint = "give one of them another place under keys: in the map, or name it under skip:"
    plan.problems.append(Problem.of("collision", message, hint, file=harvest.source, key=shown(row.legacy)))


def _missing_form(found: Found, rule: Rule, path: Path_) -> Form | None:
    """How the store keeps an object, where the map does not say so."""
    form = found.form
    inferred = form is Form.keys and not found.typed and (rule.infer or rule.type(path) is text.Type.json)
    if inferred and rule.type(path) in (None, text.Type.json) and isinstance(text.infer(found.value), dict):
        form = Form.json
    return form if path and form is not Form.keys and rule.form(path) is not form else None


def _lines(forms: list[tuple[Path_, Form]]) -> list[str]:
    """As they are written in the map; what has siblings of the same form, as one pattern."""
    beside = Counter((path[:-1], form) for path, form in forms)
    patterns = [((*path[:-1], "*") if beside[path[:-1], form] > 1 else path, form) for path, form in forms]
    return [f"forms: {{{'.'.join(path)}: {form}}}" for path, form in dict.fromkeys(patterns)]
