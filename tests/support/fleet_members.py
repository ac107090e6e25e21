"""Processes of a real fleet: `python -m matchmaker --fleet`, each an edge and an owner, to be killed and frozen."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Member:
    name: str
    process: subprocess.Popen[str]
    url: str


@contextmanager
def members(
    names: Sequence[str], broker: str, config: Path, logs: Path, options: Sequence[str] = ()
) -> Iterator[dict[str, Member]]:
    """Ready when they are given; what they write is in `logs`. `broker` is an URL, or several with commas between."""
    found = {}
    processes = []
    try:
        for name in names:
            command = [sys.executable, "-m", "matchmaker", "--config", str(config), "--port", "0"]
            with open(logs / f"{name}.log", "w") as log:
                process = subprocess.Popen(
                    [*command, "--fleet", broker, "--member", name, *options],
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
            processes.append(process)
        for name, process in zip(names, processes, strict=True):
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 60)[0], f"{name} is not ready: see {logs}/{name}.log"
            found[name] = Member(name, process, json.loads(process.stdout.readline())["url"])
        yield found
    finally:
        for process in processes:
            process.kill()
            process.communicate()
