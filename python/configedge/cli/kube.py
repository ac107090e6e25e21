"""What Kubernetes is given: the definition of the resource, bundles as a ConfigMap, and the status of bundles."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from configedge.cli.output import REFUSED, UNUSABLE, fail, fail_with

app = typer.Typer(no_args_is_help=True, help="Talk to a cluster's API server.")


@app.callback()
def kube() -> None:
    """Talk to a cluster's API server."""


@app.command()
def status(
    control: Annotated[str, typer.Option(metavar="URL", help="The control plane that nodes report to.")],
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A token for it that may read all bundles; read again each time."),
    ] = None,
    kubeconfig: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The cluster.", show_default="the pod's service account")
    ] = None,
    namespace: Annotated[list[str] | None, typer.Option(help="Only this namespace; may be given again.")] = None,
    environment: Annotated[str, typer.Option(help="The environment that the cluster's nodes are in.")] = "",
    region: Annotated[str, typer.Option(help="The region that they are in.")] = "",
    interval: Annotated[float, typer.Option(min=0.5, max=600, help="Seconds between looks.")] = 5.0,
    once: Annotated[
        bool, typer.Option("--once", help="Write what is so now, then end; exit code 1 on an error.")
    ] = False,
    log: Annotated[str, typer.Option(help="text or json, on stderr.")] = "text",
) -> None:
    """Write into the status of each ConfigBundle how many nodes serve it, and what they refuse.

    One a cluster: it reads what all nodes report at the control plane, and patches what changed.
    """
    from configedge.control.logs import set_up_logs
    from configedge.kube.writer import Cluster, KubeError, Nodes, Writer
    from configedge.sync.server import Server, SyncError

    set_up_logs(log)
    if region and not environment:
        fail("a region is one of an environment; give --environment too", UNUSABLE)
    try:
        server = Server(control, token_file, option="--control", role="read all bundles", timeout_s=_TIMEOUT_S)
        writer = Writer(server, Cluster(kubeconfig, namespace or ()), Nodes(environment, region), interval)
    except (SyncError, KubeError) as error:
        fail(str(error), UNUSABLE)
    if once:
        try:
            typer.echo(f"{writer.once()} written")
        except (SyncError, KubeError) as error:
            fail(str(error), REFUSED)
        return
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    threading.Thread(target=writer.run, name="status", daemon=True).start()
    signal.sigwait(stop)


_TIMEOUT_S = 30.0


def crd() -> None:
    """Print the CustomResourceDefinition of ConfigBundle, for kubectl apply -f -."""
    from configedge.kube.crd import render

    typer.echo(render(), nl=False)


def configmap(
    files: Annotated[list[Path], typer.Argument(help="Bundles.", exists=True, dir_okay=False)],
    name: Annotated[str, typer.Option(help="The ConfigMap's name.")] = "configuration",
    namespace: Annotated[str, typer.Option(help="Its namespace: that of the pods that mount it.")] = "default",
    policies: Annotated[
        Path | None,
        typer.Option(help="Their policies [default: the directory policies nearest above].", exists=True),
    ] = None,
) -> None:
    """Print bundles as a ConfigMap, whose volume is a spool directory. Exit code 1 if one is refused."""
    from configedge import policy
    from configedge.bundle import BundleError
    from configedge.kube.configmap import files as read
    from configedge.kube.configmap import render

    directory = policies or policy.find(files[0].parent)
    try:
        text = render(read(files, policy.load(directory) if directory else None), name, namespace)
    except BundleError as error:
        fail_with(error.problems)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", UNUSABLE)
    typer.echo(text, nl=False)


COMMANDS = (crd, configmap)
