"""Where each way has its configuration from, all of it running at the same time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benches.night.runs import values
from benches.peers import Missing
from benches.report import Skipped
from benches.veltrix import Overlay, redis, system
from benches.ways import NAMES, etcd, file
from configedge.cli.processes import memory_directory
from configedge.testing import Publisher
from matchmaker.core.settings import BUNDLE


def bundle() -> dict[str, Any]:
    """The example, with a matchmaker that sheds nobody for being slow: it is what they do that is compared."""
    made = values(1.0)
    made["limits"]["target_lag_ms"] = 10_000
    return made


@dataclass
class Source:
    at: str
    servers: list[int] = field(default_factory=list)
    """Processes that work for the way, by id."""


@dataclass
class Sources:
    root: Path
    by_way: dict[str, Source] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)


@contextmanager
def running(ways: Collection[str] = NAMES) -> Iterator[Sources]:
    """Of these ways; those that cannot be here are skipped by name."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="configedge-bench-")))
        memory = stack.enter_context(tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()))
        os.chmod(memory, 0o755)
        made = Sources(root)
        try:
            _redis(stack, root, made)
        except (ImportError, Missing) as error:
            made.skipped += [Skipped(NAMES[name], str(error)) for name in ("veltrix", "redis", "redis_cache")]
        if "etcd" in ways:
            try:
                server = stack.enter_context(etcd.running(root))
                etcd.write(server.url, bundle())
                made.by_way["etcd"] = Source(server.url, [server.service.process.pid])
            except Missing as error:
                made.skipped.append(Skipped(NAMES["etcd"], str(error)))
        file.write(root / "config.json", bundle(), 1)
        made.by_way["file"] = Source(str(root / "config.json"))
        snapshots = Path(memory) / "snapshots"
        Publisher(snapshots).publish({BUNDLE: bundle()})
        made.by_way["configedge"] = Source(str(snapshots))
        made.by_way = {way: source for way, source in made.by_way.items() if way in ways}
        yield made


def _redis(stack: ExitStack, root: Path, made: Sources) -> None:
    """Veltrix, and a second Redis for those who ask it themselves."""
    directory = root / "veltrix"
    directory.mkdir()
    veltrix = stack.enter_context(system.running(directory, [Overlay()], bundle()))
    service = veltrix.nodes[0].services[0]
    port = veltrix.nodes[0].ports[0]
    made.by_way["veltrix"] = Source(str(port), [service.process.pid, veltrix.store.service.process.pid])
    server = stack.enter_context(redis.running(root))
    redis.push(server.client, BUNDLE, bundle())
    for name in ("redis", "redis_cache"):
        made.by_way[name] = Source(str(server.port), [server.service.process.pid])
