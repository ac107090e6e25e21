"""What may be asked of the store, by somebody who may read it, in the shapes that the API answers with.

Everything here runs in a reader thread and goes through one check: a document that somebody may not read is refused
whether or not it is there, and is left out of lists, histories and diffs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from configedge.bundle import Bundle, BundleError, BundlePath, Problem
from configedge.control import layers, layout
from configedge.control.archive import NotFound, Stored
from configedge.control.auth import Principal, Verb
from configedge.control.changes import Overlaid, Plan, named
from configedge.control.diff import json_type, key_changes
from configedge.control.memo import Memo
from configedge.control.store import Store

Document = dict[str, Any]

# How many pages of a document's history are looked through for the change of a key.
_PAGES = 10


class Forbidden(Exception):
    """Somebody who is known may not do this."""

    def __init__(self, who: Principal, verb: Verb, target: str) -> None:
        super().__init__(f"{who.subject} may not {verb} {target}")
        self.verb = verb
        self.target = target


def require(who: Principal, verb: Verb, path: BundlePath) -> None:
    """Raises Forbidden."""
    if not who.may(verb, path):
        raise Forbidden(who, verb, str(path))


def require_everywhere(who: Principal, verb: Verb) -> None:
    """Raises Forbidden unless it is allowed on the whole repository."""
    if not who.may_anywhere(verb):
        raise Forbidden(who, verb, "everything")


def reader(who: Principal) -> Callable[[BundlePath], bool]:
    """Whether a document is to be shown to somebody."""
    return lambda path: who.may(Verb.read, path)


def seen_by(who: Principal, plan: Plan) -> Plan:
    """A plan without what it does in layers that somebody may not read."""
    nodes = (one for one in plan.nodes if who.may(Verb.read, replace(one.path, layer=one.layer)))
    return replace(plan, nodes=tuple(nodes))


@contextmanager
def told_to(who: Principal) -> Iterator[None]:
    """Why a plan fails, without what overlays say that somebody may not read."""
    try:
        yield
    except BundleError as error:
        raise BundleError(dict.fromkeys(_told_to(who, problem) for problem in error.problems)) from None
    except Overlaid as error:
        raise Overlaid(error.path, list(filter(reader(who), error.overlays))) from None


def _told_to(who: Principal, problem: Problem) -> Problem:
    place = problem.file.removeprefix("rendered/")
    path = layout.path_of(problem.file if place == problem.file else f"overlays/{place}")
    if path is None or who.may(Verb.read, path):
        return problem
    return Problem.of("overlay", "nodes would refuse it with an overlay that you may not read", "ask who may read it")


class Reading:
    """The questions. Each raises Forbidden, NotFound and BundleError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Which commit gave a key its value, by document, key and a commit that has that value.
        self._changes: Memo[tuple[BundlePath, str, str], Document] = Memo(4 << 20)

    def bundles(
        self, who: Principal, namespace: str | None, limit: int, cursor: str | None, at: str | None
    ) -> Document:
        if namespace is not None:
            BundlePath(namespace, "any")
        after = BundlePath.parse(cursor) if cursor is not None else None
        page = self._store.list(namespace, limit, after, at, reader(who))
        layers_of: dict[BundlePath, list[str]] = {}
        repo = self._store.repo
        for found in layout.overlays(repo, layout.root(repo, page.commit)):
            if who.may(Verb.read, found.path):
                layers_of.setdefault(found.path.base, []).append(found.path.layer)
        items = [
            {
                "namespace": one.path.namespace,
                "name": one.path.name,
                "etag": one.etag,
                "layers": layers_of.get(one.path, []),
                "problems": problems(one.problems),
            }
            for one in page.items
        ]
        return {"commit": page.commit, "items": items, "next": page.next}

    def document(self, who: Principal, path: BundlePath, at: str | None) -> Document:
        require(who, Verb.read, path)
        stored = self._store.get(path, at)
        reply = {
            **named(path),
            "etag": stored.etag,
            "commit": stored.commit,
            "document": stored.bundle and stored.bundle.document,
            "problems": problems(stored.problems),
        }
        if stored.bundle is None:
            reply["text"] = stored.text.decode("utf-8", "replace")
        return reply

    def overlays(self, who: Principal, path: BundlePath, at: str | None) -> Document:
        require(who, Verb.read, path)
        found = self._store.overlays(path, at)
        items = [
            {
                "layer": one.path.layer,
                "etag": one.etag,
                "document": one.bundle and one.bundle.document,
                "problems": problems(one.problems),
            }
            for one in found
            if who.may(Verb.read, one.path)
        ]
        return {"commit": self._store.resolve(at), "items": items}

    def effective(self, who: Principal, path: BundlePath, at: str | None) -> Document:
        """What nodes of the layer of `path` get."""
        require(who, Verb.read, path)
        commit = self._store.resolve(at)
        place, bundle = self._effective(path, commit)
        return {
            **named(path),
            "rendered_from": place.partition("/")[2] if place != "bundles" else "",
            "commit": commit,
            "values": bundle.values,
            "document": bundle.document,
        }

    def explain(self, who: Principal, path: BundlePath, key: str | None, at: str | None) -> Document:
        """Why a value is what it is: who says something of the key, and who of them wins."""
        require(who, Verb.read, path)
        commit = self._store.resolve(at)
        chain = []
        for layer in layers.chain(path.layer):
            try:
                stored = self._store.get(BundlePath(path.namespace, path.name, layer), commit)
            except NotFound:
                continue
            if stored.bundle is not None:
                require(who, Verb.read, stored.path)
                chain.append(stored)
        if not chain or chain[0].path.layer:
            raise NotFound(f"there is no bundle {path.base}" + (f" at {at}" if at else ""))
        values = self._effective(path, commit)[1].values
        documents = [(one.path.layer, one.bundle.document) for one in chain if one.bundle]
        if key is None:
            items = [
                {"key": leaf, "value": value, "layer": _winner(documents, leaf)} for leaf, value in _leaves("", values)
            ]
            return {**named(path), "commit": commit, "items": items}
        found, value = _look_up(values, key)
        said = list(layers.origins(documents, key))
        winner: str | None = _winner(documents, key) if found else said[-1].layer if said else None
        # An object is merged: each layer that something in it is from has its part.
        of = (
            {_winner(documents, leaf) for leaf, _ in _leaves(key, value)}
            if isinstance(value, dict) and value
            else set()
        )
        origins = []
        for origin in said:
            document = BundlePath(path.namespace, path.name, origin.layer)
            change = self._last_change(document, key, commit)
            wins = (
                origin is said[-1] and origin.layer == winner if not of else origin.layer in of and not origin.removes
            )
            told = {"layer": origin.layer, "value": origin.value, "removes": origin.removes, "wins": wins}
            origins.append(told | change)
        return {
            **named(path),
            "commit": commit,
            "key": key,
            "found": found,
            "value": value,
            "type": json_type(value) if found else None,
            "layer": winner,
            "origins": origins,
        }

    def history(self, who: Principal, path: BundlePath | None, limit: int, cursor: str | None) -> Document:
        """Of one document, or of all that may be read."""
        visible = None
        if path is not None:
            require(who, Verb.read, path)
        elif not who.may_anywhere(Verb.read):
            visible = reader(who)
        page = self._store.history(path, limit, cursor, visible)
        items = [asdict(item) for item in page.items]
        if path is not None and not who.may_anywhere(Verb.read):
            # Its message may name others that the same commit changed.
            for item in items:
                if not all(map(reader(who), self._store.touched(item["commit"]))):
                    item["message"] = ""
        return {"commit": page.commit, "items": items, "next": page.next}

    def tombstones(self, who: Principal, path: BundlePath) -> Document:
        require(who, Verb.read, path)
        return {"items": [stone.as_dict() for stone in self._store.tombstones(path)]}

    def diff(self, who: Principal, old: str, new: str | None, namespace: str | None, name: str | None) -> Document:
        """Between any two commits, by key."""
        before, after = self._store.resolve(old), self._store.resolve(new)
        items = []
        for path in self._store.touched(after, before):
            if namespace not in (None, path.namespace) or name not in (None, path.name):
                continue
            if not who.may(Verb.read, path):
                continue
            was, now = self._maybe(path, before), self._maybe(path, after)
            under = [replace(path, layer=layer) for layer in layers.chain(path.layer)[:-1]]
            others = [_document(self._maybe(one, commit)) for one in under for commit in (before, after)]
            changes = key_changes(_document(was), _document(now), *others)
            items.append(
                {
                    **named(path),
                    "before": was and was.etag,
                    "etag": now and now.etag,
                    "changes": [change.as_dict() for change in changes],
                }
            )
        return {"from": before, "to": after, "items": items}

    def commit_event(self, who: Principal, commit: str) -> Document | None:
        """What a watcher is told of a commit; None if there is nothing for it."""
        touched = [path for path in self._store.touched(commit) if who.may(Verb.read, path)]
        if not touched and not who.may_anywhere(Verb.read):
            return None
        changes = []
        for path in touched:
            found = layout.find(self._store.repo, commit, path)
            changes.append({**named(path), "etag": found and found.blob})
        change = self._store.change(commit)
        hidden = len(touched) < len(self._store.touched(commit))
        told = {"commit": commit, "time": change.time, "author": change.author, "changes": changes}
        return told | {"message": "" if hidden else change.message}

    def _effective(self, path: BundlePath, commit: str) -> tuple[str, Bundle]:
        repo = self._store.repo
        place, tree = layout.rendered(repo, commit, path.layer)
        entry = layout.entry_at(repo, tree, f"{path.namespace}/{path.name}.yaml") if tree is not None else None
        if entry is None:
            raise NotFound(f"there is no bundle {path.base} at {commit}")
        text = layout.Found(path.base, str(entry.id), entry.filemode).read(repo)
        return place, Bundle.parse(text, f"{place}/{path.base}.yaml", self._store.policies_of(commit)[1])

    def _maybe(self, path: BundlePath, commit: str) -> Stored | None:
        try:
            return self._store.get(path, commit)
        except NotFound:
            return None

    def _last_change(self, path: BundlePath, key: str, commit: str) -> Document:
        """The commit that made a document say what it says of a key now; nothing if it is too long ago to look for."""
        newest = next(iter(self._store.history(path, 1, commit).items), None)
        found = self._look_back(path, key, newest.commit) if newest is not None else None
        if newest is None or found is None:
            return {"commit": None, "time": None, "author": None}
        self._changes.keep((path, key, newest.commit), found, 1_000)
        return found

    def _look_back(self, path: BundlePath, key: str, commit: str) -> Document | None:
        cursor: str | None = commit
        now: Any = _MISSING
        last: Document | None = None
        for _ in range(_PAGES):
            page = self._store.history(path, 100, cursor)
            for item in page.items:
                document = _document(self._maybe(path, item.commit))
                value = _look_up(document["spec"]["values"], key) if document else (False, None)
                if now is not _MISSING and value != now:
                    return last
                # From here on it was looked for before: with the same value there, with the same end.
                if (known := self._changes.get((path, key, item.commit))) is not None:
                    return known
                now, last = value, {"commit": item.commit, "time": item.time, "author": item.author}
            if (cursor := page.next) is None:
                return last
        return None


_MISSING: Any = object()


def problems(found: Iterable[Problem]) -> list[dict[str, str | int]]:
    return [problem.as_dict() for problem in found]


def _document(stored: Stored | None) -> Document | None:
    return stored.bundle.document if stored and stored.bundle else None


def _look_up(values: Any, key: str) -> tuple[bool, Any]:
    for segment in key.split(".") if key else []:
        if isinstance(values, dict) and segment in values:
            values = values[segment]
        elif isinstance(values, list) and segment.isdecimal() and int(segment) < len(values):
            values = values[int(segment)]
        else:
            return False, None
    return True, values


def _leaves(key: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict) and (value or not key):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}" if key else name, inner)
    else:
        yield key, value


def _winner(documents: list[tuple[str, Document]], key: str) -> str:
    """The layer that a value is from. One that no layer has is a policy's."""
    said = [origin for origin in layers.origins(documents, key) if not origin.removes]
    return said[-1].layer if said else "policy"
