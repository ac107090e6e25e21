"""`configedge wait`: until nodes have a commit, for pipelines."""

from __future__ import annotations

import math
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from configedge.cli.client import DEFAULT_SERVER, Client, Refused, Server, TokenFile, Unusable
from configedge.cli.completion import complete_commit
from configedge.cli.options import full_commit
from configedge.cli.output import AsJson, Styled, first_line, line, note, show_json, span, table

if TYPE_CHECKING:
    from rich.progress import Progress

LATE = 3
"""The exit code if nodes did not have the commit in time."""

# How long nodes may take to have a commit, if nothing else is said; to tell of it they may take a heartbeat longer.
_TIMEOUT_S = 30.0
_LOOK_S = 0.5
_MOST_NAMED = 10
_NODES = re.compile(r"(\d{1,6})(%?)", re.ASCII)
_TIME = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_WHY = {
    "behind": "has an older one",
    "empty": "serves nothing",
    "refuses": "refuses something of it",
    "silent": "its relay is silent",
}


def wait(
    commit: Annotated[
        str,
        typer.Argument(metavar="COMMIT", help="4 to 40 digits, as a write prints it.", autocompletion=complete_commit),
    ],
    nodes: Annotated[
        str, typer.Option(metavar="N|N%", help="How many nodes, or what share of those that answer.")
    ] = "100%",
    timeout: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="How long, as in 30s, 2m, 1h. Without it: 30s, and as long as nodes wait between two heartbeats.",
        ),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="Only this namespace: what nodes refuse elsewhere is all the same.")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="Only nodes of this environment.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", "-r", metavar="NAME", help="Only nodes of this region.")
    ] = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Wait until nodes serve a commit: that one, a later one, or the same content.

    Nodes that are lost (silent for three heartbeats: 15 s in fleets of up to 1,250) do not count for a share. Nor is a
    share told for as long after the start of a control plane, as nodes are still to report.

    Exit codes: 0 they have it; 1 there is no such commit, or you may not ask; 2 wrong usage or out of reach; 3 not in
    time, and which nodes were missing.
    """
    share = _share(nodes)
    seconds = _TIMEOUT_S if timeout is None else _seconds(timeout)
    client = Client(server, token_file)
    path = f"/v1/fleet/commits/{full_commit(client, commit)}"
    scope = {"environment": environment, "region": region, "namespace": namespace}
    started = time.monotonic()

    def until(found: dict[str, Any]) -> float:
        # A control plane of an older version does not say how often nodes report.
        return started + seconds + (float(found.get("next_s", 0)) if timeout is None else 0.0)

    with _progress() as progress:
        found = _follow(client, path, scope, share, until, progress)
    took = time.monotonic() - started
    done = share.met(found)
    if as_json:
        show_json({**found, "wanted": share.of(found), "done": done, "seconds": round(took, 3)})
    else:
        _show(found, share, done, took)
    if not done:
        raise typer.Exit(LATE)


COMMANDS = (wait,)


@dataclass(frozen=True)
class _Share:
    """How many nodes are to have it: a number, or a share of those that answer."""

    number: int
    percent: bool

    def of(self, found: dict[str, Any]) -> int:
        if not self.percent:
            return self.number
        # One at least: all of none is nothing that a pipeline should go on with.
        return max(1, math.ceil(int(found["nodes"]) * self.number / 100))

    def met(self, found: dict[str, Any]) -> bool:
        return bool(found["reached"] >= self.of(found) and (found["settled"] or not self.percent))


def _share(text: str) -> _Share:
    read = _NODES.fullmatch(text)
    number = int(read[1]) if read else 0
    if read is None or number < 1 or (read[2] and number > 100):
        raise Unusable(f"--nodes {text!r} is no number of nodes; give one from 1 on, or a share such as 100%")
    return _Share(number, bool(read[2]))


def _seconds(text: str) -> float:
    read = _TIME.fullmatch(text)
    if read is None:
        raise Unusable(f"--timeout {text!r} is no time; give one such as 30s, 2m or 1h")
    return float(read[1]) * _UNITS[read[2]]


def _follow(
    client: Client,
    path: str,
    scope: dict[str, Any],
    share: _Share,
    until: Callable[[dict[str, Any]], float],
    progress: Progress | None,
) -> dict[str, Any]:
    """How far the commit is, once that is enough or there is no time left. Raises Refused, Unusable."""
    task = progress.add_task("waiting for nodes", total=None) if progress else None
    found = client.get(path, **scope)
    while True:
        if progress is not None and task is not None:
            said = _said(found, share)
            progress.update(task, completed=found["reached"], total=share.of(found), description=said)
        left = until(found) - time.monotonic()
        if share.met(found) or left <= 0:
            return found
        time.sleep(min(_LOOK_S, left))
        found = _again(client, path, scope, until(found)) or found


def _again(client: Client, path: str, scope: dict[str, Any], until: float) -> dict[str, Any] | None:
    """None while the control plane is away, or has too much to do: it may be back in time."""
    try:
        return client.get(path, **scope)
    except Unusable:
        if time.monotonic() >= until:
            raise
    except Refused as refused:
        if (refused.status < 500 and refused.status != 429) or time.monotonic() >= until:
            raise
    return None


@contextmanager
def _progress() -> Iterator[Progress | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress


def _said(found: dict[str, Any], share: _Share) -> str:
    lost = f", {found['lost']} lost" if found["lost"] else ""
    return f"{found['commit'][:12]} on {found['reached']} of {found['nodes']} nodes, {share.of(found)} wanted{lost}"


def _show(found: dict[str, Any], share: _Share, done: bool, took: float) -> None:
    if done:
        line(Styled("reached", "green"), f"  {_said(found, share)}, after {span(took)}")
        return
    note(f"not in time: {_said(found, share)}")
    if not found["nodes"]:
        note("no node reports; `configedge report` beside a relay does that")
    elif not found["settled"]:
        note("the control plane has just started, and nodes are still to report; give it more --timeout")
    rows = [
        (
            node["node"],
            ".".join(part for part in (node["environment"], node["region"]) if part),
            node["commit"][:12] or "-",
            _WHY[node["why"]],
            "; ".join(first_line(problem) for problem in node["problems"]),
        )
        for node in found["missing"][:_MOST_NAMED]
    ]
    table(("node", "place", "serves", "why", "problems"), rows)
    more = found["nodes"] - found["reached"] - len(rows)
    if more > 0:
        note(f"and {more} more; `configedge status --fleet` shows who serves what")
