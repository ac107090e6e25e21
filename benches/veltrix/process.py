"""What the rival's processes have in common: they say when they are ready, count each 100 ms, and end on SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import uvloop

from benches.peers import ready

SAMPLE_S = 0.1

Counters = Callable[[], Mapping[str, float]]


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def until_stopped(**what: Any) -> None:
    """Tells that it is ready, then waits for SIGTERM, or until whoever started it is gone."""
    stopped, parent = asyncio.Event(), os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    ready(**what)
    while os.getppid() == parent:
        try:
            await asyncio.wait_for(stopped.wait(), 1.0)
            return
        except TimeoutError:
            continue


async def sample(file: Path | None, counters: Counters) -> None:
    """Writes the counters each 100 ms, a JSON line each with the monotonic time `t`, until cancelled."""
    if file is None:
        return
    with file.open("w", buffering=1) as lines:
        due = time.monotonic()
        while True:
            lines.write(json.dumps({"t": time.monotonic(), **counters()}) + "\n")
            due += SAMPLE_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def samples(file: Path) -> list[dict[str, float]]:
    """What was written so far; a line that is not whole yet is left out."""
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]
