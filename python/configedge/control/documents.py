"""From the body of a request to the text that is committed. No I/O."""

from __future__ import annotations

from typing import Any

from configedge import _core
from configedge.bundle import Bundle, BundleError, BundlePath, Problem, load_json, to_yaml

BODY = "body.json"
"""The name that problems give to the body of a request."""


def accept(body: bytes, path: BundlePath, policies: _core.Policies) -> tuple[Bundle, bytes]:
    """Checks a document that is to become the bundle at `path`; gives it with its text for Git. Raises BundleError."""
    _, found, _, _ = _core.check_bundle(body, BODY, policies)
    problems = [problem for problem in (Problem(**members) for members in found) if not _path_tells(problem)]
    if problems:
        raise BundleError(problems)
    return settle(load_json(body, BODY), path, policies)


def settle(document: Any, path: BundlePath, policies: _core.Policies) -> tuple[Bundle, bytes]:
    """Names the document by its path and checks it in the very form that a node will read. Raises BundleError."""
    if isinstance(document, dict) and isinstance(metadata := document.setdefault("metadata", {}), dict):
        for member, name in (("name", path.name), ("namespace", path.namespace)):
            if metadata.setdefault(member, name) != name:
                raise BundleError([_misnamed(member, metadata[member], path)])
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


def patched(bundle: Bundle, patch: Any, policies: _core.Policies) -> tuple[Bundle, bytes]:
    """The bundle after a merge patch, checked, with its text for Git. Raises BundleError."""
    try:
        document = merge_patch(bundle.document, patch)
    except RecursionError:
        raise BundleError(
            [Problem.of("limit", "the patch is nested too deeply", "nest at most 32 levels", file=BODY)]
        ) from None
    if isinstance(document, dict) and isinstance(metadata := document.get("metadata"), dict):
        document["metadata"] = dict(metadata)
    return settle(document, bundle.path, policies)


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
