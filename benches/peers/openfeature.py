"""OpenFeature's Python SDK with its in-memory provider: what the standard interface for flags costs by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benches.peers import KEY, Read


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    api = import_module("openfeature.api")
    memory = import_module("openfeature.provider.in_memory_provider")
    flags = {key: memory.InMemoryFlag("set", {"set": value}) for key, value in values.items()}
    api.set_provider_and_wait(memory.InMemoryProvider(flags))
    try:
        scope = {"get": api.get_client().get_float_value}
        yield [Read("OpenFeature SDK, in memory", f'get("{KEY}", 0.0)', scope, faster=500)]
    finally:
        api.shutdown()
