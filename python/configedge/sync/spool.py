"""The spool directory: all bundles of a node as files, changed together by one rename.

The files are in `<spool>/..<unique>/`; `<spool>/..data` is a symbolic link to that directory. This is how Kubernetes
lays out a ConfigMap volume.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from configedge.bundle import BundlePath
from configedge.policy import DIRECTORY, is_policy_file
from configedge.sync import proof as proofs

log = logging.getLogger(__name__)

_DATA = "..data"
_NEXT = "..data_tmp"
_OURS = "..configedge-"
_MANIFEST = ".configedge.json"


def export(
    files: Mapping[BundlePath, bytes],
    commit: str,
    committed_at: float,
    spool: Path,
    policies: Mapping[str, bytes] | None = None,
    proof: Mapping[str, bytes] | None = None,
) -> bool:
    """Makes `files` all that the spool has, at once: a reader sees the old files or the new ones, never some of each.

    `policies` are the files of the directory of that name, if there are any; `proof` is what `proof.of` gives.

    `committed_at` is in Unix seconds. False if the spool had these files of this commit already. The directory is
    made if it is missing. Raises OSError; the spool then is as it was. One exporter a spool, please.
    """
    start = time.perf_counter()
    spool.mkdir(parents=True, exist_ok=True)
    current = _current(spool)
    _sweep(spool, current)
    named = {path.spool: text for path, text in files.items()}
    named |= {f"{DIRECTORY}/{name}": content for name, content in (policies or {}).items() if is_policy_file(name)}
    named |= {f"{proofs.DIRECTORY}/{name}": content for name, content in (proof or {}).items()}
    if current is not None and _holds(current, named, commit):
        return False

    new = spool / f"{_OURS}{time.strftime('%Y-%m-%d-%H-%M-%S', time.gmtime())}-{secrets.token_hex(4)}"
    try:
        new.mkdir(mode=0o755)
        for directory, content in ((DIRECTORY, policies), (proofs.DIRECTORY, proof)):
            if content:
                (new / directory).mkdir(mode=0o755)
        for name, text in named.items():
            _write(new / name, text)
        manifest = {
            "commit": commit,
            "committed_at": committed_at,
            "exported_at_ns": time.time_ns(),
            "export_ms": round((time.perf_counter() - start) * 1000, 3),
        }
        _write(new / _MANIFEST, json.dumps(manifest).encode())
        (spool / _NEXT).symlink_to(new.name)
        (spool / _NEXT).rename(spool / _DATA)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    _sweep(spool, new)
    return True


def exported_commit(spool: Path) -> str | None:
    """The commit that the spool's files are of; None if there are none, or nobody says so."""
    try:
        manifest = json.loads((spool / _DATA / _MANIFEST).read_bytes())
        commit = manifest["commit"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return commit if isinstance(commit, str) else None


def _current(spool: Path) -> Path | None:
    """The directory that the files are read from; None before the first export."""
    try:
        return spool / os.readlink(spool / _DATA)
    except FileNotFoundError:
        return None


def _holds(current: Path, named: Mapping[str, bytes], commit: str) -> bool:
    # By content, not by the manifest alone: after a power cut the files may be torn though their names are there.
    try:
        there = {str(entry.relative_to(current)) for entry in current.rglob("*") if not entry.is_dir()}
        return (
            there == {*named, _MANIFEST}
            and exported_commit(current.parent) == commit
            and all((current / name).read_bytes() == text for name, text in named.items())
        )
    except OSError:
        return False


def _sweep(spool: Path, keep: Path | None) -> None:
    """Removes what an exporter that was killed left behind, and the files before these. Never anybody else's."""
    (spool / _NEXT).unlink(missing_ok=True)
    for entry in spool.iterdir():
        if entry.name.startswith(_OURS) and entry != keep:
            shutil.rmtree(entry, ignore_errors=True)


def _write(path: Path, text: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with open(handle, "wb") as file:
        file.write(text)
