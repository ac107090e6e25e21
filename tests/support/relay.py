"""A real relay in a process of its own."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

BUNDLE = """\
apiVersion: configedge.io/v1alpha1
kind: ConfigBundle
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  values: {values}
  schema: {schema}
"""


# Longer, and nothing more will be said: it was killed in between.
_STATUS_S = 2.0


def binary() -> str:
    """The `configrelay` that was installed with the package."""
    installed = Path(sysconfig.get_path("scripts")) / "configrelay"
    found = os.environ.get("CONFIGRELAY_BIN") or (str(installed) if installed.exists() else shutil.which("configrelay"))
    assert found, "configrelay is not installed: run `make setup`"
    return found


def bundle(
    values: dict[str, Any], name: str = "m", namespace: str = "default", schema: dict[str, Any] | None = None
) -> str:
    return BUNDLE.format(name=name, namespace=namespace, values=json.dumps(values), schema=json.dumps(schema or {}))


def wait_for(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What `condition` gives, once that is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.005)
    return result


def remove(directory: Path) -> None:
    """Deletes a directory that a relay may be writing into."""
    for _ in range(100):
        with suppress(OSError):
            shutil.rmtree(directory)
            return
    shutil.rmtree(directory)


class Relay:
    """A running relay with a spool and a snapshot directory below `root`."""

    def __init__(self, root: Path, *options: str) -> None:
        self.spool, self.out, self.options = root / "spool", root / "out", options
        self.spool.mkdir(exist_ok=True)
        self.process: subprocess.Popen[str] | None = None

    def put(self, text: str, file: str = "m.yaml") -> None:
        """Replaces a file as an editor or an adapter does: all of it at once."""
        temporary = self.spool / f".{file}.new"
        temporary.write_text(text)
        temporary.rename(self.spool / file)

    def start(self) -> None:
        command = [binary(), "--spool", str(self.spool), "--out", str(self.out), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ready(self) -> dict[str, Any]:
        """Its line on standard output, once something is served."""
        assert self.process is not None
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 10)[0], "the relay is not ready after ten seconds"
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and standard error."""
        assert self.process is not None
        self.process.send_signal(how)
        _, errors = self.process.communicate(timeout=10)
        code = self.process.returncode
        self.process = None
        return code, errors

    def status(self) -> dict[str, Any]:
        """What it says of itself. A reader may have a generation some milliseconds before the status tells of it."""
        deadline = time.monotonic() + _STATUS_S
        while True:
            published = self._published()
            status = self._status()
            if status.get("generation", 0) >= published or time.monotonic() > deadline:
                return status
            time.sleep(0.005)

    def _status(self) -> dict[str, Any]:
        try:
            status: dict[str, Any] = json.loads((self.out / "status.json").read_text())
        except FileNotFoundError:
            return {}
        return status

    def _published(self) -> int:
        """The generation in the control page (docs/format.md)."""
        try:
            return int.from_bytes((self.out / "current").read_bytes()[64:72], "little")
        except OSError:
            return 0


@contextmanager
def running(root: Path, *options: str, first: str | None = None) -> Iterator[Relay]:
    """A relay that serves `first`, stopped at the end."""
    relay = Relay(root, *options)
    if first is not None:
        relay.put(first)
    relay.start()
    try:
        if first is not None:
            relay.ready()
        yield relay
    finally:
        if relay.process:
            relay.process.kill()
            relay.process.communicate()
