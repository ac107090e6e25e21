"""Options and arguments that several commands have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from configedge.cli.client import Client, Unusable
from configedge.cli.completion import complete_bundle
from configedge.cli.output import UNUSABLE, fail_with

if TYPE_CHECKING:
    from configedge.bundle import BundlePath

Target = Annotated[
    str,
    typer.Argument(
        metavar="NAMESPACE/NAME",
        help="The bundle; NAMESPACE/NAME@LAYER is an overlay of it.",
        autocompletion=complete_bundle,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, commit nothing.")]
Message = Annotated[
    str | None, typer.Option("--message", "-m", metavar="TEXT", help="Why, for the history.", show_default=False)
]
Revive = Annotated[bool, typer.Option("--revive", help="Let keys come back that were deleted.")]
IfMatch = Annotated[
    str | None, typer.Option("--if-match", metavar="ETAG", help="Only if the bundle is still this version.")
]
Environment = Annotated[
    str | None, typer.Option("--environment", "-e", metavar="NAME", help="The overlay of this environment.")
]
Region = Annotated[
    str | None, typer.Option("--region", "-r", metavar="NAME", help="The overlay of this region in the environment.")
]
At = Annotated[str | None, typer.Option(metavar="COMMIT", help="As it was at this commit.")]

_HEX = re.compile(r"[0-9a-f]{4,40}", re.ASCII)
_LOOKED_AT = 10_000


def layer_of(environment: str | None, region: str | None) -> str:
    """`prod`, `prod.eu-west-1`, or empty. Raises Unusable."""
    if region and not environment:
        raise Unusable("--region is of an environment; give --environment too")
    return ".".join(part for part in (environment, region) if part)


def bundle_path(target: str, layer: str = "") -> BundlePath:
    """What an argument names. Ends the command if it cannot be a name."""
    from configedge.bundle import BundleError, BundlePath

    bundle, at, own_layer = target.partition("@")
    if at and layer:
        raise Unusable(f"{target} names a layer already; leave --environment and --region away")
    text = bundle if "/" in bundle else f"default/{bundle}"
    if at or layer:
        text += f"@{own_layer or layer}"
    try:
        return BundlePath.parse(text)
    except BundleError as error:
        fail_with(error.problems, UNUSABLE)


def full_commit(client: Client, commit: str) -> str:
    """The whole id of a commit that may be given by its first digits, as `configedge log` shows it."""
    commit = commit.lower()
    if not _HEX.fullmatch(commit):
        raise Unusable(f"{commit!r} is not a commit; give 4 to 40 hexadecimal digits, as `configedge log` shows them")
    if len(commit) == 40:
        return commit
    found = [one["commit"] for one in client.items("/v1/history", most=_LOOKED_AT) if one["commit"].startswith(commit)]
    if len(found) != 1:
        what = "begin so; give more digits" if found else f"begins so among the newest {_LOOKED_AT:,}; give all 40"
        raise Unusable(f"{len(found) or 'no'} commit{'s' if len(found) > 1 else ''} {what} ({commit})")
    return str(found[0])
