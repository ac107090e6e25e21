"""Fifty bundles, any one broken in any of some forty ways: the others go on, and the broken one serves its last good.

`ISOLATION=full` breaks each of the fifty in each way; a usual run breaks some in each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import configedge
from tests.support.policies import install, module
from tests.support.relay import Relay, wait_for

COUNT = 50
Way = Callable[[Path, str, int], object]


def document(name: str, version: int, **spec: Any) -> dict[str, Any]:
    values = {"v": version, "deep": {"list": [version, {"x": "y"}]}}
    return {
        "apiVersion": "configedge.io/v1alpha1",
        "kind": "ConfigBundle",
        "metadata": {"name": name},
        "spec": {"values": values, **spec},
    }


def text(content: str | bytes) -> Way:
    def way(file: Path, name: str, version: int) -> None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    return way


def altered(alter: Callable[[dict[str, Any]], object]) -> Way:
    def way(file: Path, name: str, version: int) -> None:
        whole = document(name, version)
        alter(whole)
        file.write_text(json.dumps(whole))

    return way


def spec(**members: Any) -> Way:
    return altered(lambda whole: whole["spec"].update(members))


def values(**members: Any) -> Way:
    return altered(lambda whole: whole["spec"]["values"].update(members))


def replaced(old: str, new: str) -> Way:
    def way(file: Path, name: str, version: int) -> None:
        content = json.dumps(document(name, version))
        assert old in content
        file.write_text(content.replace(old, new))

    return way


def unreadable(file: Path, name: str, version: int) -> None:
    file.write_text(json.dumps(document(name, version)))
    file.chmod(0)


def deep(levels: int) -> Any:
    inner: Any = 1
    for _ in range(levels):
        inner = {"x": inner}
    return inner


POLICIES = {
    "no": module('{"accept":false,"messages":[{"key":"v","message":"never","hint":"not at all"}]}'),
    "trap": module(body="unreachable"),
    "loop": module(body="(loop $on (br $on))"),
    "bomb": module(body="(loop $on (drop (memory.grow (i32.const 1))) (br $on))"),
    "import": '(module (import "env" "now" (func)) (memory (export "memory") 1))',
    "mute": module("yes"),
    "altered": module(),
}

WAYS: dict[str, tuple[Way, str]] = {
    "YAML syntax": (text("a: ["), "yaml-syntax"),
    "an empty file": (text(""), "yaml-syntax"),
    "a tab": (text("a:\n\t- b"), "yaml-syntax"),
    "an anchor": (text("a: &x 1\nb: *x"), "alias"),
    "a tag": (text("a: !!python/object 1"), "type"),
    "a duplicate key": (replaced('"kind":', '"kind": "ConfigBundle", "kind":'), "duplicate-key"),
    "a key that is no string": (text("1: x"), "type"),
    "two documents": (text("a: 1\n---\nb: 2\n"), "yaml-syntax"),
    "not UTF-8": (text(b"a: \xff\xfe"), "utf-8"),
    "UTF-16": (text("a: 1".encode("utf-16")), "utf-8"),
    "NUL bytes": (text(b"a: \0\0"), "yaml-syntax"),
    "half a document": (replaced('"spec": {', '"spec": {"values": {"v"'), "yaml-syntax"),
    "another version": (replaced("v1alpha1", "v9"), "type"),
    "another kind": (replaced("ConfigBundle", "Secret"), "type"),
    "no metadata": (altered(lambda whole: whole.pop("metadata")), "missing-field"),
    "no name": (altered(lambda whole: whole["metadata"].pop("name")), "missing-field"),
    "a name that is none": (altered(lambda whole: whole["metadata"].update(name="Not A Name")), "name"),
    "the name of another": (altered(lambda whole: whole["metadata"].update(name="b49")), "conflict"),
    "an unknown field": (spec(valuez={}), "unknown-field"),
    "values that are a list": (spec(values=[1]), "type"),
    "no values": (altered(lambda whole: whole["spec"].pop("values")), "missing-field"),
    "an annotation that is no text": (altered(lambda whole: whole["metadata"].update(annotations={"a": 1})), "type"),
    "a secret that is not there": (
        altered(lambda whole: whole["metadata"].update(annotations={"configedge.io/secret": "nothing"})),
        "unknown-key",
    ),
    "a broken rule": (spec(schema={"properties": {"v": {"type": "string"}}}), "schema"),
    "a schema that is none": (spec(schema={"type": "strange"}), "schema"),
    "a schema elsewhere": (spec(schema={"$ref": "https://example.com/schema.json"}), "schema"),
    "a pattern that looks around": (spec(schema={"properties": {"v": {"pattern": "(?=x)"}}}), "schema"),
    "too deep": (values(x=deep(40)), "limit"),
    "too many keys": (values(x=list(range(10_001))), "limit"),
    "too long a string": (values(x="y" * 65_537), "limit"),
    "too long a key": (values(**{"x" * 64: {"y" * 64: {"z" * 64: {"w" * 64: 1}}}}), "limit"),
    "a key that is none": (values(**{"a.b": 1}), "name"),
    "a number that is none": (replaced('"v": ', '"w": .nan, "v": '), "type"),
    "too large": (values(x=["y" * 60_000] * 20), "limit"),
    "emptied": (spec(values={}), "resize"),
    "more than doubled": (values(**{f"k{n}": n for n in range(60)}), "resize"),
    "a policy that is not there": (spec(policies=["nothing"]), "policy"),
    "a policy that refuses": (spec(policies=["no"]), "policy"),
    "a policy that traps": (spec(policies=["trap"]), "policy"),
    "a policy without end": (spec(policies=["loop"]), "policy"),
    "a policy that eats memory": (spec(policies=["bomb"]), "policy"),
    "a policy with an import": (spec(policies=["import"]), "policy"),
    "a policy without a verdict": (spec(policies=["mute"]), "policy"),
    "a policy that is not the one pinned": (spec(policies=["altered"]), "policy"),
    "held": (altered(lambda whole: whole["metadata"].update(annotations={"configedge.io/hold": "wait"})), "held"),
    "a link": (lambda file, *_: file.symlink_to("/etc/passwd"), "io"),
    "a directory": (lambda file, *_: file.mkdir(), "io"),
    "a FIFO": (lambda file, *_: os.mkfifo(file), "io"),
    "unreadable": (unreadable, "io"),
}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = install(tmp_path_factory.mktemp("policies") / "policies", POLICIES)
    with (directory / "altered.wasm").open("ab") as file:
        file.write(b"\0\x02\x01x")
    return directory


class Fleet:
    """A relay with fifty bundles in a spool that is swapped as one."""

    def __init__(self, root: Path, policies: Path) -> None:
        self.relay = Relay(root)
        self.policies = policies
        self.version = 0

    def swap(self, broken: str = "", way: Way | None = None) -> None:
        self.version += 1
        data = self.relay.spool / f"..{self.version}"
        data.mkdir()
        (data / "policies").mkdir()
        for file in self.policies.iterdir():
            os.link(file, data / "policies" / file.name)
        for number in range(COUNT):
            name = f"b{number:02}"
            file = data / f"default.{name}.yaml"
            if name == broken and way is not None:
                way(file, name, self.version)
            else:
                file.write_text(json.dumps(document(name, self.version)))
        link = self.relay.spool / "..data_tmp"
        link.symlink_to(data.name)
        link.rename(self.relay.spool / "..data")


@pytest.mark.timeout(900)
def test_one_broken_bundle_never_stops_the_others(tmp_path: Path, policies: Path) -> None:
    fleet = Fleet(tmp_path, policies)
    fleet.swap()
    fleet.relay.start()
    try:
        fleet.relay.ready()
        cfg = configedge.open(fleet.relay.out)
        names = [f"b{number:02}" for number in range(COUNT)]
        broken_ones = names if os.environ.get("ISOLATION") == "full" else names[:1] + names[-2:-1]
        done, odd = 0, []
        for title, (way, code) in WAYS.items():
            for name in broken_ones:
                if title == "the name of another" and name == "b49":
                    continue
                good = cfg[f"{name}.v"]
                fleet.swap(name, way)
                others = [other for other in names if other != name]
                wanted = [fleet.version] * len(others)
                keys = tuple(f"{other}.v" for other in others)
                wait_for(lambda keys=keys, wanted=wanted: list(cfg.many(keys)) == wanted)
                assert cfg[f"{name}.v"] == good, title
                assert cfg[f"{name}.deep.list.1.x"] == "y"
                told = wait_for(
                    lambda name=name: [b for b in fleet.relay.status()["bundles"] if b["name"] == name and not b["ok"]]
                )
                [status] = told
                problem = status["problems"][0]
                if (problem["code"], status["serving"]) != (code, "last-good"):
                    odd.append(f"{title}: {problem['code']}, serving {status['serving']}")
                assert problem["message"] and problem["hint"] and status["since"] > 0
                if problem["line"] == 0 and code not in ("io", "limit", "conflict") and title != "an empty file":
                    odd.append(f"{title}: no line")
                assert "default." + name in problem["file"]
                assert sum(not bundle["ok"] for bundle in fleet.relay.status()["bundles"]) == 1, title
                fleet.swap()
                wait_for(lambda name=name: cfg[f"{name}.v"] == fleet.version)
                done += 1
        assert odd == []
        assert done >= 2 * len(WAYS) - 2
        print(f"{done} of {done}: one of {COUNT} bundles was broken, and the {COUNT - 1} others went on")
    finally:
        fleet.relay.stop()
