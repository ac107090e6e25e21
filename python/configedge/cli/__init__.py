"""The `configedge` command.

Exit codes: 0 done; 1 refused, not found, stale, or the user said no; 2 wrong usage or out of reach. `wait` has 3: not
in time.
"""

from __future__ import annotations

import importlib
import sys

import typer

from configedge.cli import (
    approvals,
    audit,
    bundles,
    check,
    completion,
    edit,
    explain,
    history,
    kube,
    migrate,
    policy,
    report,
    snapshot,
    status,
    sync,
    tokens,
    transfer,
    wait,
    watch,
)
from configedge.cli.client import ClientError
from configedge.cli.output import note

app = typer.Typer(
    name="configedge",
    help="Live configuration: from a Git commit to a memory-mapped read.\n\nExit codes: 0 done; 1 refused, not found, "
    "stale, or you said no; 2 wrong usage or out of reach.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
# As `configedge --help` shows them: what people do every day first.
_COMMANDS = {
    "Configuration": (*bundles.COMMANDS, *edit.COMMANDS, *explain.COMMANDS, *transfer.COMMANDS),
    "History": history.COMMANDS,
    "Approvals": approvals.COMMANDS,
    "Watching": (*status.COMMANDS, *watch.COMMANDS, *wait.COMMANDS),
    "Nodes and files": (*snapshot.COMMANDS, *check.COMMANDS, *report.COMMANDS, *kube.COMMANDS),
    "This command": completion.COMMANDS,
}
for panel, commands in _COMMANDS.items():
    for command in commands:
        app.command(command.__name__.strip("_"), rich_help_panel=panel)(command)
for panel, name, group in (
    ("Approvals", "propose", approvals.app),
    ("Access", "token", tokens.app),
    ("Access", "audit", audit.app),
    ("Nodes and files", "policy", policy.app),
    ("Nodes and files", "sync", sync.app),
    ("Nodes and files", "kube", kube.app),
    ("Configuration", "migrate", migrate.app),
):
    app.add_typer(group, name=name, rich_help_panel=panel)


def _program(name: str, module: str, summary: str) -> None:
    """Adds a command that is a program of its own: imported when it is called, with its own options and help.

    The module has `main(argv: list[str]) -> int | None`.
    """
    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

    @app.command(name, help=summary, context_settings=settings, rich_help_panel="Programs")
    def run(context: typer.Context) -> None:
        sys.exit(importlib.import_module(module).main(context.args))


_program("control", "configedge.control.__main__", "Run the control plane.")
_program("up", "configedge.cli.up", "Run everything on this machine.")
_program("demo", "configedge.cli.demo", "Watch a change travel from a REST call into a running matchmaker.")


def main() -> None:
    """Runs the command line."""
    completion.prepare()
    try:
        app(prog_name="configedge")
    except ClientError as error:
        note(str(error))
        sys.exit(error.exit_code)
