"""Overlays: what an environment, or a region in it, has otherwise, and what nodes there get.

An overlay is a ConfigBundle whose `spec.values` is a JSON merge patch (RFC 7396) on the bundle's: members replace, null
removes, the rest stays. It has no schema and no policies of its own: the bundle's hold for the result. The order is
bundle, environment, region; the later one wins.

What a layer's nodes get is rendered into the commit (`rendered/<layer>`), so that whoever reads Git, Flux for one,
needs to know nothing of merging, and a review shows what a change does everywhere.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pygit2

from configedge import _core
from configedge.bundle import Bundle, BundleError, BundlePath, Problem, load_json, to_yaml
from configedge.control import layout
from configedge.control.documents import merge_patch
from configedge.control.memo import Memo

log = logging.getLogger(__name__)

_TREES = 5_000
# Bytes that what is remembered of documents may take.
_TEXTS = 64 << 20


def chain(layer: str) -> tuple[str, ...]:
    """The layers that make up what a node of `layer` gets, the base (empty) first: ("", "prod", "prod.eu")."""
    environment, dot, _ = layer.partition(".")
    return ("", *([environment] if environment else []), *([layer] if dot else []))


def merged(document: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """The document that nodes get. Labels and annotations are merged too."""
    result = {**document, "metadata": dict(document["metadata"]), "spec": dict(document["spec"])}
    result["spec"]["values"] = merge_patch(document["spec"]["values"], overlay["spec"]["values"])
    for member in ("labels", "annotations"):
        if member in overlay["metadata"]:
            result["metadata"][member] = merge_patch(document["metadata"].get(member, {}), overlay["metadata"][member])
    return result


def check_overlay(overlay: dict[str, Any], file: str) -> None:
    """Raises BundleError for an overlay that brings a schema or policies: they would escape the bundle's own."""
    found = [
        Problem.of("overlay", f"an overlay has no {member} of its own", "change it in the bundle", file=file, key=key)
        for member in ("schema", "policies")
        if overlay["spec"].get(member) is not None
        for key in [f"spec.{member}"]
    ]
    if found:
        raise BundleError(found)


@dataclass(frozen=True, slots=True)
class Broken:
    """An overlay whose result a node would refuse. What was rendered before stays."""

    path: BundlePath
    problems: tuple[Problem, ...]


class Renderer:
    """From a root tree to one whose `rendered` is what its bundles and overlays say.

    It remembers what it made by object ids, which never change their content; so a commit costs the overlays of the
    namespaces that it touches. Thread-safe.
    """

    def __init__(self) -> None:
        self._made: Memo[tuple[str, str, str, BundlePath], pygit2.Oid | tuple[Problem, ...]] = Memo(_TEXTS)
        self._trees: OrderedDict[tuple[str, ...], pygit2.Oid] = OrderedDict()
        self._lock = threading.Lock()

    def render(
        self, repo: pygit2.Repository, tree: pygit2.Oid, policies: _core.Policies, policies_id: str
    ) -> tuple[pygit2.Oid, list[Broken]]:
        """The root tree with `rendered` as it must be, and what could not be rendered."""
        with self._lock:
            return self._render(repo, tree, policies, policies_id)

    def _render(
        self, repo: pygit2.Repository, tree: pygit2.Oid, policies: _core.Policies, policies_id: str
    ) -> tuple[pygit2.Oid, list[Broken]]:
        root = repo[tree].peel(pygit2.Tree)
        bundles = layout.directory(repo, root, "bundles")
        before = layout.directory(repo, root, "rendered")
        made: dict[str, pygit2.Tree | None] = {"": bundles}
        broken: list[Broken] = []
        for layer, overlays in layout.layers(repo, root):
            parent = made.get(layer.partition(".")[0], bundles) if "." in layer else bundles
            old = layout.directory(repo, before, layer)
            made[layer] = self._layer(repo, layer, parent, overlays, old, policies, policies_id, broken)
        files: dict[str, pygit2.Oid | None] = {entry.name or "": None for entry in before or ()}
        files |= {layer: below.id if below is not None else None for layer, below in made.items() if layer}
        if not files:
            return tree, broken
        return layout.changed(repo, root, {f"rendered/{layer}": below for layer, below in files.items()}), broken

    def _layer(
        self,
        repo: pygit2.Repository,
        layer: str,
        parent: pygit2.Tree | None,
        overlays: pygit2.Tree,
        old: pygit2.Tree | None,
        policies: _core.Policies,
        policies_id: str,
        broken: list[Broken],
    ) -> pygit2.Tree | None:
        key = (layer, str(parent.id) if parent is not None else "", str(overlays.id), policies_id)
        if (known := self._trees.get(key)) is not None:
            return repo[known].peel(pygit2.Tree)
        files: dict[str, pygit2.Oid | None] = {}
        faults = len(broken)
        for entry in overlays:
            namespace = entry.name or ""
            below = layout.directory(repo, parent, namespace)
            if below is None or not isinstance(entry, pygit2.Tree):
                # An overlay of a bundle that is gone has nothing to say.
                continue
            last = layout.directory(repo, old, namespace)
            files[namespace] = self._namespace(
                repo, layer, namespace, below, entry, last, policies, policies_id, broken
            )
        result = layout.changed(repo, parent, files)
        if len(broken) == faults:
            self._remember(key, result)
        rendered = repo[result].peel(pygit2.Tree)
        return rendered if len(rendered) else None

    def _namespace(
        self,
        repo: pygit2.Repository,
        layer: str,
        namespace: str,
        parent: pygit2.Tree,
        overlays: pygit2.Tree,
        old: pygit2.Tree | None,
        policies: _core.Policies,
        policies_id: str,
        broken: list[Broken],
    ) -> pygit2.Oid:
        key = (layer, namespace, str(parent.id), str(overlays.id), policies_id)
        if (known := self._trees.get(key)) is not None:
            return known
        files: dict[str, pygit2.Oid | None] = {}
        faults = len(broken)
        bases = {entry.name: entry.id for entry in parent}
        lasts = {entry.name: entry.id for entry in old or ()}
        for found in layout.namespace_documents(overlays, namespace, layer):
            file = f"{found.path.name}.yaml"
            base = bases.get(file)
            if base is None:
                continue
            made = self._document(repo, found, base, policies, policies_id)
            if isinstance(made, tuple):
                broken.append(Broken(found.path, made))
                made = lasts.get(file, base)
            files[file] = made
        result = layout.changed(repo, parent, files)
        if len(broken) == faults:
            self._remember(key, result)
        return result

    def _remember(self, key: tuple[str, ...], tree: pygit2.Oid) -> None:
        self._trees[key] = tree
        if len(self._trees) > _TREES:
            self._trees.popitem(last=False)

    def _document(
        self,
        repo: pygit2.Repository,
        overlay: layout.Found,
        base: pygit2.Oid,
        policies: _core.Policies,
        policies_id: str,
    ) -> pygit2.Oid | tuple[Problem, ...]:
        """The blob with what an overlay makes of the one with the id `base`, or why a node would refuse it."""
        key = (str(base), overlay.blob, policies_id, overlay.path)
        known = self._made.get(key)
        if known is None:
            try:
                known = repo.create_blob(self._make(repo, overlay, str(base), policies))
            except BundleError as error:
                known = error.problems
            self._made.keep(key, known, 1_000 if isinstance(known, pygit2.Oid) else 5_000)
        return known

    @staticmethod
    def _make(repo: pygit2.Repository, overlay: layout.Found, base: str, policies: _core.Policies) -> bytes:
        file = overlay.path.git
        below = _core.check_bundle(repo.odb.read(base)[1], overlay.path.base.git)
        if below.document is None:
            raise BundleError(Problem(**problem) for problem in below.problems)
        document = load_json(below.document, file)
        own = Bundle.parse(overlay.read(repo), file)
        if (own.path.namespace, own.path.name) != (overlay.path.namespace, overlay.path.name):
            problem = Problem.of("name", f"the document says it is {own.path}", "rename the file or it", file=file)
            raise BundleError([problem])
        check_overlay(own.document, file)
        text = to_yaml(merged(document, own.document))
        Bundle.parse(text, file, policies)
        return text


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value could come from: a layer that has the key."""

    layer: str
    """Empty: the bundle itself."""
    value: Any
    """None with `removes`."""
    removes: bool = False
    """It is an overlay's null: the key is taken away."""


def origins(documents: list[tuple[str, dict[str, Any]]], key: str) -> Iterator[Origin]:
    """Who says something of a dotted key or of what it lies in, the weakest first.

    `documents` are those of a chain, with their layers.
    """
    for layer, document in documents:
        value: Any = document["spec"]["values"]
        for segment in key.split(".") if key else []:
            if isinstance(value, dict) and segment in value:
                value = value[segment]
            elif isinstance(value, list) and segment.isdecimal() and int(segment) < len(value):
                value = value[int(segment)]
            else:
                # An overlay that has no object where the path goes replaces all below.
                if not isinstance(value, dict):
                    yield Origin(layer, None, removes=True)
                break
        else:
            yield Origin(layer, value, removes=bool(layer) and value is None)
