"""Bundles as a ConfigMap, whose volume is a spool directory: for clusters without the CustomResourceDefinition.

The kubelet writes a volume as `configedge.sync.spool` does, a directory behind the link `..data`; so the relay needs
to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from configedge import _core
from configedge.bundle import Bundle, BundleError, BundlePath, Problem

MAX_CONTENT: Final = 1 << 20
"""Bytes of all that a ConfigMap may have, as the API server counts: keys and values."""


def files(paths: Iterable[Path], policies: _core.Policies | None = None) -> dict[str, str]:
    """The texts of bundle files by the name that each has in a spool. They are checked as a node would check them.

    Raises BundleError if one is refused, two are the same bundle, or all together are more than a ConfigMap takes;
    OSError if one cannot be read.
    """
    found: dict[str, str] = {}
    first: dict[BundlePath, Path] = {}
    problems: list[Problem] = []
    for path in paths:
        text = path.read_bytes()
        try:
            bundle = Bundle.parse(text, str(path), policies)
        except BundleError as error:
            problems += error.problems
            continue
        other = first.setdefault(bundle.path, path)
        if other is not path:
            problems.append(
                Problem.of("conflict", f"{bundle.path} is also in {other}", "keep one of them", file=str(path))
            )
        suffix = ".json" if path.suffix == ".json" else ".yaml"
        found[bundle.path.spool.removesuffix(".yaml") + suffix] = text.decode().removeprefix("\ufeff")
    size = sum(len(name) + len(text.encode()) for name, text in found.items())
    if size > MAX_CONTENT:
        message = f"{size} bytes together, and a ConfigMap takes {MAX_CONTENT}"
        problems.append(Problem.of("limit", message, "make several, or use the resource ConfigBundle"))
    if problems:
        raise BundleError(problems)
    return found


def render(data: Mapping[str, str], name: str, namespace: str) -> str:
    """The ConfigMap as YAML text. Raises BundleError if its name or namespace is none."""
    path = BundlePath(namespace, name)
    metadata = {"name": path.name, "namespace": path.namespace, "labels": {"app.kubernetes.io/part-of": "configedge"}}
    resource = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(sorted(data.items()))}
    return yaml.dump(resource, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 30)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they are, so that people can read the ConfigMap."""


def _represent_str(dumper: _Dumper, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_str)
