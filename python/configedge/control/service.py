"""What the routes share: the store, the threads that work on it, and who is asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from starlette.requests import Request

from configedge.control.store import Identity, Store

P = ParamSpec("P")
T = TypeVar("T")

Identify = Callable[[Request], Identity]
Check = Callable[[], str | None]
"""Says what is wrong with a part of the process, None if nothing is."""


class Stages:
    """How long the parts of a write took."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._ms[stage] = (time.perf_counter() - start) * 1000

    def header(self) -> str:
        """As a Server-Timing header, in milliseconds."""
        return ", ".join(f"{stage};dur={ms:.3f}" for stage, ms in self._ms.items())


class Service:
    """The store behind worker threads: one for writes, so that they queue in order, and a few for reads."""

    def __init__(self, store: Store, identify: Identify, checks: Mapping[str, Check]) -> None:
        self.store = store
        self.identify = identify
        self.checks = dict(checks)
        self._readers = ThreadPoolExecutor(4, "read")
        self._writer = ThreadPoolExecutor(1, "write")

    @staticmethod
    def of(request: Request) -> Service:
        service: Service = request.app.state.service
        return service

    async def read(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: call(*args, **kwargs))

    async def write(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, lambda: call(*args, **kwargs))

    def close(self) -> None:
        """Waits for the commit that is under way; writes that still queue were never acknowledged and are dropped."""
        self._writer.shutdown(cancel_futures=True)
        self._readers.shutdown(cancel_futures=True)
