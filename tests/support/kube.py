"""What an API server would say of our manifests, as far as that can be told without one.

Schemas of Kubernetes come with `kubernetes-validate`, those of Flux with the modules of its controllers, CEL rules are
evaluated by `cel-expr-python` (CEL's own implementation in C++). What is missing is skipped by name.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.kube.binaries import KUBECTL, KUSTOMIZE, NOTIFICATION, SOURCE, Unavailable

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
KUBERNETES = ("1.33", "1.34", "1.35", "1.36", "1.37")
FLUX = {
    "source.toolkit.fluxcd.io": SOURCE,
    "kustomize.toolkit.fluxcd.io": KUSTOMIZE,
    "notification.toolkit.fluxcd.io": NOTIFICATION,
}

Resource = dict[str, Any]


def build(directory: Path) -> list[Resource]:
    """What kustomize makes of a directory."""
    return [resource for resource in yaml.load_all(_built(directory), Loader=yaml.CSafeLoader) if resource]


@functools.cache
def _built(directory: Path) -> str:
    if (found := shutil.which("kustomize")) is not None:
        command = [found, "build"]
    elif (found := shutil.which("kubectl")) is not None:
        command = [found, "kustomize"]
    elif KUBECTL.path.exists():
        command = [str(KUBECTL.path), "kustomize"]
    else:
        pytest.skip("neither kustomize nor kubectl is installed")
    done = subprocess.run([*command, str(directory)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(resource: Resource) -> str:
    """As messages name it."""
    return f"{resource['kind']}/{resource['metadata']['name']}"


def check(resource: Resource, version: str) -> None:
    """Strictly, by that version's own schema: unknown fields are refused. Raises what names the field."""
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    validate.validate(resource, version, strict=True)


@functools.cache
def flux_definitions(group: str) -> dict[tuple[str, str], Resource]:
    """The schemas of one group of Flux by kind and version, from the module of its controller."""
    try:
        found = FLUX[group].source()
    except Unavailable as error:
        pytest.skip(str(error))
    definitions = {}
    for file in (found / "config" / "crd" / "bases").glob(f"{group}_*.yaml"):
        definition = yaml.safe_load(file.read_text())["spec"]
        for version in definition["versions"]:
            kind = definition["names"]["kind"]
            definitions[kind, f"{group}/{version['name']}"] = version["schema"]["openAPIV3Schema"]
    return definitions


def admit(schema: Resource, resource: Resource) -> list[str]:
    """Why an API server would refuse a custom resource: its structural schema, then its rules. Nothing: it is taken."""
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    problems = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(resource)
    ]
    return problems or list(_broken_rules(schema, resource))


def unknown_fields(schema: Resource, value: Any, at: str = "") -> list[str]:
    """Fields that the API server would prune."""
    if isinstance(value, list):
        items = schema.get("items", {})
        return [name for index, item in enumerate(value) for name in unknown_fields(items, item, f"{at}[{index}]")]
    if not isinstance(value, dict) or at == ".metadata":
        return []
    found = []
    for name, member in value.items():
        known = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        if known is not None:
            found += unknown_fields(known if isinstance(known, dict) else {}, member, f"{at}.{name}")
        elif not schema.get("x-kubernetes-preserve-unknown-fields") and (at or name not in ("apiVersion", "kind")):
            found.append(f"{at}.{name}")
    return found


def rules(schema: Resource, at: str = "") -> Iterator[tuple[str, Resource, Resource]]:
    """Each CEL rule of a schema, with the schema that it belongs to and where that is."""
    for rule in schema.get("x-kubernetes-validations", ()):
        yield at, schema, rule
    for name, member in schema.get("properties", {}).items():
        yield from rules(member, f"{at}.{name}")
    if "items" in schema:
        yield from rules(schema["items"], f"{at}[]")


def _broken_rules(schema: Resource, value: Any) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", ()):
        if evaluate(rule["rule"], self=value) is not True:
            yield rule["message"]
    if isinstance(value, dict):
        for name, member in schema.get("properties", {}).items():
            if name in value:
                yield from _broken_rules(member, value[name])
    if isinstance(value, list) and "items" in schema:
        for item in value:
            yield from _broken_rules(schema["items"], item)


def evaluate(expression: str, **variables: Any) -> Any:
    """The value of a CEL expression. Raises AssertionError if it fails."""
    cel = pytest.importorskip("cel_expr_python.cel", reason="cel-expr-python is not installed")
    environment = cel.NewEnv(variables=dict.fromkeys(variables, cel.Type.DYN))
    value = environment.compile(expression).eval(data=variables)
    assert value.type() != cel.Type.ERROR, f"{expression}: {value.value()}"
    return value.plain_value()


def refusals(policy: Resource, request: Resource, new: Resource | None, old: Resource | None = None) -> list[str]:
    """What a ValidatingAdmissionPolicy says against a request; nothing if it admits it."""
    given: dict[str, Any] = {"request": request, "object": new, "oldObject": old}
    variables: dict[str, Any] = {}
    for variable in policy["spec"].get("variables", ()):
        variables[variable["name"]] = evaluate(variable["expression"], variables=variables, **given)
    messages = []
    for validation in policy["spec"]["validations"]:
        if evaluate(validation["expression"], variables=variables, **given) is not True:
            told = validation.get("messageExpression")
            messages.append(evaluate(told, variables=variables, **given) if told is not None else validation["message"])
    return messages
