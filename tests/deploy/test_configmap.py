"""Bundles in a ConfigMap: what is made, and that a relay follows its volume."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
import yaml

import configedge
from configedge.bundle import BundlePath
from configedge.kube.configmap import MAX_CONTENT
from tests.cli.shell import call, document, run
from tests.support.kube import KUBERNETES, build, check
from tests.support.relay import bundle, running, wait_for


class Volume:
    """A ConfigMap's volume as the kubelet writes it (kubernetes pkg/volume/util/atomic_writer.go)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, content: dict[str, bytes]) -> None:
        before = (self.directory / "..data").resolve()
        new = self.directory / f"..{time.strftime('%Y_%m_%d_%H_%M_%S')}.{time.monotonic_ns()}"
        for name, text in content.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(text)
        link = self.directory / "..data_tmp"
        link.symlink_to(new.name)
        link.rename(self.directory / "..data")
        tops = {name.split("/")[0] for name in content}
        for name in tops - set(os.listdir(self.directory)):
            (self.directory / name).symlink_to(f"..data/{name}")
        for gone in set(os.listdir(self.directory)) - tops:
            if not gone.startswith(".."):
                (self.directory / gone).unlink()
        if before.name != "..data":
            shutil.rmtree(before)


def configmap(*arguments: object) -> dict[str, bytes]:
    """What the command's ConfigMap has, as a volume of it would."""
    resource = yaml.safe_load(run("configmap", *arguments))
    return {name: text.encode() for name, text in resource["data"].items()}


def put(directory: Path, values: dict[str, object], name: str = "m", namespace: str = "game") -> Path:
    file = directory / f"{name}.yaml"
    file.write_text(bundle(values, name, namespace))
    return file


def test_its_texts_are_the_files_called_as_a_spool_has_them(tmp_path: Path) -> None:
    text = "# why\n" + bundle({"a": 1}, "m", "game")
    (tmp_path / "m.yaml").write_text(text)
    (tmp_path / "n.json").write_text(document("n", {"é": 1}))
    refused = call("configmap", tmp_path / "m.yaml", tmp_path / "n.json")
    assert refused.returncode == 1 and "n.json" in refused.stderr and not refused.stdout
    (tmp_path / "n.json").write_text(document("n", {"e": 1}))
    found = configmap(tmp_path / "m.yaml", tmp_path / "n.json", "--namespace", "game")
    assert found == {"game.m.yaml": text.encode(), "game.n.json": (tmp_path / "n.json").read_bytes()}
    assert BundlePath("game", "m").spool == "game.m.yaml"


@pytest.mark.parametrize("version", KUBERNETES)
def test_it_is_a_configmap_for_each_version_of_kubernetes(tmp_path: Path, version: str) -> None:
    resource = yaml.safe_load(run("configmap", put(tmp_path, {"a": 1}), "--name", "live", "--namespace", "game"))
    check(resource, version)
    assert (resource["metadata"]["name"], resource["metadata"]["namespace"]) == ("live", "game")


def test_what_a_node_would_refuse_is_not_put_into_one(tmp_path: Path) -> None:
    one = put(tmp_path, {"a": 1})
    (tmp_path / "again.yaml").write_text(one.read_text())
    twice = call("configmap", one, tmp_path / "again.yaml")
    assert twice.returncode == 1 and "game/m is also in" in twice.stderr
    bad = call("configmap", put(tmp_path, {"a b": 1}, "bad"))
    assert bad.returncode == 1 and "is not a key" in bad.stderr
    large = [put(tmp_path, {f"k{at}": "x" * 60_000 for at in range(9)}, name) for name in ("large-a", "large-b")]
    limit = call("configmap", *large)
    assert limit.returncode == 1 and f"a ConfigMap takes {MAX_CONTENT}" in limit.stderr
    named = call("configmap", one, "--name", "..")
    assert named.returncode == 1 and "'..' is not a name" in named.stderr


def test_a_relay_follows_its_volume(tmp_path: Path) -> None:
    source, root = tmp_path / "source", tmp_path / "node"
    source.mkdir()
    (root / "spool").mkdir(parents=True)
    volume = Volume(root / "spool")
    volume.write(configmap(put(source, {"a": 1})))
    with running(root) as relay:
        relay.ready()
        cfg = configedge.open(relay.out, wait=10)
        assert cfg["m.a"] == 1
        for value in range(2, 6):
            volume.write(configmap(put(source, {"a": value}), put(source, {"b": value}, "n")))
            wait_for(lambda: cfg.get("m.a") == cfg.get("n.b") == value)  # noqa: B023
        volume.write(configmap(put(source, {"a": 6})))
        wait_for(lambda: cfg.get("m.a") == 6 and "n.b" not in cfg)
        assert relay.status()["state"] == "ok"


def test_policies_come_by_another_configmap_in_the_same_volume(tmp_path: Path) -> None:
    example = Path(configedge.__file__).parent / "example"
    (tmp_path / "spool").mkdir()
    policies = {f"policies/{path.name}": path.read_bytes() for path in (example / "policies").iterdir()}
    Volume(tmp_path / "spool").write(configmap(example / "matchmaking.yaml") | policies)
    with running(tmp_path) as relay:
        relay.ready()
        assert relay.status()["state"] == "ok"
        assert configedge.open(relay.out, wait=10)["matchmaking.regions.eu-west-1.weight"] > 0


def test_kustomize_makes_the_same_by_the_recipe_of_the_page(tmp_path: Path) -> None:
    file = put(tmp_path, {"a": 1})
    page = (Path(__file__).parents[2] / "docs" / "kubernetes.md").read_text()
    recipe = page[page.index("```yaml\nconfigMapGenerator:") :].split("```")[1].removeprefix("yaml\n")
    names = [line.split("=")[1].strip() for line in recipe.splitlines() if ".yaml=" in line]
    (tmp_path / names[0]).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / names[0]).write_text(file.read_text())
    (tmp_path / "kustomization.yaml").write_text(recipe)
    (resource,) = build(tmp_path)
    assert resource["metadata"]["name"] == "configuration"
    assert list(resource["data"].values()) == [file.read_text()]
