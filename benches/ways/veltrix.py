"""Veltrix: a call to the configuration service, whose port `at` is, in front of each request."""

from __future__ import annotations

from benches.veltrix.client import Client
from benches.veltrix.held import HeldSettings
from benches.ways import Way, held
from matchmaker.core.settings import BUNDLE


async def opened(at: str) -> Way:
    client = Client([int(at)])
    first = await client.first(BUNDLE)
    settings = HeldSettings(first.values or {}, first.version)

    async def ask() -> None:
        told = await client.get(BUNDLE, settings.version)
        if told.values is not None:
            settings.bring(told.values, told.version)

    return held(settings, ask)
