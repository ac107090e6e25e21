"""`configedge sync`: adapters that fill a spool directory."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from configedge.cli.output import REFUSED, UNUSABLE, fail, fail_with

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
    once: Annotated[bool, typer.Option("--once", help="Export what is there now, then end.")] = False,
    allowed_signers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take only commits signed by one of these (docs/signing.md).")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Where mirrors are kept (default: the user's cache).")] = None,
    log: Annotated[str, typer.Option(help="text or json, on stderr.")] = "text",
) -> None:
    """Export a branch of any Git repository, and follow it. On an error the last good files stay."""
    from configedge.bundle import BundleError, BundlePath
    from configedge.control.logs import set_up_logs
    from configedge.sync.git import GitSource, RemoteError, default_cache
    from configedge.sync.pump import Pump, Revision

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

    pump = Pump(source, spool, interval, exported)
    if once:
        if not pump.once():
            raise typer.Exit(REFUSED)
        return
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    with pump:
        signal.sigwait(stop)
