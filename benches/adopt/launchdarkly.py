"""LaunchDarkly's server SDK with its file data source."""

from __future__ import annotations

from benches.adopt import KEY, TYPE_CHECKING, replace, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INSTALL: tuple[str, ...] = ("launchdarkly-server-sdk",)
IMPORTS = """
from ldclient import LDClient
from ldclient.config import Config
from ldclient.context import Context
from ldclient.integrations import Files
"""
# With PyYAML it parses JSON as YAML, which is slower. With watchdog it starts three threads instead of one and does
# not see a file that was replaced: it compares the name an event moved from, not the one moved to.
WITHOUT: tuple[str, ...] = ("yaml", "watchdog")
READS = {"variation": f'client.variation("{KEY}", context, 0.0)'}
INTERVAL_S = 0.01
SETTINGS = "file data source, looks at the file every 10 ms (poll_interval; any number is taken), events off"
IN_WORKER = "a client of its own in each worker, which is what its postfork() makes"


def start(lib: Any, directory: str) -> dict[str, Any]:
    files = lib.Files.new_data_source(
        paths=[f"{directory}/flags.json"], auto_update=True, poll_interval=INTERVAL_S, force_polling=True
    )
    client = lib.LDClient(lib.Config("no-key", update_processor_class=files, send_events=False))
    return {"client": client, "context": lib.Context.create("service")}


start_to_follow = start


def source(directory: str) -> Callable[[float], None]:
    import json

    def write(value: float) -> None:
        replace(f"{directory}/flags.json", json.dumps({"flagValues": settings(value)}))

    return write
