"""The matchmaker past one machine: partitions, each with one owner, and logs that survive all of them.

`log` says what a log has to do, `memory` does it in process, `jetstream` with NATS; `owner` runs a `machine` per
partition on either, which is the engine by `engine_machine`. `service` is the process around them, with `front` for its
edges. docs/fleet.md has the guarantees and the formats.
"""

from matchmaker.fleet.lease import Lease, LeaseLost
from matchmaker.fleet.log import Doubtful, Entry, Fenced, Log, LogError, TooLarge
from matchmaker.fleet.machine import Machine
from matchmaker.fleet.memory import MemoryLog
from matchmaker.fleet.owner import Owner

__all__ = [
    "Doubtful",
    "Entry",
    "Fenced",
    "Lease",
    "LeaseLost",
    "Log",
    "LogError",
    "Machine",
    "MemoryLog",
    "Owner",
    "TooLarge",
]
