"""The engine's settings: the `matchmaking` bundle, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec

BUNDLE = "matchmaking"


class SettingsError(ValueError):
    """The bundle does not make sense as a whole. The message names the key and what to do."""


@dataclass(frozen=True, slots=True)
class Region:
    weight: float
    open: bool
    load: float
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a region is chosen; see `matchmaker.core.region`."""

    max_rtt_ms: float
    far_penalty_ms: float
    load_penalty_ms: float
    default_region: str
    hysteresis_ms: float
    party_percentile: float = 100.0
    beyond_max: str = "far"
    widen_ms_per_s: float = 0.0
    geoip_database: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """From `after_ms` of waiting on, ratings up to `points` away may be met."""

    after_ms: float
    points: float


@dataclass(frozen=True, slots=True)
class Relax:
    """Smaller matches after waiting: teams down to `min_teams`, of a size down to `min_team_size` by `multiple`."""

    after_s: float
    min_teams: int
    min_team_size: int
    multiple: int = 1


@dataclass(frozen=True, slots=True)
class Mode:
    """What one mode plays. Times are as their names say, ratings in points."""

    enabled: bool
    teams: int
    team_size: int
    max_party_size: int
    window: tuple[Step, ...]
    bucket_width: float
    max_wait_s: float
    window_policy: str = "anchor"
    """`anchor`: the window of the ticket that a match is built around decides; `mutual`: that of each one in it."""
    max_rating: float = 5000.0
    """Ratings above count as this one, those below 0 as 0."""
    relax: Relax | None = None
    roles: Mapping[str, int] = field(default_factory=dict)
    """How many of each team play which role; together the team size, or empty."""
    hold_ms: float = 0.0
    """How long a match that could be made waits for a better one."""
    score: str = "rating"
    """Which pair score chooses among several matches; see `matchmaker.core.score`."""
    fair_skip: int = 3
    """How many tickets of higher priority may go before the oldest of another class, one after the other."""
    accept_s: float = 0.0
    """How long players have to accept a match; 0: they are not asked."""
    merge_after_s: float = 0.0
    """After this long a ticket waits in its next best region too; 0: never."""
    backfill: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    max_queued_total: int
    max_queued_per_pool: int
    max_body_bytes: int
    max_long_poll_s: float
    retry_after_s: int
    finished_ttl_s: float
    sweep_ms: float
    target_lag_ms: float = 20.0
    """Requests that waited longer than this for the engine's attention, on and on, make it refuse new ones."""
    requests_per_player_per_s: float = 5.0
    drain_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Agones:
    """Where game servers are allocated; see `matchmaker.allocate.agones`. Credentials are named by their files."""

    url: str = ""
    api: str = "kubernetes"
    """`kubernetes`: the API server's allocation.agones.dev/v1; `allocator`: the REST face of agones-allocator."""
    namespace: str = "default"
    selector: Mapping[str, str] = field(default_factory=dict)
    """Labels of game servers; in the values {region} and {mode} stand for those of the match."""
    port: str = ""
    """The name of the port that players are told; empty: the first."""
    token_file: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Allocation:
    """Game servers for matches; see `matchmaker.allocate`."""

    provider: str = "none"
    """`none`: matches have no server; `static`: those of `servers` and `servers_file`; `agones`."""
    servers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Addresses by region."""
    servers_file: str = ""
    ttl_s: float = 3600.0
    """A server of the static pool is free again after this, if it was not given back before."""
    wait_s: float = 10.0
    """How long a decided match waits for its server before its tickets go back, with their age."""
    timeout_s: float = 2.0
    attempts: int = 4
    """For one server; between them it waits, from 0.1 s on, each time twice as long."""
    reserve: int = 0
    """Servers kept allocated ahead, for each region and mode that has had matches in the last minute."""
    max_in_flight: int = 16
    agones: Agones = field(default_factory=Agones)


@dataclass(frozen=True, slots=True)
class Settings:
    regions: Mapping[str, Region]
    resolution: Resolution
    modes: Mapping[str, Mode]
    limits: Limits
    allocation: Allocation = field(default_factory=Allocation)
    generation: int = 0
    commit: str = ""


def compile_settings(values: Mapping[str, Any], generation: int = 0, commit: str = "") -> Settings:
    """Settings from a bundle's values (plain mappings). Raises SettingsError for what a schema cannot say."""
    try:
        settings = msgspec.convert({**values, "generation": generation, "commit": commit}, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"{BUNDLE}: {error}: give the bundle the form that its schema has in the example"
        ) from error
    _check_regions(settings)
    _check_allocation(settings.allocation)
    for name, mode in settings.modes.items():
        for key, wrong in _wrong(mode):
            raise SettingsError(f"{BUNDLE}.modes.{name}.{key}: {wrong}")
    return settings


def _check_regions(settings: Settings) -> None:
    default = settings.resolution.default_region
    if default not in settings.regions:
        known = ", ".join(settings.regions)
        raise SettingsError(f"{BUNDLE}.resolution.default_region: {default!r} is not a region; name one of {known}")
    if not any(region.open for region in settings.regions.values()):
        raise SettingsError(f"{BUNDLE}.regions: all regions are closed; open at least one")
    if settings.resolution.beyond_max not in ("far", "refuse", "widen"):
        raise SettingsError(f"{BUNDLE}.resolution.beyond_max: not one of far, refuse, widen; use one of them")


def _check_allocation(allocation: Allocation) -> None:
    key, agones = f"{BUNDLE}.allocation", allocation.agones
    if allocation.provider not in ("none", "static", "agones"):
        raise SettingsError(
            f"{key}.provider: {allocation.provider!r} is not one of none, static, agones; use one of them"
        )
    if allocation.provider == "static" and not (allocation.servers or allocation.servers_file):
        raise SettingsError(f"{key}.servers: there are none; list them by region, or name a servers_file")
    if allocation.provider == "agones":
        if not agones.url.startswith(("https://", "http://")):
            raise SettingsError(f"{key}.agones.url: {agones.url!r} is no address; give https://HOST[:PORT]")
        if agones.api not in ("kubernetes", "allocator"):
            raise SettingsError(
                f"{key}.agones.api: {agones.api!r} is neither kubernetes nor allocator; use one of them"
            )
        if bool(agones.cert_file) != bool(agones.key_file):
            raise SettingsError(f"{key}.agones.cert_file: goes together with key_file; name both or none")


def _wrong(mode: Mode) -> list[tuple[str, str]]:
    """What does not fit together in a mode: the key, and what is wrong and what to do."""
    wrong = []
    if mode.max_party_size > mode.team_size:
        wrong.append(
            (
                "max_party_size",
                f"{mode.max_party_size} do not fit a team of {mode.team_size}; lower it or raise team_size",
            )
        )
    steps = mode.window
    if not steps or steps[0].after_ms != 0:
        wrong.append(("window", "does not begin with a step at after_ms 0; add one"))
    elif any(b.after_ms <= a.after_ms or b.points < a.points for a, b in pairwise(steps)):
        wrong.append(("window", "a step is not later, or narrower, than the one before; put them in order"))
    elif steps[0].points < mode.bucket_width:
        wrong.append(("window", f"begins narrower than bucket_width ({mode.bucket_width:g}); lower that or widen it"))
    if mode.max_rating / mode.bucket_width > 4096:
        wrong.append(("bucket_width", "makes more than 4,096 buckets up to max_rating; raise it"))
    if mode.window_policy not in ("anchor", "mutual"):
        wrong.append(("window_policy", f"{mode.window_policy!r} is neither anchor nor mutual; use one of them"))
    if mode.roles and sum(mode.roles.values()) != mode.team_size:
        wrong.append(("roles", f"are {sum(mode.roles.values())} in a team of {mode.team_size}; let them add up to it"))
    relax = mode.relax
    if relax and not (1 <= relax.min_teams <= mode.teams and 1 <= relax.min_team_size <= mode.team_size):
        wrong.append(("relax", "asks for more than teams or team_size; lower min_teams and min_team_size"))
    if relax and mode.roles and relax.min_team_size < mode.team_size:
        wrong.append(("relax.min_team_size", "cannot shrink teams that have roles; leave it at team_size"))
    return wrong
