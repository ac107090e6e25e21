"""A spool that the kubelet's own code writes as the volume of a ConfigMap: the relay follows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import configedge
from tests.cli.shell import call
from tests.kube import binaries
from tests.support.relay import Relay, bundle, running, wait_for


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    (tmp_path / "spool").mkdir()
    fill(tmp_path, {"m": {"weight": 1}})
    with running(tmp_path) as relay:
        relay.ready()
        yield relay


def fill(root: Path, bundles: dict[str, dict[str, Any]]) -> None:
    """Has the kubelet's AtomicWriter write what `configedge configmap` makes of these bundles."""
    files = root / "bundles"
    files.mkdir(exist_ok=True)
    for old in files.iterdir():
        old.unlink()
    for name, values in bundles.items():
        (files / f"{name}.yaml").write_text(bundle(values, name))
    made = call("configmap", *(str(file) for file in sorted(files.iterdir())))
    assert made.returncode == 0, made.stderr
    payload = yaml.safe_load(made.stdout)["data"]
    write(root / "spool", payload)


def write(directory: Path, payload: dict[str, str]) -> None:
    command = [str(binaries.VOLUME.build()), str(directory)]
    done = subprocess.run(command, input=json.dumps(payload), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_volume_is_a_spool_and_its_changes_are_followed(relay: Relay) -> None:
    root = relay.spool.parent
    assert (relay.spool / "..data").is_symlink()
    config = configedge.open(relay.out, wait=20)
    assert config["m.weight"] == 1
    for weight in range(2, 12):
        fill(root, {"m": {"weight": weight}})
        wait_for(lambda weight=weight: config["m.weight"] == weight, 30)  # type: ignore[misc]
    fill(root, {"m": {"weight": 12}, "n": {"a": "b"}})
    wait_for(lambda: config.get("n.a") == "b", 30)
    fill(root, {"m": {"weight": 12}})
    wait_for(lambda: config.get("n.a") is None, 30)
    assert config["m.weight"] == 12
    assert relay.status()["problems"] == []
