"""Measures the constants of the model that no other bench has: what one more node costs a server, in core-seconds.

`python -m benches.scaling.probe`: the control plane (a heartbeat, a hint) and a Git host (a look that finds
nothing, a fetch of one commit). Processor time is counted, not the clock: a busy machine changes it little. What was
measured is copied into constants.py by hand, with its date.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pygit2

from benches.headline.proc import cpu_s
from benches.plane.server import JSON, Client, Plane, example_document, running
from benches.report import Row, finish, options, spread
from configedge.control.auth import Grant, Role, Tokens
from configedge.control.fleet import Heartbeat

ROUNDS = 7


def heartbeat_s(plane: Plane, token: str, count: int) -> float:
    """Processor time of the control plane for one heartbeat, of `count` nodes that keep their connection."""
    client, now = Client(plane.url, token), time.time()
    begun = cpu_s(plane.service.process.pid)
    for node in range(count):
        body = Heartbeat(f"node-{node}", "prod", "eu-west-1", 1, "0" * 40, "ok", (), now, now, "1").body()
        answer = client.ask("POST", "/v1/fleet/heartbeats", body, JSON)
        if answer.status >= 300:
            raise SystemExit(f"a heartbeat was answered {answer.status}: {answer.body[:300]!r}")
    client.close()
    return (cpu_s(plane.service.process.pid) - begun) / count


class Waiting:
    """Nodes that wait for the next commit, each with a connection of its own."""

    def __init__(self, plane: Plane, count: int) -> None:
        host, port = urlsplit(plane.url).hostname, urlsplit(plane.url).port
        bearer = f"Authorization: Bearer {plane.token('waiting')}"
        request = f"GET /v1/watch/tip HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\n\r\n".encode()
        self._sockets = [socket.create_connection((host, port), 60) for _ in range(count)]
        for one in self._sockets:
            one.sendall(request)
        self._streams = [one.makefile("rb") for one in self._sockets]

    def saw(self, commit: str) -> None:
        """Waits until each of them was told."""
        for stream in self._streams:
            while line := stream.readline():
                if line.strip() == f"id: {commit}".encode():
                    break
            else:
                raise SystemExit("the control plane ended a stream of hints")

    def close(self) -> None:
        for stream, one in zip(self._streams, self._sockets, strict=True):
            stream.close()
            one.close()


def pushes_s(plane: Plane, number: int, pushes: int, waiting: Waiting | None) -> float:
    """Processor time of the control plane for one push, with all that is told of it."""
    client, etag = plane.client(f"writer-{number}"), None
    path = f"/v1/bundles/bench/matchmaking-{number}"
    begun = cpu_s(plane.service.process.pid)
    for push in range(pushes):
        answer = client.put(path, example_document(push), etag).json()
        etag = answer["etag"]
        if waiting is not None:
            waiting.saw(answer["commit"])
    return (cpu_s(plane.service.process.pid) - begun) / pushes


def hint_s(root: Path, nodes: int, pushes: int) -> list[float]:
    """Processor time of the control plane for one hint: a push with many that wait, less one without."""
    with running(root, "--rate", "0,0") as plane:
        quiet = [pushes_s(plane, number, pushes, None) for number in range(ROUNDS)]
        waiting = Waiting(plane, nodes)
        loud = [pushes_s(plane, ROUNDS + number, pushes, waiting) for number in range(ROUNDS)]
        waiting.close()
    return [(one - other) / nodes for one, other in zip(loud, quiet, strict=True)]


class GitHost:
    """A bare repository of two commits behind `git http-backend`, as a web server calls it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        repo = pygit2.init_repository(str(root / "host.git"), bare=True)
        self._commits = [self._commit(repo, number) for number in range(2)]

    @staticmethod
    def _commit(repo: pygit2.Repository, number: int) -> str:
        tree = repo.TreeBuilder()
        tree.insert("matchmaking.yaml", repo.create_blob(example_document(number)), pygit2.enums.FileMode.BLOB)
        who = pygit2.Signature("Bench", "bench@localhost", number, 0)
        parents = [] if repo.is_empty else [repo.references["refs/heads/main"].target]
        return str(repo.create_commit("refs/heads/main", who, who, "Change", tree.write(), parents))

    def look(self) -> None:
        """What every look begins with: the advertisement of references."""
        self._ask("GET", "/host.git/info/refs", "service=git-upload-pack", b"")

    def fetch(self) -> None:
        """The pack of the second commit, for somebody who has the first."""
        lines = f"want {self._commits[1]} ofs-delta\n", "", f"have {self._commits[0]}\n", "done\n"
        body = "".join(f"{len(line) + 4:04x}{line}" if line else "0000" for line in lines)
        if b"PACK" not in self._ask("POST", "/host.git/git-upload-pack", "", body.encode()):
            raise SystemExit("git http-backend sent no pack: is git installed with http-backend?")

    def _ask(self, method: str, path: str, query: str, body: bytes) -> bytes:
        request = {
            "GIT_PROJECT_ROOT": str(self._root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "REQUEST_METHOD": method, "QUERY_STRING": query, "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-git-upload-pack-request" if body else "",
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env={**os.environ, **request})
        if done.returncode:
            raise SystemExit(f"git http-backend failed: {done.stderr.decode(errors='replace')}")
        return done.stdout


def children_s(call: Callable[[], None], count: int) -> float:
    """Processor time of the processes that one call starts and waits for."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    begun = used()
    for _ in range(count):
        call()
    return (used() - begun) / count


def main() -> int:
    arguments = options(__doc__ or "").parse_args()
    count, nodes = (100, 50) if arguments.quick else (1000, 500)
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        with running(root / "beats", "--rate", "0,0") as plane:
            token = Tokens(root / "beats/tokens.json").create("node", (Grant(Role.node),), 86_400, "local:bench")[0]
            beats = [heartbeat_s(plane, token, count) for _ in range(ROUNDS)]
        hints = hint_s(root / "hints", nodes, count // 50)
        host = GitHost(root)
        looks = [children_s(host.look, count // 10) for _ in range(ROUNDS)]
        fetches = [children_s(host.fetch, count // 10) for _ in range(ROUNDS)]
    found = {
        "control plane: a heartbeat": beats,
        f"control plane: a hint to one of {nodes} nodes that wait": hints,
        "Git host: a look, nothing new": looks,
        "Git host: the pack of one commit": fetches,
    }
    rows = [_row(name, values) for name, values in found.items()]
    return finish("scaling.probe", rows, arguments, f"Processor time of the server, {ROUNDS} rounds.")


def _row(name: str, values: list[float]) -> Row:
    median, low, high = spread([value * 1e6 for value in values])
    return Row(name, median, "core-us", low, high)


if __name__ == "__main__":
    raise SystemExit(main())
