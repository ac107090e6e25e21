"""Proposals as people read them."""

from __future__ import annotations

from typing import Any

from configedge.cli import changes
from configedge.cli.output import Cell, Styled, line, moment, note, printable, show_json

_STATES = {"open": "yellow", "committed": "green", "rejected": "red", "withdrawn": "dim"}


def show_proposed(reply: dict[str, Any], dry_run: bool, as_json: bool) -> None:
    """What somebody has just proposed."""
    if as_json:
        show_json(reply)
        return
    changes.show_effects(reply)
    show_waiting(reply, dry_run)


def show_waiting(reply: dict[str, Any], dry_run: bool = False) -> None:
    """The last line of what somebody has proposed."""
    if dry_run:
        line("dry run: would be proposed")
        return
    line(f"proposed {reply['id']}; it needs {_people(reply['needed'])} besides you")
    note(f"they say: configedge approve {reply['id']}")


def show_proposal(proposal: dict[str, Any], err: bool = False) -> None:
    """All of one, dangers first: what is deleted, and what becomes of another type."""
    author = printable(proposal["author"]["name"])
    when = f" by {author}, {moment(proposal['time'])}, "
    line("proposal ", Styled(proposal["id"], "bold"), when, state(proposal), err=err)
    if proposal["message"]:
        line("  " + printable(proposal["message"].replace("\n", " ")), err=err)
    given = ", ".join(f"{printable(one['name'])} ({moment(one['time'])})" for one in proposal["approvals"])
    told = f"approvals: {len(proposal['approvals'])} of {proposal['needed']}"
    line(told + (f": {given}" if given else ""), err=err)
    changes.show_dangers(proposal, err)
    changes.show_effects(proposal, full=True, err=err)


def state(proposal: dict[str, Any]) -> Cell:
    return Styled(proposal["state"], _STATES.get(proposal["state"], ""))


def _people(count: int) -> str:
    return f"{count} approval{'s' if count > 1 else ''}"
