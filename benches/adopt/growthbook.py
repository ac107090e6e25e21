"""GrowthBook with local features; to follow changes, with a features endpoint on loopback.

Local features are an argument, so there is nothing that the client could follow. What it offers for that is fetching
with a time to live, checked at each read; the source therefore serves the endpoint too.
"""

from __future__ import annotations

from benches.adopt import KEY, TYPE_CHECKING, replace, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

INSTALL: tuple[str, ...] = ("growthbook",)
IMPORTS = """
import json
from growthbook import GrowthBook
"""
WITHOUT: tuple[str, ...] = ()
READS = {"get_feature_value": f'client.get_feature_value("{KEY}", 0.0)'}
INTERVAL_S = 1.0
SETTINGS = (
    "local features, one instance for all reads; changes: a features endpoint on loopback, cache_ttl 1 s (the shortest"
    " whole number)"
)
IN_WORKER = ""


def start(lib: Any, directory: str) -> dict[str, Any]:
    with open(f"{directory}/features.json") as file:
        features = lib.json.load(file)["features"]
    return {"client": lib.GrowthBook(features=features)}


def start_to_follow(lib: Any, directory: str) -> dict[str, Any]:
    with open(f"{directory}/port") as file:
        host = f"http://127.0.0.1:{file.read()}"
    client = lib.GrowthBook(api_host=host, client_key="sdk-local", cache_ttl=round(INTERVAL_S))
    client.load_features()
    return {"client": client}


def source(directory: str) -> Callable[[float], None]:
    import json
    import threading
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Endpoint(SimpleHTTPRequestHandler):
        """Gives the features file whatever is asked for, which is /api/features/<client key>."""

        def translate_path(self, path: str) -> str:
            return f"{directory}/features.json"

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Endpoint, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    replace(f"{directory}/port", str(server.server_address[1]))

    def write(value: float) -> None:
        features = {key: {"defaultValue": number} for key, number in settings(value).items()}
        replace(f"{directory}/features.json", json.dumps({"status": 200, "features": features}))

    return write
