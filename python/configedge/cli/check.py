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
    as_json: AsJson = False,
) -> None:
    """Check bundles as a node would. Exit code 1 if one is refused."""
    from configedge.bundle import Bundle, BundleError, BundlePath, Problem

    problems: list[Problem] = []
    first: dict[BundlePath, Path] = {}
    count = 0
    for file in sorted({file for path in paths for file in _files(path)}):
        count += 1
        try:
            bundle = Bundle.parse(file.read_bytes(), str(file))
        except BundleError as error:
            problems += error.problems
        except OSError as error:
            problems.append(Problem.of("io", str(error.strerror), "make it readable", file=str(file)))
        else:
            if (other := first.setdefault(bundle.path, file)) != file:
                message = f"{bundle.path} is also in {other}"
                problems.append(Problem.of("conflict", message, "keep one of them", file=str(file)))
    if not count:
        fail("there is no .yaml, .yml or .json file in what was given", UNUSABLE)
    if as_json:
        show_json({"files": count, "problems": [problem.as_dict() for problem in problems]})
    else:
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
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if file.suffix in _SUFFIXES and not hidden and file.is_file():
            yield file


COMMANDS = (check,)
