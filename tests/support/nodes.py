"""Nodes as a control plane hears of them."""

from __future__ import annotations

import time
from typing import Any

from tests.support.control import Control


def beat(control: Control, node: str, commit: str, **more: Any) -> None:
    """One heartbeat of a node that serves a commit."""
    now = time.time()
    said = {"node": node, "generation": 1, "commit": commit, "state": "ok", "version": "0.1.0"}
    said |= {"published_at": now, "sent_at": now, **more}
    control.http.post("/v1/fleet/heartbeats", json=said).raise_for_status()
