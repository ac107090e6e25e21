"""The settings as they are published now."""

from __future__ import annotations

import logging

from configedge import Reader, Snapshot
from matchmaker.core.settings import BUNDLE, Settings, SettingsError, compile_settings

log = logging.getLogger(__name__)


class LiveSettings:
    """`current()` costs a few dozen nanoseconds while nothing changes.

    A bundle that does not compile is refused: the last good settings stay, `refused` counts and `error` says why.
    """

    def __init__(self, reader: Reader) -> None:
        """Raises SettingsError (or KeyError) if there are no good settings to begin with."""
        self.reader = reader
        self._snapshot = reader.snapshot()
        self._settings = self._compile(self._snapshot)
        self.refused = 0
        self.error = ""
        # What edges need before a request is even parsed comes by handle, the quickest read there is.
        self.max_body_bytes = reader.handle(f"{BUNDLE}.limits.max_body_bytes", type=int)
        self.retry_after_s = reader.handle(f"{BUNDLE}.limits.retry_after_s", type=int)

    def current(self) -> Settings:
        snapshot = self.reader.snapshot()
        if snapshot is not self._snapshot:
            self._follow(snapshot)
        return self._settings

    def refuse(self, keep: Settings, why: str) -> None:
        """Goes back to settings that were good, because the present ones turned out not to be."""
        self._settings = keep
        self.refused += 1
        self.error = why
        log.error("settings refused, still using generation %s: %s", keep.generation, why)

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
        return compile_settings(snapshot.to_dict(BUNDLE), snapshot.generation, snapshot.commit)
