"""Very many WebSockets, from several processes that keep them open from one load to the next."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

import uvloop

from benches.edge.closed import cpu
from matchmaker.load.plan import Load
from matchmaker.load.tally import Tally, Window
from matchmaker.load.websocket import Sockets

# Descriptors that a process needs beside its sockets.
_OWN_FILES = 200
# Of an edge's room: the kernel deals connections out by chance, and so not evenly.
_EDGE_SHARE = 0.965
# Measured on this code: user memory of both ends, and kernel memory of both ends.
_BYTES_A_SOCKET = 18_000
_START_S = 0.5
_OPEN_WITHIN_S = 600.0


def room() -> int:
    """Sockets that one process may hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - _OWN_FILES


def most(wanted: int) -> int:
    """As many sockets as fit into this machine, up to those wanted."""
    memory = _meminfo("MemAvailable") * 3 // 4 // _BYTES_A_SOCKET
    files = int(Path("/proc/sys/fs/file-max").read_text()) * 2 // 5
    return min(wanted, memory, files)


def edges_for(sockets: int) -> int:
    """Edge processes that hold so many."""
    return -(-sockets // int(room() * _EDGE_SHARE))


class Crowd:
    """The processes that hold the players' ends."""

    def __init__(self, url: str, sockets: int) -> None:
        lanes = -(-sockets // room())
        context = multiprocessing.get_context("spawn")
        self.sockets = sockets
        self.pids: list[int] = []
        self._lanes: list[Connection] = []
        self._processes = []
        for lane in range(lanes):
            share = sockets // lanes + (lane < sockets % lanes)
            sources = tuple(f"127.1.{lane}.{number}" for number in (1, 2, 3))
            load = Load(url, connections=share, lane=lane, sources=sources, acks=False)
            mine, theirs = context.Pipe()
            process = context.Process(target=_hold, args=(load, theirs), daemon=True)
            process.start()
            theirs.close()
            self._lanes.append(mine)
            self._processes.append(process)
            self.pids.append(process.pid or 0)

    def open(self) -> float:
        """Waits until all are open; gives how long that took, in s. Raises OSError."""
        began = time.monotonic()
        opened = [0] * len(self._lanes)
        while sum(opened) < self.sockets:
            ready = wait(self._lanes, _OPEN_WITHIN_S)
            if not ready:
                raise OSError(f"no WebSocket was opened for {_OPEN_WITHIN_S:g} s, at {sum(opened):,}")
            for one in ready:
                assert isinstance(one, Connection)
                number = _take(one)
                assert isinstance(number, int)
                opened[self._lanes.index(one)] = number
            _progress(f"{sum(opened):,} of {self.sockets:,} WebSockets open, {time.monotonic() - began:.0f} s")
        _progress("")
        return time.monotonic() - began

    def drive(self, load: Load, look: Callable[[], list[float]]) -> tuple[Tally, list[float]]:
        """One load, dealt out over all of them; also how much more `look` gives a second while it runs."""
        for at, lane in enumerate(self._lanes):
            lane.send(replace(load, rate=load.rate / len(self._lanes), lane=at))
        for lane in self._lanes:
            _take(lane)
        begin = time.monotonic() + _START_S
        for lane in self._lanes:
            lane.send(begin)
        tallies: list[Tally] = []
        seen: list[tuple[float, list[float]]] = []
        counts: dict[int, tuple[int, int]] = {}
        left = list(self._lanes)
        while left:
            for one in wait(left, 0.1):
                assert isinstance(one, Connection)
                message = _take(one)
                if isinstance(message, Tally):
                    tallies.append(message)
                    left.remove(one)
                else:
                    assert isinstance(message, Window)
                    counts[message.lane] = message.counts["sent"], message.counts["assigned"]
            now = time.monotonic()
            if len(seen) < 2 and now >= begin + (load.seconds if seen else 0.0):
                seen.append((now, look()))
            sent, assigned = (sum(pair[at] for pair in counts.values()) for at in (0, 1))
            _progress(f"{load.rate:,.0f}/s: sent {sent:,}, assigned {assigned:,}, {time.monotonic() - begin:.0f} s")
        _progress("")
        total = tallies[0]
        for tally in tallies[1:]:
            total.add(tally)
        (began, before), (ended, after) = seen
        return total, [(b - a) / (ended - began) for a, b in zip(before, after, strict=True)]

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()
        for process in self._processes:
            process.join(20)
            if process.is_alive():
                process.kill()


@contextmanager
def crowd(url: str, sockets: int) -> Iterator[Crowd]:
    made = Crowd(url, sockets)
    try:
        yield made
    finally:
        made.close()


def _hold(load: Load, parent: Connection) -> None:
    room()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_held(load, parent))
    except (EOFError, KeyboardInterrupt, BrokenPipeError):
        return
    except OSError as error:
        parent.send(OSError(f"lane {load.lane}: {error}"))


async def _held(load: Load, parent: Connection) -> None:
    loop = asyncio.get_running_loop()
    sockets = Sockets(load)

    async def count() -> None:
        while True:
            await asyncio.sleep(0.5)
            parent.send(min(len(sockets.connections), load.connections - 1))

    counting = asyncio.create_task(count())
    async with sockets:
        counting.cancel()
        parent.send(len(sockets.connections))
        while True:
            drive = sockets.prepare(await loop.run_in_executor(None, parent.recv))
            parent.send("prepared")
            parent.send(await drive(parent.send, await loop.run_in_executor(None, parent.recv)))


def _take(one: Connection) -> object:
    try:
        message = one.recv()
    except EOFError:
        raise OSError("a process of players ended before its time: look for its traceback above") from None
    if isinstance(message, OSError):
        raise message
    return message


def _progress(text: str) -> None:
    if sys.stderr.isatty() or not text:
        print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)


# What things take


def pss(pids: Sequence[int]) -> int:
    """Bytes of these processes, what they share counted once."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def kernel() -> int:
    """Bytes of kernel objects that cannot be taken back: of all sockets of the machine, and of all else."""
    return _meminfo("SUnreclaim")


def cores(pids: Sequence[int]) -> float:
    """Seconds that these processes have been busy."""
    return sum(cpu(pid) for pid in pids)


def _meminfo(name: str) -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def busy_s() -> float:
    """Seconds that all cores of the machine have been busy, with this or with something else."""
    user, nice, system, _, _, irq, softirq = map(int, Path("/proc/stat").read_text().split(maxsplit=8)[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
