"""A service whose workers read ours through a handle that is a global of this module, under real servers.

gunicorn imports it once, before it forks (--preload), and multiprocessing's forked workers inherit it too; spawned
ones, uvicorn's among them, import it for themselves. In every worker a lookout reports what the handle gives.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import configedge
from benches.adopt import KEY
from benches.adopt.lookout import POLL_S, Lookout

HANDLE = configedge.open(os.environ["BENCH_SNAPSHOTS"]).handle(f"matchmaking.{KEY}", type=float)
FIFO = os.environ["BENCH_FIFO"]
# A setting of gunicorn, which reads them here: without it newer ones leave a socket in the home directory.
control_socket_disable = True


def answer() -> bytes:
    return f"{os.getpid()} {HANDLE()}".encode()


def wsgi(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    body = answer()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def post_fork(server: object, worker: object) -> None:
    """gunicorn's hook; this module is its --config too."""
    threading.Thread(target=watch, daemon=True).start()


async def asgi(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        await receive()
        looking = asyncio.create_task(_watch_async())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        looking.cancel()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = answer()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _watch_async() -> None:
    lookout = Lookout(HANDLE, FIFO)
    while True:
        lookout.look()
        await asyncio.sleep(POLL_S)


def watch() -> None:
    Lookout(HANDLE, FIFO).run()


def main() -> None:
    """multiprocessing: `served fork WORKERS` or `served spawn WORKERS`."""
    context: Any = multiprocessing.get_context(sys.argv[1])
    workers = [context.Process(target=watch) for _ in range(int(sys.argv[2]))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
