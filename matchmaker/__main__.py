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

import uvicorn

import configedge
from matchmaker.edge.http import create_app
from matchmaker.service import Service
from matchmaker.settings import LiveSettings, SettingsError


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m matchmaker", description="The Treasure Hunt Engine.")
    parser.add_argument("--config", default="/run/configedge", help="snapshot directory [default: %(default)s]")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on [default: %(default)s]")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on, 0 for any [default: %(default)s]")
    parser.add_argument("--wait-config", type=float, default=10.0, metavar="SECONDS", help="wait for a first snapshot")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="matchmaker: %(levelname)s: %(message)s")
    try:
        settings = LiveSettings(configedge.open(options.config, wait=options.wait_config))
        listener = _listen(options.host, options.port)
    except KeyError as error:
        return _cannot(f"{options.config}: {error}: publish the bundle `matchmaking` (configedge up has an example)")
    except (OSError, SettingsError, TypeError) as error:
        return _cannot(str(error))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Service(settings), listener))
    return 0


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


async def _serve(service: Service, listener: socket.socket) -> None:
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

    def stop() -> None:
        service.drain()
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    sweep = asyncio.create_task(service.run())
    host, port = listener.getsockname()[:2]
    # What is there now lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    print(json.dumps({"event": "ready", "url": f"http://{host}:{port}"}), flush=True)
    await server.serve(sockets=[listener])
    sweep.cancel()


class _Server(uvicorn.Server):
    """Leaves signals to the caller, who has tickets to give back first."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


if __name__ == "__main__":
    raise SystemExit(main())
