"""The installed `configedge` in a process of its own, as a person or a pipeline runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COMMAND = str(Path(sysconfig.get_path("scripts")) / "configedge")


def environment(server: str = "", more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of the user's own settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CONFIGEDGE_")}
    own |= {"COLUMNS": "80", "XDG_STATE_HOME": "/nonexistent"}
    return own | ({"CONFIGEDGE_SERVER": server} if server else {}) | dict(more or {})


def call(
    *arguments: object, server: str = "", stdin: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        input=stdin,
        env=environment(server, env),
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def run(
    *arguments: object, server: str = "", stdin: str = "", code: int = 0, env: Mapping[str, str] | None = None
) -> str:
    """What the command prints: on stdout if it succeeds, else on stderr."""
    done = call(*arguments, server=server, stdin=stdin, env=env)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else done.stdout


def run_json(*arguments: object, server: str = "", code: int = 0, env: Mapping[str, str] | None = None) -> Any:
    """What it prints with --json. A refusal prints none."""
    done = call(*arguments, "--json", server=server, env=env)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def document(name: str, values: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> str:
    """A bundle's file, in namespace game. JSON is YAML, too."""
    spec = {"values": values} | ({"schema": schema} if schema else {})
    metadata = {"name": name, "namespace": "game"}
    return json.dumps(
        {"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": metadata, "spec": spec}, indent=1
    )


def write(directory: Path, name: str, values: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> Path:
    file = directory / f"{name}.yaml"
    file.write_text(document(name, values, schema))
    return file


PYTHON = sys.executable
