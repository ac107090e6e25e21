"""`python -m configedge.control`: the server, and beside it the exporter of a node's spool directory."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from configedge.bundle import BundleError, BundlePath
from configedge.control.hosts import is_loopback
from configedge.control.logs import LOG_FORMATS, set_up_logs
from configedge.control.repository import RepositoryError
from configedge.control.store import Store
from configedge.sync.pump import Pump, Revision


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT; gives the exit code: 0 then, 2 if it could not start."""
    options = _options().parse_args(argv)
    set_up_logs(options.log)
    try:
        _check(options)
        with contextlib.ExitStack() as stack:
            # The port first: taking it has no effect to undo.
            listening = stack.enter_context(contextlib.closing(_listen(options.host, options.port)))
            store = stack.enter_context(contextlib.closing(Store(options.repo)))
            checks = {}
            if options.spool:
                tip = _Tip(store, options.namespace)
                pump = Pump(tip, options.spool, interval=1.0)
                store.on_commit += [tip.committed, lambda commit, at: pump.wake()]
                checks["export"] = pump.problem
                stack.enter_context(pump)
            # Imported late: what cannot start says so at once.
            from configedge.control.app import create_app
            from configedge.control.server import serve

            app = create_app(store, allow_hosts=options.allow_host, checks=checks)
            serve(app, listening, {"event": "ready", "url": _url(listening)})
    except (RepositoryError, _Refused) as error:
        print(f"configedge.control: {error}", file=sys.stderr)
        return 2
    return 0


class _Refused(Exception):
    """An option cannot be followed. One line, says what to do."""


class _Tip:
    """What the exporter exports: the tip of main, whoever moved it."""

    def __init__(self, store: Store, namespace: str | None) -> None:
        self._store = store
        self._namespace = namespace
        self._last = ("", 0.0)

    def committed(self, commit: str, at: float) -> None:
        """Notes when a commit of ours was on disk: Git itself knows whole seconds only."""
        self._last = (commit, at)

    def poll(self, known: str | None) -> Revision | None:
        commit, at = self._store.tip_with_time()
        if self._last[0] == commit:
            at = self._last[1]
        if commit == known:
            return None
        return Revision(commit, at, self._store.texts(commit, self._namespace), self._store.policy_files(commit))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m configedge.control", description="The ConfigEdge control plane.")
    parser.add_argument("--repo", type=Path, required=True, help="bare Git repository; made if it is not there")
    parser.add_argument("--spool", type=Path, help="export main into this directory after each commit")
    parser.add_argument("--namespace", help="export only this namespace")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0: any free one (default %(default)s)")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="answer to this Host too")
    parser.add_argument("--log", choices=LOG_FORMATS, default="text", help="form of the log on stderr")
    return parser


def _check(options: argparse.Namespace) -> None:
    if not is_loopback(options.host):
        raise _Refused(
            f"--host {options.host} is not a loopback address; there is no authentication, so only this machine may ask"
        )
    if not 0 <= options.port <= 65535:
        raise _Refused(f"--port {options.port} is not a port; give 0 to 65535")
    if options.spool is not None:
        try:
            options.spool.mkdir(parents=True, exist_ok=True)
            (options.spool / f"..configedge-probe-{os.getpid()}").mkdir()
            (options.spool / f"..configedge-probe-{os.getpid()}").rmdir()
        except OSError as error:
            raise _Refused(f"--spool {options.spool}: {error.strerror}; give a writable directory") from None
    if options.namespace is not None:
        try:
            BundlePath(options.namespace, "any")
        except BundleError as error:
            raise _Refused(f"--namespace {options.namespace!r}: {error}") from None


def _listen(host: str, port: int) -> socket.socket:
    family, *_, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # asyncio does this for sockets it makes itself; without it small answers wait 40 ms for an acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind(address)
        # Listening before "ready", so that a second server on the port fails here and not in the event loop.
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise _Refused(f"cannot listen on {host}:{port}: {error.strerror}; give another --port, or 0 for any") from None
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


if __name__ == "__main__":
    sys.exit(main())
