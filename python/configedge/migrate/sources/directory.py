"""A directory of JSON, YAML, TOML and .env files.

A file's legacy key is its path below the directory without its suffix: `game/shop.yaml` is game/shop. `.env` files have
texts, whose types are inferred, one key each: MAX_PING in `game/prod.env` is game/prod/MAX_PING, in `game/.env` it is
game/MAX_PING.
"""

from __future__ import annotations

import io
from pathlib import Path

from configedge.migrate.harvest import MAX_VALUE, Found, Harvest, SourceError
from configedge.migrate.map import LegacyMap
from configedge.migrate.sources import files

_SUFFIXES = (".json", ".yaml", ".yml", ".toml")


def read(directory: Path, legacy: LegacyMap) -> Harvest:
    """Raises SourceError."""
    harvest = Harvest(str(directory))
    for file in files.beneath(directory):
        relative = file.relative_to(directory.resolve())
        key = relative.with_suffix("").as_posix()
        if legacy.skips(key):
            continue
        if file.name == ".env" or file.suffix == ".env":
            parent = relative.parent.as_posix() if file.name == ".env" else key
            _env(harvest, file, "" if parent == "." else f"{parent}/", legacy)
        elif file.suffix not in _SUFFIXES or file.name.startswith("."):
            harvest.leave_out(relative.as_posix(), "no file of JSON, YAML, TOML or .env")
        elif legacy.place(key) is None:
            harvest.leave_out(relative.as_posix(), "no rule of the map is for it")
        elif (value := files.load(file, harvest.warnings.append, MAX_VALUE)) is not None:
            harvest.add(Found(key, value, typed=True))
    return harvest


def _env(harvest: Harvest, file: Path, prefix: str, legacy: LegacyMap) -> None:
    try:
        from dotenv import dotenv_values
    except ImportError:
        raise SourceError(f"to read {file} a package is missing: pip install 'configedge[migrate]'") from None
    try:
        text = files.read(file, MAX_VALUE).decode()
    except UnicodeDecodeError:
        raise SourceError(f"{file}: it is not UTF-8") from None
    # What a variable refers to is of the machine it ran on, and not configuration.
    for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items():
        key = f"{prefix}{name}"
        if legacy.skips(key):
            continue
        if legacy.place(key) is None:
            harvest.leave_out(key, "no rule of the map is for it")
        elif value is None:
            harvest.refuse(key, "env", f"{name} has no value in {file.name}", "write NAME=VALUE, or remove the line")
        else:
            harvest.add(Found(key, value))
