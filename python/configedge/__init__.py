"""Live configuration, read from shared memory.

    import configedge

    cfg = configedge.open("/run/configedge")
    cfg["matchmaking.max_ping_ms"]              # about what a dict lookup costs
    limit = cfg.handle("matchmaking.max_ping_ms")
    limit()                                     # the value now
    snap = cfg.snapshot()                       # values that belong together

Importing this starts nothing and reads nothing but the extension module.
"""

import os

from configedge._core import Handle, Health, Snapshot, __version__
from configedge.errors import MissingKeyError, OpenError
from configedge.reader import Change, Reader, Watch

__all__ = [
    "Change",
    "Handle",
    "Health",
    "MissingKeyError",
    "OpenError",
    "Reader",
    "Snapshot",
    "Watch",
    "__version__",
    "open",
]


def open(path: str | os.PathLike[str], *, wait: float = 0.0) -> Reader:
    """Opens the snapshot directory at `path` (configrelay's `--out`), read-only.

    Waits up to `wait` seconds for the directory and its first snapshot. Raises OpenError if there is none by then, or
    at once if what is there must not be trusted (wrong owner, writable by others, corrupt).
    """
    return Reader(path, wait)
