"""`python -m matchmaker`: the engine as a server."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
import time
from importlib import import_module
from pathlib import Path

import configedge
from matchmaker.collector import Collector
from matchmaker.edge.backend import Backend, Local
from matchmaker.edge.edge import Edge
from matchmaker.edge.gateway import Gateway, serve
from matchmaker.edge.http import HttpConnection, listener, loop_factory
from matchmaker.edge.openapi import describe
from matchmaker.edge.routes import TABLE, Routes
from matchmaker.fleet.start import add_fleet_options, start
from matchmaker.history.eventlog import add_log_options, open_log
from matchmaker.live import LiveSettings
from matchmaker.service import Service
from matchmaker.signing import load_key

# How long what was cancelled has to end.
_LAST_S = 10.0


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] in (["replay"], ["whatif"]):
        return import_module(f"matchmaker.history.{argv[0]}").main(argv[1:])  # type: ignore[no-any-return]
    if argv[:1] == ["edge"]:
        return import_module("matchmaker.edge.process").main(argv[1:])  # type: ignore[no-any-return]
    parser = argparse.ArgumentParser(
        prog="python -m matchmaker",
        description="The Treasure Hunt Engine. Others: edge, replay, whatif; each has --help.",
    )
    parser.add_argument("--config", default="/run/configedge", help="snapshot directory [default: %(default)s]")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on [default: %(default)s]")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on, 0 for any [default: %(default)s]")
    parser.add_argument("--wait-config", type=float, default=10.0, metavar="SECONDS", help="wait for a first snapshot")
    parser.add_argument(
        "--gateway", default="", metavar="HOST:PORT|PATH", help="listen for framed gateway streams there too"
    )
    parser.add_argument(
        "--max-connections", type=int, default=0, metavar="N", help="of players [default: as descriptors allow]"
    )
    parser.add_argument(
        "--signing-key",
        type=Path,
        metavar="FILE",
        help="shared by gateways, which sign round-trip times, and matchmakers",
    )
    add_log_options(parser)
    add_fleet_options(parser)
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="matchmaker: %(levelname)s: %(message)s")
    try:
        settings = LiveSettings(configedge.open(options.config, wait=options.wait_config))
        key = load_key(options.signing_key) if options.signing_key else None
        listening = listener(options.host, options.port)
        log = open_log(options)
        service = None if options.fleet else Service(settings, key, log, options.log_hash_ids)
    except KeyError as error:
        return _cannot(f"{options.config}: {error}: publish the bundle `matchmaking` (configedge up has an example)")
    except (OSError, ValueError, TypeError) as error:
        return _cannot(str(error))
    try:
        with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop_factory()) as runner:
            if service is not None:
                runner.run(_serve(service, Local(service), listening, options))
            else:
                runner.run(_serve_fleet(settings, key, listening, options))
    except (OSError, ValueError) as error:
        return _cannot(str(error))
    if log:
        log.close()
    return 0


def _cannot(why: str) -> int:
    print(f"matchmaker: {why}", file=sys.stderr)
    return 2


async def _serve_fleet(
    settings: LiveSettings, key: bytes | None, listening: socket.socket, options: argparse.Namespace
) -> None:
    backend = await start(options, settings, key)
    await _serve(backend.service, backend, listening, options)


async def _serve(service: Service, backend: Backend, listening: socket.socket, options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    gateway = await _gateway(service, options.gateway) if options.gateway else None
    routes = Routes(TABLE)
    edge = Edge(backend, service.settings, routes, describe(TABLE), service, options.max_connections)
    server = await loop.create_server(lambda: HttpConnection(edge), sock=listening)
    stopped = asyncio.Event()

    async def drain() -> None:
        if gateway is not None:
            gateway.go_away()
        await service.drain()
        if gateway is not None:
            gateway.close()
            await gateway.wait_closed()
        server.close()
        await edge.stop()
        stopped.set()

    stopping: list[asyncio.Task[None]] = []

    def stop() -> None:
        if not stopping:
            stopping.append(asyncio.create_task(drain()))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    running = [asyncio.create_task(service.run(Collector(time.monotonic()))), asyncio.create_task(edge.run())]
    host, port = listening.getsockname()[:2]
    ready = {"event": "ready", "url": f"http://{f'[{host}]' if ':' in host else host}:{port}"}
    print(json.dumps(ready | ({"gateway": gateway.address} if gateway is not None else {})), flush=True)
    await stopped.wait()
    for task in running:
        task.cancel()
    await asyncio.wait(running, timeout=_LAST_S)


async def _gateway(service: Service, where: str) -> Gateway:
    """Listens for framed streams on HOST:PORT, or on a unix socket. Raises OSError."""
    host, separator, port = where.rpartition(":")
    if separator and port.isdigit() and "/" not in where:
        return await serve(service, host.strip("[]") or "127.0.0.1", int(port))
    return await serve(service, path=where)


if __name__ == "__main__":
    raise SystemExit(main())
