"""The status of a ConfigBundle, from what the control plane knows of the nodes. Decides only; asks and writes nothing.

Source: the API conventions of Kubernetes, "Typical status properties".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

READY: Final = "Ready"
"""The type of the condition that is written."""

_MOST_NAMED = 5
_MAX_MESSAGE = 2_000

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is so of a resource. `status` is True, False or Unknown; `reason` a word, `message` for people."""

    status: str
    reason: str
    message: str


def status_of(
    resource: Resource, reach: Mapping[str, Any] | None, document: Resource | None, nodes: int, now: str
) -> dict[str, Any]:
    """What belongs into `status` of a resource, as `configedge.kube.crd` defines it.

    `reach` is the bundle's item in GET /v1/fleet/bundles, `document` what Git has of it, empty if that is
    broken; None of both: it has none;
    `nodes` are all that answer. `now` is RFC 3339; a condition that is as it was keeps its time.
    """
    generation = resource["metadata"]["generation"]
    verdict = _verdict(resource, reach, document, nodes)
    found: dict[str, Any] = {
        "observedGeneration": generation,
        "nodes": {"ready": reach["ready"] if reach else 0, "total": nodes},
        "conditions": [
            {
                "type": READY,
                "status": verdict.status,
                "observedGeneration": generation,
                "lastTransitionTime": _since(resource, verdict.status) or now,
                "reason": verdict.reason,
                "message": verdict.message[:_MAX_MESSAGE],
            }
        ],
    }
    if reach:
        found["commit"] = reach["commit"]
    return found


def is_written(resource: Resource, status: Mapping[str, Any]) -> bool:
    """Whether a resource has that status already; conditions that others wrote do not count."""
    there = dict(resource.get("status") or {})
    there["conditions"] = [one for one in there.get("conditions", ()) if one["type"] == READY]
    return there == status


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same to Kubernetes: there 1.0 is 1, and an integer beyond 64 bits a float."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if _is_number(one) and _is_number(other):
        return _as_float(one) == _as_float(other) if type(one) is not type(other) else bool(one == other)
    return type(one) is type(other) and bool(one == other)


def _verdict(resource: Resource, reach: Mapping[str, Any] | None, document: Resource | None, nodes: int) -> Verdict:
    if reach is None or document is None:
        return Verdict("False", "NotInGit", "main has no such bundle; commit it there, or delete this")
    if not document:
        return Verdict("False", "Broken", "what main has cannot be read; `configedge check` says why")
    if not same(resource.get("spec"), document.get("spec")):
        short = reach["commit"][:12]
        told = f"main has another version since {short}: this is to be applied yet, or was changed by hand"
        return Verdict("False", "Outdated", told)
    if nodes == 0:
        return Verdict("Unknown", "NoNodes", "no node reports to the control plane")
    if reach["refused"]:
        return Verdict("False", "Refused", f"{reach['refused']} of {nodes} nodes refuse it: {_refusals(reach)}")
    if reach["ready"] < nodes:
        return Verdict("False", "Progressing", f"{reach['ready']} of {nodes} nodes serve it")
    return Verdict("True", "Served", f"all {nodes} nodes serve it")


def _refusals(reach: Mapping[str, Any]) -> str:
    named = reach["refusals"][:_MOST_NAMED]
    more = reach["refused"] - len(named)
    told = "; ".join(f"{one['node']}: {one['problem']}" for one in named)
    return told + (f"; and {more} more" if more > 0 else "")


def _since(resource: Resource, status: str) -> str | None:
    """Since when the condition is as it is; None if it is to change."""
    for one in (resource.get("status") or {}).get("conditions", ()):
        if one["type"] == READY and one["status"] == status:
            return str(one["lastTransitionTime"])
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _as_float(value: float) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
