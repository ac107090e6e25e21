"""A process of a fleet of `Pairs`: python -m tests.support.fleet_member URL NAME PARTITION..."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from matchmaker.fleet import Owner
from matchmaker.fleet.jetstream import JetStreamLog
from matchmaker.fleet.partition import Pace
from tests.support.pairs import Pairs


async def main(url: str, name: str, *partitions: str) -> None:
    log = await JetStreamLog.connect(url, timeout=1.0, connect_timeout=30.0)
    # Every other process sets its decisions aside at once: one fleet may have both kinds.
    eager = sum(name.encode()) % 2 == 0
    owner = Owner(log, name, partitions, lambda _: Pairs(eager), ttl=1.0, pace=Pace(snapshot=1.0))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, owner.stop)
    await owner.run()
    await log.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(main(*sys.argv[1:]))
