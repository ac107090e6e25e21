"""ConfigBundle as a Kubernetes resource: its CustomResourceDefinition, made of what `bundle` says of the document.

The API server checks the envelope; values, schema and policies it keeps as they are, for the control plane before the
commit and for the relay on the node. Sources: Kubernetes' "Extend the Kubernetes API with CustomResourceDefinitions"
(structural schemas, validation rules) and the conventions of metav1.Condition.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from configedge.bundle import API_VERSION, KIND, MAX_NAME, NAME_PATTERN

GROUP, VERSION = API_VERSION.split("/")
PLURAL: Final = f"{KIND.lower()}s"
NAME: Final = f"{PLURAL}.{GROUP}"
"""The definition's own name."""
MAX_POLICIES: Final = 16
"""Policies that a bundle may name, as the relay has it."""
MAX_CONDITIONS: Final = 8

_NAME_HINT = f"use 1 to {MAX_NAME} of a-z 0-9 and -, not - at an end"
_HEADER = "# Made by `configedge crd`, from python/configedge/kube/crd.py.\n"

Schema = dict[str, Any]


def definition() -> Schema:
    """The CustomResourceDefinition, as the API server takes it (apiextensions.k8s.io/v1)."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["cb"],
                "categories": ["configedge"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": _columns(),
                    "schema": {"openAPIV3Schema": schema()},
                    "subresources": {"status": {}},
                }
            ],
        },
    }


def render() -> str:
    """The definition as YAML text: what `configedge crd` prints and `deploy/crd` has."""
    return _HEADER + yaml.safe_dump(definition(), sort_keys=False, width=118, allow_unicode=True)


def schema() -> Schema:
    """The structural schema of one ConfigBundle."""
    return {
        "description": "One document of configuration: what services on the nodes read below its name.",
        "type": "object",
        "required": ["spec"],
        # Both names with their length: without it the rule below would count as if the name had megabytes.
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": _object({"name": _text(maxLength=MAX_NAME), "generateName": _text(maxLength=MAX_NAME)}),
            "spec": _spec(),
            "status": _status(),
        },
        "x-kubernetes-validations": [
            _rule(f"self.metadata.name.matches('^{NAME_PATTERN}$')", f"the name is not one: {_NAME_HINT}")
        ],
    }


def _spec() -> Schema:
    policies = {
        "description": "Names of WebAssembly policies that must accept the values, in their order.",
        "type": "array",
        # Whole, because the order counts: two that apply it must not have their lists merged.
        "x-kubernetes-list-type": "atomic",
        "maxItems": MAX_POLICIES,
        "items": _text(minLength=1, maxLength=MAX_NAME),
        "x-kubernetes-validations": [
            _rule(f"self.all(name, name.matches('^{NAME_PATTERN}$'))", f"a policy's name is not one: {_NAME_HINT}")
        ],
    }
    properties = {
        "values": _free("The configuration: an object."),
        "schema": _free("JSON Schema 2020-12 that the values fit; one schema, with references within it."),
        "policies": policies,
    }
    spec = _object(properties, required=["values"], description="What is configured.")
    # A misspelt field is kept, so that admission and relay refuse it. Pruned, `polices` would be no policies at all.
    return {**spec, "x-kubernetes-preserve-unknown-fields": True}


def _status() -> Schema:
    nodes = _object(
        {
            "ready": _count("Nodes that serve this generation."),
            "total": _count("Nodes that are to serve it."),
        },
        required=["ready", "total"],
        description="How far it has come.",
    )
    nodes["x-kubernetes-validations"] = [
        _rule("self.ready <= self.total", "ready is more than total: count both over the same nodes")
    ]
    commit = _text(
        description="The Git commit that nodes have it from, in hexadecimal.",
        maxLength=64,
        pattern="^([0-9a-f]{40}|[0-9a-f]{64})$",
    )
    return _object(
        {
            "observedGeneration": _generation("metadata.generation that the rest of the status is about."),
            "commit": commit,
            "nodes": nodes,
            "conditions": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
                "maxItems": MAX_CONDITIONS,
                "items": _condition(),
            },
        },
        description="What nodes have made of it; written by those that carry it to them.",
    )


def _condition() -> Schema:
    """metav1.Condition, with its limits."""
    qualified = r"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    return _object(
        {
            "type": _text(maxLength=316, pattern=rf"^{qualified}(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"),
            "status": _text(enum=["True", "False", "Unknown"]),
            "observedGeneration": _generation("metadata.generation that the condition is about."),
            "lastTransitionTime": _text(format="date-time"),
            "reason": _text(minLength=1, maxLength=1024, pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"),
            "message": _text(maxLength=32768),
        },
        required=["lastTransitionTime", "message", "reason", "status", "type"],
    )


def _columns() -> list[Schema]:
    ready = '.status.conditions[?(@.type=="Ready")]'
    return [
        {"name": "Ready", "type": "string", "jsonPath": f"{ready}.status"},
        {"name": "Nodes", "type": "integer", "jsonPath": ".status.nodes.ready"},
        {"name": "Of", "type": "integer", "jsonPath": ".status.nodes.total"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        {"name": "Commit", "type": "string", "jsonPath": ".status.commit", "priority": 1},
        {"name": "Message", "type": "string", "jsonPath": f"{ready}.message", "priority": 1},
    ]


def _object(properties: Schema, required: list[str] | None = None, description: str = "") -> Schema:
    said = {"description": description} if description else {}
    return {**said, "type": "object", **({"required": required} if required else {}), "properties": properties}


def _free(description: str) -> Schema:
    """An object that is kept as it is, and has one owner.

    Not atomic, what somebody else once added would stay through each apply of Git's, and `managedFields` would name
    each key: a document of 1 MiB with long keys was then too large for etcd.
    """
    kept = {"x-kubernetes-preserve-unknown-fields": True, "x-kubernetes-map-type": "atomic"}
    return {"description": description, "type": "object", **kept}


def _text(**limits: Any) -> Schema:
    return {**{key: limits.pop(key) for key in ("description",) if key in limits}, "type": "string", **limits}


def _count(description: str) -> Schema:
    return {"description": description, "type": "integer", "format": "int32", "minimum": 0}


def _generation(description: str) -> Schema:
    return {"description": description, "type": "integer", "format": "int64", "minimum": 0}


def _rule(rule: str, message: str) -> Schema:
    return {"rule": rule, "message": message}
