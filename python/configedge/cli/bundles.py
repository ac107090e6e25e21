"""Commands on the bundles of a control plane."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from configedge.cli import snapshot
from configedge.cli.client import DEFAULT_SERVER, Client, Server
from configedge.cli.output import REFUSED, UNUSABLE, AsJson, fail, fail_with, show_json

if TYPE_CHECKING:
    from configedge.bundle import BundlePath

Target = Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help="The bundle.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, commit nothing.")]
IfMatch = Annotated[
    str | None, typer.Option("--if-match", metavar="ETAG", help="Only if the bundle is still this version.")
]


def get(
    target: Annotated[str, typer.Argument(metavar="KEY | NAMESPACE/NAME", help="A key on this node, or a bundle.")],
    at: Annotated[str | None, typer.Option(metavar="COMMIT", help="The bundle as it was at this commit.")] = None,
    directory: snapshot.Dir = None,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Print what services on this node read under a key, or a bundle of the control plane.

    A key, as in matchmaking.max_ping_ms: text is printed bare, anything else as JSON. A bundle, as in
    treasure-hunt/matchmaking: as YAML; with --json, all that is known of it.
    """
    if "/" not in target:
        snapshot.show(target, directory, as_json)
        return
    found = Client(server).call("GET", _url(_path(target)), params={"at": at})
    assert found is not None
    if as_json:
        show_json(found)
    elif found["document"] is not None:
        from configedge.bundle import to_yaml

        typer.echo(to_yaml(found["document"]), nl=False)
    else:
        from configedge.bundle import Problem

        typer.echo(found["text"], nl=False)
        fail_with(Problem(**problem) for problem in found["problems"])


def put(
    file: Annotated[Path, typer.Argument(help="A bundle, YAML or JSON.", exists=True, dir_okay=False)],
    if_match: IfMatch = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Create or replace a bundle by a file. The file is checked here first, so that problems name its lines."""
    from configedge.bundle import Bundle, BundleError, dump_json

    try:
        bundle = Bundle.parse(file.read_bytes(), str(file))
    except BundleError as error:
        fail_with(error.problems)
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}", UNUSABLE)
    client = Client(server)
    url = _url(bundle.path)
    etag = if_match or _etag(client, url)
    require = {"If-Match": _quoted(etag)} if etag else {"If-None-Match": "*"}
    headers = {"Content-Type": "application/json", **require}
    written = client.call("PUT", url, params=_dry(dry_run), body=dump_json(bundle.document), headers=headers)
    _report(written, as_json)


def patch(
    target: Target,
    patch: Annotated[str, typer.Argument(help="A JSON merge patch on the document: its text, a file, or - for stdin.")],
    if_match: IfMatch = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Change a part of a bundle, as in: patch ns/name '{"spec":{"values":{"max_ping_ms":90}}}'."""
    client = Client(server)
    url = _url(_path(target))
    body = _text(patch)
    etag = if_match or _etag(client, url) or fail(f"there is no bundle {target}", REFUSED)
    headers = {"Content-Type": "application/merge-patch+json", "If-Match": _quoted(etag)}
    _report(client.call("PATCH", url, params=_dry(dry_run), body=body, headers=headers), as_json)


def delete(
    target: Target,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Delete a bundle. History keeps it."""
    client = Client(server)
    url = _url(_path(target))
    etag = if_match or _etag(client, url) or fail(f"there is no bundle {target}", REFUSED)
    _report(client.call("DELETE", url, params=_dry(dry_run), headers={"If-Match": _quoted(etag)}), as_json)


def ls(
    section: snapshot.Section = "",
    namespace: Annotated[str | None, typer.Option(help="Only bundles of this namespace.")] = None,
    directory: snapshot.Dir = None,
    as_json: AsJson = False,
    show_secrets: snapshot.ShowSecrets = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """List the bundles of the control plane; with a SECTION or --dir, keys and values on this node."""
    if section or directory:
        snapshot.list_keys(section, directory, as_json, show_secrets)
        return
    client = Client(server)
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.call("GET", "/v1/bundles", params={"namespace": namespace, "limit": 1000, "cursor": cursor})
        assert page is not None
        items += page["items"]
        if (cursor := page["next"]) is None:
            break
    if as_json:
        show_json(items)
        return
    for item in items:
        broken = "  BROKEN" if item["problems"] else ""
        typer.echo(f"{item['namespace']}/{item['name']}  {item['etag'][:12]}{broken}")


def log(
    target: Annotated[str | None, typer.Argument(metavar="[NAMESPACE/NAME]", help="Only this bundle.")] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="Most commits to show.")] = 20,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show what changed, newest first."""
    client = Client(server)
    url = f"{_url(_path(target))}/history" if target else "/v1/history"
    items: list[dict[str, Any]] = []
    cursor = None
    while len(items) < limit:
        page = client.call("GET", url, params={"limit": min(1000, limit - len(items)), "cursor": cursor})
        assert page is not None
        items += page["items"]
        if (cursor := page["next"]) is None:
            break
    if as_json:
        show_json(items)
        return
    for item in items:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(item["time"]))
        typer.echo(f"{item['commit'][:12]}  {when}  {item['author']}  {item['message'].partition(chr(10))[0]}")


COMMANDS = (get, put, patch, delete, ls, log)


def _path(target: str) -> BundlePath:
    from configedge.bundle import BundleError, BundlePath

    namespace, slash, name = target.partition("/")
    try:
        return BundlePath(namespace, name) if slash else BundlePath("default", namespace)
    except BundleError as error:
        fail_with(error.problems, UNUSABLE)


def _url(path: BundlePath) -> str:
    return f"/v1/bundles/{path.namespace}/{path.name}"


def _etag(client: Client, url: str) -> str | None:
    found = client.call("GET", url, may_miss=True)
    return str(found["etag"]) if found else None


def _quoted(etag: str) -> str:
    return f'"{etag.strip(chr(34))}"'


def _dry(dry_run: bool) -> dict[str, Any]:
    return {"dry_run": "true" if dry_run else None}


def _text(argument: str) -> bytes:
    if argument == "-":
        return sys.stdin.buffer.read()
    if argument.lstrip().startswith("{"):
        return argument.encode()
    try:
        return Path(argument).read_bytes()
    except OSError as error:
        fail(f"cannot read the patch from {argument}: {error.strerror}; give JSON, a file, or -", UNUSABLE)


def _report(written: dict[str, Any] | None, as_json: bool) -> None:
    assert written is not None
    if as_json:
        show_json(written)
        return
    done = "deleted" if written["etag"] is None else "written" if written["changed"] else "unchanged"
    if written["dry_run"]:
        done = f"dry run: would be {done}"
    typer.echo(f"{written['namespace']}/{written['name']} {done}, commit {written['commit']}")
