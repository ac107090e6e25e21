"""`python -m configedge.control`: the server, and beside it the exporter of a node's spool directory."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from configedge.bundle import BundleError, BundlePath
from configedge.control import hook, layout
from configedge.control.audit import Audit, AuditError
from configedge.control.auth import AccessError, AccessPolicy, Authenticator, Tokens
from configedge.control.hosts import is_loopback
from configedge.control.logs import LOG_FORMATS, set_up_logs
from configedge.control.memory import give_back_what_is_large
from configedge.control.rates import Rates
from configedge.control.remote import Remote, without_password
from configedge.control.repository import RepositoryError
from configedge.control.service import Check, Identify, Parts
from configedge.control.store import Store
from configedge.control.traces import TracingError
from configedge.control.vouching import Vouching
from configedge.kube.receiver import Receiver, ReceiverError
from configedge.signing import Signer, SigningError
from configedge.sync import proof
from configedge.sync.pump import Pump, Revision, every

# So long a thread waits for another that computes. Python's own 5 ms, several times in a write, would be most of it.
_SWITCH_S = 0.0005


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT; gives the exit code: 0 then, 2 if it could not start."""
    options = _options().parse_args(argv)
    give_back_what_is_large()
    sys.setswitchinterval(_SWITCH_S)
    set_up_logs(options.log)
    try:
        _check(options)
        with contextlib.ExitStack() as stack:
            # The port first: taking it has no effect to undo.
            listening = stack.enter_context(contextlib.closing(_listen(options.host, options.port)))
            signer = Signer.load(options.sign) if options.sign else None
            remote = Remote(options.remote) if options.remote else None
            vouching = Vouching(signer.public, options.allowed_signers, options.adopt) if signer else None
            store = Store(options.repo, signer=signer, vouching=vouching, remote=remote, mirror=options.mirror)
            stack.enter_context(contextlib.closing(store))
            checks: dict[str, Check] = {}
            if options.spool:
                tip = _Tip(store, options.namespace, options.layer)
                pump = Pump(tip, options.spool, every(1.0))
                store.on_commit += [tip.committed, lambda commit, at: pump.wake()]
                checks["export"] = pump.problem
                stack.enter_context(pump)
            receiver = _receiver(options)
            if receiver is not None:
                store.on_commit.append(stack.enter_context(receiver).committed)
            # Imported late: what cannot start says so at once.
            from configedge.control.app import create_app
            from configedge.control.background import Background
            from configedge.control.server import serve

            parts = _parts(options, checks, receiver)
            elsewhere = f"pushes go to {without_password(options.remote)}, not here" if remote is not None else None
            hook.install(store.repository.path, parts.protections(), elsewhere, vouching)
            app = create_app(store, parts, allow_hosts=options.allow_host)
            background = Background(app.service, remote, options.mirror)
            app.service.checks.update(background.checks())
            stack.enter_context(background)
            serve(app, listening, {"event": "ready", "url": _url(listening)})
    except _REFUSALS as error:
        print(f"configedge.control: {error}", file=sys.stderr)
        return 2
    return 0


def _parts(options: argparse.Namespace, checks: Mapping[str, Check], receiver: Receiver | None) -> Parts:
    """Who may ask, and what is kept of it. Raises AccessError, AuditError, TracingError, _Refused."""
    from configedge.control.app import local_operator
    from configedge.control.fleet import open_fleet
    from configedge.control.traces import set_up_traces

    policy = AccessPolicy.load(options.access) if options.access else AccessPolicy()
    tokens = Tokens(options.tokens) if options.tokens else None
    found = dict(checks)
    identify: Identify = local_operator()
    if _has_auth(options):
        oidc = None
        if policy.oidc:
            from configedge.control.auth import Oidc

            oidc = Oidc(policy.oidc)
        identify = Authenticator(policy, tokens, oidc).identify
    if tokens is not None:
        found["tokens"] = tokens.problem
        if options.admin_token:
            tokens.local_admin(options.admin_token)
    try:
        fleet = open_fleet(options.fleet_store)
        audit = Audit(options.audit or options.repo / "configedge-audit.jsonl")
    except (ValueError, OSError) as error:
        raise _Refused(str(error)) from None
    return Parts(
        identify,
        lambda: policy.protected,
        tokens,
        audit,
        fleet,
        set_up_traces(options.otlp),
        found,
        Rates(*options.rate),
        asks=_has_auth(options),
        receiver=receiver,
    )


def _receiver(options: argparse.Namespace) -> Receiver | None:
    """The Flux Receiver that is told of commits. Raises ReceiverError."""
    url, token = options.receiver_url_file, options.receiver_token_file
    return Receiver.of_files(url, token) if url and token else None


def _has_auth(options: argparse.Namespace) -> bool:
    return bool(options.tokens or options.access)


class _Refused(Exception):
    """An option cannot be followed. One line, says what to do."""


_REFUSALS = (
    hook.ForeignHook,
    RepositoryError,
    AccessError,
    AuditError,
    SigningError,
    TracingError,
    ReceiverError,
    _Refused,
)


class _Tip:
    """What the exporter exports: the tip of main, whoever moved it."""

    def __init__(self, store: Store, namespace: str | None, layer: str) -> None:
        self._store = store
        self._layer = layer
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
        repo = self._store.repo
        place, _ = layout.rendered(repo, commit, self._layer)
        proved = proof.of(repo, commit, proof.directories(repo, commit, self._namespace, place))
        files = self._store.texts(commit, self._namespace, self._layer)
        policies = self._store.policy_files(commit)
        return Revision(commit, at, files, policies, proved)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m configedge.control", description="The ConfigEdge control plane.")
    parser.add_argument("--repo", type=Path, required=True, help="bare Git repository; made if it is not there")
    parser.add_argument("--spool", type=Path, help="export main into this directory after each commit")
    parser.add_argument("--namespace", help="export only this namespace")
    parser.add_argument("--environment", default="", help="export what nodes of this environment get")
    parser.add_argument("--region", default="", help="export what nodes of this region in it get")
    parser.add_argument("--remote", help="the Git repository that decides between several control planes; URL or path")
    parser.add_argument("--mirror", help="a Git repository that is kept as a copy, to repair from; URL or path")
    parser.add_argument("--sign", type=Path, metavar="KEY", help="sign commits with this OpenSSH ed25519 key")
    parser.add_argument(
        "--allowed-signers", type=Path, metavar="FILE", help="with --sign: who else signs what may be built on"
    )
    parser.add_argument(
        "--adopt",
        default="",
        metavar="COMMIT",
        help="with --sign: build on this commit although none of them signed it",
    )
    parser.add_argument("--tokens", type=Path, metavar="FILE", help="ask for tokens, of which this file has the hashes")
    parser.add_argument("--admin-token", type=Path, metavar="FILE", help="keep a token for this machine's admin here")
    parser.add_argument("--access", type=Path, metavar="FILE", help="OIDC issuers, grants and protected paths")
    parser.add_argument("--audit", type=Path, metavar="FILE", help="the audit (default: in the repository's directory)")
    parser.add_argument("--fleet-store", metavar="URL", help="redis://...: share what nodes report (default: memory)")
    parser.add_argument(
        "--receiver-url-file", type=Path, metavar="FILE", help="has the URL of a Flux Receiver that is told of commits"
    )
    parser.add_argument("--receiver-token-file", type=Path, metavar="FILE", help="has the token of that Receiver")
    parser.add_argument("--otlp", metavar="URL", help="send OpenTelemetry traces there")
    parser.add_argument(
        "--rate",
        type=_rate,
        default=(200.0, 2_000.0),
        metavar="W,R",
        help="writes and reads a second of one client; 0: any",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0: any free one (default %(default)s)")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="answer to this Host too")
    parser.add_argument("--log", choices=LOG_FORMATS, default="text", help="form of the log on stderr")
    return parser


def _rate(text: str) -> tuple[float, float]:
    writes, _, reads = text.partition(",")
    return float(writes), float(reads)


def _check(options: argparse.Namespace) -> None:
    if not is_loopback(options.host) and not _has_auth(options):
        raise _Refused(
            f"--host {options.host} is not a loopback address, and nobody would be asked who they are; "
            "give --tokens or --access"
        )
    if options.region and not options.environment:
        raise _Refused(f"--region {options.region} is one of an environment; give --environment too")
    if bool(options.receiver_url_file) != bool(options.receiver_token_file):
        raise _Refused("--receiver-url-file and --receiver-token-file go together; give both, or neither")
    if (options.allowed_signers or options.adopt) and not options.sign:
        raise _Refused(
            "--allowed-signers and --adopt say what a control plane that signs may build on; give --sign too"
        )
    if options.admin_token and not options.tokens:
        raise _Refused("--admin-token needs a file for its hash; give --tokens too")
    options.layer = ".".join(part for part in (options.environment, options.region) if part)
    if options.layer:
        try:
            BundlePath("any", "any", options.layer)
        except BundleError as error:
            raise _Refused(str(error)) from None
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
