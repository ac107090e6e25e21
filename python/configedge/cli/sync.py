"""`configedge sync`: adapters that fill a spool directory."""

from __future__ import annotations

import os
import signal
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from configedge.cli.output import REFUSED, UNUSABLE, fail, fail_with

if TYPE_CHECKING:
    from configedge.sync.git import GitSource
    from configedge.sync.hint import Hinted

app = typer.Typer(no_args_is_help=True, help="Fill a spool directory from somewhere.")


@app.callback()
def sync() -> None:
    """Fill a spool directory from somewhere."""


@app.command()
def git(
    remote: Annotated[str, typer.Option(metavar="URL_OR_PATH", help="The repository.")],
    spool: Annotated[Path, typer.Option(help="The directory that a relay reads.")],
    branch: Annotated[str, typer.Option(help="The branch.")] = "main",
    namespace: Annotated[str | None, typer.Option(help="Only this namespace.")] = None,
    environment: Annotated[str, typer.Option(help="What nodes of this environment get.")] = "",
    region: Annotated[str, typer.Option(help="What nodes of this region in it get.")] = "",
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 1.0,
    hint: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="A control plane that tells of newer commits, which are then fetched at once."
        ),
    ] = None,
    hint_token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with a token for it, of any role; read again each time.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Export what is there now, then end.")] = False,
    allowed_signers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take only commits signed by one of these (docs/signing.md).")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Where mirrors are kept (default: the user's cache).")] = None,
    log: Annotated[str, typer.Option(help="text or json, on stderr.")] = "text",
) -> None:
    """Export a branch of any Git repository, and follow it. On an error the last good files stay.

    With --hint a commit is fetched when the control plane tells of it, and looks come twice a minute.
    """
    from configedge.bundle import BundleError, BundlePath
    from configedge.control.logs import set_up_logs
    from configedge.sync.git import GitSource, RemoteError, default_cache
    from configedge.sync.pump import Pump, Revision, every
    from configedge.sync.server import SyncError

    set_up_logs(log)
    try:
        if namespace is not None:
            BundlePath(namespace, "any")
        if region and not environment:
            fail("a region is one of an environment; give --environment too", UNUSABLE)
        layer = ".".join(part for part in (environment, region) if part)
        BundlePath("any", "any", layer)
        source = GitSource(remote, branch, namespace, cache or default_cache(), allowed_signers, layer)
    except BundleError as error:
        fail_with(error.problems, UNUSABLE)
    except RemoteError as error:
        fail(str(error), UNUSABLE)

    def exported(revision: Revision) -> None:
        typer.echo(f"{revision.commit} {len(revision.files)} bundles {time.time() - revision.committed_at:.1f} s old")

    try:
        hinted = _hinted(source, branch, hint, hint_token_file, interval)
    except SyncError as error:
        fail(str(error), UNUSABLE)
    pump = Pump(hinted or source, spool, hinted.pause if hinted else every(interval), exported)
    if once:
        if not pump.once():
            raise typer.Exit(REFUSED)
        return
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    with pump, hinted.listening(pump.wake) if hinted else nullcontext():
        signal.sigwait(stop)


def _hinted(source: GitSource, branch: str, url: str | None, token: Path | None, interval: float) -> Hinted | None:
    """The source with hints, if there is somebody who gives them. Raises SyncError."""
    from configedge.sync.hint import Hinted
    from configedge.sync.server import Server, SyncError

    if url is None:
        if token is not None:
            raise SyncError("--hint-token-file is for a control plane; give --hint too")
        return None
    if branch != "main":
        raise SyncError(f"--hint is of the branch main; leave it out to follow {branch!r}")
    return Hinted(source, Server(url, token, option="--hint", token_option="--hint-token-file", role="ask"), interval)


@app.command(
    # Its options are declared by `configsync` itself, which shows them.
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def kube(context: typer.Context) -> None:
    """Follow the ConfigBundles of a Kubernetes cluster. On an error the last good files stay."""
    from configedge.cli.processes import ProcessError, relay_command

    try:
        # They are installed together.
        command = Path(relay_command()).with_name("configsync")
    except ProcessError as error:
        fail(str(error), UNUSABLE)
    if not command.exists():
        fail("configsync is not installed: install the configedge wheel again", UNUSABLE)
    # In its place, so that signals and exit codes are its own.
    os.execv(command, [str(command), "kube", *context.args])
