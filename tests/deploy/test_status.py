"""The status of a ConfigBundle: what is decided of it, and that the API server would take it."""

from __future__ import annotations

from typing import Any

import pytest

from configedge.kube.crd import schema
from configedge.kube.status import is_written, same, status_of
from tests.cli.shell import run
from tests.support.kube import DEPLOY, admit, build, unknown_fields

NOW, BEFORE = "2026-01-02T03:04:05Z", "2026-01-01T00:00:00Z"
SPEC = {"values": {"n": 1}}
REACH: dict[str, Any] = {
    "namespace": "game",
    "name": "a",
    "etag": "e" * 40,
    "commit": "c" * 40,
    "ready": 3,
    "refused": 0,
    "refusals": [],
}


def resource(status: dict[str, Any] | None = None, spec: Any = SPEC) -> dict[str, Any]:
    metadata = {"name": "a", "namespace": "game", "generation": 7, "uid": "u"}
    whole = {"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": metadata, "spec": spec}
    return whole | ({"status": status} if status else {})


def decided(nodes: int = 3, spec: Any = SPEC, document: Any = {"spec": SPEC}, **reach: Any) -> tuple[str, str, str]:  # noqa: B006
    status = status_of(resource(spec=spec), {**REACH, **reach} if document is not None else None, document, nodes, NOW)
    whole = resource(status, spec)
    assert admit(schema(), whole) == [] and unknown_fields(schema()["properties"]["status"], status, ".status") == []
    assert status["observedGeneration"] == status["conditions"][0]["observedGeneration"] == 7
    (ready,) = status["conditions"]
    return ready["status"], ready["reason"], ready["message"]


def test_what_is_so_of_a_bundle_is_said_with_its_reason() -> None:
    refusals = [{"node": f"n{at}", "problem": "game.a.yaml:5: spec.values.n: schema"} for at in range(7)]
    assert decided() == ("True", "Served", "all 3 nodes serve it")
    assert decided(nodes=5) == ("False", "Progressing", "3 of 5 nodes serve it")
    assert decided(nodes=0, ready=0)[:2] == ("Unknown", "NoNodes")
    assert decided(document=None)[:2] == ("False", "NotInGit")
    assert decided(document={})[:2] == ("False", "Broken")
    status, reason, message = decided(spec={"values": {"n": 2}})
    assert (status, reason) == ("False", "Outdated") and "cccccccccccc" in message
    status, reason, message = decided(nodes=9, refused=7, refusals=refusals)
    assert (status, reason) == ("False", "Refused")
    assert message.startswith("7 of 9 nodes refuse it: n0: game.a.yaml:5: spec.values.n: schema; n1: ")
    assert message.endswith("; and 2 more")
    assert len(decided(refused=1, refusals=[{"node": "n" * 253, "problem": "x" * 9_000}])[2]) <= 2_000


def test_a_condition_keeps_its_time_until_it_changes() -> None:
    first = status_of(resource(), REACH, {"spec": SPEC}, 5, BEFORE)
    more = status_of(resource(first), {**REACH, "ready": 4}, {"spec": SPEC}, 5, NOW)
    assert more["conditions"][0]["message"] == "4 of 5 nodes serve it" and more["nodes"] == {"ready": 4, "total": 5}
    assert more["conditions"][0]["lastTransitionTime"] == BEFORE
    done = status_of(resource(more), {**REACH, "ready": 5}, {"spec": SPEC}, 5, NOW)
    assert (done["conditions"][0]["status"], done["conditions"][0]["lastTransitionTime"]) == ("True", NOW)


def test_what_is_written_is_not_written_again() -> None:
    status = status_of(resource(), REACH, {"spec": SPEC}, 3, BEFORE)
    others = {"type": "Audited", "status": "True"}
    there = {**status, "conditions": [others, *status["conditions"]]}
    assert is_written(resource(there), status_of(resource(there), REACH, {"spec": SPEC}, 3, NOW))
    assert not is_written(resource(), status)
    assert not is_written(resource(there), status_of(resource(there), REACH, {"spec": SPEC}, 4, NOW))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"a": 1.0, "b": [1]}, {"a": 1, "b": [1.0]}, True),
        ({"a": 2**70}, {"a": float(2**70)}, True),
        ({"a": 2**53 + 1}, {"a": 2**53}, False),
        ({"a": 10**400}, {"a": 1.0}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": None}, {}, False),
        ({"a": "1"}, {"a": 1}, False),
        ([1, 2], [2, 1], False),
    ],
)
def test_numbers_are_compared_as_the_api_server_keeps_them(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal and same(other, one) is equal


def test_the_deployment_runs_the_command_by_options_that_it_has() -> None:
    (deployment,) = [one for one in build(DEPLOY / "status") if one["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    usage = run(*container["command"][1:], "--help", env={"COLUMNS": "200"})
    assert all(argument.partition("=")[0] in usage for argument in container["args"])
    assert deployment["spec"]["replicas"] == 1


def test_it_is_confined_as_its_namespace_enforces() -> None:
    (deployment,) = [one for one in build(DEPLOY / "status") if one["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    context = pod["securityContext"] | container["securityContext"]
    assert context["runAsNonRoot"] and context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]} and context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    (policy,) = [one for one in build(DEPLOY / "status") if one["kind"] == "NetworkPolicy"]
    assert policy["spec"]["podSelector"]["matchLabels"] == labels and "ingress" not in policy["spec"]
