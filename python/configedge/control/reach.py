"""How far a commit, and each document, has come: which nodes have it, and why the others have not.

A node has a commit if it serves that one, one that came after it, or the same content: digests say so, not times. A
node that refuses something is told apart from one that is late.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import pygit2

from configedge.bundle import BundleError, BundlePath
from configedge.control import layout
from configedge.control.fleet import LOST_S, MAX_PROBLEMS, Heartbeat, NodeState, longest_interval_s
from configedge.control.store import Store

MOST_TOLD: Final = 20
"""Nodes that are named of those that lack a commit, or refuse a document."""

# So many commits are looked through for the one that brought a document.
_LOOKED_AT = 2_000
_MOST_KEPT = 100_000
_DIGITS = 40

Blobs = dict[BundlePath, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which nodes, and of which of their documents, something is asked; empty: all."""

    environment: str = ""
    region: str = ""
    namespace: str = ""

    @property
    def layer(self) -> str:
        return ".".join(part for part in (self.environment, self.region) if part)

    def has(self, node: Heartbeat) -> bool:
        return self.environment in ("", node.environment) and self.region in ("", node.region)

    def concerned_by(self, file: str) -> bool:
        """Whether it is of the namespace, or may be."""
        return not self.namespace or _namespace(file) in (self.namespace, None)


class Reach:
    """What a store's commits are to nodes. Safe to call from any thread. `clock` gives seconds that never go back,
    `longest_s` those within which a node reports that is not lost."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.monotonic,
        longest_s: Callable[[], float] = lambda: LOST_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._longest_s = longest_s
        self._since = clock()
        self._lock = threading.Lock()
        # By layer and document: its text's object id, and the commit that brought it.
        self._brought: dict[tuple[str, BundlePath], tuple[str, str]] = {}

    def settled(self) -> bool:
        """Whether every node had the time to report since the start: before, "all" would be those that were quick.

        While nodes are still coming, which may have been told a long time before the start, that time grows with them.
        """
        return self._clock() - self._since > self._longest_s()

    def of_commit(self, commit: str, nodes: Iterable[NodeState], scope: Scope) -> dict[str, Any]:
        """Who has a commit of main. Raises NotFound."""
        commit = self._store.on_main(commit)
        has = self._memo(commit, scope.namespace)
        answering, lost = _answering(nodes, scope)
        missing: list[tuple[NodeState, str]] = []
        for state in answering:
            if not has(state.heartbeat):
                missing.append((state, "empty" if state.heartbeat.state == "empty" else "behind"))
            elif not serves(state.heartbeat, scope.concerned_by):
                missing.append((state, "silent" if state.heartbeat.state == "silent" else "refuses"))
        return {
            "commit": commit,
            "tip": self._store.tip(),
            "settled": self.settled(),
            "nodes": len(answering),
            "reached": len(answering) - len(missing),
            "lost": lost,
            "next_s": longest_interval_s(answering),
            "missing": [_row(state, why) for state, why in missing[:MOST_TOLD]],
        }

    def of_documents(
        self, nodes: Iterable[NodeState], scope: Scope, visible: Callable[[BundlePath], bool]
    ) -> dict[str, Any]:
        """Who has the newest version of each document that nodes of the scope's layer get."""
        tip = self._store.tip()
        answering, lost = _answering(nodes, scope)
        counts = Counter(state.heartbeat.commit for state in answering)
        blobs = {commit: self._blobs(commit, scope) for commit in {*counts, tip}}
        refusing = _Refusing(state.heartbeat for state in answering)
        wanted = {path: blob for path, blob in blobs[tip].items() if visible(path)}
        brought = self._bring(tip, scope, wanted)
        items = []
        for path, blob in wanted.items():
            having = {commit for commit in counts if blobs[commit].get(path) == blob}
            refused, told = refusing.of(path, having)
            items.append(
                {
                    "namespace": path.namespace,
                    "name": path.name,
                    "etag": blob,
                    "commit": brought[path],
                    "ready": sum(counts[commit] for commit in having) - refused,
                    "refused": refused,
                    "refusals": [_refusal(one, path) for one in told],
                }
            )
        return {"tip": tip, "settled": self.settled(), "nodes": len(answering), "lost": lost, "items": items}

    def _memo(self, wanted: str, namespace: str) -> Callable[[Heartbeat], bool]:
        known: dict[tuple[str, str], bool] = {}

        def has(node: Heartbeat) -> bool:
            layer = ".".join(part for part in (node.environment, node.region) if part)
            key = (node.commit, layer)
            if key not in known:
                known[key] = self._has(node.commit, wanted, layer, namespace)
            return known[key]

        return has

    def _has(self, served: str, wanted: str, layer: str, namespace: str) -> bool:
        repo = self._store.repo
        if not _is_there(repo, served):
            return False
        if served == wanted or repo.descendant_of(served, wanted):
            return True
        return self._content(served, layer, namespace) == self._content(wanted, layer, namespace)

    def _content(self, commit: str, layer: str, namespace: str) -> tuple[str, str]:
        """Object ids of what nodes of a layer get, and of the policies."""
        repo = self._store.repo
        _, tree = layout.rendered(repo, commit, layer)
        found = layout.entry_at(repo, tree, namespace) if tree is not None and namespace else tree
        return str(found.id) if found is not None else "", layout.policies_id(repo, commit)

    def _blobs(self, commit: str, scope: Scope) -> Blobs:
        repo = self._store.repo
        if not _is_there(repo, commit):
            return {}
        _, tree = layout.rendered(repo, commit, scope.layer)
        return {found.path: found.blob for found in layout.documents(tree, "", scope.namespace or None)}

    def _bring(self, tip: str, scope: Scope, wanted: Blobs) -> dict[BundlePath, str]:
        """The commit that brought each document as it is now; of those that are too old, one that has it."""
        with self._lock:
            known = {path: self._brought.get((scope.layer, path), ("", "")) for path in wanted}
        brought = {path: commit for path, (blob, commit) in known.items() if blob == wanted[path]}
        left = {path: blob for path, blob in wanted.items() if path not in brought}
        if left:
            found = self._look_back(tip, scope.layer, left)
            brought |= found
            with self._lock:
                if len(self._brought) > _MOST_KEPT:
                    self._brought.clear()
                self._brought |= {(scope.layer, path): (left[path], commit) for path, commit in found.items()}
        return brought

    def _look_back(self, tip: str, layer: str, left: Blobs) -> dict[BundlePath, str]:
        repo = self._store.repo
        left, found = dict(left), {}
        commit = repo[tip].peel(pygit2.Commit)
        tree = layout.rendered(repo, tip, layer)[1]
        for _ in range(_LOOKED_AT):
            if not left or not commit.parents:
                break
            before = commit.parents[0]
            tree_before = layout.rendered(repo, str(before.id), layer)[1]
            if tree is None or tree_before is None or tree.id != tree_before.id:
                was = {one.path: one.blob for one in layout.documents(tree_before, "", None)}
                for path in [path for path, blob in left.items() if was.get(path) != blob]:
                    found[path] = str(commit.id)
                    del left[path]
            commit, tree = before, tree_before
        return found | dict.fromkeys(left, str(commit.id))


def serves(node: Heartbeat, concerns: Callable[[str], bool]) -> bool:
    """Whether a node serves all of its commit that concerns somebody; `concerns` is asked of each file that it refuses.

    One whose relay is silent, or that serves nothing, does not; nor one that refuses more than it can say.
    """
    if node.state in ("ok", "held"):
        return True
    if node.state != "degraded" or not 0 < len(node.problems) < MAX_PROBLEMS:
        return False
    return not any(concerns(_file(problem)) for problem in node.problems)


class _Refusing:
    """Which nodes refuse which document."""

    def __init__(self, nodes: Iterable[Heartbeat]) -> None:
        self._of: defaultdict[str, list[Heartbeat]] = defaultdict(list)
        self._all: list[Heartbeat] = []
        for node in nodes:
            if serves(node, lambda file: _namespace(file) is None):
                for file in dict.fromkeys(map(_file, node.problems)):
                    self._of[file].append(node)
            else:
                self._all.append(node)
        # They count for every document, so they are counted once.
        self._counts = Counter(node.commit for node in self._all)

    def of(self, path: BundlePath, having: set[str]) -> tuple[int, list[Heartbeat]]:
        """How many of the nodes that serve one of these commits do, and some of them."""
        named = [node for node in self._of.get(path.spool, ()) if node.commit in having]
        count = len(named) + sum(self._counts[commit] for commit in having)
        others = (node for node in self._all if node.commit in having)
        return count, list(islice(chain(named, others), MOST_TOLD))


def _is_there(repo: pygit2.Repository, commit: str) -> bool:
    # A node can follow another repository, and name any commit.
    return len(commit) == _DIGITS and commit in repo and isinstance(repo[commit], pygit2.Commit)


def _answering(nodes: Iterable[NodeState], scope: Scope) -> tuple[list[NodeState], int]:
    """Those of the scope that answer, and how many do not."""
    found = [state for state in nodes if scope.has(state.heartbeat)]
    answering = [state for state in found if not state.lost]
    return answering, len(found) - len(answering)


def _file(problem: str) -> str:
    """The file that a problem names first, as in `game.shop.yaml:5: spec.values.price: schema`."""
    return problem.partition(":")[0]


def _namespace(file: str) -> str | None:
    """The namespace of a file of the spool; None if its name does not say it."""
    namespace, _, rest = file.partition(".")
    name, dot, kind = rest.partition(".")
    try:
        return BundlePath(namespace, name).namespace if dot and kind in ("yaml", "yml", "json") else None
    except BundleError:
        return None


def _refusal(node: Heartbeat, path: BundlePath) -> dict[str, str]:
    said = next((one for one in node.problems if _file(one) == path.spool), "")
    return {"node": node.node, "problem": said or f"its relay is {node.state}"}


def _row(state: NodeState, why: str) -> dict[str, Any]:
    node = state.heartbeat
    return {
        "node": node.node,
        "environment": node.environment,
        "region": node.region,
        "commit": node.commit,
        "why": why,
        "problems": list(node.problems),
        "age_s": round(state.age_s, 3),
    }
