"""Files of other systems: read within bounds, as JSON, YAML or TOML."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from typing import Any, Final

import yaml

from configedge.bundle import BundleError, load_json
from configedge.migrate import yaml12
from configedge.migrate.harvest import SourceError

MAX_FILE: Final = 64 << 20
_MAX_NODES = 200_000


def read(file: Path, most: int = MAX_FILE) -> bytes:
    """Raises SourceError."""
    try:
        with file.open("rb") as opened:
            content = opened.read(most + 1)
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror}") from None
    if len(content) > most:
        raise SourceError(f"{file} has more than {most >> 20} MiB; split it")
    return content


def load_json_file(file: Path) -> Any:
    """Raises SourceError."""
    try:
        return load_json(read(file), str(file))
    except BundleError as error:
        raise SourceError(str(error.problems[0])) from None


def load(file: Path, warn: Callable[[str], None], most: int = MAX_FILE) -> Any:
    """JSON, TOML or YAML, by the file's name, as JSON types. Raises SourceError.

    YAML is read as version 1.2; what a reader of 1.1 takes for something else (yes, 010, 1:30) is told to `warn`.
    """
    text = read(file, most)
    try:
        match file.suffix:
            case ".json":
                return load_json(text, str(file))
            case ".toml":
                return plain(tomllib.loads(text.decode()), str(file))
        return plain(yaml12.load(text, str(file), warn), str(file))
    except BundleError as error:
        raise SourceError(str(error.problems[0])) from None
    except UnicodeDecodeError:
        raise SourceError(f"{file}: it is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{file}: {error}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SourceError(f"{file}:{line}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError(f"{file}: {str(error).partition(chr(10))[0] or 'it is nested too deeply'}") from None


def plain(value: Any, where: str) -> Any:
    """JSON types alone: times as ISO 8601 text. Raises SourceError for what JSON has no form of."""
    left = _MAX_NODES

    def walk(value: Any, key: str) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise SourceError(f"{where} has more than {_MAX_NODES:,} values; aliases count where they are used")
        match value:
            case dict():
                if odd := [name for name in value if not isinstance(name, str)]:
                    raise SourceError(f"{where}: {key or 'the top'}: the member {odd[0]!r} is no text; quote it")
                return {name: walk(inner, f"{key}.{name}" if key else name) for name, inner in value.items()}
            case list():
                return [walk(inner, f"{key}.{at}") for at, inner in enumerate(value)]
            case date() | time():
                return value.isoformat()
            case float() if not math.isfinite(value):
                raise SourceError(f"{where}: {key}: {value} is no number in JSON; write text, or leave it out")
            case None | bool() | int() | float() | str():
                return value
        raise SourceError(f"{where}: {key}: {type(value).__name__} is no type of JSON; write it as text")

    return walk(value, "")


def beneath(directory: Path) -> list[Path]:
    """The files below a directory, sorted; links only to what lies in the directory. Raises SourceError."""
    root = directory.resolve()
    found = []
    try:
        for at, directories, files in os.walk(root, onerror=_raise):
            # Kubernetes keeps the files of a volume in ..data and links to them.
            directories[:] = sorted(name for name in directories if not name.startswith("."))
            found += [Path(at, name) for name in files if Path(at, name).resolve().is_relative_to(root)]
    except OSError as error:
        raise SourceError(f"cannot read {directory}: {error.strerror}") from None
    return sorted(found)


def _raise(error: OSError) -> None:
    raise error
