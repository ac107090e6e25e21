"""The example configuration that `up` and `demo` begin with: pushed like any other, over REST."""

from __future__ import annotations

from importlib import resources
from typing import Any

import httpx2

from configedge.bundle import Bundle

NAMESPACE, NAME = "treasure-hunt", "matchmaking"
PATH = f"/v1/bundles/{NAMESPACE}/{NAME}"


def document() -> dict[str, Any]:
    text = resources.files("configedge").joinpath("example/matchmaking.yaml").read_bytes()
    return Bundle.parse(text, "matchmaking.yaml").document


def push_if_empty(client: httpx2.Client) -> bool:
    """Puts the example into a control plane that has no bundle yet; gives whether it did."""
    if client.get("/v1/bundles").raise_for_status().json()["items"]:
        return False
    client.put(PATH, json=document(), headers={"If-None-Match": "*"}).raise_for_status()
    return True
