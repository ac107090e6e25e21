"""Who may write bundles in a cluster: admission policies, by a real implementation of CEL, and roles."""

from __future__ import annotations

from typing import Any

import pytest

from configedge.kube import crd
from tests.deploy.test_crd import document, node_says
from tests.support.kube import DEPLOY, Resource, build, evaluate, refusals

APPLIER = "system:serviceaccount:configedge:configbundle-applier"
NAMESPACES = "system:serviceaccount:kube-system:namespace-controller"


def built(directory: str, kind: str) -> dict[str, Resource]:
    return {it["metadata"]["name"]: it for it in build(DEPLOY / directory) if it["kind"] == kind}


@pytest.fixture(scope="module")
def policies() -> dict[str, Resource]:
    return built("admission", "ValidatingAdmissionPolicy")


def request(user: str, operation: str = "UPDATE", groups: tuple[str, ...] = ("system:authenticated",)) -> Resource:
    return {"operation": operation, "userInfo": {"username": user, "groups": list(groups)}}


def annotated(annotations: dict[str, str], **spec: Any) -> Resource:
    resource = document(values={"a": {"b": 1}}, **spec)
    resource["metadata"]["annotations"] = annotations
    return resource


def test_each_policy_is_bound_and_denies(policies: dict[str, Resource]) -> None:
    bindings = built("admission", "ValidatingAdmissionPolicyBinding")
    bound = {binding["spec"]["policyName"]: binding["spec"]["validationActions"] for binding in bindings.values()}
    assert bound == {name: ["Deny", "Audit"] for name in policies}
    for policy in policies.values():
        assert policy["spec"]["failurePolicy"] == "Fail"
        (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
        # Not its status, which those write that bring bundles to nodes.
        assert (rule["apiGroups"], rule["resources"]) == ([crd.GROUP], [crd.PLURAL])


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE"])
def test_flux_writes_and_nobody_else(policies: dict[str, Resource], operation: str) -> None:
    policy = policies["configbundles-from-git"]
    new = None if operation == "DELETE" else document(values={})
    assert refusals(policy, request(APPLIER, operation), new) == []
    others = ["alice", "system:admin", "", f"{APPLIER}x", "system:serviceaccount:other:configbundle-applier"]
    for other in others:
        (said,) = refusals(policy, request(other, operation, ("system:masters",)), new)
        assert f"{other} is not who brings them" in said and "commit the change" in said


def test_a_namespace_with_bundles_can_be_deleted(policies: dict[str, Resource]) -> None:
    policy = policies["configbundles-from-git"]
    assert refusals(policy, request(NAMESPACES, "DELETE"), None) == []
    assert refusals(policy, request(NAMESPACES, "UPDATE"), document(values={}))


def test_in_an_emergency_somebody_may(policies: dict[str, Resource]) -> None:
    policy = policies["configbundles-from-git"]
    assert refusals(policy, request("alice", groups=("configedge:break-glass",)), document(values={})) == []
    (note,) = policy["spec"]["auditAnnotations"]
    said = evaluate(note["valueExpression"], request=request("alice"), variables={"emergency": True})
    assert said == "written past Git by alice"
    nameless = {"operation": "CREATE", "userInfo": {"username": "system:anonymous"}}
    assert refusals(policy, nameless, document(values={}))


@pytest.mark.parametrize(
    "annotations",
    [
        {"configedge.io/allow-resize": "true"},
        {"configedge.io/hold": "until Monday"},
        {"configedge.io/secret": "a.b"},
        {"configedge.io/secret": "a, a.b\n"},
        {"configedge.io/secret": ""},
        {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    ],
)
def test_annotations_that_a_node_takes_are_admitted(policies: dict[str, Resource], annotations: dict[str, str]) -> None:
    resource = annotated(annotations)
    assert node_says(resource) == []
    assert refusals(policies["configbundles-envelope"], request(APPLIER), resource) == []


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        (annotated({"configedge.io/allow-resize": "yes"}), 'write "true"'),
        (annotated({"configedge.io/allow-resize": ""}), 'write "true"'),
        (annotated({"configedge.io/secret": "a..b"}), "parted by commas or spaces"),
        (annotated({"configedge.io/secret": "a;b"}), "parted by commas or spaces"),
        (annotated({"configedge.io/secret": "a/b"}), "parted by commas or spaces"),
        (annotated({}, polices=["p"]), "values, schema and policies are all there are"),
    ],
)
def test_what_a_node_would_refuse_is_refused(policies: dict[str, Resource], resource: Resource, told: str) -> None:
    assert node_says(resource)
    (said,) = refusals(policies["configbundles-envelope"], request(APPLIER), resource)
    assert told in said


def test_the_fields_that_are_admitted_are_those_of_the_schema(policies: dict[str, Resource]) -> None:
    known = crd.schema()["properties"]["spec"]["properties"]
    assert str(list(known)) in policies["configbundles-envelope"]["spec"]["validations"][0]["expression"]


def allowed(rules: list[Resource]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_roles_allow_what_they_are_for_and_nothing_else() -> None:
    roles = {name: allowed(role["rules"]) for name, role in built("rbac", "ClusterRole").items()}
    reads = {(crd.GROUP, crd.PLURAL, verb) for verb in ("get", "list", "watch")}
    writes = {(crd.GROUP, crd.PLURAL, verb) for verb in ("create", "update", "patch", "delete")}
    assert roles == {
        "configbundle-applier": reads | writes,
        "configbundle-reader": reads | {(crd.GROUP, f"{crd.PLURAL}/status", "patch")},
        "configbundle-viewer": reads,
    }


def test_writing_does_not_come_with_the_roles_that_people_have() -> None:
    for name, role in built("rbac", "ClusterRole").items():
        aggregated = {label for label in role["metadata"]["labels"] if "aggregate-to" in label}
        assert aggregated == ({"rbac.authorization.k8s.io/aggregate-to-view"} if "viewer" in name else set())


def test_a_role_holds_in_one_namespace_only() -> None:
    everything = build(DEPLOY / "examples" / "cluster")
    (whole,) = [it for it in everything if it["kind"] == "ClusterRoleBinding"]
    (status,) = [
        it for it in everything if it["kind"] == "ClusterRole" and it["metadata"]["name"] == "configbundle-status"
    ]
    assert whole["roleRef"]["name"] == "configbundle-status", "statuses are of all namespaces"
    assert {verb for rule in status["rules"] for verb in rule["verbs"]} == {"get", "list", "patch"}
    assert [rule["resources"] for rule in status["rules"] if "patch" in rule["verbs"]] == [["configbundles/status"]]
    bindings = [it for it in everything if it["kind"] == "RoleBinding"]
    assert {it["metadata"]["namespace"] for it in bindings} == {"treasure-hunt"}
    applier = next(it for it in bindings if it["metadata"]["name"] == "configbundle-applier")
    assert applier["subjects"] == [
        {"kind": "ServiceAccount", "name": "configbundle-applier", "namespace": "configedge"}
    ]
    reader = next(it for it in bindings if it["metadata"]["name"] == "configbundle-reader")
    assert reader["subjects"] == [
        {"kind": "ServiceAccount", "name": "configbundle-reader", "namespace": "treasure-hunt"}
    ]
    (applies,) = [it for it in everything if it["kind"] == "Kustomization"]
    assert (
        f"system:serviceaccount:{applies['metadata']['namespace']}:{applies['spec']['serviceAccountName']}" == APPLIER
    )
