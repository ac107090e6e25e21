"""Real pre-forked servers around `served`: how to start each, and what they answer over HTTP.

They listen on Unix sockets: nothing here has a network address.
"""

from __future__ import annotations

import http.client
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benches.adopt.change import Changes, Group, Sightings, make_changes
from benches.adopt.measure import WORKERS
from benches.adopt.source import Source

APP = "benches.adopt.served"
ANSWERS = 20
GIVE_UP_S = 5


@dataclass(frozen=True)
class Server:
    name: str
    distribution: str
    """Empty if it comes with Python."""
    workers: int
    arguments: Callable[[str], list[str]]
    """The command after `python -m`, given a socket's path."""
    http: bool = True


def _gunicorn(path: str) -> list[str]:
    options = ["--preload", "--workers", str(WORKERS), "--worker-class", "sync", "--config", f"python:{APP}"]
    return ["gunicorn", *options, "--bind", f"unix:{path}", f"{APP}:wsgi"]


def _uvicorn(path: str) -> list[str]:
    return ["uvicorn", "--workers", "2", "--uds", path, "--log-level", "warning", f"{APP}:asgi"]


SERVERS = (
    Server(f"gunicorn --preload, {WORKERS} sync workers", "gunicorn", WORKERS, _gunicorn),
    Server("uvicorn --workers 2", "uvicorn", 2, _uvicorn),
    Server(f"multiprocessing fork, {WORKERS}", "", WORKERS, lambda _: [APP, "fork", str(WORKERS)], http=False),
    Server(f"multiprocessing spawn, {WORKERS}", "", WORKERS, lambda _: [APP, "spawn", str(WORKERS)], http=False),
)


def changes_under(server: Server, directory: Path, changes: int) -> Changes:
    """Makes changes under a running server; ends the bench if it answers with an old value after the last of them."""
    sightings, path = Sightings(directory / "fifo"), directory / "http"
    env = {"BENCH_SNAPSHOTS": str(directory / "snapshots"), "BENCH_FIFO": sightings.fifo}
    with Source("configedge", str(directory)) as source:
        command = [sys.executable, "-W", "ignore", "-m", *server.arguments(str(path))]
        with Group(command, directory / "log", env) as group:
            result = make_changes(source, sightings, group, server.workers, changes, 0.015, GIVE_UP_S)
            if server.http:
                _check_answers(path, source.value)
    sightings.close()
    return result


def _check_answers(path: Path, value: float) -> None:
    for _ in range(ANSWERS):
        pid, read = _ask(path).split()
        if float(read) != value:
            raise SystemExit(f"worker {pid} answered {read} after {value} was published and seen")


def _ask(path: Path) -> str:
    connection = http.client.HTTPConnection("localhost", timeout=5)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(path))
    connection.request("GET", "/", headers={"Connection": "close"})
    body = connection.getresponse().read().decode()
    connection.close()
    return body
