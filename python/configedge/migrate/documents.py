"""From a plan to the documents that a change set puts."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from configedge.bundle import API_VERSION, KIND, Bundle, BundleError, BundlePath, Problem, dump_json
from configedge.cli.changeset import Operation
from configedge.cli.client import Client, Refused, url
from configedge.control.diff import SECRET_ANNOTATION
from configedge.migrate.map import LegacyMap
from configedge.migrate.plan import Plan, Row

_VALUES = "spec.values."
MISSING = object()


Now = dict[BundlePath, dict[str, Any] | None]
"""What the control plane has of each bundle; None: nothing."""


def existing(client: Client, plan: Plan) -> Now:
    """Raises BundleError if one of them is broken."""
    now = {path: client.maybe(url(path)) for path in plan.bundles()}
    broken = [path for path, found in now.items() if found is not None and found["document"] is None]
    if broken:
        raise BundleError(
            Problem.of("broken", "it is there, and broken", f"correct it first: configedge edit {path}", file=str(path))
            for path in broken
        )
    return now


def value_now(now: Now, row: Row) -> Any:
    """What the control plane has for a value of the plan; MISSING if nothing."""
    found = now[row.bundle]
    value: Any = found["document"]["spec"]["values"] if found else {}
    for segment in row.path:
        if not isinstance(value, dict) or segment not in value:
            return MISSING
        value = value[segment]
    return value


def operations(now: Now, plan: Plan, legacy: LegacyMap, replace_all: bool) -> list[Operation]:
    """Each bundle of the plan, to be put on what is there now. Raises BundleError, with legacy keys in its problems.

    What is there stays where the import says nothing; with `replace_all` only what is outside the map stays.
    """
    found, problems = [], list[Problem]()
    for path, values in plan.bundles().items():
        there = now[path]
        document = _document(path, there["document"] if there else None)
        kept = _outside(document["spec"]["values"], path, legacy) if replace_all else document["spec"]["values"]
        document["spec"]["values"] = _over(kept, values)
        _mark_secrets(document, [row.key for row in plan.rows if row.bundle == path and row.secret])
        problems += [_with_origin(problem, path, plan) for problem in _checked(document, path)]
        found.append(Operation(path, "put", document, there["etag"] if there else None))
    if problems:
        raise BundleError(problems)
    return found


def refusals(refused: Refused, plan: Plan) -> list[Problem]:
    """Why the control plane refused the documents, with legacy keys where only one bundle can be meant."""
    found = []
    for problem in refused.problems:
        named = [path for path in plan.bundles() if path.git in problem.file]
        meant = named or [path for path in plan.bundles() if _origin(problem, path, plan)] or list(plan.bundles())
        only = len(meant) == 1
        found.append(_with_origin(problem, meant[0], plan) if only else replace(problem, line=0, column=0))
    return found


def _checked(document: dict[str, Any], path: BundlePath) -> list[Problem]:
    """What is wrong with it, but for what its policies say: these are beside the control plane, and not here."""
    try:
        Bundle.parse(dump_json(document), f"{path}.json")
    except BundleError as error:
        return [problem for problem in error.problems if not problem.key.startswith("spec.policies")]
    return []


def _document(path: BundlePath, now: dict[str, Any] | None) -> dict[str, Any]:
    if now is not None:
        return copy.deepcopy(now)
    metadata = {"name": path.name, "namespace": path.namespace}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": {"values": {}}}


def _over(below: Any, above: Any) -> Any:
    """Objects member by member; of all else, what is above."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return below | {name: _over(below.get(name), value) for name, value in above.items()}


def _outside(values: dict[str, Any], path: BundlePath, legacy: LegacyMap) -> dict[str, Any]:
    """The values without what a rule of the map is for."""
    for rule in legacy.rules:
        if rule.bundle == path:
            values = _without(values, rule.at)
    return values


def _without(values: Any, at: tuple[str, ...]) -> Any:
    if not at:
        return {}
    if not isinstance(values, dict) or at[0] not in values:
        return values
    rest = {name: value for name, value in values.items() if name != at[0]}
    return rest if len(at) == 1 else rest | {at[0]: _without(values[at[0]], at[1:])}


def _mark_secrets(document: dict[str, Any], keys: list[str]) -> None:
    annotations = document["metadata"].get("annotations", {})
    marked = annotations.get(SECRET_ANNOTATION, "").replace(",", " ").split()
    # A path that names nothing would be refused.
    known = [key for key in dict.fromkeys([*marked, *keys]) if _is_there(document["spec"]["values"], key.split("."))]
    if known != marked:
        annotations = {**annotations, SECRET_ANNOTATION: ", ".join(known)}
        if not known:
            del annotations[SECRET_ANNOTATION]
        document["metadata"]["annotations"] = annotations


def _is_there(values: Any, path: list[str]) -> bool:
    for segment in path:
        if isinstance(values, list):
            values = {str(at): one for at, one in enumerate(values)}
        if not isinstance(values, dict) or segment not in values:
            return False
        values = values[segment]
    return True


def _origin(problem: Problem, path: BundlePath, plan: Plan) -> str:
    return plan.origin(path, problem.key.removeprefix(_VALUES)) if problem.key.startswith(_VALUES) else ""


def _with_origin(problem: Problem, path: BundlePath, plan: Plan) -> Problem:
    """Without a line, which is of a text that nobody has seen."""
    origin = _origin(problem, path, plan)
    told = f"{problem.message}; it is from {origin}" if origin else problem.message
    return replace(problem, file=str(path), line=0, column=0, message=told)
