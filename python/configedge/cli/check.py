"""Checking bundles offline, with the code that a node checks them with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from configedge.cli.output import REFUSED, UNUSABLE, AsJson, fail, show_json

_SUFFIXES = (".yaml", ".yml", ".json")


def check(
    paths: Annotated[list[Path], typer.Argument(help="Bundles, or directories of them.", exists=True)],
    policies: Annotated[
        Path | None,
        typer.Option(
            help="Their policies [default: the directory policies nearest above].", exists=True, file_okay=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check bundles as a node would: syntax, limits, schema, policies. Exit code 1 if one is refused."""
    from configedge import _core, policy
    from configedge.bundle import Bundle, BundleError, BundlePath, Problem

    problems: list[Problem] = []
    warnings: list[Problem] = []
    loaded: dict[Path | None, _core.Policies] = {None: _core.Policies({})}

    def policies_of(file: Path) -> _core.Policies:
        directory = policies or policy.find(file.parent)
        if directory not in loaded:
            assert directory is not None
            loaded[directory] = policy.load(directory)
            problems.extend(
                Problem.of("policy", why, "a node would refuse what names it", file=str(directory / name))
                for name, why in loaded[directory].problems()
            )
        return loaded[directory]

    first: dict[BundlePath, Path] = {}
    count = 0
    for file in sorted({file for path in paths for file in _files(path)}):
        count += 1
        try:
            bundle = Bundle.parse(file.read_bytes(), str(file), policies_of(file))
        except BundleError as error:
            problems += error.problems
        except OSError as error:
            problems.append(Problem.of("io", str(error.strerror), "make it readable", file=str(file)))
        else:
            warnings += bundle.warnings
            if (other := first.setdefault(bundle.path, file)) != file:
                message = f"{bundle.path} is also in {other}"
                problems.append(Problem.of("conflict", message, "keep one of them", file=str(file)))
    if not count:
        fail("there is no .yaml, .yml or .json file in what was given", UNUSABLE)
    if as_json:
        show_json(
            {"files": count, "problems": [p.as_dict() for p in problems], "warnings": [w.as_dict() for w in warnings]}
        )
    else:
        for warning in warnings:
            typer.echo(f"warning: {warning}", err=True)
        for problem in problems:
            typer.echo(str(problem), err=True)
        if not problems:
            typer.echo(f"{count} bundle{'s' if count > 1 else ''}, no problem")
    if problems:
        raise typer.Exit(REFUSED)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    if (path / "..data").exists():
        path = path / "..data"
    for file in path.rglob("*"):
        parts = file.relative_to(path).parts
        passed_over = any(part.startswith(".") for part in parts) or (
            file.name == "manifest.yaml" and "policies" in parts
        )
        if file.suffix in _SUFFIXES and not passed_over and file.is_file():
            yield file


COMMANDS = (check,)
