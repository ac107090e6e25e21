"""Where a key is in the YAML that somebody types."""

from __future__ import annotations

import yaml


def line_of(text: str, key: str) -> int:
    """The line (from 1) of a dotted key, or of the nearest thing that it would lie in; 0: unknown."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, UnicodeError):
        return 0
    line = 0
    for segment in key.split("."):
        found = _member(node, segment)
        if found is None:
            break
        mark, node = found
        line = mark.line + 1
    return line


def _member(node: yaml.Node | None, segment: str) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == segment:
                return name.start_mark, value
    elif isinstance(node, yaml.SequenceNode) and segment.isdecimal() and int(segment) < len(node.value):
        value = node.value[int(segment)]
        return value.start_mark, value
    return None
