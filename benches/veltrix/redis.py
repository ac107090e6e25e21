"""Redis servers of the bench's own, and how an operator writes a bundle into one."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from benches.peers import Missing
from benches.veltrix import CHANNEL, key_of
from configedge.cli.processes import ProcessError, Service

_START_S = 20.0
_SCRIPT = Path(__file__).with_name("publish.lua")
# What else lives in the Redis of a game: sessions of 1 KiB that may be evicted, until it is near its limit.
_FILL = """
local session = string.rep('x', 1024)
for number = ARGV[1] + 1, ARGV[1] + 1000 do
  redis.call('SET', 'session:' .. number, session, 'EX', 3600)
end
"""
_FULL = 0.97


class Server(NamedTuple):
    service: Service
    port: int
    client: Any


@contextmanager
def running(scratch: Path, *options: str, name: str = "redis") -> Iterator[Server]:
    """A server on a port of its own that keeps nothing on disk.

    Raises Missing if there is no redis-server, ImportError if the packages redis or hiredis are missing, ProcessError.
    """
    redis = import_module("redis")
    import_module("hiredis")
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("there is no redis-server: apt-get install redis-server")
    port = _free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    # A first copy is sent at once, not after the five seconds for which others might ask for one too.
    command += ["--repl-diskless-sync-delay", "0"]
    command += ["--dir", str(scratch), "--logfile", str(scratch / f"{name}-server.log"), *options]
    service = Service(name, command, scratch / f"{name}.log")
    client = redis.Redis(host="127.0.0.1", port=port)
    try:
        _wait(service, client, redis.ConnectionError)
        yield Server(service, port, client)
    finally:
        client.close()
        service.stop()


@contextmanager
def replica(scratch: Path, of: Server, name: str = "replica") -> Iterator[Server]:
    """A node's own copy of another server. Raises as `running` does."""
    with running(scratch, "--replicaof", "127.0.0.1", str(of.port), name=name) as server:
        deadline = time.monotonic() + _START_S
        while server.client.info("replication")["master_link_status"] != "up":
            if time.monotonic() > deadline:
                raise ProcessError(f"{name} has not copied the other Redis in {_START_S:.0f} s")
            time.sleep(0.02)
        yield server


def limited(megabytes: int) -> list[str]:
    """Options of a server with a memory limit, that evicts sessions first and configuration never."""
    return ["--maxmemory", f"{megabytes}mb", "--maxmemory-policy", "volatile-lru"]


def fill(server: Server) -> int:
    """Sessions until it is near its limit, if it has one; gives how many."""
    made = 0
    while True:
        info = server.client.info("memory")
        if not info["maxmemory"] or info["used_memory"] >= _FULL * info["maxmemory"]:
            return made
        server.client.eval(_FILL, 0, made)
        made += 1000


def push(client: Any, bundle: str, values: Mapping[str, Any], work_ms: float = 0.0) -> int:
    """Publishes a bundle's values, all in one step; gives the version. `work_ms`: how long it takes at least."""
    fields = [part for key, value in leaves(values) for part in (key, json.dumps(value))]
    version: int = client.eval(_SCRIPT.read_text(), 1, key_of(bundle), CHANNEL, work_ms, *fields)
    return version


def leaves(values: Mapping[str, Any], below: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that is no mapping, by its dotted key."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{below}{name}.")
        else:
            yield f"{below}{name}", value


def tree(fields: Mapping[bytes, bytes]) -> tuple[int, dict[str, Any]]:
    """Version and values of a bundle's hash: the other way round than `push`. Raises KeyError if it has no version."""
    values: dict[str, Any] = {}
    version = int(fields[b"version"])
    loads = import_module("msgspec").json.decode
    for field, value in fields.items():
        if field == b"version":
            continue
        *path, last = field.decode().split(".")
        inner = values
        for name in path:
            inner = inner.setdefault(name, {})
        inner[last] = loads(value)
    return version, values


def _wait(service: Service, client: Any, not_yet: type[Exception]) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            client.ping()
            return
        except not_yet:
            if not service.alive() or time.monotonic() > deadline:
                raise ProcessError(f"{service.name} did not start: {service.last_words()}") from None
            time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
