"""`configedge migrate`: configuration from other systems, each import one reviewed commit; and back, by a mirror."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from configedge.cli.importing import Import
from configedge.cli.mirror import RedisUrl, mirror

if TYPE_CHECKING:
    from configedge.migrate.harvest import Harvest
    from configedge.migrate.map import LegacyMap

    Read = Callable[[LegacyMap], Harvest]

app = typer.Typer(
    no_args_is_help=True, help="Import from Redis and others; mirror commits back (docs/migrating-from-redis.md)."
)

TakeExpiring = Annotated[bool, typer.Option("--take-expiring", help="Import keys that expire, too.")]
Defaults = Annotated[
    bool, typer.Option("--defaults", help="Of flags with rules import what they give to whom no rule is for.")
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The file that was exported.", exists=True, dir_okay=False)]


@app.callback()
def migrate() -> None:
    """Import from Redis and others; mirror commits back."""


def _source(name: str, separator: str, *, texts: bool = True) -> Callable[[Callable[..., Read]], None]:
    """Makes a command of a function that gives the reading of a source: its own options, and those of all imports.

    `separator` is between the segments of the source's keys. `texts`: its values are texts, whose types are inferred.
    """

    def add(function: Callable[..., Read]) -> None:
        common = dict(inspect.signature(Import, eval_str=True).parameters)
        if not texts:
            del common["strings"]
        own = inspect.signature(function, locals={"Read": Any}, eval_str=True)

        def command(**given: Any) -> None:
            options = {option: given.pop(option) for option in common}
            Import(**options).run(separator, function(**given))

        parameters = [*own.parameters.values(), *common.values()]
        command.__signature__ = own.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        command.__doc__ = function.__doc__
        app.command(name)(command)

    return add


@_source("redis", ":")
def _redis(url: RedisUrl, take_expiring: TakeExpiring = False) -> Read:
    """Import strings, hashes and JSON from a running Redis, in one commit. Nothing is written to Redis."""
    from configedge.migrate.legacy import Legacy
    from configedge.migrate.sources import redis

    return lambda legacy: redis.read(Legacy(url), legacy, take_expiring)


@_source("directory", "/")
def _directory(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The files.", exists=True, file_okay=False)],
) -> Read:
    """Import a directory of JSON, YAML, TOML and .env files, in one commit."""
    from configedge.migrate.sources import directory as source

    return lambda legacy: source.read(directory, legacy)


@_source("consul", "/")
def _consul(file: File) -> Read:
    """Import what `consul kv export` printed, in one commit."""
    from configedge.migrate.sources import exports

    return lambda legacy: exports.read_consul(file, legacy)


@_source("etcd", "/")
def _etcd(file: File, take_expiring: TakeExpiring = False) -> Read:
    """Import what `etcdctl get --prefix PREFIX -w json` printed, in one commit."""
    from configedge.migrate.sources import exports

    return lambda legacy: exports.read_etcd(file, legacy, take_expiring)


@_source("flagd", ".", texts=False)
def _flagd(file: File, defaults: Defaults = False) -> Read:
    """Import flagd's flags that have one value for everybody, in one commit; all others are told by name."""
    from configedge.migrate.sources import flags

    return lambda legacy: flags.read_flagd(file, legacy, defaults)


@_source("launchdarkly", ".", texts=False)
def _launchdarkly(file: File, defaults: Defaults = False) -> Read:
    """Import LaunchDarkly's flags that have one value for everybody, in one commit; all others are told by name."""
    from configedge.migrate.sources import flags

    return lambda legacy: flags.read_launchdarkly(file, legacy, defaults)


app.command("mirror")(mirror)
