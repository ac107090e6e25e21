"""The server's options for a fleet, and the service that they ask for."""

from __future__ import annotations

import argparse
import secrets
import socket

from matchmaker.fleet.backend import FleetBackend
from matchmaker.fleet.log import LogError
from matchmaker.fleet.partition import Pace
from matchmaker.fleet.partitions import Partitions
from matchmaker.fleet.service import FleetService
from matchmaker.live import LiveSettings


def add_fleet_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("fleet", "several matchmakers on a NATS server with JetStream: docs/fleet.md")
    group.add_argument(
        "--fleet", default="", metavar="URL[,URL]", help="join the fleet there, such as nats://host:4222"
    )
    group.add_argument(
        "--partitions", nargs="+", metavar="REGIONS/MODES",
        help="the same at all members, such as eu-west-1/duel,squad [default: one for each region]",
    )  # fmt: skip
    group.add_argument("--member", default="", metavar="NAME", help="its own in the fleet [default: host and a number]")
    group.add_argument("--fleet-replicas", type=int, default=1, metavar="N", help="brokers that keep each record [1]")
    group.add_argument("--fleet-prefix", default="matchmaker", metavar="NAME", help="of streams [default: %(default)s]")
    group.add_argument("--lease", type=float, default=1.5, metavar="SECONDS", help="until another takes over [1.5]")
    group.add_argument("--edge-only", action="store_true", help="take tickets, but serve no partition")


async def start(options: argparse.Namespace, settings: LiveSettings, key: bytes | None) -> FleetBackend:
    """Raises OSError, ValueError with what to do."""
    if options.log:
        raise ValueError("--log is for a matchmaker on its own; a fleet's log is on its broker, see docs/fleet.md")
    partitions = Partitions(options.partitions) if options.partitions else None
    try:
        from matchmaker.fleet.jetstream import JetStreamLog

        log = await JetStreamLog.connect(
            options.fleet.split(","), prefix=options.fleet_prefix, replicas=options.fleet_replicas
        )
    except (LogError, ImportError) as error:
        raise OSError(str(error)) from error
    name = options.member or f"{socket.gethostname()}-{secrets.token_hex(4)}"
    service = FleetService(
        settings, log, name, partitions, key, ttl=options.lease, pace=Pace(snapshot=2.0), own=not options.edge_only
    )
    return FleetBackend(service)
