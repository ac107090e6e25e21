"""How commands speak: results on stdout, what went wrong on stderr with an exit code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from configedge.bundle import Problem

REFUSED = 1
UNUSABLE = 2

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def show_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def fail(message: str, code: int) -> NoReturn:
    typer.echo(f"configedge: {message}", err=True)
    raise typer.Exit(code)


def fail_with(problems: Iterable[Problem], code: int = REFUSED) -> NoReturn:
    for problem in problems:
        typer.echo(str(problem), err=True)
    raise typer.Exit(code)
