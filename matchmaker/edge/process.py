"""`python -m matchmaker edge`: processes that hold players' connections, for a matchmaker in another process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
import time

import configedge
from matchmaker.edge.edge import Edge
from matchmaker.edge.http import HttpConnection, listener, loop_factory
from matchmaker.edge.openapi import describe
from matchmaker.edge.routes import TABLE, Routes
from matchmaker.edge.upstream import Upstream
from matchmaker.live import LiveSettings

log = logging.getLogger(__name__)

_AGAIN_S = 1.0
_GRACE_S = 5.0
_OWN_ROUTES = tuple(route for route in TABLE if not route.owner)


def main(argv: list[str]) -> int:
    """0 after a stop by signal, 2 if it could not begin."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="matchmaker edge: %(levelname)s: %(message)s")
    _raise_limit()
    try:
        settings = LiveSettings(configedge.open(options.config, wait=options.wait_config))
        reserved = _reserve(options.host, options.port)
    except KeyError as error:
        return _cannot(f"{options.config}: {error}: publish the bundle `matchmaking` (configedge up has an example)")
    except (OSError, ValueError, TypeError) as error:
        return _cannot(str(error))
    with reserved:
        return _Family(options, settings, reserved).run()


class _Family:
    """The processes. One that ends by itself is started again: its tickets are with the owner, who is asked by id."""

    def __init__(self, options: argparse.Namespace, settings: LiveSettings, reserved: socket.socket) -> None:
        self._options = options
        self._settings = settings
        self._host, self._port = reserved.getsockname()[:2]
        self._numbers: dict[int, int] = {}
        """By process id."""
        self._stopping = False
        self._alive = os.pipe()
        """Nothing is written to it: its end tells the processes that this one is gone."""

    def run(self) -> int:
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._stop)
        read, write = os.pipe()
        # What is there now is shared by all of them, and stays so as long as the collector does not write into it.
        gc.collect()
        gc.freeze()
        for at in range(self._options.processes):
            self._fork(at, write)
        os.close(write)
        with os.fdopen(read, "rb") as ready:
            for _ in range(self._options.processes):
                if not ready.read(1):
                    self._stop()
                    self._wait()
                    return 2
        host = f"[{self._host}]" if ":" in self._host else self._host
        told = {"event": "ready", "url": f"http://{host}:{self._port}", "pids": list(self._numbers)}
        print(json.dumps(told), flush=True)
        self._wait()
        return 0

    def _fork(self, number: int, ready: int | None) -> None:
        pid = os.fork()
        if pid:
            self._numbers[pid] = number
            return
        code = 1
        try:
            for sign in (signal.SIGTERM, signal.SIGINT):
                signal.signal(sign, signal.SIG_DFL)
            os.close(self._alive[1])
            with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._serve(number, ready))
            code = 0
        except OSError as error:
            _cannot(str(error))
        except Exception:
            log.exception("the edge %s failed", number)
        finally:
            os._exit(code)

    def _wait(self) -> None:
        """Until all have ended."""
        while self._numbers:
            try:
                pid, status = os.wait()
            except ChildProcessError:
                return
            if (number := self._numbers.pop(pid, None)) is None or self._stopping:
                continue
            log.error("the edge %s ended (%s): another takes its place", number, os.waitstatus_to_exitcode(status))
            time.sleep(_AGAIN_S)
            if not self._stopping:
                self._fork(number, None)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        for pid in self._numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    async def _serve(self, number: int, ready: int | None) -> None:
        """One process."""
        loop, options = asyncio.get_running_loop(), self._options
        name = f"edge-{number}-{os.getpid()}"
        upstream = Upstream(options.owner, self._settings, name)
        quiet = Upstream(options.owner, self._settings, f"{name}-quiet", acks=False)
        description = describe(_OWN_ROUTES)
        routes = Routes(_OWN_ROUTES)
        edge = Edge(upstream, self._settings, routes, description, None, options.max_connections, quiet)
        stopped = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stopped.set)
        loop.add_reader(self._alive[0], stopped.set)
        tasks = [asyncio.create_task(one.run()) for one in (upstream, quiet, edge)]
        with contextlib.suppress(TimeoutError):
            # Usually it is there; if not, players are told so.
            await asyncio.wait_for(upstream.connected.wait(), 1.0)
        listening = listener(self._host, self._port, shared=True)
        server = await loop.create_server(lambda: HttpConnection(edge), sock=listening)
        if ready is not None:
            os.write(ready, b"1")
            os.close(ready)
        await stopped.wait()
        server.close()
        await edge.stop(_GRACE_S)
        for task in tasks:
            task.cancel()


def _raise_limit() -> None:
    """As many descriptors as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _reserve(host: str, port: int) -> socket.socket:
    """A socket that has the port but does not listen, so that all processes may share it. Raises OSError."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        why = error.strerror or error
        raise OSError(f"cannot listen on {host}:{port}: {why}: choose another --port, or 0 for any") from error
    return made


def _cannot(why: str) -> int:
    print(f"matchmaker edge: {why}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m matchmaker edge",
        description="Holds players' HTTP and WebSocket connections for a matchmaker that runs with --gateway.",
    )
    parser.add_argument(
        "--owner", required=True, metavar="PATH|HOST:PORT", help="its gateway: a unix socket, or an address"
    )
    parser.add_argument("--config", default="/run/configedge", help="snapshot directory [default: %(default)s]")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on [default: %(default)s]")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on, 0 for any [default: %(default)s]")
    parser.add_argument("--processes", type=int, default=1, metavar="K", help="all on that port [default: 1]")
    parser.add_argument(
        "--max-connections", type=int, default=0, metavar="N", help="of each process [default: as descriptors allow]"
    )
    parser.add_argument("--wait-config", type=float, default=10.0, metavar="SECONDS", help="wait for a first snapshot")
    return parser
