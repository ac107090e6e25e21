"""The service of `benches.shadow`: python -m benches.shadowed DIRECTORY REDIS_PORT SAMPLE.

uvicorn on a Unix socket. `/WAY/alone`, `/WAY/each` and `/WAY/together` do the same work: without shadow reads, with one
for each setting, with one for all of a request. An answer has the CPU seconds that the serving thread took so far, and
all others beside it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn

import configedge
from configedge.shadow import Shadow

KEYS = tuple(f"key_{number}" for number in range(8))
WAYS = {"Redis GET": "each", "Redis MGET": "together", "cache in the process": "together"}
"""Ways to read, and how shadow reads go with them."""
Read = Callable[[], dict[str, Any]]
_OURS = {f"mm:{key}": f"matchmaking.{key}" for key in KEYS}


def reads(port: int) -> dict[str, Read]:
    """All settings, once, by each way."""
    redis = import_module("redis").Redis(host="127.0.0.1", port=port)
    names = list(_OURS)
    cache = {name: int(redis.get(name)) for name in names}
    return {
        "Redis GET": lambda: {name: redis.get(name) for name in names},
        "Redis MGET": lambda: dict(zip(names, redis.mget(names), strict=True)),
        "cache in the process": lambda: {name: cache[name] for name in names},
    }


class Service:
    def __init__(self, directory: Path, port: int, sample: float) -> None:
        self._shadow = Shadow(configedge.open(directory / "run"), sample=sample, key=_OURS.get, registry=False)
        self._reads = {way.replace(" ", "%20"): read for way, read in reads(port).items()}

    def answer(self, path: str) -> Any:
        way, _, kind = path[1:].partition("/")
        if way == "counts":
            self._shadow.flush()
            return {**self._shadow.counts, "dropped": self._shadow.dropped}
        values = self._reads[way]()
        if kind == "each":
            shadow = self._shadow
            for name, value in values.items():
                shadow.read(name, value)
        elif kind == "together":
            values = self._shadow.read_all(values)
        total = sum(map(int, values.values()))
        serving = time.thread_time()
        return {"total": total, "serving": serving, "beside": time.process_time() - serving}

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        body = json.dumps(self.answer(scope["raw_path"].decode())).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(json.dumps({"event": "ready"}), flush=True)


def main(directory: str, port: str, sample: str) -> None:
    service = Service(Path(directory), int(port), float(sample))
    path = str(Path(directory) / "service.sock")
    config = uvicorn.Config(service, uds=path, log_level="warning", access_log=False, lifespan="off")
    _Server(config).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
