"""`configedge edit`."""

from __future__ import annotations

from typing import Annotated

import typer

from configedge.cli.changeset import How
from configedge.cli.client import DEFAULT_SERVER, Client, Server, TokenFile
from configedge.cli.options import DryRun, Environment, Message, Region, Revive, Target, bundle_path, layer_of
from configedge.cli.output import AsJson, Yes


def edit(
    target: Target,
    environment: Environment = None,
    region: Region = None,
    message: Message = None,
    revive: Revive = False,
    propose: Annotated[bool, typer.Option("--propose", help="Put it up for approval.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    token_file: TokenFile = None,
) -> None:
    """Change a bundle in your editor ($VISUAL or $EDITOR). One that is not there yet is begun.

    What you save is checked; what is wrong is shown in the file, with its line. You see the keys that change before
    anything is committed, and a colleague's change meanwhile is merged with yours, for you to look at. If you give up
    or anything fails, your text is kept in a file.
    """
    from configedge.cli.editing import Edit

    path = bundle_path(target, layer_of(environment, region))
    client = Client(server, token_file)
    Edit(client, path, How(message, dry_run, revive), yes=yes, propose=propose, as_json=as_json).run()


COMMANDS = (edit,)
