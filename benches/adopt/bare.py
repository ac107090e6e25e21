"""The control: no client at all."""

from __future__ import annotations

from benches.adopt import FIRST, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INSTALL: tuple[str, ...] = ()
IMPORTS = ""
WITHOUT: tuple[str, ...] = ()
READS = {"literal": str(FIRST)}
SETTINGS = ""
INTERVAL_S = 0.0
IN_WORKER = ""


def start(lib: Any, directory: str) -> dict[str, Any]:
    return {}


start_to_follow = start


def source(directory: str) -> Callable[[float], None]:
    return lambda value: None
