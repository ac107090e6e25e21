"""YAML by its version 1.2, where PyYAML's own loaders read 1.1: yes and on are text, and 010 is no octal number."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

_MOST_TOLD = 20


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core schema."""

    yaml_implicit_resolvers = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        # Twice the same key is an accident whose end depends on the reader.
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            problem = f"the member {twice!r} is there twice"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep)


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


_resolve("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_resolve("null", "null|Null|NULL|~|", "nN~")
_Loader.yaml_implicit_resolvers.setdefault("", list(_Loader.yaml_implicit_resolvers["~"]))
_resolve("int", "[-+]?(?:0|[1-9][0-9]*)", "-+0123456789")
_resolve(
    "float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|nan)", "-+.0123456789"
)
_resolve("merge", "<<", "<")


def _float(loader: _Loader, node: yaml.ScalarNode) -> float:
    return float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan"))


_Loader.add_constructor("tag:yaml.org,2002:float", _float)


def load(text: bytes, where: str, warn: Callable[[str], None] = lambda told: None) -> Any:
    """One document; `where` names it. What a reader of YAML 1.1 takes for something else is told to `warn`.

    Raises yaml.YAMLError, ValueError and RecursionError.
    """
    old = yaml.SafeLoader("")
    loader = _Loader(text)
    loader.name = where
    told = 0
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        for scalar in _scalars(node):
            was: str = old.resolve(  # type: ignore[no-untyped-call]
                yaml.ScalarNode, scalar.value, (scalar.style is None, scalar.style is not None)
            )
            if was != scalar.tag and scalar.tag.startswith("tag:yaml.org,2002:") and told < _MOST_TOLD:
                told += 1
                line, kind = scalar.start_mark.line + 1, was.rpartition(":")[2]
                now = scalar.tag.rpartition(":")[2]
                warn(f"{where}:{line}: readers of YAML 1.1 take {scalar.value!r} for a {kind}, and it becomes a {now}")
        return loader.construct_document(node)
    finally:
        loader.dispose()
        old.dispose()


def _scalars(node: yaml.Node) -> list[yaml.ScalarNode]:
    found, left, seen = list[yaml.ScalarNode](), [node], set[int]()
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, yaml.ScalarNode):
            found.append(one)
        elif isinstance(one, yaml.MappingNode):
            left += [part for pair in one.value for part in pair]
        elif isinstance(one, yaml.SequenceNode):
            left += one.value
    return found[::-1]
