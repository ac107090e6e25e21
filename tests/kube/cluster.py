"""What an operator installs: our manifests by an overlay, with secrets, for one Git server."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from configedge.kube import crd
from tests.kube.client import Resource, User
from tests.kube.git_server import USER, GitServer
from tests.support.kube import DEPLOY

SYSTEM = "configedge"
GAME = "treasure-hunt"
APPLIER = f"system:serviceaccount:{SYSTEM}:configbundle-applier"
BASES = ("namespace", "rbac", "admission", "flux", "control")


def overlay(directory: Path, git: GitServer) -> Path:
    """A directory for `kubectl apply -k`: everything but what needs the Prometheus operator."""
    directory.mkdir()
    own = {
        "GitRepository": {"op": "replace", "path": "/spec/url", "value": git.url},
        "Kustomization": {"op": "replace", "path": "/spec/path", "value": f"./bundles/{GAME}"},
    }
    content = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(DEPLOY / base, directory.resolve()) for base in (*BASES, "examples/game")],
        "patches": [
            {"target": {"kind": kind, "name": "configuration"}, "patch": yaml.safe_dump([patch])}
            for kind, patch in own.items()
        ],
    }
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(content))
    return directory


def define(admin: User) -> None:
    """Returns once the API server knows what a ConfigBundle is."""
    admin.kubectl("apply", "-k", str(DEPLOY / "crd"))
    admin.kubectl("wait", f"crd/{crd.NAME}", "--for=condition=Established", "--timeout=120s")


def install(admin: User, directory: Path, git: GitServer, signer: str) -> bytes:
    """Applies the overlay and its secrets; `signer` is the public key of whose commits are applied.

    Gives the token that the Receiver shares with whoever calls it.
    """
    define(admin)
    admin.kubectl("apply", "--server-side", "-k", str(DEPLOY / "namespace"))
    token = secrets.token_hex(16)
    admin.apply(
        secret("configuration-git", username=USER, password=git.password),
        secret("configuration-signers", **{"control-plane.sshpub": signer}),
        secret("configuration-receiver", token=token),
    )
    admin.kubectl("apply", "--server-side", "-k", str(overlay(directory / "overlay", git)))
    return token.encode()


def secret(name: str, **values: str) -> Resource:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": SYSTEM}, "stringData": values}


def namespace(name: str) -> Resource:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def bundle(namespace: str, name: str, **spec: Any) -> Resource:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": metadata, "spec": spec}
