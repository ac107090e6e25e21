"""What was, what changed, and going back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from configedge.cli import changes, changeset
from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, Unusable, unmoved, url
from configedge.cli.completion import complete_bundle
from configedge.cli.options import DryRun, Message, bundle_path, full_commit
from configedge.cli.output import AsJson, Styled, first_line, line, moment, show_json, summary, table

if TYPE_CHECKING:
    from configedge.bundle import BundlePath

_COMMIT = re.compile(r"[0-9a-fA-F]{4,40}", re.ASCII)


def log(
    target: Annotated[
        str | None,
        typer.Argument(metavar="NAMESPACE/NAME", help="Only this bundle.", autocompletion=complete_bundle),
    ] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="Most commits to show.")] = 20,
    diff: Annotated[bool, typer.Option("--diff", help="Show the keys that each changed.")] = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Show what changed, newest first."""
    client = Client(server, token_file)
    path = bundle_path(target) if target else None
    where = f"{url(path.base)}/history" if path else "/v1/history"
    layer = {"layer": path.layer} if path and path.layer else {}
    items = list(client.items(where, most=limit, **layer))
    if diff:
        items = [item | {"changes": _made(client, item, path)} for item in items]
    if as_json:
        show_json(items)
    elif diff:
        for item in items:
            author = f"  {moment(item['time'])}  {first_line(item['author'])}  {summary(item['message'])}"
            line(Styled(item["commit"][:12], "yellow"), author)
            show_items(item["changes"], "  ")
    else:
        table(
            ("commit", "time", "author", "message"),
            [
                (item["commit"][:12], moment(item["time"]), first_line(item["author"]), summary(item["message"]))
                for item in items
            ],
        )


def diff(
    what: Annotated[
        list[str], typer.Argument(metavar="COMMIT [COMMIT] | FILE", help="From here to there (default: to now).")
    ],
    bundle: Annotated[
        str | None,
        typer.Option(metavar="NAMESPACE/NAME", help="Only this bundle.", autocompletion=complete_bundle),
    ] = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Show by key what is different: between two commits, or in a file from what is there.

    A bundle in a FILE is checked as `put` does, and nothing is written.
    """
    path = bundle_path(bundle) if bundle else None
    if len(what) > 2:
        raise Unusable("give one commit or two, or one file")
    client = Client(server, token_file)
    if len(what) == 1 and not _COMMIT.fullmatch(what[0]):
        found = _from_file(client, Path(what[0]), path)
    else:
        old, *new = (full_commit(client, commit) for commit in what)
        found = between(client, old, new[0] if new else None, path)
    if as_json:
        show_json(found)
        return
    show_items(found["items"])
    if not found["items"]:
        line("no difference")


def rollback(
    to: Annotated[str, typer.Option(metavar="COMMIT", help="The commit to go back to.")],
    target: Annotated[
        str | None, typer.Argument(metavar="NAMESPACE/NAME", help="The bundle.", autocompletion=complete_bundle)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All bundles, overlays and policies.")] = False,
    overlays: Annotated[bool, typer.Option(help="The bundle's overlays, too.")] = False,
    message: Message = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Go back to how a bundle, or all of it, was at a commit. That is a new commit; history keeps what was between."""
    if (target is None) is not everything:
        raise Unusable("give a bundle, or --all for everything")
    client = Client(server, token_file)
    body: dict[str, Any] = {"to": full_commit(client, to)}
    parameters = {"dry_run": dry_run, "message": message}
    if target is None:
        tip = client.get("/v1/history", limit=1)["commit"]
        reply = client.write("/v1/rollback", body, parameters, unmoved(tip))
    else:
        path = bundle_path(target)
        body["overlays"] = overlays and not path.layer
        reply = client.write(f"{url(path)}/rollback", body, parameters, unmoved(client.etag(path)))
    changeset.show_reply(reply, as_json)


COMMANDS = (log, diff, rollback)


def between(client: Client, old: str, new: str | None, path: BundlePath | None) -> dict[str, Any]:
    """What is different between two commits; of one bundle with all of its layers, or of one layer."""
    only = {"namespace": path.namespace, "name": path.name} if path else {}
    found = client.get("/v1/diff", **{"from": old, "to": new, **only})
    if path and path.layer:
        found["items"] = [item for item in found["items"] if item["layer"] == path.layer]
    return found


def show_items(items: list[dict[str, Any]], indent: str = "") -> None:
    for item in items:
        came = {"before": " created", "etag": " deleted"}
        line(indent, Styled(changes.name_of(item), "bold"), *(told for side, told in came.items() if not item[side]))
        changes.show_keys(item["changes"], f"{indent}  ")
        if not item["changes"]:
            line(f"{indent}  no value changes: its schema, policies or metadata do")


def _made(client: Client, item: dict[str, Any], path: BundlePath | None) -> list[dict[str, Any]]:
    """What one commit of a history changed."""
    if item["parent"] is None:
        return []
    items: list[dict[str, Any]] = between(client, item["parent"], item["commit"], path)["items"]
    return items


def _from_file(client: Client, file: Path, path: BundlePath | None) -> dict[str, Any]:
    if not file.is_file():
        raise Unusable(f"{file} is neither a commit nor a file; give 4 to 40 hexadecimal digits, or a bundle's file")
    [operation] = changeset.puts(client, [file], path.layer if path else "", None)
    if path and path != operation.path:
        raise Unusable(f"{file} is {operation.path}, not {path}")
    # Whether deleted keys may come back is not asked here.
    reply = changeset.validate(client, [operation], revive=True)
    return {"from": reply["commit"], "to": None, "items": [item for item in reply["effects"] if item["changed"]]}
