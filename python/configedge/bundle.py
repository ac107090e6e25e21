"""ConfigBundle, the document: its name, its text, and what is wrong with it.

The checks themselves are the relay's own, in Rust (`_core.check_bundle`), so that what passes here passes on the node.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Final

import yaml

from configedge import _core

API_VERSION: Final = "configedge.io/v1alpha1"
KIND: Final = "ConfigBundle"
MAX_DOCUMENT: Final = 1 << 20
"""Bytes that a document may have, in whichever form."""

NAME_PATTERN: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""What the name of a bundle, a namespace, a layer's part or a policy is, whole: a regular expression in any dialect."""
MAX_NAME: Final = 63
"""Characters of a name."""

_NAME = re.compile(NAME_PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where. `line` and `column` count from 1; 0 is unknown."""

    file: str
    key: str
    """Dotted, from the top of the document, as in `spec.values.regions.eu.weight`; empty for the whole file."""
    line: int
    column: int
    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, code: str, message: str, hint: str, *, file: str = "", key: str = "") -> Problem:
        """A problem that has no place in a text."""
        return cls(file, key, 0, 0, code, message, hint)

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.key, self.message) if part) + (
            f" ({self.hint})" if self.hint else ""
        )


class BundleError(ValueError):
    """A name or document is refused. `problems` says what is wrong with it: at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True, order=True)
class BundlePath:
    """The name of a bundle. Nothing else turns a name into a path, so what this refuses cannot reach a file system.

    Raises BundleError if a part is not 1 to 63 characters of a-z, 0-9 and '-', with no '-' at either end.
    """

    namespace: str
    name: str
    layer: str = ""
    """Empty: the bundle itself. `prod`, or `prod.eu-west-1`: the overlay of an environment, or of a region in it."""

    def __post_init__(self) -> None:
        parts = [("metadata.namespace", self.namespace), ("metadata.name", self.name)]
        if self.layer != "":
            layer = self.layer.split(".", 1) if isinstance(self.layer, str) else [self.layer]
            parts += zip(("environment", "region"), layer, strict=False)
        wrong = [
            Problem.of(
                "name", f"{_shown(part)} is not a name", "use 1 to 63 of a-z 0-9 and -, not - at an end", key=key
            )
            for key, part in parts
            if not isinstance(part, str) or not _NAME.fullmatch(part)
        ]
        if wrong:
            raise BundleError(wrong)

    @classmethod
    def parse(cls, text: str) -> BundlePath:
        """From the form that `str` gives: `namespace/name`, `namespace/name@prod.eu-west-1`. Raises BundleError."""
        bundle, at, layer = text.partition("@")
        namespace, slash, name = bundle.partition("/")
        if not slash or (at and not layer):
            raise BundleError(
                [Problem.of("name", f"{_shown(text)} is not a bundle", "write namespace/name, or namespace/name@layer")]
            )
        return cls(namespace, name, layer)

    @property
    def git(self) -> str:
        """Where the document is in a Git tree."""
        top = f"overlays/{self.layer}" if self.layer else "bundles"
        return f"{top}/{self.namespace}/{self.name}.yaml"

    @property
    def spool(self) -> str:
        """The bundle's file in a spool directory. No name has a dot, so no two bundles have the same file."""
        return f"{self.namespace}.{self.name}.yaml"

    @property
    def base(self) -> BundlePath:
        """The bundle that this is an overlay of; itself if it is none."""
        return BundlePath(self.namespace, self.name) if self.layer else self

    @property
    def environment(self) -> str:
        """The environment of an overlay; empty for the bundle itself."""
        return self.layer.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" + (f"@{self.layer}" if self.layer else "")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A document that passed every check."""

    path: BundlePath
    document: dict[str, Any]
    """The whole document as JSON types; integers of any size and floats are as written."""
    warnings: tuple[Problem, ...] = ()
    """What policies that accept it say of it."""
    derived: dict[str, Any] | None = None
    """Its values with what policies derived; None if none did."""
    size: tuple[int, int] = (0, 0)
    """Keys, and bytes of its values as compact JSON, with what policies derived."""

    @classmethod
    def parse(
        cls,
        text: bytes,
        file: str,
        policies: _core.Policies | None = None,
        served: tuple[int, int] | None = None,
    ) -> Bundle:
        """Reads and checks a document: JSON if `file` ends in .json, else YAML. Raises BundleError.

        `policies` are those that it may name in `spec.policies`; `served` is the size of what it replaces, which
        it must not shrink or grow beyond the guard rails.
        """
        checked = _core.check_bundle(text, file, policies, served)
        if checked.problems:
            raise BundleError(Problem(**problem) for problem in checked.problems)
        assert checked.document is not None, "a document that cannot be read has a problem"
        document = load_json(checked.document, file)
        metadata = document["metadata"]
        path = BundlePath(metadata.get("namespace", "default"), metadata["name"])
        warnings = tuple(Problem(**warning) for warning in checked.warnings)
        derived = load_json(checked.derived, file) if checked.derived is not None else None
        return cls(path, document, warnings, derived, checked.size)

    @property
    def values(self) -> dict[str, Any]:
        """What services read of it."""
        values: dict[str, Any] = self.document["spec"]["values"] if self.derived is None else self.derived
        return values

    def to_yaml(self) -> bytes:
        """The text that goes into Git. Raises BundleError if it could not be read back."""
        return to_yaml(self.document)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a node would say of a document."""

    problems: tuple[Problem, ...]
    """Why it would be refused; empty if it would be published."""
    warnings: tuple[Problem, ...]
    """What policies that accept it say of it."""
    values: dict[str, Any] | None
    """What services would read, with what policies derived; None if it would be refused."""

    @property
    def ok(self) -> bool:
        return not self.problems


def check(
    document: str | bytes, file: str = "bundle.yaml", policies: _core.Policies | str | os.PathLike[str] | None = None
) -> Checked:
    """Checks a ConfigBundle as a node does, with the same code: syntax, envelope, limits, schema, policies.

    `file` names it in problems; a name that ends in `.json` is read as JSON, any other as YAML. `policies` is a
    directory of them, or what `configedge.policy.load` gave. Raises OSError if that directory cannot be read; what is
    wrong with the document is in the answer.
    """
    if policies is not None and not isinstance(policies, _core.Policies):
        from configedge.policy import load

        policies = load(policies)
    text = document.encode() if isinstance(document, str) else document
    checked = _core.check_bundle(text, file, policies)
    values = None
    if checked.document is not None and not checked.problems:
        whole = load_json(checked.document, file)["spec"]["values"]
        values = load_json(checked.derived, file) if checked.derived is not None else whole
    problems, warnings = ([Problem(**told) for told in each] for each in (checked.problems, checked.warnings))
    return Checked(tuple(problems), tuple(warnings), values)


def load_json(text: bytes, file: str) -> Any:
    """JSON text as Python types, nothing lost: big integers exact, no duplicate members, no NaN. Raises BundleError.

    orjson would be quicker but makes a float of any integer above 64 bits.
    """
    try:
        value = json.loads(text.decode(), object_pairs_hook=_members, parse_constant=_no_constant, parse_float=_finite)
        if b"\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise BundleError(
            [Problem(file, "", error.lineno, error.colno, "json-syntax", error.msg, "send one JSON document")]
        ) from None
    except UnicodeError:
        raise _unreadable(file, "not UTF-8", "utf-8") from None
    except RecursionError:
        raise _unreadable(file, "the text is nested too deeply") from None
    except ValueError as error:
        # Python's own words for a too long integer go on about its settings.
        message = "an integer has more than 4300 digits" if "int_max_str_digits" in str(error) else str(error)
        raise _unreadable(file, message) from None
    return value


def dump_json(value: Any) -> bytes:
    """Compact JSON text, members in their order."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def to_yaml(document: Any) -> bytes:
    """YAML text for reviewers, which YAML 1.1 and 1.2 readers take for the same values.

    The envelope's members come in a fixed order; below `values`, `schema`, labels and annotations the author's order
    is kept. Raises BundleError for a string that has no UTF-8 form and for endless nesting.
    """
    try:
        ordered = _ordered(document)
        return _yaml(ordered).encode()
    except UnicodeError:
        raise _unreadable("", "a string has half of a surrogate pair") from None
    except RecursionError:
        raise BundleError([Problem.of("limit", "it is nested too deeply", "nest at most 32 levels")]) from None


_ORDER: Final = {
    "": ("apiVersion", "kind", "metadata", "spec"),
    "metadata": ("name", "namespace", "labels", "annotations"),
    "spec": ("values", "schema", "policies"),
}


def _ordered(document: Any) -> Any:
    """The document with the members of its envelope in their fixed order; others follow as they were."""

    def members(level: str, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = [key for key in _ORDER[level] if key in value]
        return {key: value[key] for key in [*known, *(key for key in value if key not in known)]}

    if not isinstance(document, dict):
        return document
    top = members("", document)
    return {key: members(key, value) if key in ("metadata", "spec") else value for key, value in top.items()}


# Words that look like these may be left unquoted; the rest is quoted, because some reader takes it for something else.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*", re.ASCII)
_NOT_STRINGS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


# Whether a reader takes a scalar for what it is: without quotes, with them.
_AS_IT_IS, _IF_QUOTED, _EITHER_WAY = (True, False), (False, True), (True, True)


def _yaml(document: Any) -> str:
    """By the emitter alone: `yaml.dump` makes a node of each value first, and looks up what we know, in four times."""
    text = io.StringIO()
    # A string stays on one line: folding would break it where a reviewer does not expect it.
    emitter = yaml.CSafeDumper(text, width=1 << 30, allow_unicode=True)
    try:
        emitter.emit(yaml.StreamStartEvent())
        emitter.emit(yaml.DocumentStartEvent(explicit=False))
        _emit(emitter.emit, document)
        emitter.emit(yaml.DocumentEndEvent(explicit=False))
        emitter.emit(yaml.StreamEndEvent())
    finally:
        emitter.dispose()
    return text.getvalue()


def _emit(emit: Callable[[yaml.Event], None], value: Any) -> None:
    match value:
        case str():
            emit(_string(value))
        case dict():
            emit(_MAPPING)
            for key, member in value.items():
                emit(_string(key))
                _emit(emit, member)
            emit(_MAPPING_ENDS)
        case list():
            emit(_SEQUENCE)
            for item in value:
                _emit(emit, item)
            emit(_SEQUENCE_ENDS)
        case None | bool() | int() | float():
            emit(yaml.ScalarEvent(None, None, _AS_IT_IS, _plain(value)))
        case _:
            raise TypeError(f"{type(value).__name__} is no type of JSON")


# What is emitted is only read, so one event does for all.
_MAPPING: Final = yaml.MappingStartEvent(None, None, True, flow_style=False)
_MAPPING_ENDS: Final = yaml.MappingEndEvent()
_SEQUENCE: Final = yaml.SequenceStartEvent(None, None, True, flow_style=False)
_SEQUENCE_ENDS: Final = yaml.SequenceEndEvent()


def _string(value: str) -> yaml.ScalarEvent:
    return _short(value) if len(value) <= _SHORT else _quoted_if_need_be(value)


def _quoted_if_need_be(value: str) -> yaml.ScalarEvent:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_STRINGS
    style, implicit = (None, _EITHER_WAY) if plain else ('"', _IF_QUOTED)
    return yaml.ScalarEvent(None, None, implicit, value, style=style)


_SHORT: Final = 64
# Keys come again and again, in a document and in its next version.
_short: Final = lru_cache(4096)(_quoted_if_need_be)


def _plain(value: bool | int | float | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
    # repr is the shortest text that gives the same number; YAML 1.1 wants a dot before an exponent and a sign in it.
    digits, exponent, power = repr(value).partition("e")
    if "." not in digits:
        digits += ".0"
    if exponent and power[0] not in "+-":
        power = "+" + power
    return digits + exponent + power


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the member {_shown(twice)} is there twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {_shown(digits)} is beyond a 64-bit float")
    return number


def _unreadable(file: str, message: str, code: str = "json-syntax") -> BundleError:
    return BundleError([Problem.of(code, message, "send one JSON document in UTF-8", file=file)])


def _shown(value: object) -> str:
    """A value as error texts show it: one line, never long."""
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."
