"""`configedge migrate` in a process of its own, and the map that most of these tests use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.cli.shell import call, run, run_json
from tests.support.control import Control

HEAD = {"apiVersion": "configedge.io/v1alpha1", "kind": "LegacyMap"}


def write_map(directory: Path, *rules: dict[str, Any], **more: Any) -> Path:
    """A map with these rules."""
    file = directory / "map.yaml"
    file.write_text(yaml.safe_dump({**HEAD, "rules": list(rules), **more}))
    return file


class Migrate:
    """Imports from one source into one control plane."""

    def __init__(self, control: Control, *source: object) -> None:
        self._control = control
        self._source = ("migrate", *source)

    def dry(self, *options: object, code: int = 0) -> str:
        """All that a dry run says."""
        done = call(*self._source, "--dry-run", *options, server=self._control.url)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, *options: object) -> dict[str, Any]:
        """What it answers with --json."""
        reply: dict[str, Any] = run_json(*self._source, "--yes", *options, server=self._control.url)
        return reply

    def refused(self, *options: object, code: int = 1, env: dict[str, str] | None = None) -> str:
        """What it says; nothing was committed."""
        before = self._control.tip()
        said = run(*self._source, "--yes", *options, server=self._control.url, code=code, env=env)
        assert self._control.tip() == before
        return said

    def values(self, bundle: str) -> dict[str, Any]:
        found: dict[str, Any] = self._control.get(bundle).json()["document"]["spec"]["values"]
        return found
