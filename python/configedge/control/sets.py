"""Bodies that name several documents: change sets, exports."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from configedge.bundle import API_VERSION, BundleError, BundlePath, Problem, dump_json
from configedge.control import layout
from configedge.control.auth import Principal, Verb
from configedge.control.changes import MAX_OPERATIONS, Delete, Operation, Patch, Put
from configedge.control.documents import BODY
from configedge.control.reading import require_everywhere
from configedge.control.store import Precondition, Store

MAX_SET: Final = 8 << 20
MAX_IMPORT: Final = 32 << 20
"""Bytes that such a body may have."""
EXPORT: Final = "ConfigExport"

_ANYTHING = Precondition(anyhow=True)


class Mode(StrEnum):
    merge = "merge"
    replace = "replace"  # type: ignore[assignment]


def members(value: Any, needed: Mapping[str, type], more: Mapping[str, type], key: str = "") -> dict[str, Any]:
    """The members of an object, checked for their types; unknown ones are refused. Raises BundleError."""
    at = f"{key}." if key else ""
    if not isinstance(value, dict):
        raise BundleError([_problem("type", key, "it is not an object", "send a JSON object")])
    found = []
    for name in value:
        if name not in needed and name not in more:
            known = ", ".join([*needed, *more]) or "none"
            found.append(_problem("unknown-field", f"{at}{name[:80]}", "there is no such member", f"known: {known}"))
    for name, kind in {**needed, **more}.items():
        if name in value:
            if not isinstance(value[name], kind) or (kind is int and isinstance(value[name], bool)):
                found.append(_problem("type", f"{at}{name}", f"it is not {_article(kind)}", "send one"))
        elif name in needed:
            found.append(_problem("missing-field", f"{at}{name}", "it is missing", f"add {_article(kind)}"))
    if found:
        raise BundleError(found)
    return value


def change_set(value: Any, *, lenient: bool = False) -> tuple[str, list[Operation]]:
    """The message and the operations of a change set. Raises BundleError.

    `lenient`: one that leaves out `if_match` requires nothing.
    """
    top = members(value, {"changes": list}, {"message": str})
    message = top.get("message", "")
    if len(message) > 2000:
        raise BundleError([_problem("limit", "message", "it has more than 2000 characters", "shorten it")])
    if not 1 <= len(top["changes"]) <= MAX_OPERATIONS:
        said = f"{len(top['changes'])} changes; send 1 to {MAX_OPERATIONS}"
        raise BundleError([_problem("limit", "changes", said, "send them in parts")])
    found: list[Operation] = []
    problems: list[Problem] = []
    for at, item in enumerate(top["changes"]):
        try:
            found.append(_operation(item, f"changes.{at}", lenient))
        except BundleError as error:
            problems += [
                Problem.of(
                    p.code,
                    p.message,
                    p.hint,
                    file=BODY,
                    key=p.key if p.key.startswith("changes.") else f"changes.{at}.{p.key}",
                )
                for p in error.problems
            ]
    if problems:
        raise BundleError(problems)
    return message, found


def _operation(item: Any, key: str, lenient: bool) -> Operation:
    one = members(item, {"bundle": str, "op": str}, {"document": dict, "patch": object, "if_match": object}, key)
    op, needs = one["op"], {"put": "document", "merge": "patch", "patch": "patch", "delete": None}
    if op not in needs:
        known = ", ".join(needs)
        raise BundleError([_problem("value", f"{key}.op", f"{op[:40]!r} is no operation", f"use one of {known}")])
    for name in ("document", "patch"):
        if (name in one) != (needs[op] == name):
            said, hint = ("it is missing", "add it") if needs[op] == name else (f"{op} takes none", "leave it out")
            raise BundleError([_problem("missing-field", f"{key}.{name}", said, hint)])
    path = BundlePath.parse(one["bundle"])
    require = _precondition(one, key, lenient)
    match op:
        case "put":
            return Put(path, require, dump_json(one["document"]))
        case "delete":
            return Delete(path, require)
    return Patch(path, require, dump_json(one["patch"]), op == "patch")


def _precondition(one: dict[str, Any], key: str, lenient: bool) -> Precondition:
    if "if_match" not in one:
        if lenient:
            return _ANYTHING
        hint = "give the ETag that a GET gave; null if the document must not exist yet"
        raise BundleError([_problem("missing-field", f"{key}.if_match", "it is missing", hint)])
    match one["if_match"]:
        case None:
            return Precondition(absent=True)
        case "*":
            return Precondition()
        case str(etag):
            return Precondition(frozenset({etag.strip('"')}))
    raise BundleError([_problem("type", f"{key}.if_match", "it is neither a string nor null", "give an ETag")])


def export(store: Store, who: Principal, namespace: str | None, at: str | None) -> dict[str, Any]:
    """All that somebody may read, as an import takes it. What is broken in Git is left out."""
    if namespace is not None:
        BundlePath(namespace, "any")
    commit = store.resolve(at)
    tree = layout.root(store.repo, commit)
    bundles, overlays = [], []
    for found in layout.bundles(store.repo, commit, namespace):
        if who.may(Verb.read, found.path) and (bundle := store.get(found.path, commit).bundle):
            bundles.append(bundle.document)
    for found in layout.overlays(store.repo, tree):
        wanted = namespace in (None, found.path.namespace) and who.may(Verb.read, found.path)
        if wanted and (bundle := store.get(found.path, commit).bundle):
            overlays.append({"layer": found.path.layer, "document": bundle.document})
    policies = store.policy_files(commit) if who.may_anywhere(Verb.read) else {}
    return {
        "apiVersion": API_VERSION,
        "kind": EXPORT,
        "commit": commit,
        "bundles": bundles,
        "overlays": overlays,
        "policies": {name: base64.b64encode(content).decode() for name, content in policies.items()},
    }


def import_operations(store: Store, who: Principal, value: Any, mode: Mode) -> list[Operation]:
    """What an export comes to. Raises Forbidden, BundleError."""
    require_everywhere(who, Verb.admin)
    needed: dict[str, type] = {"apiVersion": str, "kind": str, "bundles": list}
    top = members(value, needed, {"overlays": list, "policies": dict, "commit": str})
    if (top["apiVersion"], top["kind"]) != (API_VERSION, EXPORT):
        said = f"it is not a {EXPORT} of {API_VERSION}"
        raise BundleError([_problem("kind", "kind", said, "send what GET /v1/export gave")])
    if any(not isinstance(content, str) for content in top.get("policies", {}).values()):
        said = "not all of them are strings"
        raise BundleError([_problem("type", "policies", said, "send what GET /v1/export gave")])
    wanted: dict[BundlePath, Operation] = {}
    for path, document, key in _documents(top):
        if path in wanted:
            raise BundleError([_problem("conflict", key, f"{path} is there twice", "keep one of them")])
        wanted[path] = Put(path, _ANYTHING, dump_json(document))
    if mode is Mode.replace:
        tip = store.tip()
        there = [*layout.bundles(store.repo, tip), *layout.overlays(store.repo, layout.root(store.repo, tip))]
        wanted |= {one.path: Delete(one.path, _ANYTHING) for one in there if one.path not in wanted}
    return list(wanted.values())


def _documents(top: dict[str, Any]) -> Iterator[tuple[BundlePath, Any, str]]:
    for at, document in enumerate(top["bundles"]):
        yield _path(document, "", f"bundles.{at}"), document, f"bundles.{at}"
    for at, item in enumerate(top.get("overlays", ())):
        one = members(item, {"layer": str, "document": dict}, {}, f"overlays.{at}")
        if not one["layer"]:
            said = "an overlay is of a layer; what is of none is a bundle"
            raise BundleError([_problem("value", f"overlays.{at}.layer", said, "name it, or move it to bundles")])
        yield _path(one["document"], one["layer"], f"overlays.{at}.document"), one["document"], f"overlays.{at}"


def _path(document: Any, layer: str, key: str) -> BundlePath:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise BundleError([_problem("missing-field", f"{key}.metadata.name", "it is missing", "name the bundle")])
    return BundlePath(metadata.get("namespace", "default"), metadata["name"], layer)


def _problem(code: str, key: str, message: str, hint: str) -> Problem:
    return Problem.of(code, message, hint, file=BODY, key=key)


def _article(kind: type) -> str:
    return {str: "a string", list: "an array", dict: "an object", bool: "true or false", int: "an integer"}.get(
        kind, "it"
    )
