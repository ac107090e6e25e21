"""What shadow reads cost a service that still decides by Redis, at 1 % sampling.

The service answers HTTP, in a process of its own; each request reads eight settings as the legacy way has it, and
answers JSON. One client asks it in blocks of requests, in turn with shadow reads and without. What is lost of a core's
throughput is the share of CPU time that they add: of the serving thread the median over pairs of blocks, and all that
the comparing thread takes. Not wall time: other guests of a machine make that jump by more than what is looked for.

Three ways to read: each setting from Redis (shadow reads one by one), all of them by one MGET, and from a cache in the
process that is never cold (shadow reads together: `Shadow.read_all`). The last is the hardest: its own reads cost next
to nothing.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from benches.peers import Missing
from benches.report import Row, finish, options, spread
from benches.shadowed import KEYS, WAYS
from benches.veltrix.redis import running
from configedge.cli.processes import Service, memory_directory
from configedge.testing import Publisher

SAMPLE = 0.01
BAR = 0.01
# Short blocks, so that what else runs on the machine is the same for both of a pair.
REQUESTS = 25
# Pairs whose median is one value of the spread.
GROUP = 40


class Asking(http.client.HTTPConnection):
    """One connection to the service's Unix socket, kept open."""

    def __init__(self, path: Path) -> None:
        super().__init__("service", timeout=60)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)

    def ask(self, path: str) -> dict[str, float]:
        self.request("GET", path)
        answer: dict[str, float] = json.loads(self.getresponse().read())
        return answer

    def spent(self, path: str) -> Spent:
        answer = self.ask(path)
        return Spent(answer["serving"], answer["beside"])


class Spent(NamedTuple):
    """CPU seconds."""

    serving: float
    beside: float

    def since(self, before: Spent) -> Spent:
        return Spent(self.serving - before.serving, self.beside - before.beside)


def block(asking: Asking, way: str, kind: str, requests: int) -> Spent:
    """What the service spends on these requests."""
    path = f"/{quote(way)}/{kind}"
    before = asking.spent(path)
    for _ in range(requests):
        after = asking.spent(path)
    return after.since(before)


def rows_of(asking: Asking, way: str, pairs: int) -> list[Row]:
    alone, added, beside = [], [], 0.0
    begun = asking.spent(f"/{quote(way)}/alone")
    for number in range(pairs):
        kinds = ("alone", WAYS[way]) if number % 2 else (WAYS[way], "alone")
        spent = {kind: block(asking, way, kind, REQUESTS) for kind in kinds}
        alone.append(spent["alone"].serving / REQUESTS)
        added.append(spent[WAYS[way]].serving / REQUESTS - alone[-1])
    # It goes on beside either kind of block, for the reads of one of them.
    beside = asking.spent(f"/{quote(way)}/alone").since(begun).beside / (pairs * (REQUESTS + 1))
    request, low, high = spread(alone)
    groups = [spread(added[at : at + GROUP])[0] for at in range(0, pairs, GROUP)]
    cost, least, most = ((one + beside) / request for one in (spread(added)[0], *spread(groups)[1:]))
    told = f"<= {BAR:.0%}"
    return [
        Row(f"{way}: CPU time of a request", request * 1e6, "us", low * 1e6, high * 1e6),
        Row(f"{way}: of that shadow reads add", cost * 100, "%", least * 100, most * 100, "", None, told, cost <= BAR),
        Row(f"{way}:   their comparing thread", beside / request * 100, "%"),
    ]


def main() -> int:
    arguments = options(__doc__ or "").parse_args()
    pairs = (8 if arguments.quick else 31) * GROUP
    rows = []
    with tempfile.TemporaryDirectory(prefix="configedge-bench-", dir=memory_directory()) as scratch:
        os.chmod(scratch, 0o755)
        directory = Path(scratch)
        Publisher(directory / "run").publish({"matchmaking": {key: number for number, key in enumerate(KEYS)}})
        try:
            with running(directory) as redis:
                redis.client.mset({f"mm:{key}": number for number, key in enumerate(KEYS)})
                command = [sys.executable, "-m", "benches.shadowed", scratch, str(redis.port), str(SAMPLE)]
                service = Service("service", command, directory / "service.log")
                try:
                    service.ready()
                    asking = Asking(directory / "service.sock")
                    for way in WAYS:
                        rows += rows_of(asking, way, pairs)
                    counts = asking.ask("/counts")
                finally:
                    service.stop()
        except Missing as missing:
            raise SystemExit(str(missing)) from None
    if counts["mismatch"] or not counts["match"]:
        raise SystemExit(f"the service compared {counts}, and both sides say the same")
    rows.append(Row("reads that were compared", counts["match"], ""))
    rows.append(Row("sampled reads that were dropped", counts["dropped"], ""))
    note = f"{pairs} pairs of blocks of {REQUESTS} requests with {len(KEYS)} reads each, {SAMPLE:.0%} of them compared."
    return finish("shadow", rows, arguments, note)


if __name__ == "__main__":
    raise SystemExit(main())
