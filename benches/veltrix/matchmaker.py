"""The matchmaker as a customer of Veltrix: each request asks for its configuration first.

`python -m benches.veltrix.matchmaker --service PORT --gateway PATH`
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from benches.veltrix.asking import Ask, listen
from benches.veltrix.client import Client
from benches.veltrix.held import HeldSettings
from benches.veltrix.process import Counters, run, sample, until_stopped
from matchmaker.core.settings import BUNDLE
from matchmaker.edge.gateway import Gateway, serve
from matchmaker.live import LiveSettings
from matchmaker.service import Service


async def serve_with(
    settings: HeldSettings | LiveSettings,
    ask: Ask | None,
    where: str,
    samples: Path | None = None,
    counters: Counters | None = None,
) -> None:
    """The matchmaker on a unix socket until SIGTERM. Each request awaits `ask`, if there is one."""
    # It has all of LiveSettings that a service and its gateway use.
    service = Service(cast(LiveSettings, settings))
    if ask is None:
        gateway = await serve(service, path=where)
    else:
        gateway = Gateway(service)
        await listen(gateway, ask, settings.max_body_bytes, where)
    tasks = [asyncio.create_task(service.run())]
    if counters is not None:
        tasks.append(asyncio.create_task(sample(samples, counters)))
    # As `python -m matchmaker` does: what is there now lives as long as the process.
    gc.collect()
    gc.freeze()
    await until_stopped(gateway=gateway.address)
    gateway.close()
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def main(arguments: argparse.Namespace) -> None:
    client = Client(arguments.service)
    first = await client.first(BUNDLE)
    settings = HeldSettings(first.values or {}, first.version)

    async def ask() -> None:
        told = await client.get(BUNDLE, settings.version)
        if told.values is not None:
            settings.bring(told.values, told.version)

    def counters() -> Mapping[str, float]:
        return {name: getattr(client, name) for name in ("in_flight", "calls", "retries", "timeouts", "failed")}

    await serve_with(settings, ask, arguments.gateway, arguments.samples, counters)
    await client.close()


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benches.veltrix.matchmaker", description=__doc__)
    parser.add_argument("--service", type=int, action="append", required=True, metavar="PORT", help="repeatable")
    parser.add_argument("--gateway", required=True, metavar="PATH", help="unix socket for framed gateway streams")
    parser.add_argument("--samples", type=Path, metavar="FILE", help="write the counters there each 100 ms")
    return parser


if __name__ == "__main__":
    run(main(options().parse_args()))
