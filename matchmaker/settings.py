"""The engine's settings: the `matchmaking` bundle, typed, and read again whenever something is published."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from configedge import Reader, Snapshot

BUNDLE = "matchmaking"

log = logging.getLogger(__name__)


class SettingsError(ValueError):
    """The bundle does not make sense as a whole. The message names the key and what to do."""


@dataclass(frozen=True, slots=True)
class Region:
    weight: float
    open: bool
    load: float


@dataclass(frozen=True, slots=True)
class Resolution:
    max_rtt_ms: float
    far_penalty_ms: float
    load_penalty_ms: float
    default_region: str
    hysteresis_ms: float


@dataclass(frozen=True, slots=True)
class Window:
    """How far ratings in a match may be from the rating of the ticket it is built around."""

    initial: float
    widen_per_s: float
    max: float

    def after(self, waited_s: float) -> float:
        """Rating points, after waiting `waited_s` seconds."""
        return max(self.initial, min(self.max, self.initial + self.widen_per_s * waited_s))


@dataclass(frozen=True, slots=True)
class Mode:
    enabled: bool
    teams: int
    team_size: int
    max_party_size: int
    window: Window
    bucket_width: float
    max_wait_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    max_queued_total: int
    max_queued_per_pool: int
    max_body_bytes: int
    max_long_poll_s: float
    retry_after_s: int
    finished_ttl_s: float
    sweep_ms: float


@dataclass(frozen=True, slots=True)
class Settings:
    regions: Mapping[str, Region]
    resolution: Resolution
    modes: Mapping[str, Mode]
    limits: Limits
    generation: int = 0
    commit: str = ""
    changed: int = field(default=0, compare=False)
    """The generation in which the bundle itself changed."""


def compile_settings(values: Mapping[str, Any], generation: int = 0, commit: str = "", changed: int = 0) -> Settings:
    """Settings from a bundle's values (plain mappings). Raises SettingsError for what a schema cannot say."""
    try:
        regions = {name: Region(**region) for name, region in values["regions"].items()}
        modes = {name: Mode(**{**mode, "window": Window(**mode["window"])}) for name, mode in values["modes"].items()}
        resolution, limits = Resolution(**values["resolution"]), Limits(**values["limits"])
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{BUNDLE}: {error}: give the bundle the form that its schema has in the example"
        ) from error
    if resolution.default_region not in regions:
        known = ", ".join(regions)
        raise SettingsError(
            f"{BUNDLE}.resolution.default_region: {resolution.default_region!r} is not a region; name one of {known}"
        )
    if not any(region.open for region in regions.values()):
        raise SettingsError(f"{BUNDLE}.regions: all regions are closed; open at least one")
    for name, mode in modes.items():
        if mode.max_party_size > mode.team_size:
            raise SettingsError(
                f"{BUNDLE}.modes.{name}.max_party_size: {mode.max_party_size} do not fit a team of {mode.team_size}; "
                f"lower it or raise team_size"
            )
    return Settings(regions, resolution, modes, limits, generation, commit, changed)


class LiveSettings:
    """The settings as published now. `current()` costs a few dozen nanoseconds while nothing changes.

    A bundle that does not compile is refused: the last good settings stay, `refused` counts and `error` says why.
    """

    def __init__(self, reader: Reader) -> None:
        """Raises SettingsError (or KeyError) if there are no good settings to begin with."""
        self._reader = reader
        self._snapshot = reader.snapshot()
        self._settings = self._compile(self._snapshot)
        self.refused = 0
        self.error = ""
        # What edges need before a request is even parsed comes by handle, the quickest read there is.
        self.max_body_bytes = reader.handle(f"{BUNDLE}.limits.max_body_bytes", type=int)
        self.retry_after_s = reader.handle(f"{BUNDLE}.limits.retry_after_s", type=int)

    @property
    def reader(self) -> Reader:
        return self._reader

    def current(self) -> Settings:
        snapshot = self._reader.snapshot()
        if snapshot is not self._snapshot:
            self._follow(snapshot)
        return self._settings

    def _follow(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        try:
            self._settings = self._compile(snapshot)
            self.error = ""
        except (SettingsError, KeyError) as error:
            self.refused += 1
            self.error = str(error)
            log.error(
                "generation %s refused, still using generation %s: %s",
                snapshot.generation,
                self._settings.generation,
                error,
            )

    @staticmethod
    def _compile(snapshot: Snapshot) -> Settings:
        values = snapshot.to_dict(BUNDLE)
        return compile_settings(values, snapshot.generation, snapshot.commit, snapshot.changed(BUNDLE))
