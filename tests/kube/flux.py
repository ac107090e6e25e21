"""The real controllers of Flux as processes, each with the token of its own service account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import yaml

from tests.kube.apiserver import ApiServer
from tests.kube.binaries import FLUX, KUSTOMIZE, NOTIFICATION, SOURCE, Binary
from tests.kube.client import Resource
from tests.kube.process import Process, free_port

NAMESPACE = "flux-system"


class Flux:
    """source-, kustomize- and notification-controller. `webhook` is where Receivers are called."""

    def __init__(self, server: ApiServer, directory: Path) -> None:
        self._server, self._directory = server, directory
        events, receiver, storage = free_port(), free_port(), free_port()
        self.webhook = f"http://127.0.0.1:{receiver}"
        self._health: dict[str, int] = {}
        told = f"--events-addr=http://127.0.0.1:{events}"
        artifacts = directory / "artifacts"
        artifacts.mkdir()
        at = f"127.0.0.1:{storage}"
        self.notification = self._controller(
            NOTIFICATION, f"--events-addr=127.0.0.1:{events}", f"--receiverAddr=127.0.0.1:{receiver}"
        )
        self.source = self._controller(
            SOURCE, told, f"--storage-path={artifacts}", f"--storage-addr={at}", f"--storage-adv-addr={at}"
        )
        self.kustomize = self._controller(KUSTOMIZE, told, "--no-remote-bases")
        self._all = (self.notification, self.source, self.kustomize)

    def _controller(self, binary: Binary, *options: str) -> Process:
        health = self._health[binary.name] = free_port()
        account = self._server.account(NAMESPACE, binary.name)
        command = [str(binary.build()), *options, f"--health-addr=127.0.0.1:{health}", "--metrics-addr=0"]
        home = self._directory / binary.name
        home.mkdir()
        env = {**os.environ, "KUBECONFIG": str(account.kubeconfig), "RUNTIME_NAMESPACE": NAMESPACE}
        return Process(binary.name, command, self._directory, {**env, "TMPDIR": str(home), "HOME": str(home)})

    def start(self) -> None:
        for process in self._all:
            process.start()
        for process in self._all:
            process.wait_until(lambda port=self._health[process.name]: _healthy(port))  # type: ignore[misc]

    def stop(self) -> None:
        for process in self._all:
            process.stop()


def _healthy(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=5, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def definitions() -> list[Resource]:
    """The CRDs of the three controllers, from their own modules. Raises Unavailable."""
    return [
        yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
        for binary in FLUX
        for file in sorted((binary.source() / "config" / "crd" / "bases").glob("*.yaml"))
    ]


@contextmanager
def flux(server: ApiServer, directory: Path) -> Iterator[Flux]:
    """Flux, installed into the API server and running; its files are in `directory`."""
    server.admin.apply(*definitions())
    server.admin.apply(*yaml.safe_load_all((Path(__file__).parent / "flux.yaml").read_text()))
    server.admin.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=120s")
    running = Flux(server, directory)
    try:
        running.start()
        yield running
    finally:
        running.stop()
