"""Who may do what where: verbs, roles, grants, protected paths, and the policy file that says so. Deny by default."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

from configedge.bundle import API_VERSION, BundleError, BundlePath
from configedge.control.auth.errors import AccessError
from configedge.control.auth.provider import Provider
from configedge.control.auth.shape import converted, items, members, typed

KIND: Final = "AccessPolicy"
EVERYTHING: Final = "*"

_MAX_FILE = 1 << 20
_MAX_APPROVALS = 10
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64})*", re.ASCII)
_MAX_KEY = 256


class Verb(StrEnum):
    """What can be done to a bundle; `report` is what nodes do."""

    read = "read"
    write = "write"
    approve = "approve"
    admin = "admin"
    report = "report"


class Role(StrEnum):
    """A set of verbs."""

    viewer = "viewer"
    editor = "editor"
    approver = "approver"
    admin = "admin"
    node = "node"

    @property
    def verbs(self) -> frozenset[Verb]:
        return _VERBS[self]


_VERBS: Final = {
    Role.viewer: frozenset({Verb.read}),
    Role.editor: frozenset({Verb.read, Verb.write}),
    Role.approver: frozenset({Verb.read, Verb.approve}),
    Role.admin: frozenset(Verb),
    Role.node: frozenset({Verb.read, Verb.report}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on some bundles. Raises ValueError.

    `namespace` is a name or `*`; `prefix` is how the bundles' names begin. With an `environment` it is for the overlays
    of that environment only, and for reading the base documents too, as overlays mean nothing without them.
    """

    role: Role
    namespace: str = EVERYTHING
    prefix: str = ""
    environment: str = EVERYTHING

    def __post_init__(self) -> None:
        if not isinstance(self.role, Role):
            raise ValueError(f"{self.role!r:.80} is not a role; use one of {', '.join(Role)}")
        _check_scope(self.namespace, self.prefix, self.environment)

    def allows(self, verb: Verb, path: BundlePath) -> bool:
        if verb not in self.role.verbs or not _within(path, self.namespace, self.prefix):
            return False
        reads_base = verb is Verb.read and not path.layer
        return reads_base or self.environment in (EVERYTHING, _environment(path))

    @property
    def whole(self) -> bool:
        """Whether it is for every bundle and layer."""
        return (self.namespace, self.prefix, self.environment) == (EVERYTHING, "", EVERYTHING)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who is known, and what they may do."""

    subject: str
    """`user:alice@example.com`, `token:ci`, `local:root`."""
    name: str
    """For commits, as is `email`."""
    email: str
    grants: tuple[Grant, ...]
    owner: str = ""
    """For a token: who made it, and so may have it."""

    def may(self, verb: Verb, path: BundlePath) -> bool:
        return any(grant.allows(verb, path) for grant in self.grants)

    def may_anywhere(self, verb: Verb) -> bool:
        """On everything, by one grant: what operations on the whole repository and on tokens need."""
        return any(grant.whole and verb in grant.role.verbs for grant in self.grants)

    def may_somewhere(self, verb: Verb) -> bool:
        """On something that may or may not exist."""
        return any(verb in grant.role.verbs for grant in self.grants)


@dataclass(frozen=True, slots=True)
class Protection:
    """Changes that others have to approve. Raises ValueError.

    Those of bundles in `namespace` (a name or `*`) whose names begin with `prefix`, in the base or in overlays of
    `environment`; with a `key`, dotted and inside `spec.values`, only if they change that value or what is below it.
    """

    namespace: str
    prefix: str = ""
    key: str = ""
    approvals: int = 1
    environment: str = EVERYTHING

    def __post_init__(self) -> None:
        _check_scope(self.namespace, self.prefix, self.environment)
        if self.key and (len(self.key) > _MAX_KEY or not _KEY.fullmatch(self.key)):
            raise ValueError(f"key {self.key!r:.80} is not a key; write it dotted, from inside spec.values")
        if not 1 <= self.approvals <= _MAX_APPROVALS:
            raise ValueError(f"approvals is {self.approvals}; use 1 to {_MAX_APPROVALS}")

    def covers(self, path: BundlePath, keys: Iterable[str]) -> bool:
        """Whether a change needs approval that changes these keys of `spec.values` (dotted; empty: all of it).

        Without a `key` it does also if it changes something else, such as the schema.
        """
        if not _within(path, self.namespace, self.prefix):
            return False
        if path.layer and self.environment not in (EVERYTHING, _environment(path)):
            return False
        return not self.key or any(_touches(changed, self.key) for changed in keys)


@dataclass(frozen=True, slots=True)
class Binding:
    """A grant and who has it: `user:SUBJECT` or `group:NAME`. Raises ValueError."""

    subjects: tuple[str, ...]
    grant: Grant

    def __post_init__(self) -> None:
        if not self.subjects:
            raise ValueError("subjects is empty; name at least one as user:NAME or group:NAME")
        for subject in self.subjects:
            kind, _, name = subject.partition(":")
            if kind not in ("user", "group") or not name.strip() or name == EVERYTHING:
                raise ValueError(f"{subject!r:.80} is not a subject; write user:NAME or group:NAME, without wildcards")


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Whose tokens are trusted, what their users may do, and what needs approval. Nobody and nothing by default."""

    oidc: tuple[Provider, ...] = ()
    grants: tuple[Binding, ...] = ()
    protected: tuple[Protection, ...] = ()

    @classmethod
    def load(cls, path: Path) -> AccessPolicy:
        """From a YAML file; `jwks_file` in it is relative to its directory. Raises AccessError."""
        try:
            return cls._of(_read(path), path.parent)
        except AccessError as error:
            raise AccessError(f"{path}: {error}") from None
        except ValueError as error:
            raise AccessError(f"{path}: {error}") from None

    def grants_of(self, subject: str, groups: Iterable[str] = ()) -> tuple[Grant, ...]:
        """What a user has, by its own name and through its groups; both without `user:` and `group:`."""
        named = {f"user:{subject}", *(f"group:{group}" for group in groups)}
        return tuple(binding.grant for binding in self.grants if not named.isdisjoint(binding.subjects))

    def approvals(self, path: BundlePath, keys: Iterable[str]) -> int:
        """How many people have to approve a change of these keys; 0 if nobody."""
        changed = tuple(keys)
        return max((p.approvals for p in self.protected if p.covers(path, changed)), default=0)

    @classmethod
    def _of(cls, document: Any, directory: Path) -> AccessPolicy:
        top = members(document, {"apiVersion", "kind", "oidc", "grants", "protected"}, "")
        for name, wanted in (("apiVersion", API_VERSION), ("kind", KIND)):
            if top.get(name) != wanted:
                raise AccessError(f"{name}: {top.get(name)!r:.80} is not known; write {name}: {wanted}")
        providers: list[Provider] = []
        for key, item in items(top.get("oidc", []), "oidc"):
            provider = typed(Provider, item, key)
            if any(provider.issuer == other.issuer for other in providers):
                raise AccessError(f"{key}.issuer: it is there twice; remove one")
            if any(provider.prefix == other.prefix for other in providers):
                raise AccessError(
                    f"{key}.prefix: another issuer has the same, so each could name the other's users; "
                    "give this one a prefix, such as 'ci:', that its subjects and groups then begin with"
                )
            if provider.jwks_file:
                provider = replace(provider, jwks_file=str(directory / provider.jwks_file))
            providers.append(provider)
        return cls(
            tuple(providers),
            tuple(_binding(item, key) for key, item in items(top.get("grants", []), "grants")),
            tuple(typed(Protection, item, key) for key, item in items(top.get("protected", []), "protected")),
        )


def is_name(text: object) -> bool:
    """Whether it could be the name of a bundle; namespaces, environments and tokens follow the same grammar."""
    try:
        BundlePath(text, text)  # type: ignore[arg-type]
    except BundleError:
        return False
    return True


def _check_scope(namespace: str, prefix: str, environment: str) -> None:
    for member, value in (("namespace", namespace), ("environment", environment)):
        if value != EVERYTHING and not is_name(value):
            raise ValueError(f"{member} {value!r:.80} is not a name; use 1 to 63 of a-z 0-9 and -, or '*' for all")
    if prefix and not is_name(prefix) and not is_name(f"{prefix}a"):
        raise ValueError(f"prefix {prefix!r:.80} begins no name; use a-z 0-9 and -, or leave it out for all")


def _within(path: BundlePath, namespace: str, prefix: str) -> bool:
    return namespace in (EVERYTHING, path.namespace) and path.name.startswith(prefix)


def _environment(path: BundlePath) -> str:
    return path.layer.partition(".")[0]


def _touches(changed: str, key: str) -> bool:
    return not changed or f"{changed}.".startswith(f"{key}.") or f"{key}.".startswith(f"{changed}.")


def _binding(value: Any, key: str) -> Binding:
    whole = dict(members(value, {"subjects", "role", "namespace", "prefix", "environment"}, key))
    subjects = converted(tuple[str, ...], whole.pop("subjects", []), f"{key}.subjects")
    grant = typed(Grant, whole, key)
    try:
        return Binding(subjects, grant)
    except ValueError as error:
        raise AccessError(f"{key}.subjects: {error}") from None


class _Loader(yaml.CSafeLoader):
    """Refuses a member that is there twice: of two roles, which one counts must not be a matter of order."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen if isinstance(key, yaml.ScalarNode) else True:
                raise yaml.constructor.ConstructorError(None, None, "a member is there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read(path: Path) -> Any:
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IWOTH:
                raise AccessError("everybody may write it; chmod o-w it")
            text = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise AccessError(f"cannot be read: {error.strerror}; give a readable file") from None
    if len(text) > _MAX_FILE:
        raise AccessError(f"has more than {_MAX_FILE} bytes; make it smaller")
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise AccessError(f"{where}is not YAML: {getattr(error, 'problem', None) or 'cannot be read'}") from None
    except RecursionError:
        raise AccessError("is nested too deeply; write it as the documentation shows") from None
