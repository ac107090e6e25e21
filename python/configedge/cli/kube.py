"""What Kubernetes is given: the definition of the resource, and bundles as a ConfigMap."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from configedge.cli.output import UNUSABLE, fail, fail_with


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
