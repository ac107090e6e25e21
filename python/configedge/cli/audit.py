"""`configedge audit`: who did or tried what, and whether the record of it is whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, Unusable, state_directory
from configedge.cli.output import REFUSED, UNUSABLE, AsJson, Cell, Styled, fail, first_line, show_json, table

app = typer.Typer(no_args_is_help=True, help="Look at the audit, and check that nothing was altered.")

_STYLES = {"denied": "bold red", "failed": "yellow"}
_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.ASCII)


@app.command("ls")
def list_entries(
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="Most entries to show.")] = 50,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Show the newest entries. For administrators."""
    items = list(Client(server, token_file).items("/v1/audit", most=limit))
    if as_json:
        show_json(items)
        return
    rows: list[tuple[Cell, ...]] = [
        (
            str(item["time"])[:19].replace("T", " "),
            first_line(item["subject"]),
            Styled(item["outcome"], _STYLES.get(item["outcome"], "")),
            first_line(item["action"]),
            first_line(item["target"]),
            first_line(item["detail"]) or item["commit"][:12],
        )
        for item in items
    ]
    table(("time (UTC)", "who", "outcome", "action", "target", "commit or why"), rows)


@app.command()
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(help="The audit of the control plane. [default: that of `configedge up`]", show_default=False),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:HASH", help="An entry that must be there, noted before: shows a cut-off end."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a file of the audit, with those that were rotated away. Needs no server.

    Exit code 1 if it is not whole.
    """
    from configedge.control import audit

    path = file or state_directory() / "repo.git" / "configedge-audit.jsonl"
    wanted = None
    if head is not None:
        if not (found := _HEAD.fullmatch(head)):
            raise Unusable("--head is NUMBER:HASH, the hash as 64 hexadecimal digits")
        wanted = (int(found[1]), found[2])
    if not path.exists():
        raise Unusable(f"there is no {path}; name the file that the control plane has as its --audit")
    try:
        verified = audit.verify(path, wanted)
    except OSError as error:
        fail(f"{path}: {error.strerror}", UNUSABLE)
    except audit.AuditError as error:
        fail(str(error), UNUSABLE)
    if as_json:
        show_json(
            {
                "ok": verified.ok,
                "entries": verified.entries,
                "first": verified.first,
                "last": verified.last,
                "problems": verified.problems,
            }
        )
    else:
        for problem in verified.problems:
            typer.echo(problem, err=True)
        told = f"{verified.entries} entries, {verified.first} to {verified.last}"
        typer.echo(f"{told}: {'whole' if verified.ok else 'NOT whole'}")
    if not verified.ok:
        raise typer.Exit(REFUSED)
