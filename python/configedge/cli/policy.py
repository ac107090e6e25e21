"""`configedge policy`: the WASM modules that say what may be published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from configedge.cli.output import REFUSED, UNUSABLE, AsJson, fail, show_json

app = typer.Typer(no_args_is_help=True, help="Pin and look at the policies beside bundles.")

Directory = Annotated[Path, typer.Argument(help="The directory of modules.", exists=True, file_okay=False)]
_HERE = Path("policies")


@app.command()
def pin(directory: Directory = _HERE) -> None:
    """Write manifest.yaml: the digest of each module. Nodes run only what is pinned. Exit code 1 if one is unusable."""
    from configedge import policy

    try:
        digests = policy.pin(directory)
    except OSError as error:
        fail(f"{directory}: {error.strerror}", UNUSABLE)
    except ValueError as error:
        fail(str(error), REFUSED)
    for name, digest in digests.items():
        typer.echo(f"{name} {digest}")
    if not digests:
        fail(f"there is no .wasm file in {directory}", REFUSED)


@app.command("ls")
def list_policies(directory: Directory = _HERE, as_json: AsJson = False) -> None:
    """Try the modules that are pinned. Exit code 1 if one is unusable."""
    from configedge import policy

    try:
        files = policy.read_files(directory)
        problems = policy.load(directory).problems()
    except OSError as error:
        fail(f"{directory}: {error.strerror}", UNUSABLE)
    names = sorted(name.removesuffix(".wasm") for name in files if name.endswith(".wasm"))
    if as_json:
        show_json({"policies": names, "problems": [{"file": name, "message": why} for name, why in problems]})
    else:
        for name in names:
            typer.echo(f"{name} ({len(files[f'{name}.wasm']):,} bytes)")
        for name, why in problems:
            typer.echo(f"{directory / name}: {why}", err=True)
    if problems:
        raise typer.Exit(REFUSED)
