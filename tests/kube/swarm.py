"""Many `configsync` processes on one API server, in a network of their own that can be cut as a cable is cut."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.relay import binary

PATIENCE_S = 120.0


def configsync() -> str:
    """The one that was installed with the package."""
    found = os.environ.get("CONFIGSYNC_BIN") or str(Path(binary()).with_name("configsync"))
    assert Path(found).exists(), "configsync is not installed: run `make setup`"
    return found


class Sync:
    """One process with a spool. `log` is what it said."""

    def __init__(self, directory: Path, kubeconfig: Path, *options: object, before: Sequence[str] = ()) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.spool, self._log = directory / "spool", directory / "sync.log"
        command = [*before, configsync(), "kube", "--kubeconfig", kubeconfig, "--spool", self.spool, *options]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def files(self) -> dict[str, Any]:
        """The bundles in the spool by file, decoded; empty before the first."""
        with suppress(OSError):
            data = self.spool / os.readlink(self.spool / "..data")
            return {path.name: json.loads(path.read_text()) for path in data.glob("*.json") if path.name[0] != "."}
        return {}

    def values(self, file: str) -> Any:
        return self.files().get(file, {}).get("spec", {}).get("values")

    def commit(self) -> str:
        return str(json.loads((self.spool / "..data" / ".configedge.json").read_text())["commit"])

    def swap(self) -> str:
        """Another one after each swap."""
        return os.readlink(self.spool / "..data")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def syncing(
    directory: Path, kubeconfig: Path, *options: object, count: int = 1, before: Sequence[str] = ()
) -> Iterator[list[Sync]]:
    """So many of them, stopped at the end."""
    made: list[Sync] = []
    try:
        for number in range(count):
            made.append(Sync(directory / f"node-{number}", kubeconfig, *options, before=before))
        yield made
    finally:
        for sync in made:
            if sync.process.poll() is None:
                sync.process.kill()
                sync.process.wait()


def eventually(condition: Callable[[], bool], what: str = "it", seconds: float = PATIENCE_S) -> float:
    """Waits for it; gives how long that took, in seconds."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.005)
    return time.monotonic() - start


def arrivals(swarm: Sequence[Sync], file: str, wanted: object, since: float) -> list[float]:
    """When each had these values, in seconds after `since` (time.monotonic()), sorted."""
    missing, found, deadline = list(swarm), [], time.monotonic() + PATIENCE_S
    while missing:
        for sync in list(missing):
            if sync.values(file) == wanted:
                missing.remove(sync)
                found.append(time.monotonic() - since)
        if missing:
            assert time.monotonic() < deadline, f"{len(missing)} of {len(swarm)} missed it: {missing[0].log[-2_000:]}"
            time.sleep(0.01)
    return sorted(found)


class Cable:
    """The way from a network namespace to a port of this machine. While it is cut packets are lost and nobody knows."""

    def __init__(self, namespace: str, outside: str) -> None:
        self.namespace = namespace
        self._outside = outside

    @property
    def inside(self) -> list[str]:
        """Before a command, for it to run at the other end."""
        return ["ip", "netns", "exec", self.namespace]

    def cut(self) -> None:
        _ip("link", "set", self._outside, "down")

    def heal(self) -> None:
        _ip("link", "set", self._outside, "up")


@contextmanager
def cable(directory: Path, kubeconfig: Path, port: int) -> Iterator[tuple[Cable, Path]]:
    """A new one to the API server on that port, and the kubeconfig for its other end. Skips where there can be none."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("a network that can be cut needs root and iproute2")
    mark = secrets.token_hex(3)
    name, outside, inner = f"configedge-{mark}", f"ce{mark}o", f"ce{mark}i"
    net = f"10.213.{secrets.randbelow(250) + 1}"
    with ExitStack() as stack:
        try:
            _ip("netns", "add", name)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network namespace can be made here: {error.stderr.strip()}")
        stack.callback(_ip, "netns", "delete", name)
        _ip("link", "add", outside, "type", "veth", "peer", "name", inner, "netns", name)
        _ip("address", "add", f"{net}.1/30", "dev", outside)
        _ip("link", "set", outside, "up")
        for arguments in (
            ("address", "add", f"{net}.2/30", "dev", inner),
            ("link", "set", inner, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", name, *arguments)
        forwarded = stack.enter_context(forwarding(f"{net}.1", port))
        config = yaml.safe_load(kubeconfig.read_text())
        config["clusters"][0]["cluster"] |= {"server": f"https://{net}.1:{forwarded}", "tls-server-name": "127.0.0.1"}
        file = directory / "cable.kubeconfig"
        file.write_text(yaml.safe_dump(config))
        yield Cable(name, outside), file


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True, timeout=30)


@contextmanager
def forwarding(host: str, port: int) -> Iterator[int]:
    """Gives a port of this host's on which the server on 127.0.0.1:`port` answers."""
    listener = socket.create_server((host, 0), backlog=256)
    open_sockets: set[socket.socket] = set()

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            open_sockets.discard(end)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", port), timeout=10)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                open_sockets.update((client, server))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=copy, args=ends, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
        for end in list(open_sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
