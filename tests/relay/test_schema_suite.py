"""The official JSON Schema test suite (draft 2020-12), through the relay's own binary.

It ships in the source distribution of Python's `jsonschema`, which is downloaded for this, or found in
`JSON_SCHEMA_SUITE` (the directory `json/tests/draft2020-12`). Where neither can be had the test is skipped by name.

A case is a bundle: its instance is the value `v`, and its schema that of `v`, as a resource of its own so that its
references mean itself. What a bundle cannot hold (keys outside of the grammar) and what a node does not do (fetch a
schema) is counted apart.
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


def wrapped(schema: Any, number: int) -> Any:
    """The schema of a bundle whose value `v` has this one."""
    if isinstance(schema, dict):
        schema = {"$id": f"https://suite.example/{number}", **schema}
    return {"properties": {"v": schema}}


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
                    "spec": {"values": {"v": case["data"]}, "schema": wrapped(group["schema"], number)},
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
        if any(problem["code"] != "schema" for problem in found):
            counts["a bundle cannot hold the instance"] += 1
        elif elsewhere or any("not a usable schema" in problem["message"] for problem in found):
            # It refers to another document, which no node fetches.
            words = ("localhost:1234", "http", "urn:", "retriev")
            assert elsewhere or any(word in found[0]["message"] for word in words), (title, found)
            counts["its schema refers to another document"] += 1
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
