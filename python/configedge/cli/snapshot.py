"""Reading a node's configuration from a shell: what services on this node read, whether or not their relay is alive."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from configedge.cli.output import REFUSED, UNUSABLE, fail, short, show_json, show_line

if TYPE_CHECKING:
    from configedge import Change, Reader, Snapshot

Dir = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        envvar="CONFIGEDGE_DIR",
        help="The node's snapshot directory, or a snapshot file (the relay's durable copy). [default: /run/configedge]",
        show_default=False,
    ),
]
ShowSecrets = Annotated[bool, typer.Option("--show-secrets", help="Show the values that are marked as secret, too.")]
Section = Annotated[str, typer.Argument(metavar="SECTION", help="Only this key and what is below it.")]
_DIR = Path("/run/configedge")
_HIDDEN = "(secret)"
# The relay's heartbeat comes once a second.
_SILENT_S = 5.0


def show(key: str, directory: Path | None, as_json: bool) -> None:
    """Prints one value. It was asked for by name, so it is shown even if it is secret."""
    snapshot = _snapshot(directory)
    try:
        value = snapshot[key]
    except KeyError as error:
        fail(str(error), REFUSED)
    if isinstance(value, str) and not as_json:
        typer.echo(value)
    else:
        show_json(_plain(value))


def list_keys(section: str, directory: Path | None, as_json: bool, show_secrets: bool) -> None:
    """Prints all keys that have no others below them, with their values."""
    snapshot = _snapshot(directory)
    keys = _inside(snapshot, section)
    if section and not keys:
        fail(f"there is no {section!r} in the configuration (generation {snapshot.generation})", REFUSED)
    leaves = [key for key in keys if not snapshot.keys(f"{key}.")]
    values = {key: _HIDDEN if snapshot.is_secret(key) and not show_secrets else _plain(snapshot[key]) for key in leaves}
    if as_json:
        show_json(values)
        return
    width = max(map(len, values), default=0)
    for key, value in values.items():
        typer.echo(f"{key:<{width}}  {short(value)}")


def dump(directory: Dir = None, show_secrets: ShowSecrets = False) -> None:
    """Print everything that services on this node read now, as JSON."""
    snapshot = _snapshot(directory)
    values = snapshot.to_dict()
    for key in () if show_secrets else snapshot:
        if snapshot.is_secret(key) and not snapshot.keys(f"{key}."):
            _hide(values, key.split("."))
    show_json({"generation": snapshot.generation, "commit": snapshot.commit, "values": _plain(values)})


def follow(section: str, directory: Path | None, as_json: bool, show_secrets: bool, count: int | None) -> None:
    """Prints each change that services on this node see, as it comes; ends after `count` of them, or at Ctrl-C."""
    reader = _open(directory or _DIR)
    changes = reader.watch(section)
    before = reader.snapshot()
    if not as_json:
        typer.echo(f"watching {section or 'everything'}, now generation {before.generation}", err=True)
    try:
        for number, change in enumerate(changes, 1):
            _show_change(change, before, section, as_json, show_secrets)
            before = change.snapshot
            if number == count:
                return
    except KeyboardInterrupt:
        return


COMMANDS = (dump,)


def _show_change(change: Change, before: Snapshot, section: str, as_json: bool, show_secrets: bool) -> None:
    diff = change.snapshot.diff(before, section)
    sides = {"added": diff.added, "removed": diff.removed, "changed": diff.changed}

    def shown(key: str, value: Any) -> Any:
        secret = any(key in side and side.is_secret(key) for side in (before, change.snapshot))
        return _HIDDEN if secret and not show_secrets else _plain(value)

    told = {side: {key: shown(key, value) for key, value in found.items()} for side, found in sides.items()}
    if as_json:
        show_line({"generation": change.generation, "commit": change.commit, **told})
        return
    typer.echo(f"{time.strftime('%H:%M:%S')}  generation {change.generation}  {change.commit[:12]}".rstrip())
    for key, value in told["added"].items():
        typer.echo(f"  + {key}  {short(value)}")
    for key, value in told["removed"].items():
        typer.echo(f"  - {key}  {short(value)}")
    for key, value in told["changed"].items():
        typer.echo(f"  ~ {key}  {short(value) if value == _HIDDEN else ' -> '.join(map(short, value))}")


def _open(directory: Path) -> Reader:
    import configedge

    try:
        reader = configedge.open(directory)
    except configedge.OpenError as error:
        fail(f"{error}; --dir names the directory", UNUSABLE)
    health = reader.health()
    if health.relay_silent_for > _SILENT_S:
        state = "ended in order" if health.relay_state == "stopped" else "seems to have died"
        told = f"its relay {state} {health.relay_silent_for:.0f} s ago; this is the last good configuration"
        typer.echo(f"configedge: {directory}: {told}", err=True)
    return reader


def _snapshot(directory: Path | None) -> Snapshot:
    import configedge

    directory = directory or _DIR
    if not directory.is_file():
        return _open(directory).snapshot()
    try:
        return configedge.Snapshot.open(directory)
    except configedge.OpenError as error:
        fail(str(error), UNUSABLE)


def _inside(snapshot: Snapshot, section: str) -> list[str]:
    return [key for key in snapshot.keys(section) if not section or key == section or key[len(section)] == "."]


def _hide(values: dict[str, Any], path: list[str]) -> None:
    at: Any = values
    for segment in path[:-1]:
        at = at[int(segment)] if isinstance(at, list) else at[segment]
    at[int(path[-1]) if isinstance(at, list) else path[-1]] = _HIDDEN


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
