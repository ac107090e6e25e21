"""`python -m matchmaker`: the engine as a server."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import uvicorn

import configedge
from matchmaker.edge.gateway import Gateway, serve
from matchmaker.edge.http import create_app
from matchmaker.history.eventlog import add_log_options, open_log
from matchmaker.live import LiveSettings
from matchmaker.regions.signed_rtts import load_key
from matchmaker.service import Service


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] in (["replay"], ["whatif"]):
        return import_module(f"matchmaker.history.{argv[0]}").main(argv[1:])  # type: ignore[no-any-return]
    parser = argparse.ArgumentParser(prog="python -m matchmaker", description="The Treasure Hunt Engine.")
    parser.add_argument("--config", default="/run/configedge", help="snapshot directory [default: %(default)s]")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on [default: %(default)s]")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on, 0 for any [default: %(default)s]")
    parser.add_argument("--wait-config", type=float, default=10.0, metavar="SECONDS", help="wait for a first snapshot")
    parser.add_argument(
        "--gateway", default="", metavar="HOST:PORT|PATH", help="listen for framed gateway streams there too"
    )
    parser.add_argument("--rtt-key", type=Path, metavar="FILE", help="key that gateways sign round-trip times with")
    add_log_options(parser)
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="matchmaker: %(levelname)s: %(message)s")
    try:
        settings = LiveSettings(configedge.open(options.config, wait=options.wait_config))
        key = load_key(options.rtt_key) if options.rtt_key else None
        listener = _listen(options.host, options.port)
        log = open_log(options)
        service = Service(settings, key, log, options.log_hash_ids)
    except KeyError as error:
        return _cannot(f"{options.config}: {error}: publish the bundle `matchmaking` (configedge up has an example)")
    except (OSError, ValueError, TypeError) as error:
        return _cannot(str(error))
    try:
        with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop()) as runner:
            runner.run(_serve(service, listener, options.gateway))
    except OSError as error:
        return _cannot(str(error))
    if log:
        log.close()
    return 0


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, which is quicker; the standard one where there is none."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _cannot(why: str) -> int:
    print(f"matchmaker: {why}", file=sys.stderr)
    return 2


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=1024)
        # asyncio does this for sockets it makes itself; without it small answers wait 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port}: {error.strerror}: choose another --port, or 0 for any"
        ) from error


async def _serve(service: Service, listener: socket.socket, where: str) -> None:
    gateway = await _gateway(service, where) if where else None
    config = uvicorn.Config(
        create_app(service),
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    async def drain() -> None:
        if gateway is not None:
            gateway.go_away()
        await service.drain()
        if gateway is not None:
            gateway.close()
            await gateway.wait_closed()
        server.should_exit = True

    stopping: list[asyncio.Task[None]] = []

    def stop() -> None:
        if not stopping:
            stopping.append(asyncio.create_task(drain()))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    sweep = asyncio.create_task(service.run())
    host, port = listener.getsockname()[:2]
    # What is there now lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    ready = {"event": "ready", "url": f"http://{host}:{port}"}
    print(json.dumps(ready | ({"gateway": gateway.address} if gateway is not None else {})), flush=True)
    await server.serve(sockets=[listener])
    sweep.cancel()


async def _gateway(service: Service, where: str) -> Gateway:
    """Listens for framed streams on HOST:PORT, or on a unix socket. Raises OSError."""
    host, separator, port = where.rpartition(":")
    if separator and port.isdigit() and "/" not in where:
        return await serve(service, host.strip("[]") or "127.0.0.1", int(port))
    return await serve(service, path=where)


class _Server(uvicorn.Server):
    """Leaves signals to the caller, who has tickets to give back first."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


if __name__ == "__main__":
    raise SystemExit(main())
