"""`configedge report`: tells a control plane what this node serves."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Annotated

import typer

from configedge.cli.client import DEFAULT_SERVER, Server
from configedge.cli.output import REFUSED, UNUSABLE, fail


def report(
    out: Annotated[Path, typer.Option(help="The relay's --out directory.")],
    server: Server = DEFAULT_SERVER,
    node: Annotated[str | None, typer.Option(help="This node's name.", show_default="the host's")] = None,
    environment: Annotated[str, typer.Option(help="The environment that it is in.")] = "",
    region: Annotated[str, typer.Option(help="The region that it is in.")] = "",
    token_file: Annotated[
        Path | None,
        typer.Option(envvar="CONFIGEDGE_TOKEN_FILE", help="File with a token that may report; read again each time."),
    ] = None,
    interval: Annotated[
        float, typer.Option(min=0.5, max=60, help="Seconds between them if the server does not say.")
    ] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Send one, then end; exit code 1 if it is refused.")] = False,
    log: Annotated[str, typer.Option(help="text or json, on stderr.")] = "text",
) -> None:
    """Send heartbeats to the control plane: which generation and commit this node serves, and what is wrong.

    Nothing that services read depends on it. On an error it goes on, more seldom.
    """
    from configedge.control.logs import set_up_logs
    from configedge.sync.report import Names, Node, Reporter
    from configedge.sync.server import Refused, SyncError
    from configedge.sync.server import Server as ControlPlane

    set_up_logs(log)
    try:
        names = Names(node if node is not None else socket.gethostname(), environment, region)
        control = ControlPlane(server, token_file)
    except SyncError as error:
        fail(str(error), UNUSABLE)
    reporter = Reporter(Node(out, names), control, interval)
    if once:
        try:
            reporter.once()
        except Refused as error:
            fail(str(error), REFUSED)
        except SyncError as error:
            fail(str(error), UNUSABLE)
        return
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    with reporter:
        signal.sigwait(stop)


COMMANDS = (report,)
