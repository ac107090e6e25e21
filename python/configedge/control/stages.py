"""How long the parts of a write took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """Times by name; a part that is done again counts again."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._ms[stage] = self._ms.get(stage, 0.0) + (time.perf_counter() - start) * 1000

    def rest(self, stage: str, whole: str, *parts: str) -> None:
        """Replaces a whole by what the parts in it leave."""
        self._ms[stage] = self._ms.pop(whole, 0.0) - sum(self._ms.get(part, 0.0) for part in parts)

    def __getitem__(self, stage: str) -> float:
        return self._ms.get(stage, 0.0)

    def header(self) -> str:
        """As a Server-Timing header, in milliseconds."""
        return ", ".join(f"{stage};dur={ms:.3f}" for stage, ms in self._ms.items())
