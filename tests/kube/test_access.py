"""Who may what in a cluster with our manifests: by its authorizer, and by writes that are really refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kube.apiserver import ApiServer, api_server
from tests.kube.client import Refused, Resource, User, bundle_path
from tests.kube.cluster import APPLIER, BASES, GAME, SYSTEM, bundle, define
from tests.kube.way import soon
from tests.support.kube import DEPLOY, build

READER = f"system:serviceaccount:{GAME}:configbundle-reader"
CONTROL = f"system:serviceaccount:{SYSTEM}:control"
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
# Of all that somebody could be after.
OTHERS = ("secrets", "configmaps", "pods", "serviceaccounts", "deployments", "roles", "rolebindings", "namespaces")
GROUP = "configedge.io"


@pytest.fixture(scope="module")
def cluster(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server with our manifests but Flux, whose definitions it does not know."""
    with api_server(tmp_path_factory.mktemp("access")) as server:
        define(server.admin)
        for base in (*(base for base in BASES if base != "flux"), "examples/game"):
            server.admin.kubectl("apply", "--server-side", "-k", str(DEPLOY / base))
        # Policies count some time after they are accepted.
        soon(lambda: denied(server.admin))
        yield server


def denied(admin: User) -> bool:
    try:
        admin.request("POST", bundle_path(GAME), bundle(GAME, "probe", values={}), dryRun="All")
    except Refused as refused:
        return "bundles come from Git" in str(refused)
    return False


def create(user: User, name: str = "m", **options: Any) -> Any:
    spec = options.pop("spec", {"values": {"a": {"b": 1}}})
    resource = bundle(GAME, name, **spec)
    resource["metadata"]["annotations"] = options.pop("annotations", {})
    return user.request("POST", bundle_path(GAME), resource, dryRun="All", **options)


def allowed(cluster: ApiServer, user: str, namespace: str, sub: str = "") -> set[str]:
    return {verb for verb in VERBS if cluster.admin.may(user, verb, "configbundles", namespace, group=GROUP, sub=sub)}


def test_the_applier_writes_bundles_of_its_namespaces_and_nothing_else(cluster: ApiServer) -> None:
    assert allowed(cluster, APPLIER, GAME) == {"get", "list", "watch", "create", "update", "patch", "delete"}
    assert allowed(cluster, APPLIER, GAME, "status") == set()
    for elsewhere in (SYSTEM, "default", "kube-system", ""):
        assert allowed(cluster, APPLIER, elsewhere) == set()


def test_a_reader_reads_and_says_how_far_it_is(cluster: ApiServer) -> None:
    assert allowed(cluster, READER, GAME) == {"get", "list", "watch"}
    assert allowed(cluster, READER, GAME, "status") == {"patch"}
    assert allowed(cluster, READER, SYSTEM) == set()


def test_the_control_plane_has_nothing_to_do_with_the_api(cluster: ApiServer) -> None:
    assert allowed(cluster, CONTROL, GAME) == allowed(cluster, CONTROL, SYSTEM) == set()


@pytest.mark.parametrize("user", [APPLIER, READER, CONTROL])
def test_nobody_of_ours_comes_at_anything_else(cluster: ApiServer, user: str) -> None:
    groups = {"deployments": "apps", "roles": "rbac.authorization.k8s.io", "rolebindings": "rbac.authorization.k8s.io"}
    may = {
        (verb, resource)
        for resource in OTHERS
        for namespace in (GAME, SYSTEM)
        for verb in VERBS
        if cluster.admin.may(user, verb, resource, namespace, group=groups.get(resource, ""))
    }
    assert may == set()
    assert not cluster.admin.may(user, "create", "serviceaccounts", GAME, sub="token")
    assert not cluster.admin.may(user, "impersonate", "users")


def test_a_reader_with_its_own_token_is_refused_what_it_may_not(cluster: ApiServer) -> None:
    reader = cluster.account(GAME, "configbundle-reader")
    assert reader.get(bundle_path(GAME))["items"] == []
    attempts: list[Callable[[], Any]] = [
        lambda: create(reader),
        lambda: reader.get(bundle_path(SYSTEM)),
        lambda: reader.get("/apis/configedge.io/v1alpha1/configbundles"),
        lambda: reader.get(f"/api/v1/namespaces/{GAME}/secrets"),
        lambda: reader.get(f"/api/v1/namespaces/{GAME}/configmaps"),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as told:
            attempt()
        assert told.value.code == 403


def test_nobody_but_the_applier_writes_bundles(cluster: ApiServer) -> None:
    assert create(cluster.admin, act_as=APPLIER)["metadata"]["name"] == "m"
    others = [("admin", []), ("alice", ["system:masters"]), ("system:admin", ["system:masters"])]
    for user, groups in others:
        with pytest.raises(Refused, match=f"{user} is not who brings them: commit the change") as told:
            create(cluster.admin, act_as=user if groups else "", groups=groups)
        assert told.value.code == 403


def test_what_is_there_is_neither_changed_nor_deleted_by_others(cluster: ApiServer) -> None:
    admin, path = cluster.admin, bundle_path(GAME, "kept")
    admin.request("POST", bundle_path(GAME), bundle(GAME, "kept", values={"a": 1}), act_as=APPLIER)
    attempts: list[Callable[[], Any]] = [
        lambda: admin.patch(path, {"spec": {"values": {"a": 2}}}),
        lambda: admin.patch(path, {"metadata": {"annotations": {"configedge.io/hold": "now"}}}),
        lambda: admin.request("DELETE", path),
        lambda: admin.request("DELETE", bundle_path(GAME)),
        lambda: admin.kubectl("delete", "cb", "kept", "--namespace", GAME),
    ]
    for attempt in attempts:
        with pytest.raises(Refused, match="bundles come from Git"):
            attempt()
    assert admin.get(path)["spec"]["values"] == {"a": 1}
    # Its status is no part of what comes from Git.
    admin.patch(f"{path}/status", {"status": {"observedGeneration": 1}})
    admin.request("DELETE", path, act_as=APPLIER)


def test_an_emergency_is_let_through_and_noted(cluster: ApiServer) -> None:
    admin, path = cluster.admin, bundle_path(GAME, "urgent")
    granted = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "alice", "namespace": GAME},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "configbundle-applier"},
        "subjects": [{"kind": "User", "name": "alice", "apiGroup": "rbac.authorization.k8s.io"}],
    }
    admin.apply(granted)
    urgent = bundle(GAME, "urgent", values={})
    emergency: dict[str, Any] = {"act_as": "alice", "groups": ["configedge:break-glass"]}
    soon(lambda: admin.may("alice", "create", "configbundles", GAME, group=GROUP))
    admin.request("POST", bundle_path(GAME), urgent, **emergency)
    admin.request("DELETE", path, **emergency)
    with pytest.raises(Refused, match="alice is not who brings them"):
        create(admin, act_as="alice")
    assert ("urgent", "create", "written past Git by alice") in set(noted(cluster.directory / "audit.log"))


def noted(audit: Path) -> Iterator[tuple[str, str, str]]:
    """Name, verb and note of each event that has a note of ours."""
    for line in audit.read_text().splitlines():
        event = json.loads(line)
        note = event.get("annotations", {}).get("configbundles-from-git/emergency")
        if note:
            yield event["objectRef"].get("name", "urgent"), event["verb"], note


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"annotations": {"configedge.io/allow-resize": "yes"}}, 'write "true"'),
        ({"annotations": {"configedge.io/secret": "a..b"}}, "parted by commas or spaces"),
        ({"annotations": {"configedge.io/secret": "a;b"}}, "parted by commas or spaces"),
        ({"spec": {"values": {}, "polices": ["p"]}}, "values, schema and policies are all there are"),
    ],
)
def test_an_envelope_that_a_node_would_refuse_is_denied(cluster: ApiServer, options: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        create(cluster.admin, act_as=APPLIER, **options)
    assert refused.value.code == 422


def test_annotations_that_a_node_takes_are_admitted(cluster: ApiServer) -> None:
    good = {
        "configedge.io/allow-resize": "true",
        "configedge.io/hold": "until Monday",
        "configedge.io/secret": "a, a.b\n",
    }
    assert create(cluster.admin, act_as=APPLIER, annotations=good)["metadata"]["annotations"] == good


def pod(resource: Resource) -> Resource:
    """What a Deployment or a DaemonSet would create."""
    template = resource["spec"]["template"]
    metadata = {"name": "probe", "namespace": resource["metadata"]["namespace"]}
    spec = {"serviceAccountName": "probe", **template["spec"], "priorityClassName": ""}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], **metadata}, "spec": spec}


@pytest.mark.parametrize(
    "example",
    ["control", "status", "examples/game", "examples/game-from-git", "examples/game-from-kube", "examples/nodes"],
)
def test_our_pods_are_admitted_by_the_security_profile_of_their_namespace(cluster: ApiServer, example: str) -> None:
    built = build(DEPLOY / example)
    (made,) = (pod(it) for it in built if it["kind"] in ("Deployment", "DaemonSet"))
    namespace, name = made["metadata"]["namespace"], made["spec"]["serviceAccountName"]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
    cluster.admin.apply(*(it for it in built if it["kind"] == "Namespace"), account)
    path = f"/api/v1/namespaces/{namespace}/pods"
    cluster.admin.request("POST", path, made, dryRun="All")
    if namespace != "configedge-nodes":
        made["spec"]["hostNetwork"] = True
        with pytest.raises(Refused, match='violates PodSecurity "restricted'):
            cluster.admin.request("POST", path, made, dryRun="All")
