"""Configuration and feature-flag clients, one module each, and what measures them from outside.

A client's module holds only what a service would write to adopt it: its imports, its set-up, its read. `process` runs
them in fresh processes, `source` changes the value in a process of its own, `change` and `servers` watch workers see
it.

These modules are loaded inside the measured processes, so this one and the clients import next to nothing.
"""

from __future__ import annotations

import os
from importlib import import_module

# mypy takes this name for true; importing it from typing would load typing before a client is measured.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from benches.adopt import bare, configcat, configedge, flagd, growthbook, launchdarkly, unleash

    class Client(Protocol):
        """What a client's module has.

        INSTALL: the distributions to install. IMPORTS: what a service imports to use it. WITHOUT: modules it takes up
        where they happen to be installed, though its own install does not bring them and it is quicker without them.
        READS: statements that read `KEY` as a float, by name, the normal one first; they use the names that `start`
        gives. SETTINGS: mode and interval, to be told. INTERVAL_S: how often it looks for changes, in seconds.
        IN_WORKER: what each forked worker has to do to go on following changes, empty if nothing.
        """

        INSTALL: tuple[str, ...]
        IMPORTS: str
        WITHOUT: tuple[str, ...]
        READS: dict[str, str]
        SETTINGS: str
        INTERVAL_S: float
        IN_WORKER: str

        def start(self, lib: Any, directory: str) -> dict[str, Any]:
            """Sets the client up in this process; `lib` has the names that IMPORTS brought."""

        def start_to_follow(self, lib: Any, directory: str) -> dict[str, Any]:
            """The same in the mode in which it follows changes, if that is another one."""

        def source(self, directory: str) -> Callable[[float], None]:
            """Gives what makes a number the value of KEY where `start(directory)` reads it."""

    _checked: tuple[Client, ...] = (bare, configcat, configedge, flagd, growthbook, launchdarkly, unleash)


OURS = "configedge"
RIVALS = ("flagd", "launchdarkly", "unleash", "growthbook", "configcat")
# Imports nothing: what a process costs that does all the rest.
CONTROL = "bare"

KEY = "max_ping_ms"
FIRST = 80.5


def load(name: str) -> Client:
    module: Any = import_module(f"benches.adopt.{name}")
    client: Client = module
    return client


def settings(value: float) -> dict[str, float]:
    """The same 100 numbers for each client, `value` under KEY."""
    return {KEY: value, **{f"key_{i}": i * 0.5 for i in range(99)}}


def replace(path: str, text: str) -> None:
    """Writes a file as a careful operator does: readers find the old text or the new one, never a part."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)
