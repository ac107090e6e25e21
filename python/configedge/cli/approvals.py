"""Changes that a second person has to approve."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from configedge.cli import changeset
from configedge.cli.bundles import Files, JsonPatch, Patch
from configedge.cli.changeset import How
from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, Unusable
from configedge.cli.options import (
    DryRun,
    Environment,
    IfMatch,
    Message,
    Region,
    Revive,
    Target,
    bundle_path,
    layer_of,
)
from configedge.cli.output import REFUSED, AsJson, Yes, ask, fail, first_line, line, moment, note, show_json, table
from configedge.cli.proposal_view import show_proposal, show_proposed, state

app = typer.Typer(no_args_is_help=True, help="Put a change up for approval, and commit nothing yet.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The proposal; `configedge proposals` lists them.")]


@app.command("put")
def propose_put(
    files: Files,
    environment: Environment = None,
    region: Region = None,
    if_match: IfMatch = None,
    message: Message = None,
    revive: Revive = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """To create or replace bundles by files, as `configedge put` does."""
    layer = layer_of(environment, region)
    client = Client(server, token_file)
    operations = changeset.puts(client, files, layer, if_match)
    show_proposed(changeset.propose(client, operations, How(message, dry_run, revive)), dry_run, as_json)


@app.command("patch")
def propose_patch(
    target: Target,
    patch: Patch,
    json_patch: JsonPatch = False,
    environment: Environment = None,
    region: Region = None,
    if_match: IfMatch = None,
    message: Message = None,
    revive: Revive = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """To change a part of a bundle, as `configedge patch` does."""
    path = bundle_path(target, layer_of(environment, region))
    client = Client(server, token_file)
    operation = changeset.patched(client, path, patch, json_patch, if_match)
    show_proposed(changeset.propose(client, [operation], How(message, dry_run, revive)), dry_run, as_json)


@app.command("delete")
def propose_delete(
    target: Target,
    environment: Environment = None,
    region: Region = None,
    if_match: IfMatch = None,
    message: Message = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """To delete a bundle or an overlay, as `configedge delete` does."""
    path = bundle_path(target, layer_of(environment, region))
    client = Client(server, token_file)
    operation = changeset.deleted(client, path, if_match)
    show_proposed(changeset.propose(client, [operation], How(message, dry_run)), dry_run, as_json)


def proposals(
    id: Annotated[str | None, typer.Argument(metavar="ID", help="Show this one.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are settled.")] = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """List what waits for approval, or show one of them."""
    client = Client(server, token_file)
    if id is not None:
        found = client.get(_url(id))
        if as_json:
            show_json(found)
        else:
            show_proposal(found)
        return
    items: list[dict[str, Any]] = client.get("/v1/proposals", state="all" if every else "open")["items"]
    if as_json:
        show_json(items)
        return
    rows = [
        (
            item["id"],
            state(item),
            f"{len(item['approvals'])}/{item['needed']}",
            first_line(item["author"]["name"]),
            moment(item["time"]),
            ", ".join(item["bundles"][:3]) + (", ..." if len(item["bundles"]) > 3 else ""),
            first_line(item["message"]),
        )
        for item in items
    ]
    table(("proposal", "state", "given", "by", "time", "bundles", "message"), rows)


def approve(
    id: Id,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Approve of a proposal, after looking at what it changes. It is committed once enough people do.

    You approve of exactly what you were shown: if anything of it is different by then, it is refused.
    """
    client = Client(server, token_file)
    found = _open(client, id)
    # With --json only the result is on standard output, and whoever says yes has seen it all the same.
    show_proposal(found, err=as_json)
    if found["stale"] or found["problems"]:
        fail("what it changes has changed since, or it is refused now; it has to be proposed again", REFUSED)
    if not dry_run and not ask("Approve of it?", yes):
        fail("not approved", REFUSED)
    body = {"digest": found["digest"]}
    _say(client.call("POST", f"{_url(id)}/approve", body=body, params={"dry_run": dry_run}), dry_run, as_json)


def reject(
    id: Id,
    reason: Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="Why.", prompt="Why")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Reject a proposal. Nobody can approve of it then."""
    client = Client(server, token_file)
    reply = client.call("POST", f"{_url(id)}/reject", body={"reason": reason}, params={"dry_run": dry_run})
    _say(reply, dry_run, as_json)


def withdraw(
    id: Id,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Take back a proposal of yours."""
    client = Client(server, token_file)
    _say(client.call("POST", f"{_url(id)}/withdraw", body={}, params={"dry_run": dry_run}), dry_run, as_json)


COMMANDS = (proposals, approve, reject, withdraw)


def _url(id: str) -> str:
    if not id.isalnum() or not id.isascii():
        raise Unusable(f"{id!r} is not a proposal; `configedge proposals` lists them")
    return f"/v1/proposals/{id}"


def _open(client: Client, id: str) -> dict[str, Any]:
    found = client.get(_url(id))
    if found["state"] != "open":
        fail(f"the proposal {id} is {found['state']} already", REFUSED)
    return found


def _say(reply: dict[str, Any], dry_run: bool, as_json: bool) -> None:
    if as_json:
        show_json(reply)
        return
    match reply["state"]:
        case "committed":
            line(f"approved; committed {reply['commit']}")
        case "open":
            missing = reply["needed"] - len(reply["approvals"])
            done = f"approved; {missing} more to come" if missing > 0 else "approved"
            line(f"dry run: would be {done}" if dry_run else done)
        case other:
            line(f"dry run: would be {other}" if dry_run else str(other))
    if dry_run:
        note("nothing was written")
