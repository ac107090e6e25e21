"""Other ways to have a float of configuration at hand, a module each.

A peer's `reads(values, scratch)` starts what it needs, gives its `Read`s of `values[KEY]`, and stops it all. All hold
the same values, and a read is done when there is a float. Packages are loaded by `import_module`, so that types are
checked with and without them; a missing one is an ImportError, any other lack is `Missing`.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

KEY = "matchmaking.max_ping_ms"
VALUE = 80.5


class Missing(Exception):
    """What a peer needs besides its packages and this machine lacks; says what to install."""


@dataclass(frozen=True)
class Read:
    """A statement that reads the float, timed as it stands, with the names in `scope`."""

    name: str
    statement: str
    scope: Mapping[str, Any]
    faster: float | None = None
    """The bar: how many times as fast `cfg["key"]` has to be."""

    def check(self) -> None:
        """Runs it once: what gives another value is no rival. A compound statement leaves its value in `value`."""
        scope = dict(self.scope)
        exec(self.statement if "value = " in self.statement else f"value = {self.statement}", scope)
        if scope["value"] != VALUE:
            raise ValueError(f"{self.name} gave {scope['value']!r}, not {VALUE}")


class Peer(NamedTuple):
    reads: Callable[[Mapping[str, float], Path], AbstractContextManager[list[Read]]]
    packages: tuple[str, ...] = ()
    """What `pip install` calls them."""


def ready(**what: Any) -> None:
    """Of a peer's other process: tells the bench that it may go on."""
    print(json.dumps(what), flush=True)


def until_stopped() -> None:
    """Sleeps until SIGTERM, then returns, so that what is in shared memory is tidied; or until the bench is gone."""
    bench, stopped = os.getppid(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    while not stopped.wait(1.0) and os.getppid() == bench:
        pass
