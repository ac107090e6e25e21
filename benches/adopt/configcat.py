"""ConfigCat with local-file flag overrides only."""

from __future__ import annotations

from benches.adopt import KEY, TYPE_CHECKING, replace, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INSTALL: tuple[str, ...] = ("configcat-client",)
IMPORTS = """
from configcatclient import ConfigCatClient, ConfigCatOptions
from configcatclient.localfiledatasource import LocalFileFlagOverrides
from configcatclient.overridedatasource import OverrideBehaviour
"""
WITHOUT: tuple[str, ...] = ()
READS = {"get_value": f'client.get_value("{KEY}", 0.0)'}
INTERVAL_S = 0.0
SETTINGS = "LocalOnly file overrides, which look at the file (one stat) at each read"
IN_WORKER = ""


def start(lib: Any, directory: str) -> dict[str, Any]:
    overrides = lib.LocalFileFlagOverrides(f"{directory}/flags.json", lib.OverrideBehaviour.LocalOnly)
    return {"client": lib.ConfigCatClient.get("local", lib.ConfigCatOptions(flag_overrides=overrides))}


start_to_follow = start


def source(directory: str) -> Callable[[float], None]:
    import json

    def write(value: float) -> None:
        replace(f"{directory}/flags.json", json.dumps({"flags": settings(value)}))

    return write
