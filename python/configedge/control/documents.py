"""From the body of a request to the text that is committed. No I/O."""

from __future__ import annotations

from typing import Any

import jsonpatch
from jsonpointer import JsonPointerException

from configedge import _core
from configedge.bundle import MAX_DOCUMENT, Bundle, BundleError, BundlePath, Problem, dump_json, load_json, to_yaml

BODY = "body.json"
"""The name that problems give to the body of a request."""
_MOST_OPERATIONS = 1_000


def accept(body: bytes, path: BundlePath, policies: _core.Policies) -> tuple[Bundle, bytes]:
    """Checks a document that is to be the one at `path`; gives it with its text for Git. Raises BundleError."""
    problems = [Problem(**told) for told in _core.check_bundle(body, BODY, policies).problems]
    told = [problem for problem in problems if not _path_tells(problem)]
    if told:
        raise BundleError(told)
    return settle(load_json(body, BODY), path, policies)


def settle(document: Any, path: BundlePath, policies: _core.Policies) -> tuple[Bundle, bytes]:
    """Names the document by its path and checks it in the very form that a node will read. Raises BundleError."""
    if isinstance(document, dict) and isinstance(metadata := document.setdefault("metadata", {}), dict):
        for member, name in (("name", path.name), ("namespace", path.namespace)):
            if metadata.setdefault(member, name) != name:
                raise BundleError([_misnamed(member, metadata[member], path)])
        for member in ("labels", "annotations"):
            if not isinstance(metadata.get(member, {}), dict):
                said, hint = f"metadata.{member} is not an object", "give an object of strings, or leave it out"
                raise BundleError([Problem.of("type", said, hint, file=BODY, key=f"metadata.{member}")])
    text = to_yaml(document)
    return Bundle.parse(text, path.git, policies), text


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: members of the patch replace the target's, null removes. Leaves both as they are."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for member, value in patch.items():
        if value is None:
            merged.pop(member, None)
        else:
            merged[member] = merge_patch(merged.get(member), value)
    return merged


def merge_patched(document: dict[str, Any], patch: Any) -> Any:
    """The document after a merge patch, unchecked. Raises BundleError."""
    try:
        merged = merge_patch(document, patch)
    except RecursionError:
        raise _refused("the patch is nested too deeply", "nest at most 32 levels", "limit") from None
    if isinstance(merged, dict) and isinstance(metadata := merged.get("metadata"), dict):
        merged["metadata"] = dict(metadata)
    return merged


def json_patched(document: dict[str, Any], patch: Any) -> Any:
    """The document after a JSON patch (RFC 6902), unchecked: all of its operations or none. Raises BundleError."""
    if not isinstance(patch, list):
        raise _refused("a JSON patch is an array of operations", 'send [{"op": "replace", "path": ..., "value": ...}]')
    if len(patch) > _MOST_OPERATIONS:
        raise _refused(f"{len(patch)} operations; the limit is {_MOST_OPERATIONS}", "send them in parts", "limit")
    # A copy by way of its text: operations change it in place.
    result: Any = load_json(dump_json(document), BODY)
    copied = 0
    for at, operation in enumerate(patch):
        try:
            if isinstance(operation, dict) and operation.get("op") == "copy":
                # One that copies what it copied doubles each time: 30 operations would be a gigabyte.
                copied += _size(jsonpatch.JsonPointer(operation["from"]).resolve(result))
                if copied > MAX_DOCUMENT:
                    raise _refused(f"it copies more than {MAX_DOCUMENT} bytes", "write what is needed", "limit", at)
            result = jsonpatch.JsonPatch([operation]).apply(result, in_place=True)
        except jsonpatch.JsonPatchTestFailed:
            where = operation.get("path")
            raise _refused(f"the test of {str(where)[:80]!r} does not hold", "read it again", "test", at) from None
        except (jsonpatch.JsonPatchException, JsonPointerException, TypeError, KeyError, ValueError) as error:
            if isinstance(error, BundleError):
                raise
            # Never its own words: they show what is there.
            raise _refused(_cannot(error), "look at the document and at RFC 6902", "json-patch", at) from None
        except RecursionError:
            raise _refused("it is nested too deeply", "nest at most 32 levels", "limit", at) from None
    return result


def _cannot(error: Exception) -> str:
    match error:
        case jsonpatch.InvalidJsonPatch():
            return "it is not an operation: it needs op, path, and value or from"
        case jsonpatch.JsonPatchConflict() | JsonPointerException():
            return "its path, or what it takes from, is not there"
    return "it cannot be applied to what is there"


def _size(value: Any) -> int:
    """About how many bytes it has as JSON, at least."""
    total, left = 0, [value]
    while left:
        one = left.pop()
        total += 2 + (len(one) if isinstance(one, str) else 0)
        if isinstance(one, dict):
            total += sum(map(len, one))
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return total


def _refused(message: str, hint: str, code: str = "json-patch", at: int | None = None) -> BundleError:
    return BundleError([Problem.of(code, message, hint, file=BODY, key="" if at is None else str(at))])


def _path_tells(problem: Problem) -> bool:
    return problem.code == "missing-field" and problem.key in ("metadata", "metadata.name")


def _misnamed(member: str, value: object, path: BundlePath) -> Problem:
    return Problem.of(
        "name",
        f"{ascii(value)[:80]} is not the {member} in the URL, which is {path}",
        f"leave it out, or send the document to its own URL (a bundle's {member} cannot change)",
        file=BODY,
        key=f"metadata.{member}",
    )
