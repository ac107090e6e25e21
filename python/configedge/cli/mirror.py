"""`configedge migrate mirror`: commits written through to a legacy Redis."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile, Unusable
from configedge.cli.options import layer_of
from configedge.cli.output import REFUSED, Styled, line, note, printable

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from configedge.migrate.mirror import Applied

RedisUrl = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        envvar="CONFIGEDGE_LEGACY_REDIS",
        help="redis://HOST:PORT/DB, rediss://... or unix:///PATH; with a password better by the variable.",
        show_default=False,
    ),
]


def mirror(
    url: RedisUrl,
    map: Annotated[
        Path, typer.Option("--map", metavar="FILE", help="The map of the import.", exists=True, dir_okay=False)
    ],
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="What nodes of this environment get.")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", "-r", metavar="NAME", help="What nodes of this region in it get.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Write what the newest commit says, then end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written now, and end.")] = False,
    name: Annotated[str, typer.Option(help="The key in Redis where it keeps how far it is.")] = "configedge:mirror",
    metrics: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT", help="Where to serve metrics for Prometheus. [default: nowhere]", show_default=False
        ),
    ] = "",
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
    log: Annotated[str, typer.Option(help="text or json, on stderr.")] = "text",
) -> None:
    """Write commits through to a legacy Redis, for services that still read it. Goes on until SIGTERM or Ctrl-C.

    Only keys of the map are written, and only those deleted that it wrote. It resumes after the last commit that is in
    Redis, tries again while Redis or the control plane is away, and tells how late each commit arrives.
    """
    import signal

    from prometheus_client import CollectorRegistry

    from configedge.control.logs import set_up_logs
    from configedge.migrate.following import Follower, Metrics
    from configedge.migrate.harvest import SourceError
    from configedge.migrate.legacy import Legacy
    from configedge.migrate.map import LegacyMap, MapError
    from configedge.migrate.mirror import Mirror

    set_up_logs(log)
    # A line for every request is of no use to anybody.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    layer = layer_of(environment, region)
    registry = CollectorRegistry()
    try:
        legacy = LegacyMap.load(map)
        made = Mirror(Legacy(url), legacy, layer, name)
        counted = Metrics(registry)
        follower = Follower(Client(server, token_file), made, legacy, environment, region, counted, _mirrored)
        if once or dry_run:
            applied = follower.once(dry_run)
            if dry_run:
                _show_applied(applied)
            raise typer.Exit(REFUSED if applied.problems else 0)
        if metrics:
            _serve_metrics(metrics, registry)
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
        follower.run()
    except KeyboardInterrupt:
        return
    except (SourceError, MapError) as error:
        raise Unusable(str(error)) from None


def _mirrored(applied: Applied, took_s: float, lag_s: float) -> None:
    """One line a commit on standard output, for people and for programs."""
    counts = f"{len(applied.written)} written, {len(applied.deleted)} deleted in {took_s * 1000:.0f} ms"
    # Git keeps whole seconds.
    line(Styled(applied.commit[:12], "yellow"), f"  {counts}, {lag_s:.0f} s after the commit")
    for key in applied.foreign:
        note(f"warning: {printable(key)} was changed in Redis by somebody else, and is as the commit says again")
    for problem in applied.problems:
        note(f"not written: {printable(problem)}")


def _show_applied(applied: Applied) -> None:
    for sign, style, units in (("write", "cyan", applied.written), ("delete", "bold red", applied.deleted)):
        for unit in units:
            line(Styled(f"{sign} ", style), printable(f"{unit.key} {unit.field}".rstrip()))
    for problem in applied.problems:
        note(f"not written: {printable(problem)}")
    line(f"dry run: {len(applied.written)} would be written, {len(applied.deleted)} deleted")


def _serve_metrics(address: str, registry: CollectorRegistry) -> None:
    from prometheus_client import start_http_server

    host, _, port = address.rpartition(":")
    try:
        start_http_server(int(port), host.strip("[]") or "127.0.0.1", registry)
    except (ValueError, OverflowError):
        raise Unusable(f"--metrics {address!r} is no address; give one like 127.0.0.1:9465") from None
    except OSError as error:
        raise Unusable(f"--metrics: cannot listen on {address}: {error.strerror}") from None
