"""`python -m matchmaker.load`: players over real sockets.

Open loop: requests are due at Poisson times whether or not earlier ones were answered, and a latency counts from the
moment a request was due, so a slow server cannot hide by slowing its clients down.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter, deque
from random import Random
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from matchmaker.rtt import player_rtts_ms, region_rtt_ms

# Where players live: the share of the traffic from near each region.
POPULATION = {
    "us-east-1": 0.24,
    "us-west-2": 0.14,
    "eu-west-1": 0.20,
    "eu-central-1": 0.22,
    "ap-northeast-1": 0.12,
    "sa-east-1": 0.08,
}
_REPORT_S = 0.25
_RECENT_S = 2.0


class Tally:
    """What became of the requests so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.latencies_ms: list[float] = []
        self.recent: deque[tuple[float, float, str]] = deque()
        self.first_seen: dict[str, dict[str, Any]] = {}
        self.generation, self.commit = 0, ""
        self.errors: Counter[str] = Counter()

    def ended(self, message: dict[str, Any], due: float) -> None:
        event = message["event"]
        self.counts[event] += 1
        if event == "error":
            self.errors[str(message.get("detail"))] += 1
        if event != "assigned":
            return
        now = time.monotonic()
        latency = (now - due) * 1000
        self.latencies_ms.append(latency)
        self.recent.append((now, latency, message["region"]))
        generation = message["generation"]
        if str(generation) not in self.first_seen:
            self.first_seen[str(generation)] = {
                "commit": message["commit"],
                "decided_monotonic_ns": message["decided_monotonic_ns"],
            }
        if generation >= self.generation:
            self.generation, self.commit = generation, message["commit"]

    def report(self, started: float) -> dict[str, Any]:
        now = time.monotonic()
        while self.recent and self.recent[0][0] < now - _RECENT_S:
            self.recent.popleft()
        latencies = sorted(latency for _, latency, _ in self.recent)
        regions = Counter(region for _, _, region in self.recent)
        span = max(min(_RECENT_S, now - started), 1e-9)
        return {
            "t": round(now - started, 3),
            "sent": self.counts["sent"],
            "assigned": self.counts["assigned"],
            "expired": self.counts["expired"],
            "errors": self.counts["error"] + self.counts["lost"],
            "rps": round(len(latencies) / span, 1),
            "p50_ms": percentile(latencies, 0.50),
            "p99_ms": percentile(latencies, 0.99),
            "by_region": {region: round(count / len(latencies), 4) for region, count in sorted(regions.items())},
            "generation": self.generation,
            "commit": self.commit,
            "first_seen": self.first_seen,
        }

    def summary(self) -> dict[str, Any]:
        latencies = sorted(self.latencies_ms)
        return {
            "event": "summary",
            **{key: self.counts[key] for key in ("sent", "assigned", "expired", "cancelled", "rejected", "unanswered")},
            "errors": self.counts["error"] + self.counts["lost"],
            "error_details": dict(self.errors.most_common(5)),
            "p50_ms": percentile(latencies, 0.50),
            "p99_ms": percentile(latencies, 0.99),
            "max_ms": percentile(latencies, 1.0),
            "first_seen": self.first_seen,
        }


def percentile(ordered: list[float], share: float) -> float:
    """Of an ordered list; 0 if it is empty."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else 0.0


class Players:
    """Requests of players who come and never come back."""

    def __init__(self, seed: int, squads: float) -> None:
        self._random = Random(seed)
        self._seed = seed
        self._count = 0
        self._squads = squads
        self._homes = [home for home in POPULATION if home in region_rtt_ms()]
        self._weights = [POPULATION[home] for home in self._homes]

    def request(self) -> dict[str, Any]:
        random = self._random
        self._count += 1
        home = random.choices(self._homes, self._weights)[0]
        player = {
            "id": f"p{self._seed}-{self._count}",
            "rating": round(random.gauss(1500, 120), 1),
            "rtts_ms": player_rtts_ms(home, random),
        }
        mode = "squad" if random.random() < self._squads else "duel"
        return {"op": "enqueue", "ref": self._count, "mode": mode, "players": [player]}

    def pause_s(self, rate: float) -> float:
        return self._random.expovariate(rate)


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Drives the load; gives the summary."""
    url = options.url.replace("http", "ws", 1) + "/v1/ws"
    tally, players, pending = Tally(), Players(options.seed, options.squads), dict[int, float]()
    connections = [await connect(url, compression=None, max_size=2**20) for _ in range(options.connections)]
    receivers = [asyncio.create_task(_receive(connection, tally, pending)) for connection in connections]
    started = time.monotonic()
    reporter = asyncio.create_task(_report(tally, started, options.jsonl))
    due = started
    while (due := due + players.pause_s(options.rate)) < started + options.seconds:
        if (pause := due - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        request = players.request()
        tally.counts["sent"] += 1
        pending[request["ref"]] = due
        try:
            await connections[request["ref"] % len(connections)].send(orjson.dumps(request).decode())
        except ConnectionClosed:
            pending.pop(request["ref"], None)
            tally.counts["lost"] += 1
    # The last players of an evening may find no opponent; that is not the server's fault.
    await asyncio.sleep(min(1.0, options.seconds))
    tally.counts["unanswered"] = len(pending)
    for task in (reporter, *receivers):
        task.cancel()
    for connection in connections:
        await connection.close()
    return tally.summary()


async def _receive(connection: ClientConnection, tally: Tally, pending: dict[int, float]) -> None:
    async for text in connection:
        message = orjson.loads(text)
        if message["event"] == "queued":
            continue
        due = pending.pop(message["ref"], None)
        if due is not None:
            tally.ended(message, due)


async def _report(tally: Tally, started: float, jsonl: bool) -> None:
    while True:
        await asyncio.sleep(_REPORT_S)
        report = tally.report(started)
        if jsonl:
            print(orjson.dumps(report).decode(), flush=True)
        else:
            line = "{t:6.1f} s  sent {sent}  assigned {assigned}  {rps:.0f}/s  P50 {p50_ms:.1f} ms  P99 {p99_ms:.1f} ms"
            print("\r" + line.format(**report), end="", file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m matchmaker.load", description="Players over real sockets.")
    parser.add_argument("--url", default="http://127.0.0.1:8090", help="the matchmaker [default: %(default)s]")
    parser.add_argument("--rate", type=float, default=300, help="requests a second [default: %(default)s]")
    parser.add_argument("--seconds", type=float, default=30, help="how long [default: %(default)s]")
    parser.add_argument("--connections", type=int, default=8, help="WebSockets [default: %(default)s]")
    parser.add_argument("--squads", type=float, default=0.0, help="share of 5v5 requests [default: %(default)s]")
    parser.add_argument("--seed", type=int, default=1, help="of all randomness [default: %(default)s]")
    parser.add_argument("--jsonl", action="store_true", help="JSON lines on standard output")
    options = parser.parse_args(argv)
    try:
        summary = asyncio.run(run(options))
    except OSError as error:
        print(f"matchmaker.load: {options.url}: {error}: is a matchmaker running there?", file=sys.stderr)
        return 2
    if options.jsonl:
        print(orjson.dumps(summary).decode(), flush=True)
    else:
        print("\n" + orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())
    return 0 if summary["errors"] == 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
