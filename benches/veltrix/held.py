"""Settings that somebody brings: the face that the matchmaker knows from `matchmaker.live`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from matchmaker.core.settings import Settings, SettingsError, compile_settings

log = logging.getLogger(__name__)


class HeldSettings:
    """The newest version that was brought. A version stands for a generation; none goes back."""

    def __init__(self, values: Mapping[str, Any], version: int) -> None:
        """Raises SettingsError."""
        self._settings = compile_settings(values, version)
        self.version = version
        self.refused = 0
        self.error = ""

    def current(self) -> Settings:
        return self._settings

    def max_body_bytes(self) -> int:
        return self._settings.limits.max_body_bytes

    def retry_after_s(self) -> int:
        return self._settings.limits.retry_after_s

    def bring(self, values: Mapping[str, Any], version: int) -> None:
        """Takes a version that is newer; one that does not compile is refused, and the last good one stays."""
        if version <= self.version:
            return
        self.version = version
        try:
            self._settings = compile_settings(values, version)
            self.error = ""
        except SettingsError as error:
            self._refused(str(error))

    def refuse(self, keep: Settings, why: str) -> None:
        """Goes back to settings that were good, because the present ones turned out not to be."""
        self._settings = keep
        self._refused(why)

    def _refused(self, why: str) -> None:
        self.refused += 1
        self.error = why
        log.error("settings refused, still using version %s: %s", self._settings.generation, why)
