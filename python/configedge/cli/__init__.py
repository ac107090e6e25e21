"""The `configedge` command. Exit codes: 0 done; 1 refused, not found or stale; 2 wrong usage or out of reach."""

from __future__ import annotations

import importlib
import sys

import typer

from configedge.cli import bundles, check, policy, snapshot, sync

app = typer.Typer(
    name="configedge",
    help="Live configuration: from a Git commit to a memory-mapped read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(sync.app, name="sync")
app.add_typer(policy.app, name="policy")
for command in (*bundles.COMMANDS, *check.COMMANDS, *snapshot.COMMANDS):
    app.command()(command)


def _program(name: str, module: str, summary: str) -> None:
    """Adds a command that is a program of its own: imported when it is called, with its own options and help.

    The module has `main(argv: list[str]) -> int | None`.
    """
    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

    @app.command(name, help=summary, context_settings=settings)
    def run(context: typer.Context) -> None:
        sys.exit(importlib.import_module(module).main(context.args))


_program("control", "configedge.control.__main__", "Run the control plane.")
_program("up", "configedge.cli.up", "Run everything on this machine.")
_program("demo", "configedge.cli.demo", "Watch a change travel from a REST call into a running matchmaker.")


def main() -> None:
    """Runs the command line."""
    app(prog_name="configedge")
