"""Reading and writing the bundles of a control plane."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from configedge.cli import changes, changeset, snapshot
from configedge.cli.changeset import How
from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, url
from configedge.cli.completion import complete_bundle
from configedge.cli.options import (
    At,
    DryRun,
    Environment,
    IfMatch,
    Message,
    Region,
    Revive,
    Target,
    bundle_path,
    full_commit,
    layer_of,
)
from configedge.cli.output import REFUSED, AsJson, Styled, fail, fail_with, line, show_json, table

Files = Annotated[list[Path], typer.Argument(help="Bundles, YAML or JSON.", exists=True, dir_okay=False)]
Patch = Annotated[str, typer.Argument(help="A patch of the document: JSON, a file, or - for standard input.")]
JsonPatch = Annotated[bool, typer.Option("--json-patch", help="It is a JSON Patch (RFC 6902), no merge patch.")]


def get(
    target: Annotated[
        str,
        typer.Argument(
            metavar="KEY | NAMESPACE/NAME[@LAYER]",
            help="A key on this node, a bundle, or an overlay of it.",
            autocompletion=complete_bundle,
        ),
    ],
    at: At = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="What nodes of this environment get.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", "-r", metavar="NAME", help="What nodes of this region in it get.")
    ] = None,
    directory: snapshot.Dir = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Print what services on this node read under a key, or a bundle of the control plane.

    A key, as in matchmaking.max_ping_ms: text is printed bare, anything else as JSON. A bundle, as in
    treasure-hunt/matchmaking: as YAML; with --json, all that is known of it. With --environment: the bundle with its
    overlays applied, as nodes there get it.
    """
    if "/" not in target:
        snapshot.show(target, directory, as_json)
        return
    from configedge.bundle import Problem, to_yaml

    path = bundle_path(target)
    layer_of(environment, region)
    client = Client(server, token_file)
    commit = full_commit(client, at) if at else None
    if environment:
        if path.layer:
            fail(f"{target} names one overlay; leave @{path.layer} away to see the whole of it", REFUSED)
        found = client.get(f"{url(path)}/effective", environment=environment, region=region, at=commit)
    else:
        found = client.get(url(path), at=commit)
    if as_json:
        show_json(found)
    elif found["document"] is not None:
        typer.echo(to_yaml(found["document"]), nl=False)
    else:
        typer.echo(found["text"], nl=False)
        fail_with(Problem(**problem) for problem in found["problems"])


def put(
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
    """Create or replace bundles by files, all in one commit. Problems name the lines of the files.

    With --environment the files are overlays: their spec.values is merged over the bundle's for that environment.
    """
    layer = layer_of(environment, region)
    client = Client(server, token_file)
    operations = changeset.puts(client, files, layer, if_match)
    changeset.show_reply(changeset.commit(client, operations, How(message, dry_run, revive)), as_json)


def patch(
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
    """Change a part of a bundle, as in: patch ns/name '{"spec":{"values":{"max_ping_ms":90}}}'."""
    path = bundle_path(target, layer_of(environment, region))
    client = Client(server, token_file)
    operation = changeset.patched(client, path, patch, json_patch, if_match)
    changeset.show_reply(changeset.commit(client, [operation], How(message, dry_run, revive)), as_json)


def delete(
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
    """Delete a bundle, or an overlay of it. History keeps it."""
    path = bundle_path(target, layer_of(environment, region))
    client = Client(server, token_file)
    operation = changeset.deleted(client, path, if_match)
    changeset.show_reply(changeset.commit(client, [operation], How(message, dry_run)), as_json)


def ls(
    section: snapshot.Section = "",
    namespace: Annotated[str | None, typer.Option(help="Only bundles of this namespace.")] = None,
    directory: snapshot.Dir = None,
    as_json: AsJson = False,
    show_secrets: snapshot.ShowSecrets = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """List the bundles of the control plane; with a SECTION or --dir, keys and values on this node."""
    if section or directory:
        snapshot.list_keys(section, directory, as_json, show_secrets)
        return
    items = list(Client(server, token_file).items("/v1/bundles", namespace=namespace))
    if as_json:
        show_json(items)
        return
    rows = [
        (
            f"{item['namespace']}/{item['name']}",
            item["etag"][:12],
            Styled("BROKEN", "bold red") if item["problems"] else ", ".join(item["layers"]),
        )
        for item in items
    ]
    table(("bundle", "version", "overlays"), rows)


def validate(
    files: Files,
    environment: Environment = None,
    region: Region = None,
    revive: Revive = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Ask the control plane what files would change on nodes. Nothing is written. Exit code 1 if they are refused."""
    layer = layer_of(environment, region)
    client = Client(server, token_file)
    reply = changeset.validate(client, changeset.puts(client, files, layer, None), revive)
    if as_json:
        show_json(reply)
        return
    changes.show_effects(reply)
    changes.show_dangers(reply)
    line("accepted" if reply["changed"] else "accepted; nothing would change")


COMMANDS = (get, put, patch, delete, ls, validate)
