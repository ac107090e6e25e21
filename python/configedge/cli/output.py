"""How commands speak: results on stdout, what went wrong on stderr with an exit code."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn

import typer

if TYPE_CHECKING:
    from configedge.bundle import Problem

REFUSED = 1
UNUSABLE = 2

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_SHORT = 100
# A column that is no wider than this is not folded, as long as the others keep so much each.
_WHOLE, _NARROW = 19, 12


class Styled(NamedTuple):
    """Text with how it looks on a terminal, in rich's words: `bold red`."""

    text: str
    style: str


Cell = str | Styled


def show_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_line(value: Any) -> None:
    """One JSON document a line, at once: for what goes on and on."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def note(message: str) -> None:
    """Something for a person to know; never a part of the result."""
    typer.echo(f"configedge: {message}", err=True)


def fail(message: str, code: int) -> NoReturn:
    note(message)
    raise typer.Exit(code)


def fail_with(problems: Iterable[Problem], code: int = REFUSED) -> NoReturn:
    for problem in problems:
        typer.echo(str(problem), err=True)
    raise typer.Exit(code)


def ask(question: str, yes: bool) -> bool:
    """Whether the user says so; `yes`: they did already. No answer is a no."""
    if yes:
        return True
    try:
        return typer.confirm(question, default=False, err=True)
    except typer.Abort:
        typer.echo("", err=True)
        note("nobody answered; --yes answers for you")
        return False


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """A table on a terminal; lines of columns when piped."""
    cells = [[_styled(cell) for cell in row] for row in rows]
    widths = [max((len(row[at].text) for row in cells), default=0) for at in range(len(columns))]
    if not sys.stdout.isatty():
        for row in cells:
            typer.echo("  ".join(f"{cell.text:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
        return
    if not cells:
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    shown = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    wide = [max(len(column), width) for column, width in zip(columns, widths, strict=True)]
    rest = sum(_NARROW if width > _WHOLE else width for width in wide) + 2 * len(wide)
    for column, width in zip(columns, wide, strict=True):
        shown.add_column(column, no_wrap=width <= _WHOLE and rest <= console.width, overflow="fold")
    for row in cells:
        shown.add_row(*(Text(cell.text, cell.style) for cell in row))
    console.print(shown)


def line(*parts: Cell, err: bool = False) -> None:
    """One line of text; styles show on a terminal only."""
    stream = sys.stderr if err else sys.stdout
    styled = [_styled(part) for part in parts]
    if not (stream.isatty() and any(part.style for part in styled)):
        typer.echo("".join(part.text for part in styled), err=err)
        return
    from rich.console import Console
    from rich.text import Text

    # Wrapping is the terminal's own, so that what is copied from it is one line.
    console = Console(highlight=False, soft_wrap=True, stderr=err)
    console.print(Text.assemble(*((part.text, part.style) for part in styled)))


def printable(text: str) -> str:
    """Text that others wrote, so that it cannot steer a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def short(value: Any, most: int = _SHORT) -> str:
    """A value on one line, at most so long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text if text.isprintable() else json.dumps(text, ensure_ascii=True)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def first_line(message: str) -> str:
    return printable(message.partition("\n")[0])


def summary(message: str) -> str:
    """A commit's message on one line: what was done, and what its author wrote of that, which is quoted in it."""
    what, *rest = message.splitlines() or [""]
    why = " ".join(quoted[1:].strip() for quoted in rest if quoted.startswith(">"))
    return printable(f"{what}: {why}" if why else what)


def moment(seconds: float | None) -> str:
    """Local time to the second; `-` if there is none."""
    return "-" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def span(seconds: float | None) -> str:
    """About how long, in one unit."""
    if seconds is None:
        return "?"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _styled(cell: Cell) -> Styled:
    return cell if isinstance(cell, Styled) else Styled(cell, "")
