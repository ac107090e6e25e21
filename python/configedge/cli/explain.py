"""`configedge explain`: why a value is what it is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, Unusable, url
from configedge.cli.options import At, Target, bundle_path, full_commit, layer_of
from configedge.cli.output import REFUSED, AsJson, Cell, Styled, fail, first_line, line, moment, short, show_json, table

_VALUE = 40


def explain(
    target: Target,
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", help="Dotted, as in regions.eu.weight. [default: all keys]")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="For nodes of this environment.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", "-r", metavar="NAME", help="For nodes of this region in it.")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Show why a key has its value: what each layer says, who wins, who set it, and when.

    Exit code 1 if nodes there have no such key.
    """
    path = bundle_path(target)
    layer_of(environment, region)
    if path.layer:
        raise Unusable(f"give {path.base} with --environment and --region, and not @{path.layer}")
    client = Client(server, token_file)
    where = f"{url(path)}/explain"
    asked = {"environment": environment, "region": region, "at": full_commit(client, at) if at else None}
    if key is None:
        _show_all(client.get(where, **asked), as_json)
        return
    found = client.get(where, key=key, **asked)
    # Services read it with the bundle's name in front.
    if not found["found"] and not found["origins"] and key.startswith(f"{path.name}."):
        found = client.get(where, key=key.removeprefix(f"{path.name}."), **asked)
    if as_json:
        show_json(found)
    else:
        _show_one(found)
    if not found["found"]:
        place = f"nodes of {layer_of(environment, region)}" if environment else "nodes without an environment"
        fail(f"{place} have no {found['key']}", REFUSED)


COMMANDS = (explain,)


def _show_all(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    rows = [(item["key"], short(item["value"], _VALUE), _layer(item["layer"])) for item in found["items"]]
    table(("key", "value", "from"), rows)


def _show_one(found: dict[str, Any]) -> None:
    if found["found"]:
        line(
            Styled(found["key"], "bold"),
            f" = {short(found['value'])}  ({found['type']}, from {_layer(found['layer'])})",
        )
    # The one that counts is on top.
    rows = [_origin(origin) for origin in reversed(found["origins"])]
    if found["layer"] == "policy":
        rows.insert(
            0, (Styled("*", "bold green"), Styled("policy", "bold green"), short(found["value"], _VALUE), "", "", "")
        )
    table(("", "layer", "value", "set by", "when", "commit"), rows)


def _origin(origin: dict[str, Any]) -> tuple[Cell, ...]:
    style = "bold green" if origin["wins"] else "dim"
    cells = (
        "*" if origin["wins"] else "",
        _layer(origin["layer"]),
        "(removed)" if origin["removes"] else short(origin["value"], _VALUE),
        first_line(origin["author"] or "?"),
        moment(origin["time"]),
        (origin["commit"] or "?")[:12],
    )
    return tuple(Styled(cell, style) for cell in cells)


def _layer(layer: str | None) -> str:
    return layer or "base"
