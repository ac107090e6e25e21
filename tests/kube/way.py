"""The whole way as an operator runs it: control plane, Git server, Flux, API server, with our manifests in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configedge.signing import Signer
from tests.kube.apiserver import ApiServer, api_server
from tests.kube.client import Refused, User, bundle_path
from tests.kube.cluster import GAME, SYSTEM, install
from tests.kube.flux import Flux, flux
from tests.kube.git_server import GitServer, git_server
from tests.support.control import Control, document, running
from tests.support.signing import make_key

# Nothing takes this long; a machine that is busy with something else may.
PATIENCE_S = 120.0
SOURCE = f"/apis/source.toolkit.fluxcd.io/v1/namespaces/{SYSTEM}/gitrepositories/configuration"
APPLIED = f"/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{SYSTEM}/kustomizations/configuration"
RECEIVER = f"/apis/notification.toolkit.fluxcd.io/v1/namespaces/{SYSTEM}/receivers/configuration"


@dataclass(frozen=True)
class Way:
    """Everything runs. `signer` is who the cluster trusts: the control plane's key."""

    server: ApiServer
    flux: Flux
    git: GitServer
    control: Control
    signer: Signer
    directory: Path

    @property
    def admin(self) -> User:
        return self.server.admin

    def put(self, name: str, values: dict[str, Any], namespace: str = GAME) -> str:
        """Creates or replaces a bundle through REST; gives the commit."""
        bundle = f"{namespace}/{name}"
        now = self.control.get(bundle)
        etag = now.headers["etag"].strip('"') if now.is_success else None
        reply = self.control.put(bundle, document(values), etag)
        reply.raise_for_status()
        return str(reply.json()["commit"])

    def remove(self, name: str) -> str:
        etag = self.control.get(f"{GAME}/{name}").headers["etag"].strip('"')
        reply = self.control.delete(f"{GAME}/{name}", etag)
        reply.raise_for_status()
        return str(reply.json()["commit"])

    def values(self, name: str, namespace: str = GAME) -> Any:
        """What the cluster has of a bundle; None if it has none."""
        try:
            return self.admin.get(bundle_path(namespace, name))["spec"]["values"]
        except Refused as refused:
            if refused.code != 404:
                raise
            return None

    def applied(self) -> str:
        """The commit that Flux applied last."""
        return revision(self.admin.get(APPLIED)["status"].get("lastAppliedRevision"))

    def condition(self, path: str, name: str = "Ready") -> dict[str, str]:
        conditions = self.admin.get(path).get("status", {}).get("conditions", ())
        return next((it for it in conditions if it["type"] == name), {})


def revision(text: str | None) -> str:
    """The commit in what Flux calls a revision (main@sha1:...)."""
    return (text or "").rpartition(":")[2]


def soon(condition: Callable[[], Any]) -> Any:
    """What `condition` gives, once that is true. Not asked too often: the servers share this machine's cores."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := condition()):
        assert time.monotonic() < deadline, f"it did not come true within {PATIENCE_S:g} s"
        time.sleep(0.05)
    return result


@contextmanager
def way(directory: Path) -> Iterator[Way]:
    """All of it, started in the order of docs/kubernetes.md, with an empty repository."""
    key = directory / "signing-key"
    signer = make_key(key)
    with (
        api_server(_made(directory / "kube")) as server,
        flux(server, _made(directory / "flux")) as controllers,
        git_server(directory / "configuration.git") as git,
    ):
        token = install(server.admin, directory, git, signer.public)
        (directory / "receiver-token").write_bytes(token)
        path = soon(lambda: server.admin.get(RECEIVER).get("status", {}).get("webhookPath"))
        (directory / "receiver-url").write_text(f"{controllers.webhook}{path}\n")
        options = ["--remote", git.url, "--sign", str(key), "--rate", "0,0"]
        options += ["--receiver-url-file", str(directory / "receiver-url")]
        options += ["--receiver-token-file", str(directory / "receiver-token")]
        with running(directory / "control.git", *options, env=git.git_env) as control:
            yield Way(server, controllers, git, control, signer, directory)


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory
