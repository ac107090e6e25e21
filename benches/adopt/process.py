"""What runs inside the measured processes. Each function is the whole life of one fresh process and prints its figures.

It imports nothing before the client that the client might have to import itself.
"""

from __future__ import annotations

import os
import sys
import time

from benches.adopt import FIRST, TYPE_CHECKING, load

if TYPE_CHECKING:
    from typing import Any

    from benches.adopt import Client

# For threads to come up and for lazy work after the first read, on top of the client's own interval.
SETTLE_S = 0.2


class Names:
    """A namespace."""


def import_ms(name: str) -> None:
    """Milliseconds that a service's imports of the client take."""
    client = load(name)
    _leave_out(client)
    code, names = compile(client.IMPORTS, name, "exec"), Names()
    started = time.perf_counter()
    exec(code, names.__dict__)
    print((time.perf_counter() - started) * 1000)


def adopt(name: str, directory: str, loop_s: float) -> None:
    """Set-up in ms, threads and private MiB (import included) that came with it, then ns for each of the READS."""
    client = load(name)
    threads, private = _status("Threads:"), _memory("self", "Private")
    lib = _imports(client)
    started = time.perf_counter()
    scope = client.start(lib, directory)
    value = eval(_normal_read(client), scope)
    setup_ms = (time.perf_counter() - started) * 1000
    _expect(value)
    time.sleep(SETTLE_S + client.INTERVAL_S)
    print(setup_ms, _status("Threads:") - threads, _memory("self", "Private") - private)
    print(*(_read_ns(statement, scope, loop_s) for statement in client.READS.values()))
    sys.stdout.flush()
    os._exit(0)  # some clients' threads hold up an orderly end


def share(name: str, directory: str, workers: int) -> None:
    """Mean proportional set size of forked workers, in MiB: set up before the fork, one read in each."""
    client = load(name)
    scope = client.start(_imports(client), directory)
    read = eval(f"lambda: {_normal_read(client)}", scope)
    _expect(read())
    ready, done = os.pipe()
    pids = []
    for _ in range(workers):
        pid = os.fork()
        if not pid:
            _expect(read())
            os.write(done, b".")
            _sleep_with_parent()
        pids.append(pid)
    for _ in pids:
        os.read(ready, 1)
    time.sleep(SETTLE_S)
    print(sum(_memory(str(pid), "Pss:") for pid in pids) / workers)
    sys.stdout.flush()
    os._exit(0)


def follow(name: str, directory: str, workers: int, in_worker: bool, fifo: str) -> None:
    """Forked workers that report what they read, until this process is ended.

    The client is set up before the fork, or (`in_worker`) only imported, and set up in each worker.
    """
    client = load(name)
    lib = _imports(client)
    scope = None if in_worker else client.start_to_follow(lib, directory)
    for _ in range(workers):
        if not os.fork():
            from benches.adopt.lookout import Lookout

            names = client.start_to_follow(lib, directory) if scope is None else scope
            Lookout(eval(f"lambda: {_normal_read(client)}", names), fifo).run()
            os._exit(0)
    _sleep_with_parent()


def _leave_out(client: Client) -> None:
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(client.WITHOUT))


def _imports(client: Client) -> Names:
    _leave_out(client)
    names = Names()
    exec(client.IMPORTS, names.__dict__)
    return names


def _normal_read(client: Client) -> str:
    return next(iter(client.READS.values()))


def _expect(value: Any) -> None:
    if value != FIRST:
        raise SystemExit(f"read {value}, not {FIRST}")


def _read_ns(statement: str, scope: dict[str, Any], loop_s: float) -> float:
    """The best of five loops of `loop_s` seconds, less the best of an empty loop."""
    from timeit import Timer

    def best_ns(timer: Timer) -> float:
        loops = max(100, round(loop_s / timer.timeit(1000) * 1000))  # which warms up as well
        return min(timer.repeat(5, loops)) / loops * 1e9

    return best_ns(Timer(statement, globals=scope)) - best_ns(Timer("pass"))


def _status(field: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field))


def _memory(pid: str, field: str) -> float:
    """MiB in all fields of smaps_rollup that begin with `field`: `Pss:`, or `Private` for clean and dirty."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(field)) / 1024


def _sleep_with_parent() -> None:
    """Until the parent is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(0)
