"""Game servers of Agones, by HTTP and JSON.

`kubernetes`: POST /apis/allocation.agones.dev/v1/namespaces/NAMESPACE/gameserverallocations of the Kubernetes API
server, with a bearer token (Agones 1.x, pkg/apis/allocation/v1). `allocator`: POST /gameserverallocation of the
agones-allocator service, with a client certificate (Agones 1.x, proto/allocation/allocation.proto). Neither has a call
that gives a server back: a game server ends itself, by its SDK, when its match is over or nobody came.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from matchmaker.allocate.provider import NoServer
from matchmaker.core.settings import Agones

_NO_CAPACITY = (409, 429)


class Port(msgspec.Struct):
    name: str
    port: int


class Allocated(msgspec.Struct, rename="camel"):
    """What both APIs say of an allocated server; of one that is not, only `state`."""

    state: str = "Allocated"
    game_server_name: str = ""
    address: str = ""
    ports: list[Port] = []


class _Resource(msgspec.Struct):
    status: Allocated


_decode_status = msgspec.json.Decoder(_Resource).decode
_decode_answer = msgspec.json.Decoder(Allocated).decode


class AgonesProvider:
    def __init__(self, settings: Agones, timeout_s: float) -> None:
        """Raises NoServer if a certificate cannot be read."""
        self.settings = settings
        self._client = httpx2.AsyncClient(base_url=settings.url, timeout=timeout_s, verify=_tls(settings))

    async def allocate(self, region: str, mode: str) -> str:
        settings = self.settings
        labels = {
            key: value.replace("{region}", region).replace("{mode}", mode) for key, value in settings.selector.items()
        }
        allocator = settings.api == "allocator"
        path, body = _for_allocator(settings, labels) if allocator else _for_kubernetes(settings, labels)
        try:
            answer = await self._client.post(path, json=body, headers=self._headers())
        except httpx2.HTTPError as error:
            raise NoServer(f"{settings.url}{path}: {error or type(error).__name__}") from error
        if answer.status_code in _NO_CAPACITY:
            raise NoServer(f"{settings.url}: no ready game server with {labels} ({answer.status_code})")
        if answer.status_code not in (200, 201):
            raise NoServer(f"{settings.url}{path}: status {answer.status_code}: {answer.text[:200]!r}")
        try:
            found = _decode_answer(answer.content) if allocator else _decode_status(answer.content).status
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NoServer(f"{settings.url}{path}: not the answer of Agones: {error}") from error
        if found.state != "Allocated":
            # UnAllocated: none is ready. Contention: others were quicker.
            raise NoServer(f"{settings.url}: {found.state} for {labels}")
        return self._address(found)

    def release(self, address: str) -> bool:
        return False

    async def close(self) -> None:
        await self._client.aclose()

    def _headers(self) -> dict[str, str]:
        """The token is read each time: Kubernetes changes it in its file before it expires."""
        if not self.settings.token_file:
            return {}
        try:
            return {"Authorization": f"Bearer {Path(self.settings.token_file).read_text().strip()}"}
        except OSError as error:
            raise NoServer(f"allocation.agones.token_file: {error}") from error

    def _address(self, found: Allocated) -> str:
        wanted = self.settings.port
        port = next((port.port for port in found.ports if not wanted or port.name == wanted), None)
        if port is None or not found.address:
            named = f" called {wanted!r}" if wanted else ""
            raise NoServer(f"{found.game_server_name or 'the game server'} has no address or no port{named}")
        return f"[{found.address}]:{port}" if ":" in found.address else f"{found.address}:{port}"


def _for_kubernetes(settings: Agones, labels: dict[str, str]) -> tuple[str, dict[str, Any]]:
    path = f"/apis/allocation.agones.dev/v1/namespaces/{settings.namespace}/gameserverallocations"
    spec = {"selectors": [{"matchLabels": labels}]}
    return path, {"apiVersion": "allocation.agones.dev/v1", "kind": "GameServerAllocation", "spec": spec}


def _for_allocator(settings: Agones, labels: dict[str, str]) -> tuple[str, dict[str, Any]]:
    return "/gameserverallocation", {
        "namespace": settings.namespace,
        "gameServerSelectors": [{"matchLabels": labels}],
    }


def _tls(settings: Agones) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        raise NoServer(f"allocation.agones: ca_file, cert_file, key_file: {error}") from error
    return context
