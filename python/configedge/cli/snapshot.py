"""Reading a node's snapshot directory from a shell."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from configedge.cli.output import REFUSED, UNUSABLE, AsJson, fail, show_json

if TYPE_CHECKING:
    from configedge import Reader

Dir = Annotated[Path, typer.Option("--dir", envvar="CONFIGEDGE_DIR", help="The snapshot directory.")]
_DIR = Path("/run/configedge")


def read(
    key: Annotated[str, typer.Argument(help="As in matchmaking.max_ping_ms.")],
    as_json: AsJson = False,
    directory: Dir = _DIR,
) -> None:
    """Print the value that services on this node read now. Text is printed bare, anything else as JSON."""
    reader = _open(directory)
    try:
        value = reader[key]
    except KeyError as error:
        fail(str(error), REFUSED)
    if isinstance(value, str) and not as_json:
        typer.echo(value)
    else:
        show_json(_plain(value))


def dump(
    directory: Dir = _DIR,
) -> None:
    """Print everything that services on this node read now, as JSON."""
    snapshot = _open(directory).snapshot()
    values = _plain(snapshot.to_dict())
    show_json({"generation": snapshot.generation, "commit": snapshot.commit, "values": values})


COMMANDS = (read, dump)


def _open(directory: Path) -> Reader:
    import configedge

    try:
        return configedge.open(directory)
    except configedge.OpenError as error:
        fail(f"{error}; --dir names the directory", UNUSABLE)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
