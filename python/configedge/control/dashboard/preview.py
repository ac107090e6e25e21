"""What a change comes to, made ready to be looked at before it is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from configedge.control.dashboard.render import plural

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OnNodes:
    """Layers whose nodes see the same of a bundle."""

    bundle: str
    layers: tuple[str, ...]
    changes: list[Document]
    same: bool
    """They are those of the document itself, which is shown beside it."""


@dataclass(frozen=True, slots=True)
class Preview:
    effects: list[Document]
    nodes: list[OnNodes]
    dangers: list[str]
    """What somebody should have seen before the click: deletions, changes of type."""
    warnings: list[Document]
    changed: bool

    @classmethod
    def of(cls, reply: Document) -> Preview:
        """From a ChangeReply of the API, or a proposal."""
        effects = [effect | {"bundle": name_of(effect)} for effect in reply["effects"]]
        warnings = [warning for effect in effects for warning in effect["warnings"]] + reply["warnings"]
        changed = any(effect["changed"] for effect in effects)
        dangers = list(_dangers(effects, reply["nodes"]))
        return cls(effects, _grouped(effects, reply["nodes"]), dangers, _once(warnings), changed)


def name_of(item: Document) -> str:
    """`namespace/name`, or `namespace/name@layer`."""
    return f"{item['namespace']}/{item['name']}" + (f"@{item['layer']}" if item.get("layer") else "")


def _grouped(effects: list[Document], nodes: list[Document]) -> list[OnNodes]:
    groups: list[tuple[str, list[str], list[Document]]] = []
    for one in nodes:
        bundle = f"{one['namespace']}/{one['name']}"
        for known, layers, changes in groups:
            if known == bundle and changes == one["changes"]:
                layers.append(one["layer"])
                break
        else:
            groups.append((bundle, [one["layer"]], one["changes"]))
    shown = [(f"{effect['namespace']}/{effect['name']}", effect["changes"]) for effect in effects]
    return [OnNodes(bundle, tuple(layers), changes, (bundle, changes) in shown) for bundle, layers, changes in groups]


def _dangers(effects: list[Document], nodes: list[Document]) -> Iterable[str]:
    gone = [effect["bundle"] for effect in effects if effect["changed"] and effect["etag"] is None]
    if gone:
        yield f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} deleted as a whole"
    found = [(f"{one['namespace']}/{one['name']}", change) for one in (*effects, *nodes) for change in one["changes"]]
    deleted = {(name, change["key"]) for name, change in found if change["kind"] == "removed" and change["key"]}
    retyped = {(name, change["key"]) for name, change in found if change["type_changed"]}
    if deleted:
        yield f"{plural(len(deleted), 'key')} {'is' if len(deleted) == 1 else 'are'} deleted"
    if retyped:
        yield f"{plural(len(retyped), 'key')} {'gets' if len(retyped) == 1 else 'get'} another type"


def _once(warnings: list[Document]) -> list[Document]:
    found: list[Document] = []
    for warning in warnings:
        if warning not in found:
            found.append(warning)
    return found
