"""`configedge status` and `whoami`: how the control plane and its nodes are, and what you may do there."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from configedge.cli.client import DEFAULT_SERVER, Client, Refused, Server, TokenFile
from configedge.cli.fleet import by_commit, show_fleet, show_nodes
from configedge.cli.output import (
    REFUSED,
    AsJson,
    Cell,
    Styled,
    first_line,
    line,
    show_json,
    span,
    summary,
)
from configedge.cli.tokens import grant_text


def status(
    fleet: Annotated[
        bool, typer.Option("--fleet", help="Which commits nodes serve, who lags, and who refuses what.")
    ] = False,
    nodes: Annotated[bool, typer.Option("--nodes", help="Every node, too.")] = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Show whether the control plane works, its newest commit, and how many nodes have it. Exit code 1 if it does not.

    `configrelay status` tells the same of one node's relay.
    """
    client = Client(server, token_file)
    problem = _not_ready(client)
    newest = client.get("/v1/history", limit=1)
    found, unknown = _fleet(client)
    if as_json:
        ready = {"server": server, "ready": problem is None, "problem": problem, "commit": newest["commit"]}
        told = found and {**found, "commits": by_commit(found)}
        show_json(ready | {"newest": newest["items"][0] if newest["items"] else None, "fleet": told})
    else:
        _show(server, problem, newest)
        if found:
            _show_summary(found["summary"])
        else:
            line("nodes          ", Styled(f"unknown: {unknown}", "yellow"))
        if fleet and found:
            show_fleet(found)
        if nodes and found:
            show_nodes(found)
    if problem is not None:
        raise typer.Exit(REFUSED)


def whoami(as_json: AsJson = False, server: Server = DEFAULT_SERVER, token_file: TokenFile = None) -> None:
    """Show who the control plane takes you for, and what you may do."""
    found = Client(server, token_file).get("/v1/whoami")
    if as_json:
        show_json(found)
        return
    line(Styled(first_line(found["subject"]), "bold"), f"  {first_line(found['name'])}")
    for grant in found["grants"]:
        line(f"  {grant_text(grant)}")


COMMANDS = (status, whoami)


def _not_ready(client: Client) -> str | None:
    try:
        client.get("/readyz")
    except Refused as refused:
        if refused.status != 503:
            raise
        return str(refused)
    return None


def _fleet(client: Client) -> tuple[dict[str, Any] | None, str]:
    """What nodes reported; None, and why, if that cannot be told."""
    try:
        return client.get("/v1/fleet"), ""
    except Refused as refused:
        return None, str(refused)


def _show(server: str, problem: str | None, newest: dict[str, Any]) -> None:
    state: Cell = Styled("ready", "green") if problem is None else Styled(f"NOT READY: {problem}", "bold red")
    line(f"control plane  {server}  ", state)
    for item in newest["items"][:1]:
        told = f"{first_line(item['author'])}  {summary(item['message'])}"
        line(f"commit         {item['commit'][:12]}  {span(time.time() - item['time'])} ago  {told}")


def _show_summary(nodes: dict[str, Any]) -> None:
    parts: list[Cell] = [f"nodes          {nodes['total']}"]
    for name, style in (("ready", "green"), ("behind", "yellow"), ("lost", "bold red")):
        count = nodes[name]
        parts += [", " if len(parts) > 1 else ": ", Styled(f"{count} {name}", style if count else "")]
    lag = nodes.get("worst_lag_s")
    line(*parts, f", {span(lag)} behind at worst" if lag else "")
