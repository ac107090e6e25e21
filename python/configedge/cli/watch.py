"""`configedge watch`: changes as they come, on this node or at the control plane."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from configedge.cli import changes, history, snapshot
from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, Unusable
from configedge.cli.completion import complete_bundle
from configedge.cli.options import bundle_path
from configedge.cli.output import AsJson, Styled, first_line, line, note, show_line, span, summary

if TYPE_CHECKING:
    from configedge.bundle import BundlePath
    from configedge.cli.events import Event


def watch(
    what: Annotated[
        str,
        typer.Argument(
            metavar="NAMESPACE/NAME | SECTION",
            help="A bundle of the control plane, or a key and what is below it on this node.",
            autocompletion=complete_bundle,
        ),
    ] = "",
    directory: snapshot.Dir = None,
    as_json: AsJson = False,
    show_secrets: snapshot.ShowSecrets = False,
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="End after so many changes.")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show the keys that each commit changed.")] = False,
    notify: Annotated[
        bool,
        typer.Option("--notify", help="A desktop notification when a push lands or is refused, or nodes fall behind."),
    ] = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Print each change as it comes; Ctrl-C ends it.

    With a SECTION or --dir: what services on this node see. Otherwise what happens at the control plane, through
    broken connections, and no commit is missed: commits, refused pushes, proposals, and how many nodes have it all.
    """
    if "/" not in what and (what or directory):
        if notify:
            raise Unusable("--notify follows the control plane; leave SECTION and --dir away")
        snapshot.follow(what, directory, as_json, show_secrets, count)
        return
    path = bundle_path(what) if what else None
    try:
        _follow(Client(server, token_file), path, as_json, count, diff, notify)
    except KeyboardInterrupt:
        return


COMMANDS = (watch,)


def _follow(
    client: Client, path: BundlePath | None, as_json: bool, count: int | None, diff: bool, notify: bool
) -> None:
    from configedge.cli.events import follow
    from configedge.cli.notify import Desktop

    desktop = Desktop() if notify else None
    only = {"namespace": path.namespace, "name": path.name} if path else {}
    number = 0
    before = ""
    for event in follow(client, _lost, **only):
        if event.kind == "hello" and not as_json:
            note(f"watching {path or 'everything'} at {client.server}, now commit {event.commit[:12]}")
        if desktop is not None:
            _notify(desktop, event)
        if event.kind == "commit" and path and path.layer:
            event.data["changes"] = [one for one in event.data["changes"] if one["layer"] == path.layer]
            if not event.data["changes"]:
                continue
        if event.kind == "commit" and diff:
            event.data["diff"] = history.between(client, before, event.commit, path)["items"]
        before = event.commit
        if event.kind in _SHOWN and as_json:
            show_line({"event": event.kind, **event.data})
        elif event.kind in _SHOWN:
            _show(event)
        number += event.kind == "commit"
        if number == count:
            return


_SHOWN = ("commit", "refused", "proposal", "fleet", "reset")


def _lost(why: str | None) -> None:
    note("connected again" if why is None else f"the connection is lost ({why}); trying again")


def _notify(desktop: Any, event: Event) -> None:
    match event.kind:
        case "commit":
            desktop.commit(event.data)
        case "refused":
            desktop.refused(event.data)
        case "fleet":
            desktop.fleet(event.data)


def _show(event: Event) -> None:
    data = event.data
    now = f"{time.strftime('%H:%M:%S')}  "
    match event.kind:
        case "commit":
            line(
                now,
                Styled(data["commit"][:12], "yellow"),
                f"  {first_line(data['author'])}  {summary(data['message'])}",
            )
            if "diff" in data:
                history.show_items(data["diff"], "  ")
            else:
                for one in data["changes"]:
                    line(f"  {changes.name_of(one)}", "" if one["etag"] else Styled("  DELETED", "bold red"))
        case "refused":
            told = f"  {data['bundle']}  {data['subject']}: {data['code']} {data['detail']}"
            line(now, Styled("refused", "bold red"), first_line(told))
        case "proposal":
            line(now, f"proposal {data['id']}: {data['state']}")
        case "fleet":
            lag = data.get("worst_lag_s")
            late = f", {span(lag)} at worst" if lag else ""
            line(
                now,
                f"nodes: {data['ready']} of {data['total']} ready, {data['behind']} behind, {data['lost']} lost{late}",
            )
        case "reset":
            line(now, f"history was replaced; now commit {data['commit'][:12]}")
