"""The real processes that `up` and `demo` start, watch and stop."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

# How long a process may take until it is ready, and until it has ended after SIGTERM.
_START_S = 20.0
_STOP_S = 5.0


class ProcessError(RuntimeError):
    """A process did not start, or ended by itself. The message has what it said last."""


class Service:
    """A child process that says on standard output when it is ready, as one JSON line."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as errors:
            # A group of its own, so that Ctrl-C reaches it through us, in order.
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, process_group=0
            )

    def ready(self) -> dict[str, Any]:
        """Its ready line. Raises ProcessError if it ends before, or takes too long."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], _START_S)[0]:
            raise ProcessError(f"{self.name} is not ready after {_START_S:.0f} s: {self.last_words()}")
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise ProcessError(f"{self.name} did not start: {self.last_words()}")
        ready: dict[str, Any] = json.loads(line)
        return ready

    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_STOP_S)
        if self.alive():
            self.kill()

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self.process.poll()}, no message"


def relay_command() -> str:
    """The `configrelay` that came with this package. Raises ProcessError if it is missing."""
    beside = Path(sysconfig.get_path("scripts")) / "configrelay"
    found = str(beside) if beside.exists() else shutil.which("configrelay")
    if found is None:
        raise ProcessError("configrelay is not installed: install the configedge wheel again")
    return found


def start_control(repo: Path, spool: Path, port: int, log: Path, *more: str) -> Service:
    options = ["--repo", str(repo), "--spool", str(spool), "--port", str(port), *more]
    return Service("control plane", [sys.executable, "-m", "configedge.control", *options], log)


def start_report(out: Path, server: str, token: Path, log: Path) -> Service:
    """Tells the control plane what this node serves."""
    options = ["--out", str(out), "--server", server, "--token-file", str(token)]
    return Service("reporter", [sys.executable, "-m", "configedge.cli", "report", *options], log)


def start_relay(spool: Path, out: Path, log: Path, *options: str) -> Service:
    return Service("relay", [relay_command(), "--spool", str(spool), "--out", str(out), *options], log)


def memory_directory() -> Path:
    """Where snapshots belong: a tmpfs if there is one."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    for candidate in (runtime, "/dev/shm"):
        if candidate and os.access(candidate, os.W_OK):
            return Path(candidate)
    return Path(tempfile.gettempdir())


def stop_all(services: list[Service]) -> None:
    """The last one started is stopped first."""
    for service in reversed(services):
        service.stop()


def wait_for_end(services: list[Service], poll_s: float = 0.5) -> Service:
    """Sleeps until one of them ends by itself; gives that one."""
    while True:
        for service in services:
            if not service.alive():
                return service
        time.sleep(poll_s)
