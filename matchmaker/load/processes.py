"""One load by one process or by several."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from matchmaker.load import gateway, websocket
from matchmaker.load.plan import Load
from matchmaker.load.report import REPORT_S
from matchmaker.load.tally import Tally, Tell, Window

# How long after the last process is connected the load begins.
_START_S = 0.3


def drive(load: Load, tell: Tell, started: float | None = None) -> Tally:
    """In this process. Raises OSError."""
    run = gateway.run if load.framed else websocket.run
    with asyncio.Runner(loop_factory=_loop()) as runner:
        return runner.run(run(load, tell, started))


def drive_in(loads: Sequence[Load], tell: Tell, tick: Callable[[], None], cores: Sequence[int] = ()) -> Tally:
    """Each load in a process of its own, on one of `cores` each if any are named; all begin at the same time.

    `tick` is called every quarter of a second. Raises OSError if a process cannot reach the server.
    """
    context = multiprocessing.get_context("spawn")
    ours: list[Connection] = []
    processes = []
    for at, load in enumerate(loads):
        mine, theirs = context.Pipe()
        core = cores[at % len(cores)] if cores else None
        processes.append(context.Process(target=_child, args=(load, theirs, core), daemon=True))
        processes[-1].start()
        theirs.close()
        ours.append(mine)
    try:
        tallies = _gather(ours, tell, tick)
    finally:
        for process in processes:
            process.join(1)
            if process.is_alive():
                process.terminate()
    total = tallies[0]
    for tally in tallies[1:]:
        total.add(tally)
    return total


def _gather(connections: list[Connection], tell: Tell, tick: Callable[[], None]) -> list[Tally]:
    for connection in connections:
        _take(connection)
    begin = time.monotonic() + _START_S
    for connection in connections:
        connection.send(begin)
    tallies: list[Tally] = []
    left, due = list(connections), begin + REPORT_S
    while left:
        ready = wait(left, max(0.0, due - time.monotonic()))
        for connection in [one for one in left if one in ready]:
            message = _take(connection)
            if isinstance(message, Tally):
                tallies.append(message)
                left.remove(connection)
            elif isinstance(message, Window):
                tell(message)
        if time.monotonic() >= due:
            due += REPORT_S
            tick()
    return tallies


def _take(connection: Connection) -> Any:
    try:
        message = connection.recv()
    except EOFError:
        raise OSError("a process of the load ended before its time: look for its traceback above") from None
    if isinstance(message, OSError):
        raise message
    return message


def _child(load: Load, parent: Connection, core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})
    parent.send("ready")
    try:
        parent.send(drive(load, parent.send, parent.recv()))
    except OSError as error:
        parent.send(OSError(str(error)))
    except KeyboardInterrupt:
        pass


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, which is quicker; the standard one where there is none."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
