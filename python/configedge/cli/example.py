"""The example configuration that `up` and `demo` begin with: pushed over REST, its policy by `git push`."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import httpx2

from configedge import policy
from configedge.bundle import Bundle

NAMESPACE, NAME = "treasure-hunt", "matchmaking"
PATH = f"/v1/bundles/{NAMESPACE}/{NAME}"
_AUTHOR = ("-c", "user.name=configedge", "-c", "user.email=example@configedge.invalid")


def document(policies: bool = False) -> dict[str, Any]:
    """The bundle, with the policy that must accept it or without."""
    with resources.as_file(resources.files("configedge").joinpath("example")) as directory:
        file = directory / "matchmaking.yaml"
        made = Bundle.parse(file.read_bytes(), file.name, policy.load(directory / policy.DIRECTORY)).document
    if not policies:
        del made["spec"]["policies"]
    return made


def push_if_empty(client: httpx2.Client, repository: Path | None = None) -> bool:
    """Puts the example into a control plane that has no bundle yet; gives whether it did.

    With the control plane's own `repository`, and git at hand, the bundle's policy goes there first.
    Raises RuntimeError if that push is refused.
    """
    if client.get("/v1/bundles").raise_for_status().json()["items"]:
        return False
    guarded = repository is not None and shutil.which("git") is not None
    if guarded:
        _push_policies(str(repository))
    client.put(PATH, json=document(guarded), headers={"If-None-Match": "*"}).raise_for_status()
    return True


def _push_policies(repository: str) -> None:
    with tempfile.TemporaryDirectory(prefix="configedge-example-") as work:
        _git("clone", "--quiet", "--branch", "main", repository, work)
        target = Path(work, policy.DIRECTORY)
        if target.exists():
            return
        with resources.as_file(resources.files("configedge").joinpath("example", policy.DIRECTORY)) as shipped:
            shutil.copytree(shipped, target)
        _git("-C", work, "add", "--all")
        _git("-C", work, *_AUTHOR, "commit", "--quiet", "--message", "Bring the policy of the example")
        _git("-C", work, "push", "--quiet", "origin", "HEAD:main")


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"the example's policy cannot be pushed: git {arguments[0]}: {done.stderr.strip()}")
