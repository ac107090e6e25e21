"""`configedge up`: control plane and relay on this machine, with a configuration to begin with."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import httpx2
from rich.console import Console
from rich.table import Table

from configedge.cli import example
from configedge.cli.client import DEFAULT_SERVER, state_directory
from configedge.cli.processes import (
    ProcessError,
    Service,
    memory_directory,
    start_control,
    start_relay,
    start_report,
    stop_all,
    wait_for_end,
)


def main(argv: list[str]) -> int:
    """Runs until Ctrl-C or SIGTERM (exit code 0) or until a part ends by itself (1). 2 if it cannot start."""
    options = _parser().parse_args(argv)
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    services: list[Service] = []
    try:
        with suppress(KeyboardInterrupt):
            _start(options, services, console)
            ended = wait_for_end(services)
            console.print(f"[red]The {ended.name} ended by itself:[/] {ended.last_words()}", soft_wrap=True)
            return 1
        console.print("\nStopping.")
        return 0
    except (OSError, ProcessError, httpx2.HTTPError) as error:
        print(f"configedge up: {error}", file=sys.stderr)
        return 2
    finally:
        stop_all(services)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="configedge up", description="Run control plane and relay on this machine.")
    parser.add_argument("--dir", type=Path, default=state_directory(), help="repository, spool, logs [%(default)s]")
    parser.add_argument("--snapshots", type=Path, help="where services read [a directory in memory]")
    parser.add_argument("--port", type=int, default=8080, help="of the control plane, 0 for any [%(default)s]")
    return parser


def _start(options: argparse.Namespace, services: list[Service], console: Console) -> None:
    directory: Path = options.dir.resolve()
    snapshots: Path = options.snapshots or memory_directory() / f"configedge-{os.getuid()}"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    spool = directory / "spool"
    token = directory / "admin-token"
    access = ["--tokens", str(directory / "tokens.json"), "--admin-token", str(token)]
    control = start_control(directory / "repo.git", spool, options.port, directory / "control.log", *access)
    services.append(control)
    url = control.ready()["url"]
    headers = {"Authorization": f"Bearer {token.read_text().strip()}"}
    with httpx2.Client(base_url=url, timeout=10, headers=headers) as client:
        fresh = example.push_if_empty(client, directory / "repo.git")
    relay = start_relay(spool, snapshots, directory / "relay.log", "--durable", str(directory / "last-good"))
    services.append(relay)
    generation = relay.ready()["generation"]
    services.append(start_report(snapshots, url, token, directory / "report.log"))

    table = Table.grid(padding=(0, 2))
    table.add_row("control plane", f"[bold]{url}[/]  (the dashboard; /docs has the API)")
    table.add_row("token", f"{token}  (the dashboard asks for it)")
    table.add_row("repository", str(directory / "repo.git"))
    table.add_row("snapshots", f"{snapshots}  (generation {generation})")
    table.add_row("logs", f"{directory}/*.log")
    console.print("[green]ConfigEdge is up.[/]" + (" The example configuration was pushed." if fresh else ""))
    console.print(table, soft_wrap=True)
    # What the commands find by themselves need not be said.
    where = "" if directory == state_directory().resolve() else f" --server {url} --token-file {token}"
    where = where or ("" if url == DEFAULT_SERVER else f" --server {url}")
    console.print(
        f"\nTry:  configedge ls{where}\n"
        f"      configedge get matchmaking.modes.duel.team_size --dir {snapshots}\n"
        f"      python -m matchmaker --config {snapshots}\n\nCtrl-C stops all.",
        soft_wrap=True,
    )
