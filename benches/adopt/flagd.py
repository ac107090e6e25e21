"""OpenFeature SDK with the flagd provider in FILE mode."""

from __future__ import annotations

from benches.adopt import KEY, TYPE_CHECKING, replace, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INSTALL: tuple[str, ...] = ("openfeature-sdk", "openfeature-provider-flagd")
IMPORTS = """
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
"""
WITHOUT: tuple[str, ...] = ()
READS = {"get_float_value": f'client.get_float_value("{KEY}", 0.0)'}
# The file watcher sleeps `deadline_ms` between looks (default 500); the documented FLAGD_OFFLINE_POLL_MS is not used.
INTERVAL_S = 0.01
SETTINGS = "FILE mode, looks at the file every 10 ms (deadline_ms; any whole number of ms is taken)"
IN_WORKER = "set_provider in each worker (its documentation does not speak of fork)"


def start(lib: Any, directory: str) -> dict[str, Any]:
    path, interval_ms = f"{directory}/flags.json", round(INTERVAL_S * 1000)
    provider = lib.FlagdProvider(
        resolver_type=lib.ResolverType.FILE, offline_flag_source_path=path, deadline_ms=interval_ms
    )
    lib.api.set_provider_and_wait(provider)
    return {"client": lib.api.get_client()}


start_to_follow = start


def source(directory: str) -> Callable[[float], None]:
    import json

    def write(value: float) -> None:
        flags = {
            key: {"state": "ENABLED", "variants": {"on": number}, "defaultVariant": "on"}
            for key, number in settings(value).items()
        }
        replace(f"{directory}/flags.json", json.dumps({"flags": flags}))

    return write
