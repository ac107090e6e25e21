"""`configedge export` and `import`: everything in one file."""

from __future__ import annotations

import os
import tempfile
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from configedge.cli import changeset
from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, Unusable
from configedge.cli.options import At, DryRun, Message, Revive, full_commit
from configedge.cli.output import REFUSED, UNUSABLE, AsJson, Yes, ask, fail, fail_with, note, show_json

_MAX = 32 << 20


class Mode(Enum):
    merge = "merge"
    replace = "replace"


def export(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it there. [default: standard output]")
    ] = None,
    namespace: Annotated[str | None, typer.Option(help="Only this namespace.")] = None,
    at: At = None,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Write all bundles, overlays and policies as one JSON document, which `configedge import` takes."""
    from configedge.bundle import dump_json

    client = Client(server, token_file)
    found = client.get("/v1/export", namespace=namespace, at=full_commit(client, at) if at else None)
    if out is None:
        show_json(found)
        return
    try:
        _replace(out, dump_json(found) + b"\n")
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}", UNUSABLE)
    count = len(found["bundles"]), len(found["overlays"])
    note(f"{count[0]} bundles and {count[1]} overlays of commit {found['commit'][:12]} are in {out}")


def import_(
    file: Annotated[Path, typer.Argument(help="What `configedge export` wrote.", exists=True, dir_okay=False)],
    mode: Annotated[
        Mode, typer.Option(help="merge: what is not in the file stays; replace: it is deleted.")
    ] = Mode.merge,
    message: Message = None,
    revive: Revive = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Put everything of an exported file in place, in one commit. Policies are not taken: they come by Git.

    With --mode replace it asks first, as what is not in the file is deleted.
    """
    content = _read(file)
    client = Client(server, token_file)
    parameters = {"mode": mode.value, "message": message, "revive": revive}
    if mode is Mode.replace and not dry_run and not yes:
        preview = client.call("POST", "/v1/import", body=content, params=parameters | {"dry_run": True})
        gone = [effect for effect in preview["effects"] if effect["changed"] and effect["etag"] is None]
        question = f"Replace everything? {len(gone)} documents would be deleted."
        if not ask(question, yes):
            fail("nothing was imported", REFUSED)
    reply = client.write("/v1/import", content, parameters | {"dry_run": dry_run})
    changeset.show_reply(reply, as_json)


COMMANDS = (export, import_)


def _read(file: Path) -> dict[str, Any]:
    from configedge.bundle import BundleError, load_json

    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX + 1)
    except OSError as error:
        raise Unusable(f"cannot read {file}: {error.strerror}") from None
    if len(text) > _MAX:
        raise Unusable(f"{file} has more than {_MAX >> 20} MiB; export and import by namespace")
    try:
        content = load_json(text, str(file))
    except BundleError as error:
        fail_with(error.problems)
    if not isinstance(content, dict) or content.get("kind") != "ConfigExport":
        raise Unusable(f"{file} is not a ConfigExport; give what `configedge export` wrote")
    return content


def _replace(path: Path, content: bytes) -> None:
    """All of it or nothing. For us alone to read: configuration may have secrets in it."""
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
