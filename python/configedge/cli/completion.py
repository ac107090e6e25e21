"""`configedge completion`, and what is asked of the control plane while somebody types."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from configedge.cli.client import Client

COMPLETE_VARIABLE = "_CONFIGEDGE_COMPLETE"
_WAIT_S = 1.0


class Shell(StrEnum):
    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="For which shell.")]) -> None:
    """Print the script that completes commands, options and names of bundles.

    bash: eval "$(configedge completion bash)" in ~/.bashrc. zsh: the same with zsh in ~/.zshrc, after compinit.
    fish: configedge completion fish > ~/.config/fish/completions/configedge.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    typer.echo(get_completion_script(prog_name="configedge", complete_var=COMPLETE_VARIABLE, shell=shell.value))


COMMANDS = (completion,)


def prepare() -> None:
    """Lets the library answer when a shell asks. Only then is it loaded."""
    if COMPLETE_VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()


def complete_bundle(context: typer.Context, incomplete: str) -> list[str]:
    """Names of bundles that begin so."""
    return _completed(context, lambda client: _bundles(client, incomplete))


def complete_commit(context: typer.Context, incomplete: str) -> list[str]:
    """The newest commits that begin so."""
    return _completed(context, lambda client: _commits(client, incomplete))


def _completed(context: typer.Context, ask: Callable[[Client], list[str]]) -> list[str]:
    """What the control plane says; nothing if it does not answer within a second."""
    from configedge.cli.client import DEFAULT_SERVER

    found: list[str] = []
    server = context.params.get("server") or os.environ.get("CONFIGEDGE_SERVER") or DEFAULT_SERVER
    token_file = context.params.get("token_file") or os.environ.get("CONFIGEDGE_TOKEN_FILE")
    # A time limit on all of it, and not on each step; a daemon does not keep the process.
    asking = threading.Thread(
        target=_ask, args=(str(server), Path(token_file) if token_file else None, ask, found), daemon=True
    )
    asking.start()
    asking.join(_WAIT_S)
    return list(found)


def _ask(server: str, token_file: Path | None, ask: Callable[[Client], list[str]], found: list[str]) -> None:
    from configedge.cli.client import Client, ClientError

    with suppress(ClientError, KeyError, TypeError):
        found += ask(Client(server, token_file, _WAIT_S))


def _bundles(client: Client, incomplete: str) -> list[str]:
    namespace, slash, _ = incomplete.partition("/")
    page = client.get("/v1/bundles", limit=1000, namespace=namespace if slash else None)
    names = [f"{item['namespace']}/{item['name']}" for item in page["items"]]
    return [name for name in names if name.startswith(incomplete)]


def _commits(client: Client, incomplete: str) -> list[str]:
    commits = [str(item["commit"]) for item in client.get("/v1/history", limit=50)["items"]]
    return [commit for commit in commits if commit.startswith(incomplete)]
