"""What one more node costs a real API server, in core-seconds and bytes: `python -m benches.scaling.apiserver`.

kube-apiserver and etcd are those of `make test-kube`. Processor time of the API server is counted, so that neither a
busy machine nor this client in Python changes it much. What was measured is copied into constants.py by hand.
"""

from __future__ import annotations

import json
import ssl
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import yaml

from benches.headline.proc import cpu_s
from benches.report import Row, finish, options, spread
from benches.scaling.constants import KIB
from tests.kube.apiserver import ApiServer, api_server
from tests.kube.client import User, bundle_path

NAMESPACE = "probe"
SMALL, LARGE = KIB, 64 * KIB
_CRD = Path(__file__).resolve().parents[2] / "deploy" / "crd" / "configbundle.yaml"
_BUNDLES = bundle_path(NAMESPACE)


class Connection:
    """One client's connection, HTTP/1.1 over TLS as kube-rs has it."""

    def __init__(self, server: ApiServer, user: User, context: ssl.SSLContext) -> None:
        self._http = HTTPSConnection("127.0.0.1", server.port, context=context, timeout=60)
        self._bearer = {"Authorization": f"Bearer {user.token}", "Accept": "application/json"}
        self._http.connect()

    def get(self, path: str) -> tuple[int, bytes]:
        self._http.request("GET", path, headers=self._bearer)
        reply = self._http.getresponse()
        return reply.status, reply.read()

    def watch(self, path: str, version: str) -> None:
        query = f"?watch=1&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion={version}"
        self._http.request("GET", path + query, headers=self._bearer)
        self._events = self._http.getresponse()
        if self._events.status != 200:
            raise SystemExit(f"a watch was answered {self._events.status}: {self._events.read()[:300]!r}")

    def event(self) -> bytes:
        """The next one; waits for it."""
        return self._events.readline()

    def close(self) -> None:
        self._http.close()


class Probe:
    def __init__(self, server: ApiServer, watchers: int, rounds: int) -> None:
        self._server = server
        self._watchers = watchers
        self._rounds = rounds
        self._context = ssl.create_default_context(cafile=str(server.authority))
        self._pid = _process(f"--secure-port={server.port}")
        self._number = 0
        self._applying: dict[int, float] = {}
        self.rows: list[Row] = []

    def run(self) -> None:
        connections = self._connecting()
        one = connections[0]
        refused = self._server.user("nobody", "wrong")
        stranger = Connection(self._server, refused, self._context)
        self._each("a request that is refused (401)", lambda: stranger.get(_BUNDLES))
        for size in (SMALL, LARGE):
            self._applying[size] = self._apply(size)
            self._each(f"a list of {size // KIB} KiB", lambda: one.get(_BUNDLES))
        before, version = self._memory(), self._put(SMALL)
        begun = cpu_s(self._pid)
        for connection in connections:
            connection.watch(_BUNDLES, version)
        self._tell("a watch begins", [(cpu_s(self._pid) - begun) / self._watchers * 1e6], "core-us")
        self._tell("memory of a watch", [(self._memory() - before) / self._watchers / KIB], "KiB")
        for size in (SMALL, LARGE):
            self._events(connections, size)
        for connection in (*connections, stranger):
            connection.close()

    def _connecting(self) -> list[Connection]:
        before, begun = self._memory(), cpu_s(self._pid)
        made = [Connection(self._server, self._server.admin, self._context) for _ in range(self._watchers)]
        for connection in made:
            connection.get("/version")
        self._tell("a connection, with a request", [(cpu_s(self._pid) - begun) / self._watchers * 1e6], "core-us")
        self._tell("memory of a connection", [(self._memory() - before) / self._watchers / KIB], "KiB")
        return made

    def _each(self, name: str, call: Callable[[], Any]) -> None:
        taken = []
        for _ in range(self._rounds):
            begun = cpu_s(self._pid)
            for _ in range(200):
                call()
            taken.append((cpu_s(self._pid) - begun) / 200 * 1e6)
        self._tell(name, taken, "core-us")

    def _apply(self, size: int) -> float:
        """Seconds of a core for one server-side apply that nobody watches."""
        taken = []
        for _ in range(self._rounds):
            begun = cpu_s(self._pid)
            self._put(size)
            time.sleep(0.2)
            taken.append(cpu_s(self._pid) - begun)
        self._tell(f"{size // KIB} KiB are applied", [one * 1e6 for one in taken], "core-us")
        return spread(taken)[0]

    def _events(self, connections: list[Connection], size: int) -> None:
        """Changes with all of them watching, less what applying one costs without."""
        taken, lengths = [], list[float]()
        for _ in range(self._rounds):
            begun = cpu_s(self._pid)
            self._put(size)
            lengths += [float(len(connection.event())) for connection in connections]
            # The server is done a little after the last client has all of it.
            time.sleep(0.2)
            taken.append((cpu_s(self._pid) - begun - self._applying[size]) / len(connections) * 1e6)
        self._tell(f"an event of {size // KIB} KiB to one of {len(connections)} watchers", taken, "core-us")
        self._tell("  its bytes", lengths, "bytes")

    def _put(self, size: int) -> str:
        """Applies a bundle of so many bytes, as Flux does, and gives its resource version."""
        self._number += 1
        document = bundle(self._number, size)
        headers = {"Content-Type": "application/apply-patch+yaml"}
        answer = self._server.admin.http.patch(
            f"{_BUNDLES}/matchmaking", content=json.dumps(document), headers=headers,
            params={"fieldManager": "kustomize-controller", "force": "true"},
        )  # fmt: skip
        if not answer.is_success:
            raise SystemExit(f"applying a bundle was answered {answer.status_code}: {answer.text[:300]}")
        return str(answer.json()["metadata"]["resourceVersion"])

    def _memory(self) -> float:
        """Bytes that are in use right after a collection of garbage, stacks among them."""
        http = self._server.admin.http
        http.get("/debug/pprof/heap?gc=1").raise_for_status()
        metrics = http.get("/metrics").text
        names = "go_memstats_heap_alloc_bytes", "go_memstats_stack_inuse_bytes"
        return sum(float(line.split()[1]) for line in metrics.splitlines() if line.startswith(names))

    def _tell(self, name: str, values: list[float], unit: str) -> None:
        median, low, high = spread(values)
        many = len(values) > 1
        self.rows.append(Row(name, median, unit, low if many else None, high if many else None))


def _process(argument: str) -> int:
    """The process of this user that was started with that argument. Raises SystemExit if there is none."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if argument.encode() in line.read_bytes().split(b"\0"):
                return int(line.parent.name)
    raise SystemExit(f"no process runs with {argument}")


def bundle(number: int, size: int) -> dict[str, Any]:
    """One whose JSON has about `size` bytes: a key for each 64 of them, as in the other benches."""
    values = {f"key-{key:05}": f"value-{number:08}-{key:033}" for key in range(size // 64)}
    return {
        "apiVersion": "configedge.io/v1alpha1",
        "kind": "ConfigBundle",
        "metadata": {"name": "matchmaking", "namespace": NAMESPACE},
        "spec": {"values": values},
    }


def main() -> int:
    arguments = options(__doc__ or "").parse_args()
    watchers, rounds = (50, 3) if arguments.quick else (400, 15)
    with tempfile.TemporaryDirectory() as directory, api_server(Path(directory)) as server:
        server.admin.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        server.admin.request(
            "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", yaml.safe_load(_CRD.read_text())
        )
        _wait_for(server)
        probe = Probe(server, watchers, rounds)
        probe.run()
    return finish(
        "scaling.apiserver",
        probe.rows,
        arguments,
        "Processor time of kube-apiserver, and its memory in use after a collection.",
    )


def _wait_for(server: ApiServer) -> None:
    """Until it serves the resource."""
    until = time.monotonic() + 60
    while server.admin.http.get(_BUNDLES).status_code != 200:
        if time.monotonic() > until:
            raise SystemExit("the API server does not serve configbundles 60 s after their definition came")
        time.sleep(0.2)


if __name__ == "__main__":
    raise SystemExit(main())
