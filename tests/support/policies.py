"""Policies from text, for tests: compiled by the crate that the relay's own tests use."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from configedge import _core, policy
from tests.support.tools import ROOT, example

EXAMPLES = ROOT / "policies" / "examples"

_PARTS = """(module (memory (export "memory") 2)
  (data (i32.const 1024) "{answer}")
  (func (export "configedge_abi") (result i32) (i32.const 1))
  (func (export "configedge_alloc") (param i32) (result i32) (i32.const 65536))
  (func (export "configedge_check") (param i32 i32) (result i64) {body} (i64.const {place})))"""


def module(answer: str = "", body: str = "") -> str:
    """The text of a policy that runs `body` and then gives `answer` as its verdict."""
    place = (1024 << 32 | len(answer.encode())) if answer else 0
    return _PARTS.format(answer=answer.replace("\\", "\\\\").replace('"', '\\"'), body=body, place=place)


def install(directory: Path, modules: Mapping[str, str]) -> Path:
    """Compiles modules, by name, into `directory` and pins them; gives it."""
    directory.mkdir(parents=True, exist_ok=True)
    pairs: list[str] = []
    for name, text in modules.items():
        source = directory / f"{name}.wat"
        source.write_text(text)
        pairs += [str(source), str(directory / f"{name}.wasm")]
    subprocess.run([example("wat"), *pairs], check=True)
    for source in directory.glob("*.wat"):
        source.unlink()
    try:
        policy.pin(directory)
    except ValueError:
        # Hostile ones, too, are to be pinned here.
        digests = {name: _core.policy_digest((directory / f"{name}.wasm").read_bytes()) for name in modules}
        pins = "".join(f'  "{name}": {digest}\n' for name, digest in digests.items())
        manifest = f"apiVersion: configedge.io/v1alpha1\nkind: PolicyManifest\npolicies:\n{pins}"
        (directory / "manifest.yaml").write_text(manifest)
    return directory
