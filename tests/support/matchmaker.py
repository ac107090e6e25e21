"""A real matchmaker in a process of its own, and the settings it starts from."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any

import httpx2
import yaml

from configedge.testing import Publisher

EXAMPLE: dict[str, Any] = yaml.safe_load(resources.files("configedge").joinpath("example/matchmaking.yaml").read_text())


def values(**changes: Any) -> dict[str, Any]:
    """The example bundle's values; `a__b=1` sets a.b to 1."""
    changed = deepcopy(EXAMPLE["spec"]["values"])
    for path, value in changes.items():
        *parents, last = path.split("__")
        section = changed
        for name in parents:
            section = section[name]
        section[last] = value
    return changed


class Matchmaker:
    def __init__(self, process: subprocess.Popen[str], url: str, publisher: Publisher) -> None:
        self.process, self.url, self.publisher = process, url, publisher
        self.http = httpx2.Client(base_url=url, timeout=10)

    def publish(self, commit: str = "", **changes: Any) -> int:
        return self.publisher.publish({"matchmaking": values(**changes)}, commit)

    def enqueue(
        self, *ids: str, wait: float = 0, mode: str = "duel", rating: float = 1500, **rtts_ms: float
    ) -> httpx2.Response:
        players = [
            {"id": id, "rating": rating, "rtts_ms": {k.replace("_", "-"): v for k, v in rtts_ms.items()}} for id in ids
        ]
        return self.http.post("/v1/tickets", params={"wait": wait}, json={"mode": mode, "players": players})


@contextmanager
def running(directory: Path, **changes: Any) -> Iterator[Matchmaker]:
    publisher = Publisher(directory)
    publisher.publish({"matchmaking": values(**changes)}, "ab" * 20)
    command = [sys.executable, "-m", "matchmaker", "--config", str(directory), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 15)[0], "the matchmaker is not ready after 15 seconds"
        matchmaker = Matchmaker(process, json.loads(process.stdout.readline())["url"], publisher)
        yield matchmaker
        matchmaker.http.close()
    finally:
        process.kill()
        process.communicate()
