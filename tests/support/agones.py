"""A cluster's game servers behind both of Agones' HTTP APIs, as its documents have them (Agones 1.x).

Kubernetes: pkg/apis/allocation/v1/gameserverallocation.go and the guide "Access Agones via the Kubernetes API".
Allocator: proto/allocation/allocation.proto and the page "Allocator Service"; when no server is ready it answers 429,
which is gRPC's RESOURCE_EXHAUSTED in HTTP.
"""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


@dataclass
class GameServer:
    name: str
    labels: dict[str, str]
    port: int
    allocated: bool = False


@dataclass
class Cluster:
    """`token` is what the Kubernetes API wants as bearer; `contention` is how many times others are quicker."""

    servers: list[GameServer]
    token: str = "t0ken"
    contention: int = 0
    broken: int = 0
    """How many requests are answered with 500 first."""
    url: str = ""
    asked: list[Any] = field(default_factory=list)

    def app(self) -> Starlette:
        path = "/apis/allocation.agones.dev/v1/namespaces/{namespace}/gameserverallocations"
        return Starlette(
            routes=[
                Route(path, self._kubernetes, methods=["POST"]),
                Route("/gameserverallocation", self._allocator, methods=["POST"]),
            ]
        )

    def _find(self, selectors: list[dict[str, Any]]) -> GameServer | None:
        for selector in selectors or [{}]:
            labels = selector.get("matchLabels", {})
            for server in self.servers:
                if not server.allocated and labels.items() <= server.labels.items():
                    server.allocated = True
                    return server
        return None

    @staticmethod
    def _where(server: GameServer) -> dict[str, Any]:
        ports = [{"name": "query", "port": server.port + 1}, {"name": "default", "port": server.port}]
        return {"gameServerName": server.name, "ports": ports, "address": "203.0.113.7", "nodeName": "node-1"}

    async def _kubernetes(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"kind": "Status", "status": "Failure", "reason": "Unauthorized", "code": 401}, 401)
        body = await request.json()
        self.asked.append(body)
        if self.broken:
            self.broken -= 1
            return JSONResponse({"kind": "Status", "status": "Failure", "code": 500}, 500)
        assert body["apiVersion"] == "allocation.agones.dev/v1" and body["kind"] == "GameServerAllocation"
        if self.contention:
            self.contention -= 1
            status: dict[str, Any] = {"state": "Contention"}
        elif server := self._find(body["spec"]["selectors"]):
            status = {"state": "Allocated", **self._where(server)}
        else:
            status = {"state": "UnAllocated", "gameServerName": ""}
        metadata = {"namespace": request.path_params["namespace"], "creationTimestamp": None}
        return JSONResponse({**body, "metadata": metadata, "status": status}, 201)

    async def _allocator(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.asked.append(body)
        server = self._find(body.get("gameServerSelectors", []))
        if server is None:
            told = {"code": 8, "message": "there is no available GameServer to allocate", "details": []}
            return JSONResponse(told, 429)
        return JSONResponse(self._where(server))


@contextmanager
def serving(cluster: Cluster, tls: Path | None = None) -> Iterator[Cluster]:
    """On a port of its own; with `tls`, by the certificates there, and only for clients that have one of them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        extra: dict[str, Any] = {}
        if tls is not None:
            extra = {
                "ssl_certfile": tls / "server.crt",
                "ssl_keyfile": tls / "server.key",
                "ssl_ca_certs": str(tls / "ca.crt"),
                "ssl_cert_reqs": ssl.CERT_REQUIRED,
            }
        server = uvicorn.Server(uvicorn.Config(cluster.app(), log_level="error", lifespan="off", **extra))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        cluster.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        yield cluster
        server.should_exit = True
        thread.join()


def make_certificates(directory: Path) -> None:
    """ca.crt, and server and client certificates by it."""
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "allocation-ca")])
    _write(directory / "ca.crt", _certificate(issuer, issuer, authority.public_key(), authority, True))
    for name in ("server", "client"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        _write(directory / f"{name}.crt", _certificate(subject, issuer, key.public_key(), authority, False))
        (directory / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    authority: ec.EllipticCurvePrivateKey,
    is_authority: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )
