"""Where a ticket waits whose queue is in another process: of that, the names are known and nothing else."""

from __future__ import annotations

from functools import lru_cache

from matchmaker.core.bucket import Bucket
from matchmaker.core.pool import Pool

_KEPT = 4096


class _Elsewhere(Pool):
    def __init__(self, region: str, mode: str) -> None:
        self.region = region
        self.mode = mode


class _Place(Bucket):
    def __init__(self, pool: Pool) -> None:
        self.pool = pool


@lru_cache(maxsize=_KEPT)
def elsewhere(region: str, mode: str) -> Bucket:
    return _Place(_Elsewhere(region, mode))
