"""The definition of ConfigBundle, and that an API server and a node agree on what is one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from configedge.bundle import Bundle, BundleError
from configedge.kube import crd
from tests.cli.shell import call
from tests.support.kube import DEPLOY, KUBERNETES, admit, check, rules, unknown_fields

NAMES = json.loads((Path(__file__).parents[1] / "vectors" / "names.json").read_text())
SCHEMA = crd.schema()
# cel-expr-python ends a text at NUL, which CEL does not.
BAD_NAMES = [name for name in NAMES["invalid"] if "\0" not in name]
# What no structural schema may have (Kubernetes' documentation), and what ours has no use for.
FORBIDDEN = {"$ref", "definitions", "dependencies", "patternProperties", "id", "additionalItems", "uniqueItems"}


def document(name: str = "m", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "game"}
    return {"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": metadata, "spec": spec}


def node_says(resource: dict[str, Any]) -> list[str]:
    """Codes of what a node has against it. That a policy is not there is no matter of the document."""
    try:
        Bundle.parse(json.dumps(resource).encode(), "m.json")
    except BundleError as error:
        return [problem.code for problem in error.problems if problem.code != "policy"]
    return []


def status(**fields: Any) -> dict[str, Any]:
    return {**document(values={}), "status": fields}


def condition(**fields: Any) -> dict[str, Any]:
    told = {"type": "Ready", "status": "True", "reason": "Served", "message": "", "observedGeneration": 2}
    return {**told, "lastTransitionTime": "2026-11-30T13:00:00Z", **fields}


def test_the_file_that_is_applied_is_what_the_command_prints() -> None:
    done = call("crd")
    assert done.returncode == 0
    assert (DEPLOY / "crd" / "configbundle.yaml").read_text() == done.stdout


@pytest.mark.parametrize("version", KUBERNETES)
def test_it_is_a_definition_for_each_version_of_kubernetes(version: str) -> None:
    check(crd.definition(), version)


def test_its_schema_is_structural() -> None:
    def look(schema: dict[str, Any], at: str) -> None:
        assert schema.get("type"), f"{at} has no type"
        assert not FORBIDDEN & schema.keys(), at
        assert not ("properties" in schema and "additionalProperties" in schema), at
        for name, member in schema.get("properties", {}).items():
            look(member, f"{at}.{name}")
        if schema["type"] == "array":
            look(schema["items"], f"{at}[]")

    look(SCHEMA, "")
    assert SCHEMA["properties"]["metadata"]["properties"].keys() == {"name", "generateName"}


def test_what_rules_read_is_bounded_so_that_their_cost_is() -> None:
    """An API server refuses a rule whose estimate is above 10,000,000, and a text without limit counts as megabytes.

    The estimate of `matches` in cel-go: a tenth of the text's bytes by a quarter of the expression's.
    """
    costs = {}
    for at, schema, rule in rules(SCHEMA):
        texts = {"": SCHEMA["properties"]["metadata"]["properties"]["name"], ".spec.policies": schema.get("items")}
        if (found := re.search(r"matches\('(.*)'\)", rule["rule"])) is not None:
            text = texts[at]
            assert text is not None
            costs[at] = schema.get("maxItems", 1) * (text["maxLength"] * 4 / 10 + 1) * (len(found[1]) / 4 + 1)
    assert set(costs) == {"", ".spec.policies"}
    assert max(costs.values()) < 10_000


@pytest.mark.parametrize("name", NAMES["valid"])
def test_a_good_name_is_admitted(name: str) -> None:
    assert admit(SCHEMA, document(name, values={}, policies=[name])) == []


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused(name: str) -> None:
    assert admit(SCHEMA, document(name, values={}))
    assert admit(SCHEMA, document(values={}, policies=[name]))
    assert "name" in node_says(document(name, values={}))
    assert "name" in node_says(document(values={}, policies=[name]))


@pytest.mark.parametrize(
    "spec",
    [
        {"values": {}},
        {"values": {"a": {"b": [1, 2.5, None, True, "é"]}}, "schema": {"type": "object"}},
        {"values": {"a": 1}, "policies": []},
        {"values": {}, "policies": [f"p{at}" for at in range(crd.MAX_POLICIES)]},
        # The same twice is of no use, and no harm.
        {"values": {}, "policies": ["p", "p"]},
    ],
)
def test_what_a_node_takes_is_admitted(spec: dict[str, Any]) -> None:
    resource = document(**spec)
    assert node_says(resource) == []
    assert admit(SCHEMA, resource) == []
    assert unknown_fields(SCHEMA, resource) == []


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
        {"values": {}, "policies": [f"p{at}" for at in range(crd.MAX_POLICIES + 1)]},
    ],
)
def test_what_is_refused_is_refused_by_nodes_too(spec: dict[str, Any]) -> None:
    resource = document(**spec)
    assert admit(SCHEMA, resource)
    assert node_says(resource)


def test_a_misspelt_field_is_kept_so_that_it_can_be_refused() -> None:
    """Pruned, a bundle would lose its policies without a word."""
    resource = document(values={}, polices=["p"])
    assert unknown_fields(SCHEMA, resource) == []
    assert node_says(resource) == ["unknown-field"]


def test_a_status_says_how_far_a_bundle_has_come() -> None:
    nodes = {"ready": 2, "total": 3}
    good = status(observedGeneration=2, commit="a" * 40, nodes=nodes, conditions=[condition()])
    assert admit(SCHEMA, good) == []
    assert unknown_fields(SCHEMA, good) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"nodes": {"ready": 4, "total": 3}},
        {"nodes": {"ready": 4}},
        {"nodes": {"ready": -1, "total": 3}},
        {"commit": "main"},
        {"commit": "A" * 40},
        {"observedGeneration": -1},
        {"conditions": [condition(status="yes")]},
        {"conditions": [condition(reason="")]},
        {"conditions": [condition(reason="two words")]},
        {"conditions": [condition(type="-")]},
        {"conditions": [condition(message="x" * 32769)]},
        {"conditions": [condition(lastTransitionTime="now")]},
        {"conditions": [condition()] * (crd.MAX_CONDITIONS + 1)},
    ],
)
def test_a_status_that_says_what_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    assert admit(SCHEMA, status(**fields))


def test_columns_show_what_the_schema_has() -> None:
    (version,) = crd.definition()["spec"]["versions"]
    for column in version["additionalPrinterColumns"]:
        schema, path = SCHEMA, re.sub(r"\[.*?\]", "", column["jsonPath"]).split(".")[1:]
        for name in path:
            if path[0] != "metadata":
                schema = schema.get("items", schema)["properties"][name]
        assert column["type"] in (schema["type"], "date"), column
