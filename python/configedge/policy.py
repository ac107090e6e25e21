"""Policies as files: a directory `policies` of WASM modules, and the manifest that pins each by its digest."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from configedge import _core
from configedge.bundle import API_VERSION

DIRECTORY: Final = "policies"
MANIFEST: Final = "manifest.yaml"
MAX_MODULE: Final = 256 << 10
"""Bytes that a module may have."""

_MODULE = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)\.wasm", re.ASCII)


def is_policy_file(name: str) -> bool:
    """Whether a file of the directory is the manifest or a module."""
    return name == MANIFEST or _MODULE.fullmatch(name) is not None


def read_files(directory: Path) -> dict[str, bytes]:
    """The manifest and the modules in a directory, by file name. Raises OSError."""
    named = (entry for entry in sorted(directory.iterdir()) if is_policy_file(entry.name))
    files = {}
    for entry in named:
        with entry.open("rb") as file:
            # One byte more than allowed tells who checks it that it is too large.
            files[entry.name] = file.read(MAX_MODULE + 1)
    return files


def load(directory: str | os.PathLike[str]) -> _core.Policies:
    """The policies in a directory. Raises OSError."""
    return _core.Policies(read_files(Path(directory)))


def find(path: Path) -> Path | None:
    """The policies that bundles in a file or directory are checked with: those in it, or nearest above it."""
    path = path.resolve()
    for above in (path, *path.parents):
        if (above / DIRECTORY / MANIFEST).is_file():
            return above / DIRECTORY
    return None


def pin(directory: Path) -> dict[str, str]:
    """Writes the manifest of the modules that are in a directory; gives their digests by name.

    The manifest is replaced as one. Raises OSError, or ValueError if a module breaks a limit or the contract.
    """
    files = read_files(directory)
    digests = {
        match[1]: _core.policy_digest(content) for name, content in files.items() if (match := _MODULE.fullmatch(name))
    }
    lines = [f"apiVersion: {API_VERSION}", "kind: PolicyManifest", "policies:" if digests else "policies: {}"]
    text = "\n".join([*lines, *(f'  "{name}": {digest}' for name, digest in digests.items())]) + "\n"
    broken = _core.Policies({**files, MANIFEST: text.encode()}).problems()
    if broken:
        raise ValueError("; ".join(f"{directory / name}: {why}" for name, why in broken))
    temporary = directory / f".{MANIFEST}.new"
    temporary.write_text(text)
    temporary.rename(directory / MANIFEST)
    return digests
