"""UnleashClient, offline: its file cache, bootstrapped from a file by another process, without fetching."""

from __future__ import annotations

from benches.adopt import KEY, TYPE_CHECKING, replace, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

APP = "service"
INSTALL: tuple[str, ...] = ("UnleashClient",)
IMPORTS = """
from UnleashClient import UnleashClient
from UnleashClient.cache import FileCache
"""
WITHOUT: tuple[str, ...] = ()
READS = {"get_variant": f'float(client.get_variant("{KEY}")["payload"]["value"])'}
INTERVAL_S = 1.0
SETTINGS = "fetch_toggles=False, reloads its cache every second (the shortest whole refresh_interval), metrics off"
IN_WORKER = "initialised in each worker, as its documentation asks"


def start(lib: Any, directory: str) -> dict[str, Any]:
    client = lib.UnleashClient(
        url="http://127.0.0.1:9",  # required, never asked
        app_name=APP,
        cache=lib.FileCache(APP, directory=directory),
        refresh_interval=round(INTERVAL_S),
        disable_metrics=True,
        disable_registration=True,
    )
    client.initialize_client(fetch_toggles=False)
    return {"client": client}


start_to_follow = start


def source(directory: str) -> Callable[[float], None]:
    import json
    from importlib import import_module
    from pathlib import Path

    cache = import_module("UnleashClient.cache").FileCache(APP, directory=directory)
    bootstrap = f"{directory}/bootstrap.json"

    def write(value: float) -> None:
        features = [_feature(key, number) for key, number in settings(value).items()]
        replace(bootstrap, json.dumps({"version": 2, "features": features}))
        cache.bootstrap_from_file(Path(bootstrap))

    return write


def _feature(key: str, number: float) -> dict[str, Any]:
    """Numbers are payloads of variants, as text; one variant has all the weight."""
    variant = {
        "name": "on",
        "weight": 1000,
        "weightType": "variable",
        "stickiness": "default",
        "payload": {"type": "number", "value": str(number)},
        "overrides": [],
    }
    strategies = [{"name": "default", "parameters": {}}]
    return {"name": key, "type": "release", "enabled": True, "strategies": strategies, "variants": [variant]}
