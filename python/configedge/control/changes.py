"""What a write comes to before it is written: new documents, checked alone and in every layer, by key, with its tree.

One plan for everything: a put, a patch, a deletion, a rollback, several of them, a dry run, a proposal.
"""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pygit2

from configedge import _core
from configedge.bundle import Bundle, BundleError, BundlePath, Problem, load_json
from configedge.control import documents, layers, layout, tombstones
from configedge.control.archive import NotFound, Stored, StoreError
from configedge.control.diff import KeyChange, all_changes, hidden, key_changes, touches_all
from configedge.control.scratch import Scratch
from configedge.control.stages import Stages
from configedge.control.store import Precondition, Store

MAX_OPERATIONS = 200
"""Most documents that one change set may touch."""
_ALLOW_RESIZE = "configedge.io/allow-resize"


class Conflict(StoreError):
    """The documents do not go together: an overlay without its bundle, a document twice."""


class Overlaid(Conflict):
    """A bundle cannot go while overlays lie over it."""

    def __init__(self, path: BundlePath, overlays: Sequence[BundlePath]) -> None:
        shown = f" ({', '.join(map(str, overlays[:5]))})" if overlays else ""
        super().__init__(f"{path} has overlays{shown}; delete them first, or in the same change")
        self.path = path
        self.overlays = tuple(overlays)


class BrokenInGit(StoreError):
    """What is there does not pass the checks, so it cannot be patched."""

    def __init__(self, path: BundlePath, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{path} is broken in Git and cannot be patched; PUT a whole one")
        self.problems = problems


Gate = Callable[[Sequence["Effect"]], None]
Made = tuple[Bundle, bytes]
"""A document that passed, and its text."""


@dataclass(frozen=True, slots=True)
class Operation(ABC):
    """One document that is to be another, or gone."""

    path: BundlePath
    require: Precondition

    @abstractmethod
    def make(self, now: Stored | None, policies: _core.Policies) -> Made | None:
        """What it is to be, checked; None: gone. Raises BundleError."""


@dataclass(frozen=True, slots=True)
class Put(Operation):
    body: bytes

    def make(self, now: Stored | None, policies: _core.Policies) -> Made | None:
        return documents.accept(self.body, self.path, policies)


@dataclass(frozen=True, slots=True)
class Patch(Operation):
    body: bytes
    json_patch: bool = False
    """RFC 6902 operations, and not a merge patch (RFC 7396)."""

    def make(self, now: Stored | None, policies: _core.Policies) -> Made | None:
        patch = load_json(self.body, documents.BODY)
        assert now is not None, "the planner has looked"
        if now.bundle is None:
            raise BrokenInGit(self.path, now.problems)
        apply = documents.json_patched if self.json_patch else documents.merge_patched
        return documents.settle(apply(now.bundle.document, patch), self.path, policies)


@dataclass(frozen=True, slots=True)
class Delete(Operation):
    def make(self, now: Stored | None, policies: _core.Policies) -> Made | None:
        return None


@dataclass(frozen=True, slots=True)
class Exact(Operation):
    """A text that is in Git already: of an older commit, or of a proposal."""

    wanted: bytes | None
    going_back: bool = False
    """It was so before: nothing that is only a guess at accidents stands in its way."""

    def make(self, now: Stored | None, policies: _core.Policies) -> Made | None:
        if self.wanted is None:
            return None
        return Bundle.parse(self.wanted, self.path.git, policies), self.wanted


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one document."""

    path: BundlePath
    before: str | None
    """Its ETag; None: it is not there."""
    after: str | None
    document: dict[str, Any] | None
    warnings: tuple[Problem, ...]
    changes: tuple[KeyChange, ...]
    bare: tuple[KeyChange, ...]
    """The changes with their values, also of what is secret."""
    seen: tuple[KeyChange, ...]
    """The changes with what policies derive: what services read."""
    touches_all: bool
    """It comes, goes, is broken, or its schema or policies are others."""

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def touched(self) -> list[str]:
        """The keys of all that is different; "" too if that is more than values."""
        keys = [change.key for change in self.bare]
        return ["", *keys] if self.touches_all else keys

    def as_dict(self) -> dict[str, Any]:
        return {
            **named(self.path),
            "before": self.before,
            "etag": self.after,
            "document": self.document,
            "changed": self.changed,
            "warnings": [problem.as_dict() for problem in self.warnings],
            "changes": [change.as_dict() for change in self.changes],
        }


@dataclass(frozen=True, slots=True)
class OnNodes:
    """What nodes of a layer (empty: those without one) will see change."""

    layer: str
    path: BundlePath
    changes: tuple[KeyChange, ...]

    def as_dict(self) -> dict[str, Any]:
        changes = [change.as_dict() for change in self.changes]
        return {"layer": self.layer, "namespace": self.path.namespace, "name": self.path.name, "changes": changes}


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it, computed on one commit."""

    tip: str
    tree: pygit2.Oid
    effects: tuple[Effect, ...]
    nodes: tuple[OnNodes, ...]
    warnings: tuple[Problem, ...]
    summary: str
    """The first line of its commit message."""
    governed: tuple[BundlePath, ...] = ()
    """Bundles that name policies, if the policies are others."""
    rendered: tuple[str, ...] = ()
    """What nodes of each layer get of these bundles, before and after, by object ids."""

    @property
    def changed(self) -> bool:
        return any(effect.changed for effect in self.effects)

    @property
    def digest(self) -> str:
        """SHA-256 over what every document is and becomes: an approval is of this and nothing else."""
        lines = sorted(f"{effect.path} {effect.before} {effect.after}\n" for effect in self.effects)
        lines += sorted(self.rendered)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


class Planner:
    """Makes plans for a store; with a `scratch`, plans of which nothing is kept. Threads wait for each other."""

    def __init__(self, store: Store, scratch: Scratch | None = None) -> None:
        self._store = store
        self._scratch = scratch
        self._renderer = layers.Renderer()
        self._dropped = 0
        self._one = threading.Lock()

    def plan(
        self,
        operations: Sequence[Operation],
        tip: str,
        *,
        by: str,
        now: int,
        revive: bool = False,
        extra: layout.Files | None = None,
        any_number: bool = False,
        stages: Stages | None = None,
        gate: Gate | None = None,
    ) -> Plan:
        """What these come to on a commit. `extra` are other files that the commit is to have.

        `by` is who does it, `now` when, in Unix seconds; `revive` lets deleted keys come back; `any_number` of
        documents is for going back as a whole. `stages` gets the time of the checks. `gate` is asked before anything is
        written; what it raises is raised.

        Raises BundleError, Stale, NotFound, Conflict, BrokenInGit, LayoutError.
        """
        if not any_number:
            _check_set(operations)
        with self._one:
            return self._plan(operations, tip, by, now, revive, extra or {}, stages or Stages(), gate)

    def _plan(
        self,
        operations: Sequence[Operation],
        tip: str,
        by: str,
        now: int,
        revive: bool,
        extra: layout.Files,
        stages: Stages,
        gate: Gate | None,
    ) -> Plan:
        repo = self._repo()
        before = layout.root(repo, tip)
        policies_id, policies = self._store.policies_of(tip)
        if "policies" in extra:
            policies_id, policies = self._store.policies_in(extra["policies"])
        effects, problems = list[Effect](), list[Problem]()
        texts: dict[str, bytes | None] = {}
        for operation in operations:
            path = operation.path
            try:
                with stages.time("check"):
                    effect, text = self._effect(operation, tip, policies, policies_id)
            except BundleError as error:
                problems += error.problems
                continue
            texts[path.git] = text
            effects.append(effect)
            if not path.layer and effect.changed:
                stones, refused = self._tombstones(operation, effect, tip, by, now, revive)
                problems += refused
                texts[tombstones.file_of(path)] = stones
        if problems:
            raise BundleError(problems)
        if gate is not None:
            gate(effects)
        # Only now: what is refused leaves nothing behind.
        blobs = {file: repo.create_blob(text) if text is not None else None for file, text in texts.items()}
        files = {**extra, **blobs}
        effects = [self._masked(effect, effects, tip) for effect in effects]
        tree = layout.changed(repo, before, files)
        self._check_together(repo, effects, repo[tree].peel(pygit2.Tree))
        governed: tuple[BundlePath, ...] = ()
        if "policies" in extra and policies_id != layout.policies_id(repo, tip):
            governed = self._check_others(repo, tree, policies, {effect.path for effect in effects})
        tree, broken = self._renderer.render(repo, tree, policies, policies_id)
        touched = {effect.path.base for effect in effects}
        if problems := [p for one in broken if one.path.base in touched for p in one.problems]:
            raise BundleError(problems)
        after = repo[tree].peel(pygit2.Tree)
        with stages.time("check"):
            nodes, rendered = self._on_nodes(repo, before, after, effects, policies, operations)
        warnings = _warnings(repo, before, after)
        return Plan(tip, tree, tuple(effects), tuple(nodes), warnings, _summary(effects), governed, tuple(rendered))

    def _repo(self) -> pygit2.Repository:
        if self._scratch is None:
            if self._dropped != self._store.staged.dropped:
                self._dropped, self._renderer = self._store.staged.dropped, layers.Renderer()
            return self._store.stage
        repo, emptied = self._scratch.repo(self._store.staged.merged)
        if emptied:
            # What it remembers was in the one before.
            self._renderer = layers.Renderer()
        return repo

    def rendered(self, tip: str) -> pygit2.Oid:
        """The tree of a commit with its rendering as it must be."""
        policies_id, policies = self._store.policies_of(tip)
        repo = self._repo()
        tree = layout.root(repo, tip).id
        return self._renderer.render(repo, tree, policies, policies_id)[0]

    def _effect(
        self, operation: Operation, tip: str, policies: _core.Policies, policies_id: str
    ) -> tuple[Effect, bytes | None]:
        path = operation.path
        try:
            now = self._store.get(path, tip)
        except NotFound:
            now = None
        if now is None and isinstance(operation, Patch):
            raise NotFound(f"there is no bundle {path}")
        operation.require.check(path, now.etag if now else None)
        made = operation.make(now, policies)
        text, document, warnings, values = None, None, list[Problem](), None
        if made is not None:
            bundle, text = made
            if not path.layer and now and now.bundle and (told := _resized(bundle, text, now.bundle.size, policies)):
                # Nodes would refuse it; but going back must never fail for that.
                if not _goes_back(operation):
                    raise BundleError(told)
                bundle, text = _allow_resize(bundle, path, policies)
                warnings += [replace(problem, hint=f"allowed by {_ALLOW_RESIZE}") for problem in told]
            if path.layer:
                layers.check_overlay(bundle.document, path.git)
            document, warnings, values = bundle.document, [*bundle.warnings, *warnings], bundle.values
            if self._scratch is None:
                # What comes next is made on it.
                self._store.remember(path, text, bundle, policies_id)
        old = now.bundle.document if now and now.bundle else None
        after = str(pygit2.hash(text)) if text is not None else None
        bare = tuple(all_changes(old, document))
        changes = tuple(hidden(bare, old, document))
        had = now.bundle.values if now and now.bundle else None
        whole = all_changes(*({"spec": {"values": one}} if one is not None else None for one in (had, values)))
        effect = Effect(
            path,
            now.etag if now else None,
            after,
            document,
            tuple(warnings),
            changes,
            bare,
            tuple(hidden(whole, old, document)),
            touches_all(old, document),
        )
        return effect, text

    def _masked(self, effect: Effect, effects: Sequence[Effect], tip: str) -> Effect:
        """An overlay's without the values of keys that what it lies over marks as secret, now or with these effects."""
        if not effect.path.layer:
            return effect
        under = [replace(effect.path, layer=layer) for layer in layers.chain(effect.path.layer)[:-1]]
        documents = [one.document for one in effects if one.path in under]
        for path in under:
            with suppress(NotFound):
                if (bundle := self._store.get(path, tip).bundle) is not None:
                    documents.append(bundle.document)
        return replace(effect, changes=tuple(hidden(effect.changes, *documents)))

    def _tombstones(
        self, operation: Operation, effect: Effect, tip: str, by: str, now: int, revive: bool
    ) -> tuple[bytes | None, list[Problem]]:
        path = operation.path
        known = self._store.tombstones(path, tip)
        try:
            stored = self._store.get(path, tip).bundle
        except NotFound:
            stored = None
        old = stored.document if stored else None
        revive = revive or _goes_back(operation)
        values = old["spec"]["values"] if old else None
        stones, refused = tombstones.after(known, effect.bare, values, now, by, revive, path.git)
        return tombstones.write(stones), refused

    def _check_together(self, repo: pygit2.Repository, effects: Sequence[Effect], tree: pygit2.Tree) -> None:
        for effect in effects:
            base = layout.entry_at(repo, tree, effect.path.base.git)
            if effect.path.layer and effect.after is not None and base is None:
                raise Conflict(f"there is no bundle {effect.path.base} for {effect.path} to lie over; create it first")
            if not effect.path.layer and effect.after is None:
                left = [found.path for found in layout.overlays(repo, tree, effect.path)]
                if left:
                    raise Overlaid(effect.path, left)

    @staticmethod
    def _check_others(
        repo: pygit2.Repository, tree: pygit2.Oid, policies: _core.Policies, done: set[BundlePath]
    ) -> tuple[BundlePath, ...]:
        """The bundles that name policies. Others may refuse what nobody touches: raises BundleError then."""
        problems: list[Problem] = []
        governed = []
        for found in layout.documents(layout.directory(repo, repo[tree].peel(pygit2.Tree), "bundles"), "", None):
            checked = _core.check_bundle(found.read(repo), found.path.git, policies)
            if found.path not in done:
                problems += [Problem(**one) for one in checked.problems if one["code"] == "policy"]
            if checked.document is not None and load_json(checked.document, found.path.git)["spec"].get("policies"):
                governed.append(found.path)
        if problems:
            raise BundleError(problems)
        return tuple(governed)

    def _on_nodes(
        self,
        repo: pygit2.Repository,
        before: pygit2.Tree,
        after: pygit2.Tree,
        effects: Sequence[Effect],
        policies: _core.Policies,
        operations: Sequence[Operation],
    ) -> tuple[list[OnNodes], list[str]]:
        """By layer, what is different, by key and by object ids; refuses a size that nodes would refuse."""
        found = [OnNodes("", one.path, one.seen) for one in effects if not one.path.layer and one.seen]
        rendered: list[str] = []
        restored = {operation.path.base for operation in operations if _goes_back(operation)}
        problems: list[Problem] = []
        for layer in dict.fromkeys(name for tree in (before, after) for name, _ in layout.layers(repo, tree)):
            for path in sorted({effect.path.base for effect in effects}):
                old, new = (_rendered(repo, tree, layer, path) for tree in (before, after))
                if old == new:
                    continue
                if old and new and path not in restored:
                    size = _core.check_bundle(old, path.git, policies).size
                    told = _core.check_bundle(new, f"rendered/{layer}/{path}.yaml", policies, size).problems
                    problems += [Problem(**one) for one in told if one["code"] == "resize"]
                rendered.append(f"{layer} {path} {_id(old)} {_id(new)}\n")
                changes = tuple(key_changes(_served(old, policies), _served(new, policies)))
                if changes:
                    found.append(OnNodes(layer, path, changes))
        if problems:
            raise BundleError(problems)
        return found, rendered


def _rendered(repo: pygit2.Repository, tree: pygit2.Tree, layer: str, path: BundlePath) -> bytes | None:
    for name in reversed(layers.chain(layer)):
        top = f"rendered/{name}" if name else "bundles"
        if name and layout.entry_at(repo, tree, top) is None:
            continue
        entry = layout.entry_at(repo, tree, f"{top}/{path.namespace}/{path.name}.yaml")
        return repo.odb.read(entry.id)[1] if isinstance(entry, pygit2.Blob) else None
    return None


def _warnings(repo: pygit2.Repository, before: pygit2.Tree, after: pygit2.Tree) -> tuple[Problem, ...]:
    if layout.directory(repo, before, "bundles") is None or "bundles" in after:
        return ()
    message = "no bundle is left, and a relay refuses an empty spool: nodes go on serving what they have"
    return (Problem.of("empty-spool", message, "to end that, stop their relays and delete what they published"),)


def named(path: BundlePath) -> dict[str, Any]:
    """How answers name a document."""
    return {"namespace": path.namespace, "name": path.name, "layer": path.layer}


def _check_set(operations: Sequence[Operation]) -> None:
    if not operations:
        raise Conflict("there is nothing to change; name at least one document")
    if len(operations) > MAX_OPERATIONS:
        raise Conflict(f"{len(operations)} documents in one change; the limit is {MAX_OPERATIONS}")
    seen: set[BundlePath] = set()
    for operation in operations:
        if operation.path in seen:
            raise Conflict(f"{operation.path} is there twice; make one operation of it")
        seen.add(operation.path)


def _goes_back(operation: Operation) -> bool:
    return isinstance(operation, Exact) and operation.going_back


def _resized(bundle: Bundle, text: bytes, served: tuple[int, int], policies: _core.Policies) -> list[Problem]:
    """Why nodes would refuse its size, when they have `served`."""
    if all(old / 2 <= new <= old * 2 for old, new in zip(served, bundle.size, strict=True)):
        return []
    told = _core.check_bundle(text, bundle.path.git, policies, served).problems
    return [Problem(**one) for one in told if one["code"] == "resize"]


def _allow_resize(bundle: Bundle, path: BundlePath, policies: _core.Policies) -> tuple[Bundle, bytes]:
    document = dict(bundle.document)
    metadata = dict(document["metadata"])
    annotations = metadata.get("annotations")
    metadata["annotations"] = {**(annotations if isinstance(annotations, dict) else {}), _ALLOW_RESIZE: "true"}
    document["metadata"] = metadata
    return documents.settle(document, path, policies)


def _served(text: bytes | None, policies: _core.Policies) -> dict[str, Any] | None:
    """The document with what policies derive."""
    if text is None:
        return None
    checked = _core.check_bundle(text, "bundle.yaml", policies)
    if checked.document is None:
        return None
    document: dict[str, Any] = load_json(checked.document, "bundle.yaml")
    if checked.derived is not None:
        document["spec"]["values"] = load_json(checked.derived, "bundle.yaml")
    return document


def _id(text: bytes | None) -> str | None:
    return str(pygit2.hash(text)) if text is not None else None


def _summary(effects: Sequence[Effect]) -> str:
    def verb(effect: Effect) -> str:
        return "Delete" if effect.after is None else "Update" if effect.before else "Create"

    real = [effect for effect in effects if effect.changed] or list(effects)
    if len(real) == 1:
        return f"{verb(real[0])} {real[0].path}"
    verbs = {verb(effect) for effect in real}
    what = verbs.pop() if len(verbs) == 1 else "Change"
    shown = ", ".join(str(effect.path) for effect in real[:3])
    return f"{what} {len(real)} documents: {shown}" + (", ..." if len(real) > 3 else "")
