"""Changes as people read them: key by key, with deletions and changes of type marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from configedge.cli.output import Cell, Styled, line, note, printable, short

Change = dict[str, Any]
"""A KeyChange of the API."""

_HIDDEN = "(secret)"
_VALUE, _FULL_VALUE = 60, 10_000
_LINES = 40


def name_of(item: dict[str, Any]) -> str:
    """`namespace/name`, or `namespace/name@layer`."""
    return f"{item['namespace']}/{item['name']}" + (f"@{item['layer']}" if item.get("layer") else "")


def key_line(change: Change, most: int = _VALUE) -> list[Cell]:
    """One key on one line, its values cut to so many characters."""
    key = printable(change["key"]) or "(all values)"
    before, after = (_HIDDEN if change["secret"] else short(change.get(side), most) for side in ("before", "after"))
    match change["kind"]:
        case "added":
            return [Styled(f"+ {key}", "green"), f"  {after}"]
        case "removed":
            return [Styled(f"- {key}", "bold red"), f"  {before}", Styled("  DELETED", "bold red")]
    values = _HIDDEN if change["secret"] else f"{before} -> {after}"
    retyped = [Styled(f"  TYPE CHANGED{_types(change)}", "bold yellow")] if change["type_changed"] else []
    return [Styled(f"~ {key}", "cyan"), f"  {values}", *retyped]


def show_keys(changes: Iterable[Change], indent: str = "  ", full: bool = False, err: bool = False) -> None:
    """Key by key; of what comes or goes as a whole, each key in it. Not `full`: the first ones, and long values cut."""
    lines = [leaf for change in changes for leaf in _leaves(change)]
    for change in lines if full else lines[:_LINES]:
        line(indent, *key_line(change, _FULL_VALUE if full else _VALUE), err=err)
    if not full and len(lines) > _LINES:
        line(f"{indent}... and {len(lines) - _LINES} more keys", err=err)


def show_effects(reply: dict[str, Any], full: bool = False, err: bool = False) -> None:
    """What happens to each document, what nodes will see of it, and warnings, which go to stderr.

    `full`: nothing is left out, for somebody who decides by it. `err`: all of it goes to stderr.
    """
    effects: list[dict[str, Any]] = reply["effects"]
    for effect in effects:
        line(Styled(name_of(effect), "bold"), " ", _verb(effect, reply.get("dry_run", True)), err=err)
        show_keys(effect["changes"], full=full, err=err)
        if effect["changed"] and not effect["changes"]:
            line("  no value changes: its schema, policies or metadata do", err=err)
    same = {(effect["layer"], effect["namespace"], effect["name"]): effect["changes"] for effect in effects}
    for layer, nodes in _by_layer(reply["nodes"]):
        told = [one for one in nodes if same.get((layer, one["namespace"], one["name"])) != one["changes"]]
        if told:
            line(Styled(f"nodes of {layer}:" if layer else "nodes without an environment:", "bold"), err=err)
        for one in told:
            line(f"  {one['namespace']}/{one['name']}", err=err)
            show_keys(one["changes"], "    ", full, err)
    for warning in warnings(reply):
        note(f"warning: {warning}")


def warnings(reply: dict[str, Any]) -> list[str]:
    """What policies and the control plane say of what they accept, each once."""
    from configedge.bundle import Problem

    items = [item for effect in reply["effects"] for item in effect["warnings"]] + reply.get("warnings", [])
    return list(dict.fromkeys(printable(str(Problem(**item))) for item in items))


def show_dangers(reply: dict[str, Any], err: bool = False) -> None:
    """Loudly, that keys are deleted or become of another type."""
    if told := _dangers(reply):
        line(Styled(f"!! {told}", "bold white on red"), err=err)


def _dangers(reply: dict[str, Any]) -> str:
    """How many keys are deleted or change their type, in whichever layers; empty if none."""
    found = [
        (f"{one['namespace']}/{one['name']}", change)
        for one in (*reply["effects"], *reply["nodes"])
        for change in one["changes"]
    ]
    deleted = {(name, change["key"]) for name, change in found if change["kind"] == "removed"}
    retyped = {(name, change["key"]) for name, change in found if change["type_changed"]}
    told = [(len(deleted), "key", "deleted"), (len(retyped), "key", "of another type")]
    parts = [f"{count} {what}{'s' if count > 1 else ''} {how}" for count, what, how in told if count]
    return " and ".join(parts)


def _verb(effect: dict[str, Any], only_would: bool) -> Cell:
    if not effect["changed"]:
        return "unchanged"
    would = "would be " if only_would else ""
    if effect["etag"] is None:
        return Styled(f"{would}deleted", "bold red")
    return would + ("written" if effect["before"] else "created")


def _by_layer(nodes: Iterable[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    layers: dict[str, list[dict[str, Any]]] = {}
    for one in nodes:
        layers.setdefault(one["layer"], []).append(one)
    yield from layers.items()


def _leaves(change: Change) -> Iterator[Change]:
    side = {"added": "after", "removed": "before"}.get(change["kind"], "")
    value = change.get(side)
    if not isinstance(value, dict) or not value:
        yield change
        return
    for name, inner in value.items():
        key = f"{change['key']}.{name}" if change["key"] else name
        yield from _leaves({**change, "key": key, side: inner})


def _types(change: Change) -> str:
    if change["secret"]:
        return ""
    from configedge.control.diff import json_type

    return f" {json_type(change.get('before'))} -> {json_type(change.get('after'))}"
