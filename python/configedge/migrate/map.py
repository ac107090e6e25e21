"""The map: which legacy key is which key of which bundle, in both directions.

    apiVersion: configedge.io/v1alpha1
    kind: LegacyMap
    rules:
      - prefix: "mm:"                          # mm:regions:eu:weight is regions.eu.weight ...
        bundle: treasure-hunt/matchmaking      # ... of this bundle

Where a rule has no more than that, texts are inferred (`text.infer`), and each value is a key of its own when it is
written back. A pattern is a dotted path in the bundle's values; `*` stands for one segment.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from configedge.bundle import BundleError, BundlePath
from configedge.migrate import yaml12
from configedge.migrate.text import Type

Path_ = tuple[str, ...]
"""Segments of a key in a bundle's values."""

_MAX_FILE = 1 << 20
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class MapError(Exception):
    """A map cannot be used. One line, says where and what to do."""


class Form(StrEnum):
    """How a legacy store keeps an object: which keys it is."""

    keys = "keys"
    """Each member is a key."""
    hash = "hash"
    """One Redis hash, each member a field."""
    json = "json"
    """One key with JSON text."""
    redisjson = "redisjson"
    """One key of RedisJSON's own type."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What begins with a prefix is of a bundle."""

    prefix: str
    bundle: BundlePath
    separator: str = ":"
    """Between segments of a legacy key; empty: all of the rest is one segment."""
    at: Path_ = ()
    """Where in the bundle's values it lies."""
    infer: bool = True
    types: tuple[tuple[Path_, Type], ...] = ()
    forms: tuple[tuple[Path_, Form], ...] = ()
    secrets: tuple[Path_, ...] = ()
    public: tuple[Path_, ...] = ()
    keys: dict[str, Path_] = field(default_factory=dict)
    """Legacy keys that are not where their name says."""

    def path(self, key: str) -> Path_ | None:
        """Where a legacy key lies; None if it is not this rule's. Its segments may be unusable: see `is_segment`."""
        if (path := self.keys.get(key)) is not None:
            return path
        if not key.startswith(self.prefix):
            return None
        rest = key[len(self.prefix) :]
        if self.prefix[-1:].isalnum() and rest[:1].isalnum():
            # mm is not the prefix of mmo.
            return None
        if not rest:
            return self.at
        return self.at + (tuple(rest.split(self.separator)) if self.separator else (rest,))

    def key(self, path: Path_) -> str:
        """The legacy key of a path at or below `at`."""
        for key, own in self.keys.items():
            if own == path:
                return key
        return self.prefix + self.separator.join(path[len(self.at) :])

    def type(self, path: Path_) -> Type | None:
        return next((kind for pattern, kind in self.types if matches(pattern, path)), None)

    def form(self, path: Path_) -> Form:
        return next((form for pattern, form in self.forms if matches(pattern, path)), Form.keys)

    def is_secret(self, path: Path_) -> bool | None:
        """None: the map does not say."""
        above = [path[:length] for length in range(1, len(path) + 1)]
        if any(matches(pattern, one) for pattern in self.public for one in above):
            return False
        return True if any(matches(pattern, one) for pattern in self.secrets for one in above) else None


@dataclass(frozen=True, slots=True)
class LegacyMap:
    """All rules; of several that fit, the one with the longest prefix holds."""

    rules: tuple[Rule, ...]
    skip: tuple[str, ...] = ()
    """Legacy keys that are no configuration; `*` and `?` as in a shell."""
    channel: str = ""
    """Where a mirror tells of changes; empty: nowhere."""
    message: str = "{key}"
    """What it tells: `{key}` is each legacy key that changed, `{commit}` the commit."""

    @classmethod
    def load(cls, file: Path, separator: str = ":") -> LegacyMap:
        """The file's map; `separator` is that of rules which name none. Raises MapError."""
        try:
            with file.open("rb") as opened:
                text = opened.read(_MAX_FILE + 1)
            if len(text) > _MAX_FILE:
                raise MapError(f"{file}: it has more than {_MAX_FILE >> 20} MiB; no map is that long")
            return _made(msgspec.convert(yaml12.load(text, str(file)), _MapFile), separator)
        except OSError as error:
            raise MapError(f"cannot read {file}: {error.strerror}") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise MapError(f"{file}:{line}: {error.problem}") from None
        except (msgspec.ValidationError, BundleError, _Wrong) as error:
            raise MapError(f"{file}: {error}") from None
        except (yaml.YAMLError, ValueError, RecursionError):
            raise MapError(f"{file}: it is no YAML in UTF-8") from None

    def place(self, key: str) -> tuple[Rule, Path_] | None:
        """Which rule a legacy key is of, and where it lies; None if no rule fits or it is to be skipped."""
        if self.skips(key):
            return None
        found = [(rule, path) for rule in self.rules if (path := rule.path(key)) is not None]
        return max(found, key=lambda one: (key in one[0].keys, len(one[0].prefix)), default=None)

    def reader_key(self, key: str) -> str | None:
        """The key that services read instead of a legacy key, as in `matchmaking.regions.eu.weight`."""
        placed = self.place(key)
        return ".".join((placed[0].bundle.name, *placed[1])) if placed else None

    def rule_of(self, bundle: BundlePath, path: Path_) -> Rule | None:
        """The rule by which a key of a bundle is written back; None if it is outside the map."""
        own = [rule for rule in self.rules if rule.bundle == bundle]
        above = [rule for rule in own if path[: len(rule.at)] == rule.at]
        named = next((rule for rule in own if path in rule.keys.values()), None)
        return named or max(above, key=lambda rule: len(rule.at), default=None)

    def skips(self, key: str) -> bool:
        return any(fnmatch.fnmatchcase(key, pattern) for pattern in self.skip)

    def bundles(self) -> tuple[BundlePath, ...]:
        return tuple(dict.fromkeys(rule.bundle for rule in self.rules))

    def prefixes(self) -> list[str]:
        """What legacy keys begin with, each once."""
        every = sorted({rule.prefix for rule in self.rules})
        return [one for one in every if not any(one != other and one.startswith(other) for other in every)]


def matches(pattern: Path_, path: Path_) -> bool:
    return len(pattern) == len(path) and all(want in ("*", have) for want, have in zip(pattern, path, strict=True))


def is_segment(text: str) -> bool:
    """Whether it can be a part of a key."""
    return _SEGMENT.fullmatch(text) is not None


class _Wrong(ValueError):
    pass


class _RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    bundle: str
    prefix: str = ""
    separator: str | None = None
    at: str = ""
    infer: bool = True
    types: dict[str, Type] = {}
    forms: dict[str, Form] = {}
    secrets: list[str] = []
    public: list[str] = []
    keys: dict[str, str] = {}


class _MirrorFile(msgspec.Struct, forbid_unknown_fields=True):
    channel: str = ""
    message: str = "{key}"


class _MapFile(msgspec.Struct, forbid_unknown_fields=True):
    apiVersion: Literal["configedge.io/v1alpha1"]
    kind: Literal["LegacyMap"]
    rules: list[_RuleFile]
    skip: list[str] = []
    mirror: _MirrorFile = msgspec.field(default_factory=_MirrorFile)


def _made(file: _MapFile, separator: str) -> LegacyMap:
    if not file.rules:
        raise _Wrong("rules: there is none; add one with prefix and bundle")
    rules = tuple(_rule(rule, f"rules[{at}]", separator) for at, rule in enumerate(file.rules))
    prefixes = [rule.prefix for rule in rules]
    if (twice := next((one for one in prefixes if prefixes.count(one) > 1), None)) is not None:
        raise _Wrong(f"rules: two have the prefix {twice!r}; keep one of them")
    return LegacyMap(rules, tuple(file.skip), file.mirror.channel, file.mirror.message)


def _rule(rule: _RuleFile, where: str, default: str) -> Rule:
    bundle = BundlePath.parse(rule.bundle)
    if bundle.layer:
        raise _Wrong(f"{where}.bundle: {rule.bundle} is an overlay; give the bundle, and change overlays afterwards")
    separator = default if rule.separator is None else rule.separator
    if any(char.isalnum() or char in "_-" for char in separator):
        hint = "give one of other characters, or '' to split nothing"
        raise _Wrong(f"{where}.separator: {separator!r} may be within a segment; {hint}")

    def patterns(member: str, texts: Any) -> list[Path_]:
        return [_pattern(text, f"{where}.{member}") for text in texts]

    return Rule(
        rule.prefix,
        bundle,
        separator,
        _pattern(rule.at, f"{where}.at", wild=False) if rule.at else (),
        rule.infer,
        tuple(zip(patterns("types", rule.types), rule.types.values(), strict=True)),
        tuple(zip(patterns("forms", rule.forms), rule.forms.values(), strict=True)),
        tuple(patterns("secrets", rule.secrets)),
        tuple(patterns("public", rule.public)),
        {key: _pattern(path, f"{where}.keys", wild=False) for key, path in rule.keys.items()},
    )


def _pattern(text: str, where: str, wild: bool = True) -> Path_:
    segments = tuple(text.split("."))
    if not all(is_segment(one) or (wild and one == "*") for one in segments):
        raise _Wrong(f"{where}: {text!r} is no path in the values of a bundle; write one like regions.eu.weight")
    return segments
