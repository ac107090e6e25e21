"""The official JSON Schema test suite (draft 2020-12), through the relay's own binary.

It ships in the source distribution of Python's `jsonschema`, which is downloaded for this, or found in
`JSON_SCHEMA_SUITE` (the directory `json/tests/draft2020-12`). Where neither can be had the test is skipped by name.

A case is a bundle: its instance is the value `v`, and its schema that of `v`, with its references led there. What a
bundle cannot hold (keys outside of the grammar) and what a node does not do (fetch a schema, follow a schema within a
schema or a dynamic reference: `rust/relay/src/schema_form.rs` says why) is counted apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.relay import binary

SDIST = "jsonschema==4.25.1"
# What a node says of schemas that it does not follow.
NOT_DONE = {
    "another document": "its schema refers to another document",
    "has an $id": "its schema has another within it",
    "dynamic references": "its schema has dynamic references",
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if given := os.environ.get("JSON_SCHEMA_SUITE"):
        return Path(given)
    directory = tmp_path_factory.mktemp("suite")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
               "--dest", directory, SDIST]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    found = list(directory.glob("*.tar.gz"))
    if not found:
        reason = (done.stderr.strip().splitlines() or ["pip gave nothing"])[-1]
        pytest.skip(f"the suite cannot be downloaded ({SDIST}): {reason}")
    with tarfile.open(found[0]) as archive:
        archive.extractall(directory, filter="data")
    return next(directory.glob("*/json/tests/draft2020-12"))


def wrapped(schema: Any) -> Any:
    """The schema of a bundle whose value `v` has this one; only the root of a bundle's schema may have an `$id`."""
    own = {name: part for name, part in schema.items() if name != "$id"} if isinstance(schema, dict) else schema
    return {"properties": {"v": moved(own)}}


def moved(part: Any) -> Any:
    """The part of a schema, with pointers that begin at the root of a bundle's schema."""
    if isinstance(part, list):
        return [moved(item) for item in part]
    if not isinstance(part, dict):
        return part
    rest = {name: moved(value) for name, value in part.items()}
    reference = str(part.get("$ref"))
    if reference == "#" or reference.startswith("#/"):
        rest["$ref"] = f"#/properties/v{reference[1:]}"
    return rest


def test_the_official_suite_passes_through_the_relays_own_binary(suite: Path, tmp_path: Path) -> None:
    cases: dict[str, tuple[str, bool, bool]] = {}
    number = 0
    for file in sorted(suite.glob("*.json")):
        for group in json.loads(file.read_text()):
            for case in group["tests"]:
                number += 1
                elsewhere = "localhost" in str(isinstance(group["schema"], dict) and group["schema"].get("$schema"))
                document = {
                    "apiVersion": "configedge.io/v1alpha1",
                    "kind": "ConfigBundle",
                    "metadata": {"name": f"case-{number}"},
                    "spec": {"values": {"v": case["data"]}, "schema": wrapped(group["schema"])},
                }
                name = f"{number}.json"
                (tmp_path / name).write_text(json.dumps(document))
                cases[name] = (f"{file.stem}: {group['description']}: {case['description']}", case["valid"], elsewhere)
    done = subprocess.run([binary(), "check", "--json", tmp_path], capture_output=True, text=True, timeout=100)
    told = json.loads(done.stdout)
    assert told["files"] == len(cases)
    problems: dict[str, list[dict[str, Any]]] = {}
    for problem in told["problems"]:
        problems.setdefault(Path(problem["file"]).name, []).append(problem)

    counts: Counter[str] = Counter()
    wrong = []
    for name, (title, valid, elsewhere) in cases.items():
        found = problems.get(name, [])
        if any(problem["code"] != "schema" and problem["key"].startswith("spec.values") for problem in found):
            counts["a bundle cannot hold the instance"] += 1
        elif any(problem["code"] != "schema" for problem in found):
            wrong.append(f"{title}: {found}")
        elif unusable := [problem["message"] for problem in found if "not a usable schema" in problem["message"]]:
            reasons = [reason for words, reason in NOT_DONE.items() if words in unusable[0]]
            assert reasons or elsewhere, (title, unusable)
            counts[(reasons or [NOT_DONE["another document"]])[0]] += 1
        elif title.startswith("format: ") and "only an annotation by default" in title and found:
            # Here a format is a rule: the specification lets an implementation choose (Validation, section 7.2).
            counts["a format that a node checks"] += 1
        elif (not found) != valid:
            wrong.append(f"{title}: {'accepted' if valid is False else found}")
        else:
            counts["as the suite says"] += 1
    print(dict(counts), f"of {len(cases)}")
    assert wrong == []
    assert counts["as the suite says"] > 1_000
