"""`configedge token`: who may do what, from a control plane that gives out tokens of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, Unusable
from configedge.cli.options import DryRun
from configedge.cli.output import REFUSED, AsJson, Cell, Styled, fail, first_line, moment, note, show_json, table

app = typer.Typer(no_args_is_help=True, help="Create, list and revoke tokens. For administrators.")

_GRANT = re.compile(r"([a-z]+)(?::([a-z0-9*-]+))?(?:/([a-z0-9-]+))?(?:@([a-z0-9-]+))?")
_SPAN = re.compile(r"(\d{1,9})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who or what it is for; commits bear it.")],
    grant: Annotated[
        list[str],
        typer.Option(
            metavar="ROLE[:NAMESPACE[/PREFIX]][@ENVIRONMENT]",
            help="What it may do, again for more: viewer, editor:game, editor:game/match@prod. "
            "Roles: viewer, editor, approver, admin, node.",
        ),
    ],
    expires: Annotated[str, typer.Option(metavar="TIME", help="For how long, as in 12h or 30d; at most 90d.")] = "30d",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it to this new file, for you alone to read.")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Make a token and print it: once, and nothing else, on standard output. Nobody can read it again."""
    body = {"name": name, "grants": [_grant(text) for text in grant], "expires_in_s": _seconds(expires)}
    client = Client(server, token_file)
    if dry_run:
        # To see that we may, and that the name is free.
        if any(item["name"] == name and not _dead(item) for item in _all(client)):
            fail(f"there is a token {name} already; revoke it, or take another name", REFUSED)
        note(f"dry run: would make a token {name}: {_grants(body)}; expires {expires} from then")
        if as_json:
            show_json(body | {"dry_run": True})
        return
    # The file first: a token that cannot be kept must not be made.
    file = _new_file(out) if out is not None else None
    try:
        made = client.call("POST", "/v1/tokens", body=body)
    except BaseException:
        if file is not None and out is not None:
            os.close(file)
            out.unlink()
        raise
    secret = str(made["token"])
    if file is not None:
        with open(file, "w", encoding="ascii") as opened:
            opened.write(secret + "\n")
            opened.flush()
            os.fsync(file)
        made = {member: value for member, value in made.items() if member != "token"}
    note(f"token {made['id']} for {first_line(name)}: {_grants(made)}; expires {moment(_expires(made))}")
    if as_json:
        show_json(made)
    elif file is None:
        typer.echo(secret)
    else:
        note(f"it is in {out}")


@app.command("ls")
def list_tokens(
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """List tokens, without their secrets."""
    items = _all(Client(server, token_file))
    if as_json:
        show_json(items)
        return
    rows = [
        (item["id"], first_line(item["name"]), _state(item), moment(_expires(item)), _grants(item)) for item in items
    ]
    table(("id", "name", "state", "expires", "may"), rows)


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `configedge token ls` shows it.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """End a token at once."""
    if not id.isalnum() or not id.isascii():
        raise Unusable("that is not the id of a token; `configedge token ls` shows them")
    client = Client(server, token_file)
    if dry_run:
        found = next((item for item in _all(client) if item["id"] == id), None)
        reply = found or fail(f"there is no token {id}", REFUSED)
    else:
        reply = client.call("DELETE", f"/v1/tokens/{id}")
    if as_json:
        show_json(reply)
    else:
        typer.echo(f"{'dry run: would be revoked' if dry_run else 'revoked'}: {id} {first_line(reply.get('name', ''))}")


def _all(client: Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/v1/tokens")["items"]
    return items


def _grant(text: str) -> dict[str, str]:
    found = _GRANT.fullmatch(text)
    if not found:
        raise Unusable(f"--grant {text!r} is not ROLE[:NAMESPACE[/PREFIX]][@ENVIRONMENT], as in editor:game/match@prod")
    role, namespace, prefix, environment = found.groups()
    return {"role": role, "namespace": namespace or "*", "prefix": prefix or "", "environment": environment or "*"}


def _grants(item: dict[str, Any]) -> str:
    return ", ".join(map(grant_text, item["grants"]))


def grant_text(grant: dict[str, str]) -> str:
    """As `token create` takes it."""
    text = grant["role"]
    if grant["namespace"] != "*" or grant["prefix"]:
        text += f":{grant['namespace']}" + (f"/{grant['prefix']}" if grant["prefix"] else "")
    return text + (f"@{grant['environment']}" if grant["environment"] != "*" else "")


def _seconds(text: str) -> int:
    if not (found := _SPAN.fullmatch(text)):
        raise Unusable(f"--expires {text!r} is not a time; write 90m, 12h or 30d")
    return int(found[1]) * _SECONDS[found[2]]


def _expires(item: dict[str, Any]) -> float | None:
    value = item.get("expires")
    return float(value) if value is not None else None


def _dead(item: dict[str, Any]) -> bool:
    return bool(item.get("revoked") or item.get("expired"))


def _state(item: dict[str, Any]) -> Cell:
    if item.get("revoked"):
        return Styled("revoked", "red")
    return Styled("expired", "yellow") if item.get("expired") else Styled("live", "green")


def _new_file(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise Unusable(f"--out {path}: it is there already; name a new file") from None
    except OSError as error:
        raise Unusable(f"--out {path}: {error.strerror}; name a new file in a directory that you may write") from None
