"""Live configuration, read from shared memory.

    import configedge

    cfg = configedge.open("/run/configedge")
    cfg["matchmaking.max_ping_ms"]              # about what a dict lookup costs
    limit = cfg.handle("matchmaking.max_ping_ms")
    limit()                                     # the value now
    snap = cfg.snapshot()                       # values that belong together
    section = cfg.view("matchmaking")           # a section that belongs together: section.max_ping_ms

Importing this starts nothing and reads nothing but the extension module.
"""

import os
from typing import TYPE_CHECKING, Any

from configedge._core import Diff, Handle, Health, Reader, Snapshot, __version__
from configedge.errors import DecodeError, MissingKeyError, OpenError
from configedge.view import View

if TYPE_CHECKING:
    from configedge.bundle import check
    from configedge.watch import Change, Watch

__all__ = [
    "Change",
    "DecodeError",
    "Diff",
    "Handle",
    "Health",
    "MissingKeyError",
    "OpenError",
    "Reader",
    "Snapshot",
    "View",
    "Watch",
    "__version__",
    "check",
    "open",
    "testing",
]


def __getattr__(name: str) -> Any:
    """What few programs need, and what costs milliseconds to import, is imported when it is first named."""
    from importlib import import_module

    if name in {"Change", "Watch"}:
        return getattr(import_module("configedge.watch"), name)
    if name == "check":
        return import_module("configedge.bundle").check
    if name == "testing":
        return import_module("configedge.testing")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def open(path: str | os.PathLike[str], *, wait: float = 0.0) -> Reader:
    """Opens the snapshot directory at `path` (configrelay's `--out`), read-only.

    Waits up to `wait` seconds for the directory and its first snapshot. Raises OpenError if there is none by then, or
    at once if what is there must not be trusted (wrong owner, writable by others, corrupt).
    """
    return Reader(path, wait)
