"""Ours: a reader on a snapshot directory."""

from __future__ import annotations

from benches.adopt import KEY, TYPE_CHECKING, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INSTALL: tuple[str, ...] = ("configedge",)
IMPORTS = "import configedge"
WITHOUT: tuple[str, ...] = ()
READS = {"handle()": "handle()", "cfg.get(key, default)": f'cfg.get("matchmaking.{KEY}", 0.0)'}
SETTINGS = "a snapshot directory; the read is a handle with type=float"
INTERVAL_S = 0.0
IN_WORKER = ""


def start(lib: Any, directory: str) -> dict[str, Any]:
    cfg = lib.configedge.open(f"{directory}/snapshots")
    return {"cfg": cfg, "handle": cfg.handle(f"matchmaking.{KEY}", type=float)}


start_to_follow = start


def source(directory: str) -> Callable[[float], None]:
    from configedge.testing import Publisher

    publisher = Publisher(f"{directory}/snapshots")

    def publish(value: float) -> None:
        publisher.publish({"matchmaking": settings(value)})

    return publish
