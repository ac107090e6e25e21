"""docs/kubernetes.md says what is in deploy/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from configedge.kube import crd
from tests.support.kube import DEPLOY, FLUX, KUBERNETES, build

PAGE = (Path(__file__).parents[2] / "docs" / "kubernetes.md").read_text()


def first_cells(heading: str) -> list[str]:
    table = PAGE[PAGE.index(heading) :].split("\n\n")[0]
    return [row.split("|")[1] for row in table.splitlines()[2:]]


def secrets(value: Any) -> set[str]:
    """Every secret that a resource names."""
    found: set[str] = set()
    if isinstance(value, dict):
        found |= {value["secretName"]} if "secretName" in value else set()
        for key in ("secretRef", "credentials"):
            found |= {value[key]["name"]} if key in value else set()
        return found.union(*(secrets(member) for member in value.values()))
    return found.union(*(secrets(item) for item in value)) if isinstance(value, list) else found


def test_its_first_table_has_every_directory() -> None:
    told = {name for cell in first_cells("| directory |") for name in re.findall(r"`(.*?)`", cell)}
    there = {str(file.parent.relative_to(DEPLOY)) for file in DEPLOY.rglob("kustomization.yaml")}
    assert told == {name for name in there if not name.startswith("examples")} | {"examples"}
    examples = {path.name for path in (DEPLOY / "examples").iterdir()}
    assert all(f"`{name}`" in PAGE for name in examples)


def test_it_names_every_secret_that_a_cluster_needs() -> None:
    needed = set().union(*map(secrets, build(DEPLOY / "examples" / "cluster")))
    assert {cell.strip(" `") for cell in first_cells("| secret |")} == needed


def test_versions_and_limits_are_those_that_are_checked() -> None:
    assert f"Kubernetes {KUBERNETES[0]} or newer" in PAGE and f"up to {KUBERNETES[-1]}" in PAGE
    assert FLUX["source.toolkit.fluxcd.io"].version.startswith("v1.9.") and "source-controller\n1.9 or newer" in PAGE
    assert f"at most {crd.MAX_POLICIES} policies" in PAGE


def test_its_pieces_of_yaml_can_be_read() -> None:
    pieces = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(pieces) == 2
    assert all(yaml.safe_load(piece) for piece in pieces)
