"""The matchmaker with its configuration by one of the ways.

`python -m benches.ways.matchmaker WAY AT --gateway PATH`
"""

from __future__ import annotations

import argparse
import asyncio

from benches.veltrix.matchmaker import serve_with
from benches.veltrix.process import run
from benches.ways import NAMES, opened


async def main(arguments: argparse.Namespace) -> None:
    way = await opened(arguments.way, arguments.at)
    follow = asyncio.create_task(way.follow) if way.follow else None
    await serve_with(way.settings, way.ask, arguments.gateway)
    if follow:
        follow.cancel()


def options(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("way", choices=[*NAMES])
    parser.add_argument("at", help="where its configuration comes from: see the way's module")
    return parser


if __name__ == "__main__":
    parser = options("python -m benches.ways.matchmaker")
    parser.add_argument("--gateway", required=True, metavar="PATH", help="unix socket for framed gateway streams")
    run(main(parser.parse_args()))
