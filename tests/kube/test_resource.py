"""The definition of ConfigBundle on a real API server: what it takes, what it refuses, what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from configedge.kube import crd
from tests.deploy.test_crd import BAD_NAMES, NAMES, condition
from tests.kube.apiserver import ApiServer
from tests.kube.client import Refused, User, bundle_path
from tests.kube.cluster import bundle, namespace

HERE = "resource"


@pytest.fixture(scope="module")
def admin(server: ApiServer) -> Iterator[User]:
    server.admin.apply(namespace(HERE))
    yield server.admin


def create(admin: User, name: str = "m", **spec: Any) -> Any:
    """What would be created: nothing stays."""
    return admin.request("POST", bundle_path(HERE), bundle(HERE, name, **spec), dryRun="All")


def test_the_definition_is_accepted_as_structural(server: ApiServer) -> None:
    definition = server.admin.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd.NAME}")
    conditions = {it["type"]: it["status"] for it in definition["status"]["conditions"]}
    assert conditions["Established"] == conditions["NamesAccepted"] == "True"
    assert "NonStructuralSchema" not in conditions
    # Nothing of it was pruned.
    (ours,), (theirs,) = crd.definition()["spec"]["versions"], definition["spec"]["versions"]
    assert theirs["schema"] == ours["schema"]


@pytest.mark.parametrize("name", NAMES["valid"])
def test_a_good_name_is_admitted(admin: User, name: str) -> None:
    assert create(admin, name, values={}, policies=[name])["metadata"]["name"] == name


@pytest.mark.parametrize("name", [name for name in BAD_NAMES if name])
def test_a_bad_name_is_refused(admin: User, name: str) -> None:
    with pytest.raises(Refused):
        create(admin, name, values={})
    with pytest.raises(Refused, match="policies"):
        create(admin, values={}, policies=[name])


def test_a_bad_name_is_told_in_our_words(admin: User) -> None:
    with pytest.raises(Refused, match="the name is not one: use 1 to 63 of a-z 0-9 and -"):
        create(admin, "a.b", values={})
    with pytest.raises(Refused, match="a policy's name is not one"):
        create(admin, values={}, policies=["A"])


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"values": None},
        {"values": []},
        {"values": "text"},
        {"values": {}, "schema": True},
        {"values": {}, "policies": "p"},
        {"values": {}, "policies": [1]},
        {"values": {}, "policies": [""]},
        {"values": {}, "policies": [f"p{at}" for at in range(crd.MAX_POLICIES + 1)]},
    ],
)
def test_an_envelope_that_is_none_is_refused(admin: User, spec: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        create(admin, **spec)
    assert refused.value.code in (400, 422)


def test_values_schema_and_unknown_fields_are_kept_as_they_are(admin: User) -> None:
    values = {"a": {"b": [1, 2.5, None, True, "é"]}, "x-kubernetes-y": {"$ref": "#/z"}, "apiVersion": 1, "metadata": []}
    schema = {"type": "object", "additionalProperties": {"$ref": "#/$defs/any"}, "$defs": {"any": True}}
    spec: dict[str, Any] = {"values": values, "schema": schema, "policies": ["p", "p"], "polices": ["q"]}
    assert create(admin, **spec)["spec"] == spec


def test_numbers_are_those_of_the_documentation(admin: User) -> None:
    given = {"big": 2**63 - 1, "small": -(2**63), "float": 0.1, "exact": 1.0, "huge": 1e300}
    kept = create(admin, values=given)["spec"]["values"]
    assert kept == given
    assert isinstance(kept["big"], int)
    # Larger ones become floats, and come back rounded: they belong into strings.
    larger = create(admin, values={"larger": 2**64})["spec"]["values"]["larger"]
    assert larger != 2**64 and float(larger) == 2.0**64


@pytest.mark.parametrize(("keys", "key_bytes", "value_bytes"), [(9_900, 8, 90), (9_900, 64, 34)])
def test_as_much_as_a_bundle_may_have_is_taken(admin: User, keys: int, key_bytes: int, value_bytes: int) -> None:
    """1 MiB, 10,000 keys, a depth of 32: as Flux applies it."""
    deep: Any = 1
    for at in range(30):
        deep = {f"k{at}": deep}
    values = {"deep": deep, **{f"{at:0{key_bytes}}": "x" * value_bytes for at in range(keys)}}
    assert apply(admin, "flux", values) == values
    assert apply(admin, "flux", {**values, "more": 1})["more"] == 1


def test_what_somebody_else_added_does_not_stay(admin: User) -> None:
    apply(admin, "flux", {"a": 1})
    apply(admin, "alice", {"a": 1, "b": 2})
    assert apply(admin, "flux", {"a": 1}) == {"a": 1}


def apply(admin: User, manager: str, values: dict[str, Any]) -> Any:
    """What a bundle has after a server-side apply of these values."""
    content = json.dumps(bundle(HERE, "applied", values=values))
    headers = {"Content-Type": "application/apply-patch+yaml"}
    params = {"fieldManager": manager, "force": "true"}
    response = admin.http.patch(bundle_path(HERE, "applied"), content=content, headers=headers, params=params)
    assert response.is_success, response.text
    return response.json()["spec"]["values"]


@pytest.fixture
def stored(admin: User) -> Iterator[str]:
    path = bundle_path(HERE, "status")
    admin.request("POST", bundle_path(HERE), bundle(HERE, "status", values={"a": 1}))
    yield path
    admin.request("DELETE", path)


def test_a_status_is_written_apart_and_shown_in_columns(admin: User, stored: str) -> None:
    told = {"observedGeneration": 1, "commit": "a" * 40, "nodes": {"ready": 2, "total": 3}, "conditions": [condition()]}
    admin.patch(f"{stored}/status", {"status": told, "spec": {"values": {"a": 2}}})
    assert admin.get(stored)["spec"]["values"] == {"a": 1}
    admin.patch(stored, {"status": {"commit": "b" * 40}})
    assert admin.get(stored)["status"] == told
    lines = admin.kubectl("get", "cb", "status", "--namespace", HERE).splitlines()
    assert lines[0].split() == ["NAME", "READY", "NODES", "OF", "AGE"]
    assert lines[1].split()[:4] == ["status", "True", "2", "3"]
    assert "a" * 40 in admin.kubectl("get", "cb", "status", "--namespace", HERE, "--output", "wide")


@pytest.mark.parametrize(
    "fields",
    [
        {"nodes": {"ready": 4, "total": 3}},
        {"nodes": {"ready": 4}},
        {"nodes": {"ready": -1, "total": 3}},
        {"commit": "main"},
        {"observedGeneration": -1},
        {"conditions": [condition(status="yes")]},
        {"conditions": [condition(reason="two words")]},
        {"conditions": [condition(lastTransitionTime="now")]},
        {"conditions": [condition(), condition()]},
        {"conditions": [condition(type=f"T{at}") for at in range(crd.MAX_CONDITIONS + 1)]},
    ],
)
def test_a_status_that_says_what_cannot_be_is_refused(admin: User, stored: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        admin.patch(f"{stored}/status", {"status": fields})


def test_the_generation_counts_changes_of_the_spec_alone(admin: User, stored: str) -> None:
    before = admin.get(stored)["metadata"]["generation"]
    admin.patch(f"{stored}/status", {"status": {"observedGeneration": 1}})
    admin.patch(stored, {"metadata": {"annotations": {"configedge.io/hold": "until Monday"}}})
    assert admin.get(stored)["metadata"]["generation"] == before
    admin.patch(stored, {"spec": {"values": {"a": 2}}})
    assert admin.get(stored)["metadata"]["generation"] == before + 1
