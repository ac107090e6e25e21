"""What the matchmaker says of itself, in Prometheus text format 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matchmaker.service import Service
from matchmaker.waits import BOUNDS_S

_STUCK_S = 2.0
"""Beyond its mode's longest wait by this much, a ticket is stuck: that is a fault of ours."""


def render(service: Service) -> str:
    return "".join(line + "\n" for line in _lines(service))


def _lines(service: Service) -> Iterator[str]:
    stats = service.stats()
    yield from _counter("tickets", "Tickets by what happened to them.", "event", stats["counts"])
    yield from _counter(
        "matches", "Matches by the generation they were decided under.", "generation", stats["decisions_by_generation"]
    )
    yield from _head("queued_tickets", "gauge", "Tickets that wait; one that waits in several queues counts in each.")
    for pool, count in stats["pools"].items():
        yield f"matchmaker_queued_tickets{{{_pool(pool)}}} {count}"
    yield from _head("oldest_ticket_seconds", "gauge", "How long the oldest ticket waits.")
    for pool, seconds in stats["oldest_s"].items():
        yield f"matchmaker_oldest_ticket_seconds{{{_pool(pool)}}} {seconds}"
    yield from _head("stuck_queues", "gauge", "Queues whose oldest ticket is older than its mode allows.")
    modes = service.engine.settings.modes
    limit = {name: mode.max_wait_s + _STUCK_S for name, mode in modes.items()}
    stuck = sum(1 for pool, s in stats["oldest_s"].items() if s > limit.get(pool.split("/")[1], float("inf")))
    yield f"matchmaker_stuck_queues {stuck}"
    yield from _head("wait_seconds", "histogram", "From a ticket's arrival to its assignment.")
    for mode, histogram in sorted(service.waits.histogram.items()):
        total = 0
        for bound, count in zip((*BOUNDS_S, "+Inf"), histogram, strict=True):
            total += count
            yield f'matchmaker_wait_seconds_bucket{{mode="{mode}",le="{bound}"}} {total}'
        yield f'matchmaker_wait_seconds_sum{{mode="{mode}"}} {service.waits.sums[mode]:.6f}'
        yield f'matchmaker_wait_seconds_count{{mode="{mode}"}} {total}'
    yield from _head("spread_rating_points", "gauge", "Median over the last matches: highest less lowest rating.")
    for mode, spreads in sorted(service.waits.spreads.items()):
        if spreads:
            yield f'matchmaker_spread_rating_points{{mode="{mode}"}} {sorted(spreads)[len(spreads) // 2]:.1f}'
    yield from _one(
        "lag_seconds", "How late the engine is, at least, of the last tenth of a second.", stats["lag_ms"] / 1000
    )
    yield from _one(
        "refused_below_priority", "Requests of lower priority are refused for load.", stats["refused_below_priority"]
    )
    yield from _one("config_generation", "The configuration that new decisions are made under.", stats["generation"])
    yield from _head("config_refused_total", "counter", "Configurations that did not make sense.")
    yield f"matchmaker_config_refused_total {stats['settings_refused']}"
    servers = stats["allocation"]
    yield from _counter("servers", "Game servers by what happened to them.", "event", servers["counts"])
    yield from _head("servers_ready", "gauge", "Game servers that are allocated ahead.")
    for pool, count in servers["ready"].items():
        yield f"matchmaker_servers_ready{{{_pool(pool)}}} {count}"
    yield from _one("matches_without_server", "Matches that wait for a game server.", servers["waiting"])
    if fleet := stats.get("fleet"):
        yield from _fleet(fleet)


def _fleet(fleet: Mapping[str, Any]) -> Iterator[str]:
    """Of a member of a fleet."""
    yield from _head("fleet_partitions", "gauge", "Partitions that this member serves, or cannot serve.")
    yield f'matchmaker_fleet_partitions{{state="serving"}} {len(fleet["serving"])}'
    yield f'matchmaker_fleet_partitions{{state="parked"}} {len(fleet["parked"])}'
    yield from _one("fleet_members", "Members that this one sees.", len(fleet["members"]))
    yield from _head("fleet_tickets", "gauge", "Open tickets of each partition served here.")
    for partition, count in fleet["queued"].items():
        yield f'matchmaker_fleet_tickets{{partition="{partition}"}} {count}'
    yield from _head("fleet_failures", "gauge", "How often in a row a partition's engine has failed here.")
    for partition, parked in fleet["parked"].items():
        yield f'matchmaker_fleet_failures{{partition="{partition}"}} {parked["failures"]}'
    yield from _counter("fleet_drops", "Partitions dropped to be replayed.", "partition", fleet["drops"])
    yield from _one("fleet_waiting_for_log", "Requests that the log has not acknowledged.", fleet["waiting_for_log"])
    yield from _head("fleet_appends_repeated_total", "counter", "Appends that had no answer.")
    yield f"matchmaker_fleet_appends_repeated_total {fleet['appends_repeated']}"


def _head(name: str, kind: str, help: str) -> Iterator[str]:
    yield f"# HELP matchmaker_{name} {help}"
    yield f"# TYPE matchmaker_{name} {kind}"


def _one(name: str, help: str, value: float) -> Iterator[str]:
    yield from _head(name, "gauge", help)
    yield f"matchmaker_{name} {value}"


def _counter(name: str, help: str, label: str, values: Mapping[str, int]) -> Iterator[str]:
    yield from _head(f"{name}_total", "counter", help)
    for value, count in values.items():
        yield f'matchmaker_{name}_total{{{label}="{value}"}} {count}'


def _pool(pool: str) -> str:
    region, mode = pool.split("/")
    return f'region="{region}",mode="{mode}"'
