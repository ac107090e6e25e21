"""A long history, made in seconds by `git fast-import`: many bundles, an environment's overlays, a change a commit."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from configedge.bundle import to_yaml

NAMESPACES = 20
_MARK = 987_654_321


def bundle_names(bundles: int) -> list[str]:
    """As `namespace/name`."""
    return [f"ns-{number % NAMESPACES:02}/bundle-{number:04}" for number in range(bundles)]


def make(repository: Path, commits: int, bundles: int, *, packed: bool) -> list[str]:
    """A bare repository with so many commits; gives the bundles' names. Each tenth has an overlay for `prod`."""
    names = bundle_names(bundles)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(repository)], check=True)
    git = ["git", "-C", str(repository)]
    # Below the limit fast-import leaves no pack: all of it loose, as the control plane's own commits are.
    limit = 0 if packed else 1_000_000_000
    command = [*git, "-c", f"fastimport.unpackLimit={limit}", "-c", "core.fsync=none", "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.writelines(_stream(names, commits))
        process.stdin.close()
        if process.wait() != 0:
            raise SystemExit("git fast-import failed")
    if packed:
        subprocess.run([*git, "repack", "-q", "-a", "-d"], check=True)
    return names


def _stream(names: list[str], commits: int) -> Iterator[bytes]:
    pick = random.Random(1)
    bases, overlay = {name: _template(name) for name in names}, {name: _overlay(name) for name in names[::10]}
    # A minute between commits, up to now.
    begun = int(time.time()) - 60 * commits
    for number in range(commits):
        who = f"bench <bench@localhost> {begun + 60 * number} +0000"
        message = f"Change {number}\n"
        yield f"commit refs/heads/main\ncommitter {who}\ndata {len(message)}\n{message}".encode()
        if number == 0:
            for name in names:
                yield _file(f"bundles/{name}.yaml", bases[name], number)
            for name in overlay:
                yield _file(f"overlays/prod/{name}.yaml", overlay[name], number)
        elif number % 10:
            name = pick.choice(names)
            yield _file(f"bundles/{name}.yaml", bases[name], number)
        else:
            name = pick.choice(list(overlay))
            yield _file(f"overlays/prod/{name}.yaml", overlay[name], number)
    yield b"\n"


def _file(path: str, template: bytes, number: int) -> bytes:
    text = template.replace(b"%d" % _MARK, b"%d" % number)
    return f"M 100644 inline {path}\ndata {len(text)}\n".encode() + text + b"\n"


def _template(name: str) -> bytes:
    regions = {f"region-{n}": {"weight": 1.0 + n, "open": True, "load": 0.5} for n in range(8)}
    values = {"limits": {"players": _MARK, "wait_s": 30}, "regions": regions}
    schema = {"properties": {"limits": {"properties": {"players": {"type": "integer", "minimum": 0}}}}}
    return _document(name, {"values": values, "schema": schema})


def _overlay(name: str) -> bytes:
    return _document(name, {"values": {"limits": {"wait_s": _MARK}}})


def _document(name: str, spec: dict[str, object]) -> bytes:
    namespace, _, short = name.partition("/")
    metadata = {"name": short, "namespace": namespace}
    envelope = {"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle"}
    return to_yaml({**envelope, "metadata": metadata, "spec": spec})
